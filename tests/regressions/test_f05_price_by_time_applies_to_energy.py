"""TT#57: a restriction was ignored on energy, 20 kWh across a night tariff cost 20 instead of 110."""

from __future__ import annotations

from rating_sessions import MONDAY, energy, tariff, usage, when
from wattledger.core.rating.rate import rate

TARIFF = tariff(when(energy("1"), time_from="08:00", time_until="21:00"), when(energy("10")))


class TestATimeWindowAppliesToEnergyToo:
    def test_ten_kwh_before_21_and_ten_after_cost_110(self) -> None:
        session = usage((60, 10), (60, 10), start=MONDAY.replace(hour=20))
        assert rate(session, TARIFF).net_minor == 110_00

    def test_one_long_reading_interval_across_21_costs_the_same(self) -> None:
        session = usage((120, 20), start=MONDAY.replace(hour=20))
        assert rate(session, TARIFF).net_minor == 110_00
