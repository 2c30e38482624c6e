"""ocpi/ocpi#546: experts read step_size as 0.85, 0.80 or 0.73; the maintainer's answer is 0.73."""

from __future__ import annotations

from rating_sessions import MONDAY, idle, tariff, time, usage, when
from wattledger.core.metering.events import Activity
from wattledger.core.rating.policy import OCPI_STRICT
from wattledger.core.rating.rate import rate

TARIFF = tariff(
    when(time("2.40", step_size=900), idle("1.00", step_size=900), time_from="17:00", time_until="20:00"),
    when(time("2.40", step_size=900), time_from="20:00", time_until="00:00"),
)
SESSION = usage((12, 0), (20, 0, Activity.IDLE), start=MONDAY.replace(hour=19, minute=40))


class TestStepSizeRoundsTheLastTimeDimensionOnce:
    def test_twelve_minutes_charging_and_eight_paid_minutes_idle_cost_0_73(self) -> None:
        rated = rate(SESSION, TARIFF, policy=OCPI_STRICT)
        assert [line.net_minor for line in rated.lines] == [48, 25]
        assert rated.net_minor == 73

    def test_the_bill_says_how_many_minutes_were_added(self) -> None:
        line = rate(SESSION, TARIFF, policy=OCPI_STRICT).lines[1]
        assert (line.quantity, line.billed) == (8 * 60_000_000, 15 * 60_000_000)
        assert line.note == "420 s added to fill steps of 900 s"
