"""What holds for every tariff and every session."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rating_sessions import assert_adds_up, energy, idle, tariff, time, when
from rating_strategies import STARTS, ZONES, tariffs, usages
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, Level, RatingPolicy, Rounding
from wattledger.core.rating.rate import rate, until
from wattledger.core.rating.rated import LineKind, decode_rated, encode_rated
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff, encode_tariff, tariff_version_id

calm = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
policies = st.builds(
    RatingPolicy,
    name=st.just("any"),
    steps=st.sampled_from([PLAIN.steps, OCPI_STRICT.steps]),
    rounding=st.sampled_from(list(Rounding)),
    level=st.sampled_from(list(Level)),
    cash_step_minor=st.sampled_from([1, 5]),
)


def cut(usage: Usage, data: st.DataObject) -> Usage:
    """The same session with every period cut in two at some whole second."""
    periods: list[Period] = []
    for period in usage.periods:
        length = int((period.ended_at - period.started_at).total_seconds())
        part = data.draw(st.integers(0, length))
        middle = period.started_at + timedelta(seconds=part)
        first = period.energy_milliwh * part // length
        periods += [
            replace(period, ended_at=middle, energy_milliwh=first),
            replace(period, started_at=middle, energy_milliwh=period.energy_milliwh - first),
        ]
    return replace(usage, periods=tuple(period for period in periods if period.started_at < period.ended_at))


class TestAlways:
    @calm
    @given(usages(), tariffs(), policies)
    def test_lines_sum_to_totals_and_taxes_to_the_tax(
        self, usage: Usage, tariff: Tariff, policy: RatingPolicy
    ) -> None:
        assert_adds_up(rate(usage, tariff, policy=policy))

    @calm
    @given(usages(), tariffs(), policies, st.data())
    def test_cutting_periods_anywhere_changes_nothing(
        self, usage: Usage, tariff: Tariff, policy: RatingPolicy, data: st.DataObject
    ) -> None:
        assert rate(cut(usage, data), tariff, policy=policy) == rate(usage, tariff, policy=policy)

    @calm
    @given(usages(), tariffs())
    def test_a_result_survives_its_encoding(self, usage: Usage, tariff: Tariff) -> None:
        rated = rate(usage, tariff)
        assert decode_rated(encode_rated(rated)) == rated

    @calm
    @given(usages(), tariffs())
    def test_a_tariff_survives_its_encoding_and_keeps_its_id(self, usage: Usage, tariff: Tariff) -> None:
        again = decode_tariff(encode_tariff(tariff))
        assert tariff_version_id(again) == tariff_version_id(tariff)
        assert rate(usage, again) == rate(usage, tariff)

    @calm
    @given(usages(), tariffs())
    def test_the_running_cost_at_the_end_is_the_bill(self, usage: Usage, tariff: Tariff) -> None:
        assert rate(until(usage, usage.periods[-1].ended_at), tariff) == rate(usage, tariff)

    @calm
    @given(usages(), tariffs(), policies)
    def test_nothing_but_an_adjustment_is_negative(
        self, usage: Usage, tariff: Tariff, policy: RatingPolicy
    ) -> None:
        rated = rate(usage, tariff, policy=policy)
        lines = [line for line in rated.lines if line.dimension is not LineKind.MAX_PRICE_ADJUSTMENT]
        assert all(line.gross_minor >= 0 and line.billed >= 0 for line in lines)
        assert rated.gross_minor >= rated.net_minor >= 0

    @calm
    @given(usages(), tariffs())
    def test_rounding_moves_the_total_by_less_than_a_unit_a_rate(self, usage: Usage, tariff: Tariff) -> None:
        rated = rate(usage, tariff)
        _, gross = rated.exact()
        taxes = sum(len(one.taxes) + 1 for element in tariff.elements for one in element.components)
        units = rated.gross_minor * rated.units_per_major
        per_minor = rated.units_per_major // 10 ** {"JPY": 0, "KWD": 3}.get(rated.currency, 2)
        assert abs(units // rated.units_per_major * per_minor - gross * rated.units_per_major) <= per_minor * taxes


class TestMonotone:
    @calm
    @given(usages(), st.integers(0, 8))
    def test_a_tariff_without_conditions_never_gets_cheaper_with_more_use(self, usage: Usage, count: int) -> None:
        steady = tariff(when(energy("0.45", step_size=500), time("1.2", step_size=60), idle("3", grace_s=600)))
        less = replace(usage, periods=usage.periods[:count])
        assume(less.periods)
        assert rate(less, steady).gross_minor <= rate(usage, steady).gross_minor


class TestDaysOf23And25Hours:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("start", STARTS)
    def test_every_second_of_two_days_has_one_price_by_the_wall_clock(self, zone: str, start: datetime) -> None:
        prices = tariff(
            when(time("1"), time_from="02:00", time_until="03:00"),
            when(time("10"), time_from="22:30", time_until="02:00"),
            when(time("100")),
        )
        usage = Usage((Period(start, start + timedelta(hours=48), 0),), zone)
        rated = rate(usage, prices)
        assert rated.billed_charging_us == 48 * 3_600_000_000
        found = [sum(line.billed for line in rated.lines if line.element == n) for n in range(3)]
        minutes = [(start + timedelta(minutes=n)).astimezone(ZoneInfo(zone)) for n in range(48 * 60)]
        windows = [0, 0, 0]
        for local in minutes:
            windows[0 if local.hour == 2 else 1 if local.hour < 2 or f"{local:%H%M}" >= "2230" else 2] += 1
        assert found == [count * 60_000_000 for count in windows]
