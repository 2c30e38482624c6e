"""sap-labs-france/ev-server#3455: samples each 56 s, step 60 s, and some seconds were never priced."""

from __future__ import annotations

import pytest

from rating_sessions import tariff, time, usage, when
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, RatingPolicy
from wattledger.core.rating.rate import rate

TARIFF = tariff(when(time("6.00", step_size=60)))


@pytest.mark.parametrize("policy", [PLAIN, OCPI_STRICT], ids=lambda policy: policy.name)
class TestBilledTimeDoesNotDependOnThePaceOfSamples:
    @pytest.mark.parametrize("pace_s", [1, 7, 56, 60, 300, 2800])
    def test_2800_seconds_are_47_minutes_at_any_pace(self, policy: RatingPolicy, pace_s: int) -> None:
        session = usage(*[(pace_s / 60, 0.1)] * (2800 // pace_s), *[((2800 % pace_s) / 60, 0)])
        rated = rate(session, TARIFF, policy=policy)
        assert rated.billed_charging_us == 47 * 60_000_000
        assert rated.net_minor == 470
