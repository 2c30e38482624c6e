"""evcc-io/evcc#13640: after a pause the energy before it was counted again, 45 kWh instead of 25."""

from __future__ import annotations

import pytest

from rating_sessions import energy, tariff, usage, when
from wattledger.core.metering.events import Activity
from wattledger.core.rating.rate import rate


class TestAPauseDoesNotCountEnergyTwice:
    @pytest.mark.parametrize("pause", [Activity.IDLE, Activity.PAUSED])
    def test_20_kwh_a_pause_and_5_kwh_are_25_kwh(self, pause: Activity) -> None:
        rated = rate(usage((60, 20), (30, 0, pause), (20, 5)), tariff(when(energy("0.50"))))
        assert rated.energy_milliwh == rated.billed_energy_milliwh == 25_000_000
        assert rated.net_minor == 12_50
