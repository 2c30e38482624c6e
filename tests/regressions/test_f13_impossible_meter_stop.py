"""F13 (lorenzodonini/ocpp-go#114, steve#1297): meterStop of -1, or below meterStart, must be acknowledged."""

from __future__ import annotations

import pytest

from charger import stop_16
from wattledger.adapters.postgres.database import Database
from yard import open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestAnImpossibleMeterStop:
    @pytest.mark.parametrize(
        ("meter_stop", "reason"),
        [(-1, "register_unknown"), (999, "register_backwards"), (-5, "register_negative")],
    )
    async def test_is_acknowledged_and_its_bill_put_on_hold(
        self, database: Database, database_dsn: str, meter_stop: int, reason: str
    ) -> None:
        async with open_yard(database, database_dsn) as yard:
            ac = await yard.ac()
            number = await yard.start_16(ac, meter=1000)
            assert await ac.call("StopTransaction", stop_16(number, meter=meter_stop)) == {}
            await yard.assert_nothing_owed()
            assert await yard.reviews() == [reason]
            assert (await yard.session())["state"] == "under_review"
