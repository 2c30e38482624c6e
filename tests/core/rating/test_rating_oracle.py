"""Two engines, one written only from the standard's text, must agree to the last fraction of a cent."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rating_oracle import oracle
from rating_strategies import tariffs, usages
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.compiled import compile_tariffs
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Dimension, PriceLimit, Tariff

calm = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
amounts = st.sampled_from(["0", "0.01", "0.5", "1.2345", "20"]).map(Decimal)


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

    @calm
    @given(
        usage=usages(), tariff=tariffs(has_limits=False), pairs=st.tuples(amounts, amounts), is_least=st.booleans()
    )
    def test_on_both_senses_of_a_limit(
        self, policy: RatingPolicy, usage: Usage, tariff: Tariff, pairs: tuple[Decimal, Decimal], is_least: bool
    ) -> None:
        limit = PriceLimit(min(pairs), max(pairs))
        limited = replace(tariff, price_min=limit) if is_least else replace(tariff, price_max=limit)
        expected = oracle(usage, limited, is_strict=policy is OCPI_STRICT)
        net, gross = rate(usage, limited, policy=policy).exact()
        assert (net, gross) == (min(expected.net, expected.gross), max(expected.net, expected.gross))

    @calm
    @given(usage=usages(), one=tariffs(has_limits=False), other=tariffs(has_limits=False), data=st.data())
    def test_on_sessions_that_change_tariffs(
        self, policy: RatingPolicy, usage: Usage, one: Tariff, other: Tariff, data: st.DataObject
    ) -> None:
        both = (one, replace(other, currency=one.currency, tax_treatment=one.tax_treatment))
        starts = [period.started_at for period in usage.periods]
        spans = tuple((start, data.draw(st.sampled_from([0, 1, -1]))) for start in starts)
        changing = dataclasses.replace(usage, tariff_spans=spans)
        expected = oracle(changing, *both, is_strict=policy is OCPI_STRICT)
        rated = rate(changing, compile_tariffs(both), policy=policy)
        assert rated.exact() == (expected.net, expected.gross)
        assert Fraction(rated.billed_energy_milliwh, 1_000) == expected.billed.get(Dimension.ENERGY, 0)
