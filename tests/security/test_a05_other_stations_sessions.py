"""A5: stopping or metering another station's, or another tenant's, session (SteVe 1296, 1305; CVE-2026-28230)."""

from __future__ import annotations

import pytest

from charger import Charger, event, stop_16, values_16
from wattledger.adapters.postgres.database import Database
from world import small_world
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def assert_untouched(yard: Yard) -> None:
    """The victim's session runs on, with what its own station told and no bill."""
    (row,) = await yard.rows("select * from session where station_id = $1", yard.world.ac.station_id)
    assert row["state"] != "billed"
    assert row["ended_at"] is None
    assert row["event_count"] == 1
    assert await yard.count("bill") == 0


class TestA16Session:
    async def test_is_not_stopped_by_another_station(self, yard: Yard) -> None:
        number = await yard.start_16(await yard.ac())
        async with Charger(yard.url, yard.world.dc.identity, "1.6") as thief:
            await thief.boot()
            await thief.call("StopTransaction", stop_16(number, meter=99_000))
            await thief.call("MeterValues", values_16(number, 5, 98_000))
        await assert_untouched(yard)

    async def test_is_not_stopped_by_another_tenant(self, yard: Yard, database: Database) -> None:
        number = await yard.start_16(await yard.ac())
        other = await small_world(database, clock=yard.clock, slug="other")
        async with Charger(yard.url, other.ac.identity, "1.6") as thief:
            await thief.boot()
            await thief.call("StopTransaction", stop_16(number, meter=99_000))
        await assert_untouched(yard)

    async def test_has_a_number_that_does_not_follow_from_the_last(self, yard: Yard) -> None:
        ac = await yard.ac()
        numbers = [await yard.start_16(ac, meter=meter) for meter in (1, 2, 3)]
        assert (
            len({abs(one - other) for one in numbers for other in numbers if one != other} & set(range(1000))) == 0
        )


class TestA201Session:
    async def test_of_the_same_name_at_another_station_is_another_session(
        self, yard: Yard, database: Database
    ) -> None:
        other = await small_world(database, clock=yard.clock, slug="other")
        dc = await yard.dc()
        await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)])
        async with Charger(yard.url, other.dc.identity, "2.0.1") as thief:
            await thief.boot()
            await thief.call("TransactionEvent", event("Ended", 1, "tx-1", 5, 90_000))
        (row,) = await yard.rows("select * from session where station_id = $1", yard.world.dc.station_id)
        assert (row["ended_at"], row["event_count"]) == (None, 1)
        assert (
            await yard.owner.fetchval("select count(*) from bill where tenant_id = $1", yard.world.tenant_id) == 0
        )
