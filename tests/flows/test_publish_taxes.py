"""Dated taxes: published for a place or a customer, fixed at a start, charged, explained and verified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from charger import session_201
from conftest import CountingIds, SettableClock
from patient_yard import Patience, open_patient_yard
from rating_sessions import energy, tariff, when
from till import Till, open_till
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.price_terms import NO_TERMS
from wattledger.core.rating.rated import decode_rated
from wattledger.core.tax.rules import DatedTax, Excise, TaxRules, Treatment, decode_tax_rules
from wattledger.flows.begin_charging import Agreement, begin_charging
from wattledger.flows.publish_tariff import publish_tariff
from wattledger.flows.publish_taxes import TaxPlace, publish_taxes
from wattledger.flows.show_connector import Arrival, show_connector
from world import World

pytestmark = [pytest.mark.database, pytest.mark.sockets]

NET = tariff(when(energy("0.50")))  # 0.50 a kWh, no tax stated: 10 kWh cost 5.00 before taxes
SALES_TAX = TaxRules(taxes=(DatedTax(tax=Tax("State", 60_000)), DatedTax(tax=Tax("City", 25_000))))
ROAD_TAX = TaxRules(excises=(Excise(name="EV excise", per_kwh=Decimal("0.03")),))
HERE = TaxPlace(site="Harbour Street")
GERMANY = TaxPlace(country="DE")


async def publish(database: Database, clock: Any, world: World, place: TaxPlace, rules: TaxRules) -> bool:
    return await publish_taxes(database, clock, SystemIds(), world.tenant_id, place=place, rules=rules, by="Ole")


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        await publish_tariff(
            database, clock, SystemIds(), opened.yard.world.tenant_id, name="Standard", tariff=NET
        )
        yield opened


class TestASession:
    async def taxed(self, patience: Patience, place: TaxPlace, rules: TaxRules) -> bool:
        return await publish(patience.yard.database, patience.clock, patience.yard.world, place, rules)

    async def bill(self, patience: Patience) -> tuple[int, int, dict[str, int]]:
        """Net, gross and each tax of the only bill; its books are in order."""
        assert not await patience.findings()
        rated = decode_rated((await patience.yard.bill())["rated"])
        return rated.net_minor, rated.gross_minor, {tax.name: tax.tax_minor for tax in rated.taxes}

    async def test_bears_the_taxes_of_its_place_and_its_station_tells_the_total_with_them(
        self, patience: Patience
    ) -> None:
        await self.taxed(patience, HERE, SALES_TAX)
        reply = await patience.yard.charge_201(await patience.yard.dc())
        assert reply["totalCost"] == 5.43
        assert await self.bill(patience) == (500, 543, {"State": 30, "City": 13})

    async def test_bears_an_excise_on_each_kwh(self, patience: Patience) -> None:
        await self.taxed(patience, GERMANY, ROAD_TAX)
        await patience.yard.charge_201(await patience.yard.dc())
        assert await self.bill(patience) == (500, 530, {"EV excise": 30})

    async def test_bears_none_where_none_are_published(self, patience: Patience) -> None:
        await patience.yard.charge_201(await patience.yard.dc())
        assert await self.bill(patience) == (500, 500, {})
        assert await patience.yard.count("priced_by") == 0

    async def test_follows_its_site_before_its_country_and_its_customer_before_both(
        self, patience: Patience
    ) -> None:
        exempt = TaxRules(treatment=Treatment.EXEMPT)
        await self.taxed(patience, TaxPlace(country="DE", customer_no="C1001"), exempt)
        await self.taxed(patience, HERE, SALES_TAX)
        await self.taxed(patience, GERMANY, ROAD_TAX)
        await patience.yard.charge_201(await patience.yard.dc())
        assert await self.bill(patience) == (500, 500, {})
        assert decode_rated((await patience.yard.bill())["rated"]).tax_treatment == "exempt"

    async def test_keeps_the_rules_that_it_began_under_even_when_its_server_forgot_it(
        self, patience: Patience
    ) -> None:
        yard = patience.yard
        await self.taxed(patience, HERE, SALES_TAX)
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        await self.taxed(patience, HERE, TaxRules(taxes=(DatedTax(tax=Tax("State", 900_000)),)))
        await patience.lose_link(dc)
        await yard.tell(await yard.dc(), [ended])
        assert await self.bill(patience) == (500, 543, {"State": 30, "City": 13})

    async def test_bears_what_is_in_force_on_the_day_it_starts_at_its_site(self, patience: Patience) -> None:
        low, high = DatedTax(tax=Tax("VAT", 160_000)), DatedTax(tax=Tax("VAT", 190_000))
        changes_on = date(2026, 11, 23)
        rules = TaxRules(
            taxes=(
                DatedTax(tax=low.tax, valid_until=changes_on),
                DatedTax(tax=high.tax, valid_from=changes_on),
            )
        )
        await self.taxed(patience, GERMANY, rules)
        await patience.yard.charge_201(await patience.yard.dc())
        assert await self.bill(patience) == (500, 580, {"VAT": 80})

    async def test_amended_later_bears_the_taxes_of_its_first_bill(self, patience: Patience) -> None:
        yard = patience.yard
        await self.taxed(patience, HERE, SALES_TAX)
        dc = await yard.dc()
        *before, ended = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, before)
        await patience.lose_link(dc)
        await patience.after(minutes=2)
        assert await patience.after(hours=25)
        await self.taxed(patience, HERE, ROAD_TAX)
        await yard.tell(await yard.dc(), [ended])
        assert await patience.do_jobs()
        assert await patience.bills() == [(1, 6_666, 361), (2, 10_000, 543)]
        assert not await patience.findings()


class TestADriversPage:
    @pytest.fixture
    async def till(self, database: Any, clock: SettableClock, ids: CountingIds) -> Till:
        till = await open_till(database, clock, ids)
        await publish_tariff(database, clock, ids, till.tenant_id, name="Standard", tariff=NET)
        await publish(database, clock, till.world, HERE, SALES_TAX)
        clock.forward(hours=1)
        async with database.begin(till.tenant_id) as work:
            connection: Any = work.connection
            await connection.execute("update station set is_connected = true where tenant_id = $1", till.tenant_id)
            await connection.execute(
                "update connector set status = 'available' where tenant_id = $1", till.tenant_id
            )
        return till

    async def arrive(self, till: Till) -> Arrival:
        return await show_connector(
            till.database, till.database, till.clock, till.ports.gateways, till.world.dc.public_id
        )

    async def begin(self, till: Till, seen: Arrival) -> Any:
        assert seen.facts.tariff_version_id is not None
        agreement = Agreement(
            till.world.dc.public_id, seen.facts.tariff_version_id, seen.hold_minor, shown_at=seen.at
        )
        held = await begin_charging(till.ports, till.database, agreement)
        async with till.database.begin_read(till.tenant_id) as work:
            return await work.price_terms.fixed(held.payment_id)

    async def test_shows_prices_and_an_example_with_the_taxes_of_the_place(self, till: Till) -> None:
        seen = await self.arrive(till)
        assert seen.example is not None
        assert seen.example.gross_minor == 1085
        assert seen.shown_tariff is not None
        assert [one.name for one in seen.shown_tariff.elements[0].components[0].taxes] == ["State", "City"]

    async def test_fixes_the_terms_that_it_showed_with_the_payment(self, till: Till) -> None:
        seen = await self.arrive(till)
        till.clock.forward(minutes=5)
        await publish(till.database, till.clock, till.world, HERE, ROAD_TAX)
        assert (await self.begin(till, seen)).tax_rules == SALES_TAX

    async def test_fixes_nothing_where_nothing_but_the_tariff_holds(self, till: Till) -> None:
        till.clock.forward(minutes=5)
        await publish(till.database, till.clock, till.world, HERE, TaxRules())
        seen = await self.arrive(till)
        assert (await self.begin(till, seen)).tax_rules == TaxRules()
        async with till.database.begin_read(till.tenant_id) as work:
            assert await work.price_terms.fixed(till.world.site_id) == NO_TERMS


class TestPublishing:
    @pytest.fixture
    async def world(self, database: Any, clock: SettableClock, ids: CountingIds) -> World:
        return (await open_till(database, clock, ids)).world

    async def test_the_same_again_changes_nothing(
        self, database: Database, clock: SettableClock, world: World
    ) -> None:
        assert await publish(database, clock, world, GERMANY, SALES_TAX)
        clock.forward(hours=1)
        assert not await publish(database, clock, world, GERMANY, SALES_TAX)
        assert await publish(database, clock, world, HERE, SALES_TAX)
        assert await publish(database, clock, world, GERMANY, ROAD_TAX)
        clock.forward(hours=1)
        assert await publish(database, clock, world, GERMANY, SALES_TAX)

    @pytest.mark.parametrize(
        ("place", "code"),
        [
            (TaxPlace(), "tax_place_malformed"),
            (TaxPlace(country="DE", site="Harbour Street"), "tax_place_malformed"),
            (TaxPlace(country="FR"), "tax_place_malformed"),
            (TaxPlace(site="Nowhere"), "site_unknown"),
            (TaxPlace(country="DE", customer_no="C9"), "customer_unknown"),
        ],
    )
    async def test_for_nobody_or_nowhere_is_refused(
        self, database: Database, clock: SettableClock, world: World, place: TaxPlace, code: str
    ) -> None:
        with pytest.raises((InvalidInput, NotFound)) as caught:
            await publish(database, clock, world, place, SALES_TAX)
        assert caught.value.code == code

    @pytest.mark.parametrize(
        "rules",
        [
            TaxRules(taxes=(DatedTax(tax=Tax("VAT", 1), dimensions=("heat",)),)),
            TaxRules(
                taxes=(DatedTax(tax=Tax("VAT", 1), valid_from=date(2027, 1, 1), valid_until=date(2027, 1, 1)),)
            ),
        ],
    )
    async def test_of_rules_that_can_never_hold_is_refused(
        self, database: Database, clock: SettableClock, world: World, rules: TaxRules
    ) -> None:
        with pytest.raises(InvalidInput) as caught:
            await publish(database, clock, world, GERMANY, rules)
        assert caught.value.code == "tax_rules_malformed"

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"[]", "tax_rules_malformed"),
            (b'{"taxes":[{"tax":{"name":"VAT","rate_ppm":0.19}}]}', "tax_rules_malformed"),
            (b'{"taxes":[{"tax":{"name":"VAT","rate_ppm":1900000}}]}', "tax_rate_absurd"),
            (b'{"excises":[{"name":"X","per_kwh":"NaN"}]}', "excise_absurd"),
            (b'{"vat":19}', "tax_rules_malformed"),
        ],
    )
    def test_takes_no_other_json(self, raw: bytes, code: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            decode_tax_rules(raw)
        assert caught.value.code == code
