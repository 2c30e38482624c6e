"""Stations that never heard the time: 1970, years off. Acknowledged, and never priced by such a clock."""

from __future__ import annotations

from typing import Any

import pytest

from charger import Json, session_201, start_16, stop_16
from patient_yard import Patience

pytestmark = [pytest.mark.database, pytest.mark.sockets]

YEARS = pytest.mark.parametrize("year", ["1970", "2019", "2039"])


def in_year(message: Any, year: str) -> Any:
    """The message with every instant moved to that year."""
    if isinstance(message, dict):
        return {key: in_year(value, year) for key, value in message.items()}
    if isinstance(message, list):
        return [in_year(value, year) for value in message]
    return message.replace("2026-", f"{year}-") if isinstance(message, str) else message


@YEARS
class TestAClockYearsOff:
    async def test_is_acknowledged_in_2_0_1_and_its_session_put_before_a_person(
        self, patience: Patience, year: str
    ) -> None:
        yard = patience.yard
        told: list[Json] = in_year(session_201("tx-1", yard.world.token_uid), year)
        await yard.tell(await yard.dc(), told)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["clock_wrong"]

    async def test_is_acknowledged_in_1_6_and_its_session_put_before_a_person(
        self, patience: Patience, year: str
    ) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = (await ac.call("StartTransaction", in_year(start_16(yard.world.token_uid), year)))[
            "transactionId"
        ]
        await ac.call("StopTransaction", in_year(stop_16(number, meter=5_000), year))
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["clock_wrong"]


class TestTheTimeThatAStationIsTold:
    async def test_comes_with_boot_and_heartbeat(self, patience: Patience) -> None:
        for charger in (await patience.yard.ac(), await patience.yard.dc()):
            assert (await charger.call("Heartbeat", {}))["currentTime"] == "2026-11-22T10:00:00.000Z"
