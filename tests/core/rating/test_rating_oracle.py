"""Two engines, one written only from the standard's text, must agree to the last fraction of a cent."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from rating_oracle import oracle
from rating_strategies import tariffs, usages
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Dimension, Tariff

calm = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("policy", [PLAIN, OCPI_STRICT], ids=lambda policy: policy.name)
class TestBothEnginesAgree:
    @calm
    @given(usage=usages(), tariff=tariffs(has_limits=False))
    def test_on_exact_net_and_gross_amounts(self, policy: RatingPolicy, usage: Usage, tariff: Tariff) -> None:
        expected = oracle(usage, tariff, is_strict=policy is OCPI_STRICT)
        assert rate(usage, tariff, policy=policy).exact() == (expected.net, expected.gross)

    @calm
    @given(usage=usages(), tariff=tariffs(has_limits=False))
    def test_on_billed_quantities(self, policy: RatingPolicy, usage: Usage, tariff: Tariff) -> None:
        billed = oracle(usage, tariff, is_strict=policy is OCPI_STRICT).billed
        rated = rate(usage, tariff, policy=policy)
        assert Fraction(rated.billed_energy_milliwh, 1_000) == billed.get(Dimension.ENERGY, 0)
        assert Fraction(rated.billed_charging_us, 1_000_000) == billed.get(Dimension.TIME, 0)
        assert Fraction(rated.billed_idle_us, 1_000_000) == billed.get(Dimension.IDLE, 0)

    @calm
    @given(usage=usages(), tariff=tariffs())
    def test_on_the_net_amount_within_limits(self, policy: RatingPolicy, usage: Usage, tariff: Tariff) -> None:
        expected = oracle(usage, tariff, is_strict=policy is OCPI_STRICT)
        assert rate(usage, tariff, policy=policy).exact()[0] == expected.net
