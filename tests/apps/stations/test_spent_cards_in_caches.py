"""A station forgets a card that may no longer charge: ClearCache reaches every station that may remember it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from charger import Charger, Json, session_201, stop_16
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.flows.block_token import set_token_blocked
from wattledger.flows.clear_caches import clear_caches
from wattledger.flows.expire_commands import expire_commands

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


async def authorize(patience: Patience, charger: Charger) -> None:
    uid = patience.yard.world.token_uid
    told: Json = {"idTag": uid} if charger.version == "1.6" else {"idToken": {"idToken": uid, "type": "ISO14443"}}
    (info,) = (await charger.call("Authorize", told)).values()
    assert info["status"] == "Accepted"


async def block(patience: Patience, *, is_blocked: bool = True) -> None:
    yard = patience.yard
    await set_token_blocked(
        yard.database, patience.clock, SystemIds(), yard.world.tenant_id, yard.world.token_id,
        is_blocked=is_blocked, by="Ole",
    )  # fmt: skip


async def sweep(patience: Patience) -> int:
    yard = patience.yard
    return await clear_caches(yard.database, yard.bus, patience.clock, SystemIds(), yard.world.tenant_id)


async def cleared(patience: Patience, charger: Charger, status: str = "Accepted") -> None:
    assert await sweep(patience) == 1
    assert await patience.answer(charger, "ClearCache", {"status": status}) == {}


async def remembered(patience: Patience) -> int:
    return await patience.yard.count("cached_token")


@pytest.fixture(params=["1.6", "2.0.1"])
async def station(patience: Patience, request: Any) -> Charger:
    yard = patience.yard
    return await (yard.ac() if request.param == "1.6" else yard.dc())


class TestACardThatIsBlocked:
    async def test_is_forgotten_by_the_station_that_authorized_it(
        self, patience: Patience, station: Charger
    ) -> None:
        await authorize(patience, station)
        patience.clock.forward(minutes=5)
        assert await sweep(patience) == 0, "a card that may charge is no reason"
        await block(patience)
        await cleared(patience, station)
        assert await sweep(patience) == 0
        assert await remembered(patience) == 0

    async def test_is_no_business_of_a_station_that_never_saw_it(self, patience: Patience) -> None:
        await authorize(patience, await patience.yard.dc())
        ac = await patience.yard.ac()
        await block(patience)
        assert await sweep(patience) == 1
        assert await patience.yard.rows("select 1 from station_command c join station s using (station_id) "
                                        "where s.identity = $1", ac.identity) == []  # fmt: skip

    async def test_is_forgotten_where_only_a_start_named_it(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        await patience.yard.tell(dc, session_201("tx-1", patience.yard.world.token_uid))
        patience.clock.forward(minutes=5)
        await block(patience)
        await cleared(patience, dc)

    async def test_is_forgotten_again_where_its_own_stop_was_acknowledged_after_that(
        self, patience: Patience
    ) -> None:
        ac = await patience.yard.ac()
        number = await patience.yard.start_16(ac)
        patience.clock.forward(minutes=5)
        await block(patience)
        await patience.answer(ac, "RemoteStopTransaction", {"status": "Accepted"})
        await cleared(patience, ac)
        # OCPP 1.6 has no way to acknowledge a stop and not its card: the station may remember it once more.
        patience.clock.forward(minutes=5)
        await ac.call("StopTransaction", stop_16(number, meter=500, token=patience.yard.world.token_uid))
        await cleared(patience, ac)

    async def test_just_after_it_was_used_is_forgotten_twice_for_the_answer_may_have_crossed(
        self, patience: Patience, station: Charger
    ) -> None:
        await authorize(patience, station)
        await block(patience)
        await cleared(patience, station)
        assert await sweep(patience) == 0, "not at once again"
        patience.clock.forward(minutes=3)
        await cleared(patience, station)
        assert await sweep(patience) == 0
        assert await remembered(patience) == 0

    async def test_and_let_in_again_before_the_sweep_is_no_reason(
        self, patience: Patience, station: Charger
    ) -> None:
        await authorize(patience, station)
        await block(patience)
        await block(patience, is_blocked=False)
        assert await sweep(patience) == 0


class TestACardThatMayNoLongerCharge:
    @pytest.mark.parametrize(
        "spent",
        [
            "token set expires_at = $1 where kind = 'rfid'",
            "contract set state = 'ended', ended_on = $1",
        ],
        ids=["expired", "of a contract that ended"],
    )
    async def test_is_forgotten_too(self, patience: Patience, station: Charger, spent: str) -> None:
        await authorize(patience, station)
        at = patience.clock.forward(minutes=5)
        await patience.yard.owner.execute(f"update {spent}", at if spent.startswith("token") else at.date())
        await cleared(patience, station)


class TestAStation:
    async def test_without_a_link_is_asked_once_it_is_back(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        await authorize(patience, dc)
        await patience.lose_link(dc)
        patience.clock.forward(minutes=5)
        await block(patience)
        assert await sweep(patience) == 0
        await cleared(patience, await patience.yard.dc())

    async def test_that_does_not_answer_is_asked_again_ever_more_seldom(
        self, patience: Patience, station: Charger
    ) -> None:
        await authorize(patience, station)
        patience.clock.forward(minutes=5)
        await block(patience)
        assert await sweep(patience) == 1
        for minutes in (4, 8, 16, 32, 60, 60):
            patience.clock.forward(minutes=2)
            await expire_commands(patience.yard.database, patience.clock, patience.yard.world.tenant_id)
            patience.clock.forward(minutes=minutes - 2, seconds=-1)
            assert await sweep(patience) == 0
            patience.clock.forward(seconds=1)
            assert await sweep(patience) == 1

    async def test_that_keeps_no_cache_is_left_in_peace_until_it_boots_anew(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        await authorize(patience, dc)
        await block(patience)
        for _ in range(3):
            await cleared(patience, dc, "Rejected")
            patience.clock.forward(hours=1)
        assert await sweep(patience) == 0
        await dc.boot()
        await cleared(patience, dc)
