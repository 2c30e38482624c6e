"""The same again: from caches or without, kept as runs or written out, with taxes in a price or on top of it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rating_strategies import tariffs, usages
from wattledger.core.kernel.taxes import tax_shares
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.policy import Level, RatingPolicy, Rounding, Steps
from wattledger.core.rating.rate import rate, until
from wattledger.core.rating.tally import tally
from wattledger.core.tariffs.model import PriceComponent, Tariff, TaxTreatment

calm = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
policies = st.builds(
    RatingPolicy,
    name=st.just("any"),
    steps=st.sampled_from(list(Steps)),
    rounding=st.sampled_from(list(Rounding)),
    level=st.sampled_from(list(Level)),
)


def share(component: PriceComponent) -> Fraction:
    return sum((part for _, part in tax_shares(component.taxes)), Fraction(0))


def with_taxes_of_the_first(tariff: Tariff) -> Tariff:
    """All components under the same taxes: what a bill's total follows from without looking at its lines."""
    taxes = tariff.elements[0].components[0].taxes
    return replace(
        tariff,
        elements=tuple(
            replace(element, components=tuple(replace(one, taxes=taxes) for one in element.components))
            for element in tariff.elements
        ),
    )


def with_taxes_in(tariff: Tariff) -> Tariff:
    """The same tariff with each price raised by its taxes, which it then holds."""
    return replace(
        tariff,
        tax_treatment=TaxTreatment.INCLUDED,
        elements=tuple(
            replace(element, components=tuple(replace(one, price=raised(one)) for one in element.components))
            for element in tariff.elements
        ),
    )


def raised(component: PriceComponent) -> Decimal:
    factor = 1 + share(component)
    return component.price * factor.numerator / factor.denominator


class TestDeterminism:
    @calm
    @given(st.lists(usages(), min_size=2, max_size=4), tariffs(), policies)
    def test_a_tariff_that_has_rated_others_rates_as_a_new_one(
        self, sessions: list[Usage], tariff: Tariff, policy: RatingPolicy
    ) -> None:
        used = compile_tariff(tariff)
        once = [rate(session, used, policy=policy) for session in sessions]
        again = [rate(session, used, policy=policy) for session in reversed(sessions)]
        assert once == again[::-1] == [rate(session, tariff, policy=policy) for session in sessions]


class TestTheRunningCost:
    @calm
    @given(usages(), tariffs(), st.data())
    def test_at_any_second_is_the_same_however_its_period_is_cut(
        self, session: Usage, tariff: Tariff, data: st.DataObject
    ) -> None:
        period = data.draw(st.sampled_from(session.periods))
        length_s = int((period.ended_at - period.started_at).total_seconds())
        passed_s, cut_s = sorted(data.draw(st.tuples(st.integers(0, length_s), st.integers(0, length_s))))
        instant = period.started_at + timedelta(seconds=passed_s)
        assert rate(until(cut_at(session, period, cut_s), instant), tariff) == rate(
            until(session, instant), tariff
        )


def cut_at(session: Usage, period: Period, second: int) -> Usage:
    """The same session with one period cut in two; readings come at a steady pace, so each part has its share."""
    length_s = int((period.ended_at - period.started_at).total_seconds())
    middle = period.started_at + timedelta(seconds=second)
    first = period.energy_milliwh * second // length_s
    parts = [
        dataclasses.replace(period, ended_at=middle, energy_milliwh=first),
        dataclasses.replace(period, started_at=middle, energy_milliwh=period.energy_milliwh - first),
    ]
    kept = [part for part in parts if part.started_at < part.ended_at]
    place = session.periods.index(period)
    return dataclasses.replace(session, periods=(*session.periods[:place], *kept, *session.periods[place + 1 :]))


class TestADerivationKeptAsRuns:
    @calm
    @given(
        st.lists(usages(), min_size=2, max_size=4),
        tariffs(has_limits=False) | tariffs(has_limits=False).map(with_taxes_of_the_first),
        policies,
    )
    def test_writes_out_the_lines_of_rate_whenever_it_is_asked(
        self, sessions: list[Usage], tariff: Tariff, policy: RatingPolicy
    ) -> None:
        compiled = compile_tariff(tariff)
        kept = [tally(session, compiled, policy) for session in sessions]
        for session, one in zip(reversed(sessions), reversed(kept), strict=True):
            totals = (one.net_minor, one.tax_minor, one.gross_minor)
            written = one.rated()
            assert written == one.rated() == rate(session, compiled, policy=policy)
            assert totals == (written.net_minor, written.tax_minor, written.gross_minor)

    @calm
    @given(usages(), tariffs(has_limits=False).map(with_taxes_of_the_first), policies)
    def test_the_short_way_to_lines_comes_out_where_the_long_one_does(
        self, session: Usage, tariff: Tariff, policy: RatingPolicy
    ) -> None:
        short, long = compile_tariff(tariff), compile_tariff(tariff)
        assert short.is_plain
        long.is_plain = False
        assert rate(session, short, policy=policy) == rate(session, long, policy=policy)


class TestTaxes:
    @calm
    @given(usages(), tariffs(has_limits=False))
    def test_are_their_shares_of_each_lines_net(self, session: Usage, tariff: Tariff) -> None:
        for line in rate(session, tariff).lines:
            component = tariff.elements[line.element].components[line.component]
            assert line.tax_units == line.net_units * share(component)

    @calm
    @given(usages(), tariffs(has_limits=False), policies)
    def test_within_a_price_are_those_on_top_of_it(
        self, session: Usage, tariff: Tariff, policy: RatingPolicy
    ) -> None:
        outside = replace(tariff, tax_treatment=TaxTreatment.EXCLUDED)
        inside = with_taxes_in(outside)
        assert rate(session, outside, policy=policy).exact() == rate(session, inside, policy=policy).exact()

    @calm
    @given(usages(), tariffs(has_limits=False))
    def test_that_do_not_apply_are_none(self, session: Usage, tariff: Tariff) -> None:
        rated = rate(session, replace(tariff, tax_treatment=TaxTreatment.NOT_APPLICABLE))
        assert (rated.tax_minor, rated.taxes) == (0, ())
        assert rated.exact()[0] == rated.exact()[1]
