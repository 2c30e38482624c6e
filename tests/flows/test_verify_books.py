"""Sound books yield nothing; each kind of damage yields its own code, and no other."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal

import asyncpg
import msgspec
import pytest

from audits import DAMAGES, OURS, AuditedBooks, FakeGatewayBooks, audited, built_books
from conftest import CountingIds, SettableClock, TestServer
from sound_books import IDS, NOW, free
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.stores.verify import open_raw_books
from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.price_terms import PriceTerms
from wattledger.core.tariffs.model import PriceLimit
from wattledger.core.tariffs.versions import encode_tariff, tariff_version_id
from wattledger.core.tax.rules import DatedTax, Excise, TaxRules, Treatment
from wattledger.flows.ports.verify import AuditPorts, GatewayRecord
from wattledger.flows.verify_books import CHECKS, Report, verify_books
from world import TARIFF, OpenSecrets, World, small_world

pytestmark = pytest.mark.database
# Codes that need more than a statement to bring about: they have tests of their own below, or in the chain's.
ELSEWHERE = {
    "month_counted_twice",
    "bill_orphaned",
    "bill_of_running_session",
    "energy_billed_twice",
    "start_counted_twice",
    "hold_left_behind",
}


@pytest.fixture(scope="module")
def sound(postgres_server: TestServer) -> Iterator[tuple[str, World]]:
    with built_books(postgres_server, is_sealed=False) as built:
        yield built


@pytest.fixture
async def books(sound: tuple[str, World]) -> AsyncIterator[AuditedBooks]:
    async with audited(*sound) as opened:
        yield opened


class TestSoundBooks:
    async def test_yield_nothing(self, books: AuditedBooks) -> None:
        report = await books.report(OURS)
        assert report.findings == []
        assert all(result.checked_count for result in report.results)

    async def test_are_not_changed_by_looking(self, sound: tuple[str, World]) -> None:
        async with open_raw_books(sound[0]) as raw:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await raw._connection.execute("update session set version = version")


class TestNewBooks:
    async def test_yield_nothing(self, database_dsn: str, clock: SettableClock) -> None:
        assert (await report_of(database_dsn, clock)).findings == []

    async def test_of_two_tenants_yield_nothing(
        self, database: Database, database_dsn: str, clock: SettableClock, ids: CountingIds
    ) -> None:
        for slug in ("harbour", "inland"):
            await small_world(database, clock=clock, ids=ids, slug=slug)
        report = await report_of(database_dsn, clock)
        assert report.findings == []
        assert report.tenant_count == 2


class TestDamage:
    @pytest.mark.parametrize("code", DAMAGES)
    async def test_is_found_and_named(self, books: AuditedBooks, code: str) -> None:
        await books.damage(DAMAGES[code])
        assert await books.codes() == {code}

    async def test_names_its_row_and_its_tenant(self, books: AuditedBooks) -> None:
        await books.damage(DAMAGES["pdf_changed"])
        (finding,) = (await books.report()).findings
        assert finding.subject == str(IDS["receipt"])
        assert finding.tenant_id == books.tenant_id

    def test_is_tried_for_every_statement_there_is(self) -> None:
        assert {code for check in CHECKS for code in check.codes} <= {*DAMAGES, *ELSEWHERE}


class TestAPriceOutsideItsTariffsLimits:
    async def test_is_found(self, books: AuditedBooks) -> None:
        limited = msgspec.structs.replace(TARIFF, price_max=PriceLimit(after_taxes=Decimal(4)))
        version_id, body = tariff_version_id(limited), encode_tariff(limited)
        await books.insert(
            "tariff_version", tariff_version_id=version_id, currency="EUR", body=body, created_at=NOW
        )
        await books.damage(f"update bill set tariff_version_id = '{version_id}' where bill_id = '$paid_bill'")
        assert await books.codes() == {"price_limit_broken"}


class TestABillThatDoesNotFollowFromItsTerms:
    @pytest.mark.parametrize(
        "rules",
        [
            TaxRules(taxes=(DatedTax(tax=Tax("VAT", 70_000)),), is_replacing=True),
            TaxRules(treatment=Treatment.REVERSE_CHARGE),
            TaxRules(excises=(Excise(name="Excise", per_kwh=Decimal("0.03")),)),
        ],
        ids=["another rate", "no tax", "an excise"],
    )
    async def test_is_found(self, books: AuditedBooks, rules: TaxRules) -> None:
        await books.priced_by(("contract_bill",), PriceTerms(tax_rules=rules))
        assert await books.codes() == {"bill_terms_broken"}

    async def test_is_found_by_the_day_on_which_its_session_began(self, books: AuditedBooks) -> None:
        earlier = DatedTax(tax=Tax("VAT", 190_000), valid_until=NOW.date())
        later = DatedTax(tax=Tax("VAT", 70_000), valid_from=NOW.date())
        rules = TaxRules(taxes=(earlier, later), is_replacing=True)
        await books.priced_by(("contract_bill",), PriceTerms(tax_rules=rules))
        assert await books.codes() == {"bill_terms_broken"}
        await books.damage(
            "update bill set started_at = started_at - interval '1 day' where bill_id = '$contract_bill'"
        )
        assert "bill_terms_broken" not in await books.codes()


class TestASession:
    async def test_whose_energy_is_on_another_bill_is_found(self, books: AuditedBooks) -> None:
        await books.session("free_session", books.ad_hoc, minutes_ago=50)
        await books.bill("free_bill", "free_session", books.ad_hoc, minutes_ago=50, tariff=free())
        assert await books.codes() == {"energy_billed_twice"}

    async def test_told_again_days_later_under_another_name_is_found(self, books: AuditedBooks) -> None:
        await books.session("free_session", books.ad_hoc, minutes_ago=60)
        await books.bill("free_bill", "free_session", books.ad_hoc, minutes_ago=60, tariff=free())
        await books.damage(
            "update session set opened_at = '$now', told_at = '$now', token_uid = null "
            "where session_id = '$free_session'"
        )
        assert await books.codes() == {"energy_billed_twice"}

    async def test_of_a_station_that_counts_from_zero_each_time_is_sound(self, books: AuditedBooks) -> None:
        await books.session("free_session", books.ad_hoc, minutes_ago=50)
        await books.bill("free_bill", "free_session", books.ad_hoc, minutes_ago=50, tariff=free())
        await books.damage(
            "update session set opened_at = '$now', told_at = '$now' where session_id = '$free_session'"
        )
        assert await books.codes() == set()

    async def test_that_began_twice_is_found(self, books: AuditedBooks) -> None:
        await books.session("twin_session", books.ad_hoc, minutes_ago=60, is_ended=False, state="active")
        assert await books.codes() == {"start_counted_twice"}

    async def test_that_is_gone_leaves_its_bill_behind(self, books: AuditedBooks) -> None:
        await books.bill("free_bill", "stranger", books.by_contract, minutes_ago=300, tariff=free())
        assert await books.codes() == {"bill_orphaned"}

    async def test_that_runs_has_no_bill(self, books: AuditedBooks) -> None:
        await books.bill("free_bill", "running_session", books.by_contract, minutes_ago=20, tariff=free())
        await books.damage(
            "update session_event set body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, "
            "'{readings}', "
            """'[{"register_milliwh": 1000000}, {"register_milliwh": 11000000}]')::text, 'UTF8') """
            "where session_id = '$running_session'"
        )
        assert await books.codes() == {"bill_of_running_session"}

    async def test_has_five_minutes_to_be_billed(self, books: AuditedBooks) -> None:
        await books.damage(
            DAMAGES["session_unbilled"]
            + "; update session set told_at = timestamptz '$now' - interval '4 minutes' "
            "where state = 'under_review'"
        )
        assert await books.codes() == set()


class TestAHold:
    async def test_left_behind_by_its_session_is_found(self, books: AuditedBooks) -> None:
        await books.session("free_session", books.by_contract, minutes_ago=300)
        await books.bill("free_bill", "free_session", books.by_contract, minutes_ago=300, tariff=free())
        await books.damage(
            "update payment set session_id = '$free_session', start_deadline_at = null "
            "where payment_id = '$waiting_payment'"
        )
        assert await books.codes() == {"hold_left_behind"}


class TestTheGatewaysOwnBooks:
    async def test_are_compared_with_ours(self, books: AuditedBooks) -> None:
        assert await books.codes(GatewayRecord("pay_1", "EUR", 501, 100)) == {"gateway_differs"}

    async def test_may_know_a_payment_that_we_do_not(self, books: AuditedBooks) -> None:
        assert await books.codes(OURS, GatewayRecord("pay_9", "EUR", 700, 0)) == {"gateway_orphan"}

    async def test_may_lack_a_payment_that_we_have(self, books: AuditedBooks) -> None:
        assert await books.codes(GatewayRecord("pay_8", "EUR", 0, 0)) == {"gateway_lacks"}

    async def test_may_know_a_payment_by_our_name_for_it(self, books: AuditedBooks) -> None:
        ours = GatewayRecord("pi_1", "EUR", 500, 100, reference=f"{IDS['payment']}:1")
        assert await books.codes(ours) == set()
        assert await books.codes(dataclasses.replace(ours, captured_minor=501)) == {"gateway_differs"}

    async def test_may_know_two_payments_by_one_name(self, books: AuditedBooks) -> None:
        """Money was taken twice for one attempt: the second is nobody's."""
        twice = [GatewayRecord(ref, "EUR", 500, 100, reference=f"{IDS['payment']}:1") for ref in ("pi_1", "pi_2")]
        assert await books.codes(*twice) == {"gateway_orphan"}

    async def test_may_hold_what_we_took_for_released(self, books: AuditedBooks) -> None:
        assert await books.codes(dataclasses.replace(OURS, held_minor=3500)) == {"gateway_hold_differs"}

    async def test_may_hold_for_nobody_we_know(self, books: AuditedBooks) -> None:
        stranger = GatewayRecord("pay_9", "EUR", 0, 0, held_minor=4000)
        assert await books.codes(OURS, stranger) == {"gateway_orphan"}

    async def test_may_have_let_go_of_a_hold_that_we_count_on(self, books: AuditedBooks) -> None:
        await books.insert(
            "attempt", payment_id=IDS["waiting_payment"], attempt_no=1, gateway="sandbox", gateway_ref="pay_2",
            facts=b'{"ref": "pay_2", "authorized_minor": 4000}', created_at=NOW,
        )  # fmt: skip
        held = GatewayRecord("pay_2", "EUR", 0, 0, held_minor=4000)
        assert await books.codes(OURS, held) == set()
        assert await books.codes(OURS, dataclasses.replace(held, held_minor=0)) == {"gateway_hold_differs"}
        assert await books.codes(OURS) == {"gateway_lacks"}

    async def test_may_tell_another_fee(self, books: AuditedBooks) -> None:
        assert await books.codes(dataclasses.replace(OURS, fee_minor=33)) == set()
        assert await books.codes(dataclasses.replace(OURS, fee_minor=34)) == {"gateway_fee_differs"}

    async def test_are_not_compared_beyond_the_days_that_they_were_read_for(self, books: AuditedBooks) -> None:
        wrong = dataclasses.replace(OURS, captured_minor=501)
        assert await books.codes(wrong, since=NOW) == set()
        assert await books.codes(wrong, since=NOW - timedelta(days=1)) == {"gateway_differs"}
        report = await books.report(wrong, since=NOW)
        assert [one.note for one in report.results if one.name == "gateways"] == [f"sandbox: since {NOW:%Y-%m-%d}"]

    async def test_wait_for_what_is_under_way(self, books: AuditedBooks) -> None:
        await books.damage("update payment set changed_at = '$now' where payment_id = '$payment'")
        assert await books.codes(GatewayRecord("pay_1", "EUR", 501, 100)) == set()

    async def test_need_not_be_reachable(self, books: AuditedBooks) -> None:
        report = await books.report()
        assert report.findings == []
        assert report.results[-1].note == "sandbox: not asked, or no answer"


async def report_of(dsn: str, clock: SettableClock) -> Report:
    async with open_raw_books(dsn) as raw:
        return await verify_books(AuditPorts(raw, clock, OpenSecrets(), FakeGatewayBooks()))
