"""ev-server's pricing engine, when run: floats and truncation lose cents, and the flat fee waits for energy."""

from __future__ import annotations

import pytest

from rating_sessions import assert_adds_up, energy, flat, idle, tariff, usage, when
from wattledger.core.metering.events import Activity
from wattledger.core.rating.rate import rate

IDLE = Activity.IDLE
WHOLE = tariff(when(energy("0.35"), flat("1.00"), idle("6.00")))


class TestCentsThatGetLost:
    def test_four_readings_of_5600_wh_at_0_35_are_7_84_and_not_7_83(self) -> None:
        rated = rate(usage(*[(15, 5.6)] * 4), tariff(when(energy("0.35"))))
        assert rated.gross_minor == 784
        assert_adds_up(rated)

    def test_one_kwh_at_0_289_is_0_29_and_not_0_28(self) -> None:
        assert rate(usage((60, 1)), tariff(when(energy("0.289")))).gross_minor == 29

    @pytest.mark.parametrize("readings", [1, 4, 60, 90])
    def test_a_session_costs_the_same_whatever_the_pace_of_its_readings(self, readings: int) -> None:
        """1.00 + 22.4 kWh at 0.35 + half an hour idle at 6.00: 11.84."""
        charging = [(60 / readings, 22.4 / readings)] * readings
        assert rate(usage(*charging, (30, 0, IDLE)), WHOLE).gross_minor == 1184

    def test_the_flat_fee_does_not_wait_for_energy(self) -> None:
        assert rate(usage((30, 0, IDLE)), WHOLE).gross_minor == 400
