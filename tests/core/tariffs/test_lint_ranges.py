"""The linter on elements that one quantity alone decides: gaps, defaults, what crosses, what never is."""

from __future__ import annotations

import pytest

from rating_sessions import energy, idle, tariff, time, when
from wattledger.core.tariffs.lint import Finding, Severity, lint_tariff
from wattledger.core.tariffs.lint_ranges import value_text
from wattledger.core.tariffs.model import Reservation, Tariff, Weekday

DAY = {"time_from": "06:00", "time_until": "22:00"}


def found(one: Tariff) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in lint_tariff(one)]


def only(one: Tariff) -> Finding:
    (finding,) = lint_tariff(one)
    return finding


class TestRangesOfOneQuantity:
    """kWh, power and times are always known, so ranges that meet leave nothing open."""

    @pytest.mark.parametrize("name", ["energy_milliwh", "power_w", "duration_s", "charging_time_s", "idle_time_s"])
    def test_that_meet_need_no_default(self, name: str) -> None:
        whole = tariff(when(energy("1"), **{f"{name}_max": 5}), when(energy("2"), **{f"{name}_min": 5}))
        assert lint_tariff(whole) == ()

    def test_of_a_current_need_one(self) -> None:
        whole = tariff(when(energy("1"), current_ma_max=5), when(energy("2"), current_ma_min=5))
        assert found(whole) == [("missing_default", "energy")]

    def test_that_do_not_meet_leave_a_gap(self) -> None:
        gappy = tariff(when(time("1"), duration_s_min=3600), when(time("2"), duration_s_max=1800))
        assert only(gappy) == Finding(
            "gap", Severity.WARNING, "time",
            "From session time of 30 min on no element gives a price, so it is free there.",
            "Add a last element without restrictions, or one for the missing range.",
        )  # fmt: skip

    def test_without_an_end_need_a_default(self) -> None:
        assert found(tariff(when(time("1"), duration_s_max=1800))) == [("missing_default", "time")]
        assert found(tariff(when(time("1"), duration_s_min=1800))) == [("missing_default", "time")]

    def test_that_hold_nothing_leave_no_gap_after_them(self) -> None:
        empty = tariff(
            when(time("1"), duration_s_max=1800), when(time("2"), duration_s_min=1800, duration_s_max=1800)
        )
        assert ("missing_default", "time") in found(empty)

    def test_are_told_to_four_decimals(self) -> None:
        assert value_text("energy_milliwh", 5_000_010) == "energy of 5 kWh"

    def test_beside_another_condition_need_one(self) -> None:
        mixed = tariff(when(energy("1"), energy_milliwh_max=5), when(energy("2"), energy_milliwh_min=5, **DAY))
        assert found(mixed) == [("missing_default", "energy")]


class TestFlows:
    @pytest.mark.parametrize("name", ["power_w_min", "current_ma_min"])
    def test_of_a_vehicle_that_only_stands_are_doubted(self, name: str) -> None:
        standing = tariff(when(idle("6"), **{name: 3_000}), when(idle("1")))
        assert only(standing) == Finding(
            "never_matches", Severity.WARNING, "element 0, idle",
            "A vehicle that only stands draws neither power nor current, so this hardly ever holds.",
            "Put the price of idling into an element without this condition.",
        )  # fmt: skip
        assert lint_tariff(tariff(when(energy("2"), **{name: 3_000}), when(energy("1")))) == ()

    @pytest.mark.parametrize(
        ("name", "what"),
        [
            ("energy_milliwh_min", "energy from 3 kWh"),
            ("power_w_min", "power from 3000 kW"),
            ("current_ma_min", "current from 3000 A"),
        ],
    )
    def test_of_a_place_that_is_reserved_are_none(self, name: str, what: str) -> None:
        reserved = tariff(
            when(time("1"), reservation=Reservation.RESERVED, **{name: 3_000_000}), when(energy("1"))
        )
        assert only(reserved) == Finding(
            "never_matches", Severity.ERROR, "element 0", f"{what}, while a place is reserved: this never holds.",
            "Leave the condition out.",
        )  # fmt: skip

    def test_are_not_the_energy_that_was_used_before(self) -> None:
        assert lint_tariff(tariff(when(idle("6"), energy_milliwh_min=3_000), when(idle("1")))) == ()


class TestOverlappingRanges:
    def test_ranges_of_a_reservation_that_cross(self) -> None:
        limits = {"reservation": Reservation.RESERVED}
        one = tariff(
            when(time("1"), duration_s_max=1800, **limits),
            when(time("2"), duration_s_min=900, **limits),
            when(energy("1")),
        )
        assert found(one) == [("overlap", "element 1, time")]

    def test_ranges_that_cross(self) -> None:
        crossing = tariff(
            when(energy("0.5"), energy_milliwh_max=10_000_000),
            when(energy("0.4"), energy_milliwh_min=5_000_000, energy_milliwh_max=20_000_000),
            when(energy("0.3")),
        )
        assert only(crossing).message == (
            "It overlaps an earlier element at energy of 5 kWh; the earlier one wins."
        )
        assert found(tariff(when(energy("1"), power_w_max=9_000), when(energy("2"), power_w_min=8_000))) == [
            ("overlap", "element 1, energy")
        ]

    @pytest.mark.parametrize(
        ("special", "general"),
        [
            ({"power_w_max": 16_000}, {"power_w_max": 32_000}),
            ({"power_w_min": 5, "power_w_max": 9}, {"power_w_max": 9}),
            ({"energy_milliwh_min": 9}, {"energy_milliwh_min": 5}),
            (
                {"energy_milliwh_min": 6, "energy_milliwh_max": 7},
                {"energy_milliwh_min": 5, "energy_milliwh_max": 9},
            ),
            ({"weekdays": (Weekday.SUNDAY,), **DAY}, DAY),
            ({"energy_milliwh_max": 5}, {"energy_milliwh_min": 5}),
            ({"energy_milliwh_max": 5}, {"duration_s_min": 4}),
        ],
    )
    def test_the_special_before_the_general_is_meant(
        self, special: dict[str, object], general: dict[str, object]
    ) -> None:
        assert (
            lint_tariff(tariff(when(energy("2"), **special), when(energy("1"), **general), when(energy("3"))))
            == ()
        )
