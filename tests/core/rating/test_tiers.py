"""Tiers: graduated and by volume, of the session and of the month."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rating_sessions import MONDAY, VAT_10, VAT_20, assert_adds_up, energy, idle, tariff, time, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import MonthUsage
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import Rated, Unit
from wattledger.core.tariffs.model import PriceComponent, Reservation, Tariff, Tier, Tiering, TierSpan

STEPS = (Tier(10_000, Decimal("0.60")), Tier(30_000, Decimal("0.50")))


def per_kwh(**more: Any) -> PriceComponent:
    return energy("0.40", tiers=STEPS, **more)


def lines(rated: Rated) -> list[tuple[str, int, str]]:
    return [(str(line.price), line.billed // 1000, line.note) for line in rated.lines]


class TestGraduated:
    @pytest.mark.parametrize(
        ("kwh", "net_minor", "billed"),
        [
            (5, 300, [5_000]), (10, 600, [10_000]), (10.001, 600, [10_000, 1]), (30, 1600, [10_000, 20_000]),
            (40, 2000, [10_000, 20_000, 10_000]),
        ],
    )  # fmt: skip
    def test_each_part_has_the_price_of_its_tier(self, kwh: float, net_minor: int, billed: list[int]) -> None:
        rated = rate(usage((60, kwh)), tariff(when(per_kwh())))
        assert rated.net_minor == net_minor
        assert [line.billed // 1000 for line in rated.lines] == billed
        assert rated.billed_energy_milliwh == round(kwh * 1_000_000)
        assert_adds_up(rated)

    def test_each_line_says_its_tier(self) -> None:
        rated = rate(usage((60, 40)), tariff(when(per_kwh())))
        assert lines(rated) == [
            ("0.60", 10_000, "tier to 10 kWh"),
            ("0.50", 20_000, "tier to 30 kWh"),
            ("0.40", 10_000, "beyond the last tier"),
        ]
        assert [line.quantity for line in rated.lines] == [line.billed for line in rated.lines]

    def test_tiers_go_on_over_stretches_of_one_component(self) -> None:
        one = tariff(when(per_kwh(), time_until="10:30"), when(energy("9"), time_until="11:00"), when(per_kwh()))
        rated = rate(usage((30, 8), (30, 1), (60, 8)), one)
        assert lines(rated) == [
            ("0.60", 8_000, "tier to 10 kWh"),
            ("9", 1_000, ""),
            ("0.60", 8_000, "tier to 10 kWh"),
        ]

    def test_of_time_count_seconds(self) -> None:
        one = tariff(when(time("1.20", tiers=(Tier(600, Decimal(6)),))))
        assert lines(rate(usage((30, 0)), one)) == [
            ("6", 600_000, "tier to 10 min"),
            ("1.20", 1_200_000, "beyond the last tier"),
        ]

    def test_stretches_with_a_pause_go_on_where_they_stopped(self) -> None:
        one = tariff(when(time("1.20", tiers=(Tier(600, Decimal(6)),))))
        rated = rate(usage((6, 0), (5, 0, Activity.IDLE), (6, 0)), one)
        assert [(str(line.price), line.billed // 60_000_000) for line in rated.lines] == [
            ("6", 6),
            ("6", 4),
            ("1.20", 2),
        ]

    def test_of_three_stretches_count_them_all(self) -> None:
        one = tariff(when(time("1.20", tiers=(Tier(600, Decimal(6)),))))
        rated = rate(usage((4, 0), (5, 0, Activity.IDLE), (4, 0), (5, 0, Activity.IDLE), (4, 0)), one)
        assert [(str(line.price), line.billed // 60_000_000) for line in rated.lines] == [
            ("6", 4),
            ("6", 4),
            ("6", 2),
            ("1.20", 2),
        ]

    def test_keep_the_span_the_unit_and_the_place_of_their_run(self) -> None:
        rated = rate(
            usage((60, 40)),
            tariff(when(energy("9", taxes=VAT_10), power_w_min=99_000), when(per_kwh(taxes=VAT_20))),
        )
        for line in rated.lines:
            assert (line.started_at, line.ended_at) == (MONDAY, MONDAY.replace(hour=11))
            assert (line.unit, line.element, line.component, line.taxes) == (Unit.MILLIWH, 1, 0, VAT_20)

    def test_free_minutes_come_first_and_steps_last(self) -> None:
        one = tariff(when(idle("1.20", grace_s=300, step_size=600, tiers=(Tier(600, Decimal(6)),))))
        rated = rate(usage((22, 0, Activity.IDLE)), one)
        assert [(line.quantity // 60_000_000, line.billed // 60_000_000, line.note) for line in rated.lines] == [
            (15, 10, "tier to 10 min"),
            (7, 10, "beyond the last tier, 300 s free, 180 s added to fill steps of 600 s"),
        ]
        assert rated.net_minor == 120

    def test_what_is_free_is_told_even_where_a_step_makes_up_for_it(self) -> None:
        one = tariff(when(idle("1.20", grace_s=600, step_size=1200, tiers=(Tier(600, Decimal(6)),))))
        note = rate(usage((20, 0, Activity.IDLE)), one).lines[-1].note
        assert note == "beyond the last tier, 600 s free, 600 s added to fill steps of 1200 s"

    def test_what_only_fills_a_step_may_be_a_tier_of_its_own(self) -> None:
        one = tariff(when(energy("0.40", step_size=1000, tiers=(Tier(10_000, Decimal("0.60")),))))
        rated = rate(usage((60, 9.5)), one)
        assert [(line.quantity, line.billed) for line in rated.lines] == [(9_500_000, 10_000_000)]
        rated = rate(usage((60, 10.5)), one)
        assert [(line.quantity, line.billed) for line in rated.lines] == [
            (10_000_000, 10_000_000),
            (500_000, 1_000_000),
        ]

    def test_what_is_wholly_free_is_one_line(self) -> None:
        one = tariff(when(idle("1.20", grace_s=3600, tiers=(Tier(600, Decimal(6)),))))
        rated = rate(usage((22, 0, Activity.IDLE)), one)
        assert [(line.billed, line.note) for line in rated.lines] == [(0, "1320 s free")]

    def test_bear_the_components_taxes(self) -> None:
        rated = rate(usage((60, 40)), tariff(when(per_kwh(taxes=VAT_20))))
        assert (rated.net_minor, rated.tax_minor) == (2000, 400)
        assert rated.exact() == (Fraction(20), Fraction(24))

    def test_count_towards_the_components_cap(self) -> None:
        rated = rate(usage((60, 40)), tariff(when(per_kwh(cap=Decimal(7)))))
        assert rated.net_minor == 700

    @pytest.mark.parametrize("policy", [PLAIN, OCPI_STRICT])
    def test_under_every_policy(self, policy: RatingPolicy) -> None:
        assert rate(usage((60, 40)), tariff(when(per_kwh())), policy=policy).net_minor == 2000


class TestByVolume:
    ONE = tariff(when(per_kwh(tiering=Tiering.VOLUME)))

    @pytest.mark.parametrize(("kwh", "net_minor"), [(5, 300), (10, 600), (10.001, 500), (30, 1500), (31, 1240)])
    def test_the_total_decides_the_price_of_all(self, kwh: float, net_minor: int) -> None:
        rated = rate(usage((60, kwh)), self.ONE)
        assert rated.net_minor == net_minor
        assert len(rated.lines) == 1

    def test_every_stretch_has_that_price(self) -> None:
        one = tariff(when(time("1", tiers=(Tier(600, Decimal(6)),), tiering=Tiering.VOLUME)))
        rated = rate(usage((6, 0), (5, 0, Activity.IDLE), (6, 0)), one)
        assert [(str(line.price), line.note) for line in rated.lines] == [("1", "beyond the last tier")] * 2


class TestByTheMonth:
    def month(self, kwh: float) -> MonthUsage:
        return MonthUsage(round(kwh * 1_000_000), 300_000_000, 600_000_000)

    def rated(self, one: Tariff, kwh: float, before: float) -> Rated:
        return rate(usage((60, kwh), month=self.month(before)), one)

    def test_graduated_tiers_go_on_from_what_the_month_held(self) -> None:
        one = tariff(when(per_kwh(tier_span=TierSpan.MONTH)))
        assert lines(self.rated(one, 10, 8)) == [
            ("0.60", 2_000, "tier to 10 kWh"),
            ("0.50", 8_000, "tier to 30 kWh"),
        ]
        assert lines(self.rated(one, 10, 30)) == [("0.40", 10_000, "beyond the last tier")]

    def test_volume_tiers_are_decided_by_the_month_so_far_and_this_session(self) -> None:
        one = tariff(when(per_kwh(tier_span=TierSpan.MONTH, tiering=Tiering.VOLUME)))
        assert lines(self.rated(one, 10, 0)) == [("0.60", 10_000, "tier to 10 kWh")]
        assert lines(self.rated(one, 10, 8)) == [("0.50", 10_000, "tier to 30 kWh")]

    def test_of_time_and_of_idling_go_on_from_their_own(self) -> None:
        steps = (Tier(900, Decimal(6)),)
        one = tariff(
            when(
                time("1", tiers=steps, tier_span=TierSpan.MONTH), idle("1", tiers=steps, tier_span=TierSpan.MONTH)
            )
        )
        rated = rate(usage((20, 0), (20, 0, Activity.IDLE), month=self.month(0)), one)
        assert [line.billed // 60_000_000 for line in rated.lines] == [10, 10, 5, 15]

    def test_of_a_reservation_begin_with_it(self) -> None:
        steps = (Tier(900, Decimal(6)),)
        one = tariff(when(time("1", tiers=steps, tier_span=TierSpan.MONTH), reservation=Reservation.RESERVED))
        rated = rate(usage((20, 0, Activity.RESERVED), month=self.month(0)), one)
        assert [line.billed // 60_000_000 for line in rated.lines] == [15, 5]

    def test_of_the_session_ask_for_no_month(self) -> None:
        assert rate(usage((60, 10)), tariff(when(per_kwh()))).net_minor == 600

    def test_are_refused_where_the_month_is_not_known(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            rate(usage((60, 10)), tariff(when(per_kwh(tier_span=TierSpan.MONTH))))
        assert str(refusal.value) == (
            "month_usage_missing: The tariff has tiers by the month; what it held is not known."
        )
