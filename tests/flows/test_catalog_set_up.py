"""Setting up a tenant and what it offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from conftest import SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff
from wattledger.core.tariffs.versions import decode_tariff, tariff_version_id
from wattledger.flows.manage_catalog import NewConnector, NewStation, add_staff, add_stations, add_token
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.provision import LAB_TENANT
from wattledger.flows.publish_tariff import publish_tariff
from wattledger.flows.set_up_tenant import NewTenant, ensure_tenant, set_up_tenant
from world import STATION_PASSWORD, TARIFF, OpenSecrets, PlainPasswords, World, small_world

NEW = replace(LAB_TENANT, slug="new-one")


@pytest.fixture
async def world(database: Database, clock: Clock, ids: Ids) -> World:
    return await small_world(database, clock=clock, ids=ids)


class TestANewTenant:
    async def test_is_found_by_its_name(self, database: Database, clock: Clock, ids: Ids) -> None:
        tenant_id = await set_up_tenant(database, database, clock, ids, NEW)
        found = await database.find("slug", "new-one")
        assert found is not None
        assert found[0] == tenant_id

    async def test_has_every_account_its_first_posting_needs(
        self, database: Database, clock: Clock, ids: Ids
    ) -> None:
        tenant_id = await set_up_tenant(database, database, clock, ids, NEW)
        async with database.begin_read(tenant_id) as work:
            codes = {row["code"] for row in await work.connection.fetch("select code from account")}
        assert {"clearing:sandbox", "clearing:stripe", "receivable:drivers", "tax:output", "asset:bank"} <= codes

    async def test_cannot_have_anothers_name(self, database: Database, clock: Clock, ids: Ids) -> None:
        await set_up_tenant(database, database, clock, ids, NEW)
        with pytest.raises(Refused, match="name_taken"):
            await set_up_tenant(database, database, clock, ids, NEW)

    async def test_is_set_up_once_when_it_is_only_ensured(
        self, database: Database, clock: Clock, ids: Ids
    ) -> None:
        first = await ensure_tenant(database, database, clock, ids, NEW)
        assert await ensure_tenant(database, database, clock, ids, NEW) == first

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            (replace(NEW, slug="Big Name"), "slug_malformed"),
            (replace(NEW, country="Germany"), "country_malformed"),
            (replace(NEW, time_zone="Europe/Atlantis"), "time_zone_unknown"),
            (replace(NEW, currency="XYZ"), "currency_unknown"),
        ],
    )
    async def test_is_refused_with_a_code_and_leaves_nothing(
        self, database: Database, clock: Clock, ids: Ids, wrong: NewTenant, code: str
    ) -> None:
        with pytest.raises(InvalidInput, match=code):
            await set_up_tenant(database, database, clock, ids, wrong)
        assert await database.tenants() == []


class TestAStation:
    async def test_is_found_by_identity_and_by_what_is_printed_on_its_connectors(
        self, database: Database, world: World
    ) -> None:
        assert await database.find("station", world.dc.identity) == (world.tenant_id, world.dc.station_id)
        assert await database.find("connector", world.dc.public_id) == (world.tenant_id, world.dc.connector_id)

    async def test_keeps_a_fingerprint_of_its_password_that_proves_only_its_own_identity(
        self, database: Database, world: World
    ) -> None:
        async with database.begin_read(world.tenant_id) as work:
            station = await work.catalog.station(world.dc.station_id)
        assert station is not None
        secrets = OpenSecrets()
        right = secrets.fingerprint(STATION_PASSWORD, purpose=f"station_password:{world.dc.identity}")
        other = secrets.fingerprint(STATION_PASSWORD, purpose=f"station_password:{world.ac.identity}")
        assert station.password_hash == right != other

    async def test_cannot_take_the_identity_of_another_tenants_station(
        self, database: Database, world: World, clock: Clock, ids: Ids
    ) -> None:
        other = await small_world(database, clock=clock, ids=ids, slug="rival")
        connector = NewConnector(1, 1, "DE*RIV*E1*1", "IEC_62196_T2", "AC", 22_000, other.tariff_id)
        new = NewStation(world.dc.identity, "Copy", "a-password-of-16-chars", (connector,))
        with pytest.raises(Refused, match="name_taken"):
            async with database.begin(other.tenant_id) as work:
                await add_stations(work, ids, OpenSecrets(), other.site_id, [new], at=clock.now())
        assert await database.find("connector", "DE*RIV*E1*1") is None


class TestATariff:
    async def test_holds_from_the_instant_it_is_published_for(
        self, database: Database, world: World, clock: SettableClock, ids: Ids
    ) -> None:
        dearer = Tariff("EUR", (Element((PriceComponent(Dimension.ENERGY, Decimal("0.61")),)),))
        tomorrow = clock.now() + timedelta(days=1)
        ports = (database, clock, ids, world.tenant_id)
        assert await publish_tariff(*ports, name="Standard", tariff=dearer, valid_from=tomorrow) == world.tariff_id
        async with database.begin_read(world.tenant_id) as work:
            before = await work.catalog.tariff_version_id_at(world.tariff_id, tomorrow - timedelta(seconds=1))
            after = await work.catalog.tariff_version_id_at(world.tariff_id, tomorrow)
        assert (before, after) == (tariff_version_id(TARIFF), tariff_version_id(dearer))

    async def test_is_kept_word_for_word(self, database: Database, world: World) -> None:
        async with database.begin_read(world.tenant_id) as work:
            body = await work.catalog.tariff_version(world.tariff_version_id)
        assert body is not None
        assert decode_tariff(body) == TARIFF

    async def test_published_twice_is_published_once(
        self, database: Database, world: World, clock: Clock, ids: Ids
    ) -> None:
        await publish_tariff(database, clock, ids, world.tenant_id, name="Standard", tariff=TARIFF)
        async with database.begin_read(world.tenant_id) as work:
            count = await work.connection.fetchval("select count(*) from tariff_publication")
        assert count == 1


class TestTokensAndStaff:
    async def test_a_token_is_kept_in_capitals(
        self, database: Database, world: World, clock: Clock, ids: Ids
    ) -> None:
        async with database.begin(world.tenant_id) as work:
            await add_token(work, ids, uid=" 04a2b3c4 ", contract_id=world.contract_id, at=clock.now())
            assert await work.catalog.token_uids(["04A2B3C4"]) == {"04A2B3C4"}

    @pytest.mark.parametrize("uid", ["", " ", "X" * 37, "A\nB"])
    async def test_a_malformed_token_is_refused(
        self, database: Database, world: World, clock: Clock, ids: Ids, uid: str
    ) -> None:
        with pytest.raises(InvalidInput, match="token_malformed"):
            async with database.begin(world.tenant_id) as work:
                await add_token(work, ids, uid=uid, contract_id=world.contract_id, at=clock.now())

    async def test_a_person_is_found_by_address_whatever_its_capitals(
        self, database: Database, world: World, clock: Clock, ids: Ids
    ) -> None:
        ports = (database, clock, ids, PlainPasswords(), world.tenant_id)
        staff_id = await add_staff(
            *ports, email="Ann@Harbour.example", name="Ann", role="staff", password="long enough word"
        )
        assert await database.find("staff", "ann@harbour.example") == (world.tenant_id, staff_id)

    async def test_a_short_password_is_refused(
        self, database: Database, world: World, clock: Clock, ids: Ids
    ) -> None:
        ports = (database, clock, ids, PlainPasswords(), world.tenant_id)
        with pytest.raises(InvalidInput, match="password_too_short"):
            await add_staff(*ports, email="b@c.example", name="B", role="staff", password="short")


class TestTwoTenants:
    async def test_do_not_see_each_other(self, database: Database, world: World, clock: Clock, ids: Ids) -> None:
        other = await small_world(database, clock=clock, ids=ids, slug="rival")
        async with database.begin_read(other.tenant_id) as work:
            assert await work.catalog.station(world.dc.station_id) is None
            assert await work.catalog.contract(world.contract_id) is None
