"""A2: guessing without end, and locks turned against the true station (CWE-307)."""

from __future__ import annotations

import asyncio

import pytest

from intruder import knock, reviews_of
from wattledger.apps.stations import door
from wattledger.core.stations.throttle import ALARM_AFTER, FREE_FAILURES
from world import STATION_PASSWORD
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
THIEF = "127.0.0.9"


async def guess(yard: Yard, times: int, *, source: str = THIEF, identity: str | None = None) -> list[int]:
    refusals = [
        await knock(yard, identity or yard.world.dc.identity, f"guess-{number}", source=source)
        for number in range(times)
    ]
    return [0 if one is None else one.status for one in refusals]


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes at the door: what has to wait would else be free again, where the machine is slow enough."""
    monkeypatch.setattr(door, "_now_s", lambda: 1_000.0)


@pytest.mark.usefixtures("standing")
class TestAGuesser:
    async def test_is_let_try_a_few_times_and_then_waits(self, yard: Yard) -> None:
        assert await guess(yard, FREE_FAILURES + 3) == [401] * FREE_FAILURES + [429] * 3

    async def test_is_told_when_to_come_back(self, yard: Yard) -> None:
        await guess(yard, FREE_FAILURES)
        refusal = await knock(yard, yard.world.dc.identity, "guess", source=THIEF)
        assert refusal is not None
        assert int(dict(refusal.headers)["Retry-After"]) >= 1

    async def test_gets_not_even_the_right_password_looked_at_while_waiting(self, yard: Yard) -> None:
        await guess(yard, FREE_FAILURES)
        refusal = await knock(yard, yard.world.dc.identity, STATION_PASSWORD, source=THIEF)
        assert refusal is not None
        assert refusal.status == 429

    async def test_of_many_identities_waits_for_all_of_them(self, yard: Yard) -> None:
        statuses = [await guess(yard, 1, identity=f"STATION-{number}") for number in range(40)]
        assert statuses[0] == [401]
        assert statuses[-1] == [429]


@pytest.mark.usefixtures("standing")
class TestTheTrueStation:
    async def test_comes_in_while_others_guess_its_password(self, yard: Yard) -> None:
        await guess(yard, FREE_FAILURES + 3)
        dc = await yard.dc()
        await yard.charge_201(dc)
        await yard.assert_billed_once(wh=10_000)

    async def test_that_was_here_before_comes_in_though_its_own_address_is_used_to_guess(self, yard: Yard) -> None:
        await (await yard.dc()).close()
        await asyncio.gather(*(guess(yard, 5, source="127.0.0.1") for _ in range(6)))
        assert await knock(yard, yard.world.dc.identity, STATION_PASSWORD) is None

    async def test_is_known_again_after_a_restart(self, yard: Yard) -> None:
        await (await yard.dc()).close()
        sources = await yard.rows("select proven_source from station where proven_source is not null")
        assert sources == [{"proven_source": "127.0.0.1"}]


class TestAPerson:
    async def test_is_told_once_of_many_attempts(self, yard: Yard) -> None:
        for number in range(ALARM_AFTER + 5):
            await guess(yard, 1, source=f"127.0.1.{number + 1}")
        assert await reviews_of(yard) == ["attempts_many"]
