"""What the linter finds, where, how grave it is and what mends it; and that it is quiet about a good tariff."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rating_sessions import VAT_20, energy, flat, idle, tariff, time, when
from wattledger.core.tariffs.lint import Finding, Severity, lint_tariff, week_minutes
from wattledger.core.tariffs.model import (
    PriceLimit,
    Reservation,
    Restrictions,
    Spot,
    Tariff,
    Tier,
    Weekday,
)

DAY = {"time_from": "06:00", "time_until": "22:00"}
NIGHT = {"time_from": "22:00", "time_until": "06:00"}
WORKDAYS = tuple(Weekday)[:5]


def found(one: Tariff) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in lint_tariff(one)]


def only(one: Tariff) -> Finding:
    (finding,) = lint_tariff(one)
    return finding


class TestAGoodTariff:
    @pytest.mark.parametrize(
        "one",
        [
            tariff(when(energy("0.5"))),
            tariff(when(energy("0.5"), **DAY), when(energy("0.4"), **NIGHT)),
            tariff(when(energy("0.5"), weekdays=WORKDAYS), when(energy("0.4"), weekdays=tuple(Weekday)[5:])),
            tariff(when(energy("0.5"), **DAY), when(energy("0.4"))),
            tariff(when(energy("0.5"), power_w_max=50_000), when(energy("0.6"))),
            tariff(when(energy("0.5"), energy_milliwh_max=5_000_000), when(energy("0.4"))),
            tariff(when(flat("0"))),
            tariff(when(time("2"), reservation=Reservation.RESERVED), when(energy("0.5"))),
            tariff(when(energy("0.5", taxes=VAT_20), flat("1", taxes=VAT_20))),
            tariff(when(energy("0.5"), current_kind="AC"), when(energy("0.6"))),
            tariff(when(energy("0.5"), payment_brands=("VISA",)), when(energy("0.6"))),
            tariff(when(energy("0.5", spot=Spot("x", price_max=Decimal(1))))),
            tariff(when(energy("0.5", tiers=(Tier(5_000, Decimal("0.6")),)))),
            tariff(when(energy("3"), time("60"), idle("120"), flat("50"))),
            tariff(when(energy("150")), currency="JPY"),
            tariff(when(energy("0.001"))),
            tariff(when(energy("0.5")), price_min=PriceLimit(Decimal(1), Decimal(1))),
        ],
    )
    def test_is_passed_over_in_silence(self, one: Tariff) -> None:
        assert lint_tariff(one) == ()


class TestATariffThatCannotPrice:
    def test_has_one_finding_under_the_code_of_its_refusal(self) -> None:
        assert only(tariff()) == Finding(
            "tariff_empty", Severity.ERROR, "tariff",
            "A tariff needs at least one element; a free one has a FLAT of 0.",
            "Add an element; one with a FLAT of 0 where it is free.",
        )  # fmt: skip

    def test_is_told_what_mends_it_or_at_least_that_it_must_be(self) -> None:
        crossed = tariff(when(energy("1")), price_min=PriceLimit(Decimal(5)), price_max=PriceLimit(Decimal(4)))
        assert (only(crossed).code, only(crossed).fix) == (
            "price_limits_crossed", "Lower the least price, or raise the greatest.",
        )  # fmt: skip
        assert only(tariff(when(energy("1", grace_s=5)))).fix == (
            "Nothing can be priced with this tariff before this is mended."
        )


class TestGaps:
    def test_minutes_of_the_week_without_a_price(self) -> None:
        assert only(tariff(when(energy("0.5"), **DAY))) == Finding(
            "gap", Severity.WARNING, "energy",
            "At monday 00:00 no element gives a price, so it is free then.",
            "Add a last element without restrictions, or one for the missing time.",
        )  # fmt: skip

    def test_the_first_missing_minute_is_named(self) -> None:
        gappy = tariff(when(energy("0.5"), weekdays=WORKDAYS), when(energy("0.5"), time_until="17:30"))
        assert [one.message for one in lint_tariff(gappy) if one.code == "gap"] == [
            "At saturday 17:30 no element gives a price, so it is free then."
        ]

    def test_each_dimension_apart(self) -> None:
        assert found(tariff(when(energy("0.5"), idle("6"), **DAY), when(energy("0.4"), **NIGHT))) == [
            ("gap", "idle")
        ]

    def test_no_default_where_something_else_than_the_clock_decides(self) -> None:
        assert only(tariff(when(energy("0.5"), power_w_max=50_000))) == Finding(
            "missing_default", Severity.WARNING, "energy",
            "No element without restrictions gives a price: where none matches, it is free.",
            "Add a last element without restrictions; with a price of 0 if free is meant.",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "limits",
        [
            {"energy_milliwh_min": 1}, {"current_ma_max": 5}, {"duration_s_min": 5}, {"charging_time_s_max": 5},
            {"idle_time_s_min": 1}, {"date_from": date(2026, 1, 1)}, {"date_until": date(2026, 1, 1)},
            {"current_kind": "DC"}, {"connector_types": ("CHADEMO",)}, {"payment_brands": ("VISA",)},
            {"payment_recognition": "Debit"},
        ],
    )  # fmt: skip
    def test_every_condition_but_the_clock_may_fail(self, limits: dict[str, object]) -> None:
        assert found(tariff(when(energy("0.5"), **limits))) == [("missing_default", "energy")]

    def test_reservations_need_no_default(self) -> None:
        assert (
            lint_tariff(tariff(when(time("1"), reservation=Reservation.EXPIRED, **DAY), when(energy("1")))) == ()
        )


class TestOverlaps:
    def test_windows_that_share_minutes(self) -> None:
        shared = tariff(
            when(energy("0.5"), **DAY), when(energy("0.4"), time_from="20:00", time_until="07:00"),
        )  # fmt: skip
        assert only(shared) == Finding(
            "overlap", Severity.WARNING, "element 1, energy",
            "It overlaps an earlier element at monday 06:00; the earlier one wins.",
            "Make them meet without overlapping.",
        )  # fmt: skip

    def test_a_default_overlaps_nothing(self) -> None:
        assert lint_tariff(tariff(when(energy("0.5"), **DAY), when(energy("0.4")))) == ()


class TestUnreachableElements:
    UNREACHABLE = Finding(
        "unreachable_element", Severity.ERROR, "element 1, energy",
        "Earlier elements always hold when this one does, so its price is never used.",
        "Move it before them, or remove it.",
    )  # fmt: skip

    def test_after_a_default(self) -> None:
        assert only(tariff(when(energy("0.5")), when(energy("0.4"), **DAY))) == self.UNREACHABLE

    def test_under_windows_that_together_fill_the_week(self) -> None:
        three = tariff(when(energy("1"), **DAY), when(energy("1"), **NIGHT), when(energy("2")))
        assert found(three) == [("unreachable_element", "element 2, energy")]

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({"energy_milliwh_max": 5}, {"energy_milliwh_max": 5}),
            ({"energy_milliwh_max": 5}, {"energy_milliwh_max": 4}),
            ({"power_w_min": 5}, {"power_w_min": 5, "power_w_max": 9}),
            ({"duration_s_max": 60, **DAY}, {"duration_s_max": 60, "time_from": "08:00", "time_until": "09:00"}),
            ({"date_from": date(2026, 1, 1)}, {"date_from": date(2026, 2, 1), "date_until": date(2026, 3, 1)}),
            ({"date_until": date(2026, 3, 1)}, {"date_until": date(2026, 3, 1)}),
            ({"connector_types": ("A", "B")}, {"connector_types": ("A",)}),
            ({"payment_brands": ("A",)}, {"payment_brands": ("A",), "payment_recognition": "Debit"}),
            ({"current_kind": "AC"}, {"current_kind": "AC", "idle_time_s_min": 1}),
        ],
    )
    def test_where_an_earlier_one_asks_for_less(self, wide: dict[str, object], narrow: dict[str, object]) -> None:
        one = tariff(when(energy("1"), **wide), when(energy("2"), **narrow), when(energy("3")))
        assert only(one) == self.UNREACHABLE

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"energy_milliwh_max": 5}, {"energy_milliwh_max": 6}),
            ({"energy_milliwh_max": 5}, {}),
            ({"power_w_min": 5}, {"power_w_min": 4}),
            ({"power_w_min": 5}, {"power_w_max": 9}),
            ({"duration_s_max": 60, **DAY}, {"duration_s_max": 60, **NIGHT}),
            ({"date_from": date(2026, 2, 1)}, {"date_from": date(2026, 1, 1)}),
            ({"date_until": date(2026, 2, 1)}, {"date_until": date(2026, 2, 2)}),
            ({"connector_types": ("A",)}, {"connector_types": ("A", "B")}),
            ({"payment_brands": ("A",)}, {"duration_s_max": 5}),
            ({"current_kind": "AC"}, {"current_kind": "DC"}),
            ({"payment_recognition": "Debit"}, {"duration_s_max": 60}),
        ],
    )
    def test_not_where_it_asks_for_something_else(
        self, first: dict[str, object], second: dict[str, object]
    ) -> None:
        codes = [code for code, _ in found(tariff(when(energy("1"), **first), when(energy("2"), **second)))]
        assert "unreachable_element" not in codes

    def test_reservations_and_sessions_do_not_hide_each_other(self) -> None:
        one = tariff(when(time("1"), reservation=Reservation.RESERVED), when(time("2")))
        assert lint_tariff(one) == ()


class TestElementsThatNeverMatch:
    @pytest.mark.parametrize(
        ("limits", "what"),
        [
            ({"energy_milliwh_min": 5_000_000, "energy_milliwh_max": 5_000_000}, "energy from 5 to 5 kWh"),
            ({"power_w_min": 6_000, "power_w_max": 5_000}, "power from 6 to 5 kW"),
            ({"idle_time_s_max": 0}, "idle time below 0 min"),
        ],
    )
    def test_a_minimum_that_is_no_minimum(self, limits: dict[str, object], what: str) -> None:
        (finding,) = [
            one
            for one in lint_tariff(tariff(when(energy("1"), **limits), when(energy("2"))))
            if one.code == "never_matches"
        ]
        assert finding == Finding(
            "never_matches", Severity.ERROR, "element 0", f"{what}: this never holds.",
            "Set the minimum below the maximum.",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "limits",
        [
            {"date_from": date(2026, 3, 2), "date_until": date(2026, 3, 2)},
            {"date_from": date(2026, 3, 3), "date_until": date(2026, 3, 2)},
            {"date_from": date(2026, 3, 2), "date_until": date(2026, 3, 4), "weekdays": (Weekday.SUNDAY,)},
        ],
    )
    def test_dates_without_such_a_day(self, limits: dict[str, object]) -> None:
        (finding,) = [
            one
            for one in lint_tariff(tariff(when(energy("1"), **limits), when(energy("2"))))
            if one.code == "never_matches"
        ]
        assert (finding.fix, finding.where) == ("Set a later end date.", "element 0")
        assert finding.message.startswith(f"from {limits['date_from']} to before {limits['date_until']}: ")

    @pytest.mark.parametrize(
        "limits",
        [
            {"date_from": date(2026, 3, 2), "date_until": date(2026, 3, 3), "weekdays": (Weekday.MONDAY,)},
            {"date_from": date(2026, 3, 2), "date_until": date(2026, 3, 9), "weekdays": (Weekday.SUNDAY,)},
            {"date_from": date(2026, 3, 2), "date_until": date(2027, 3, 9), "weekdays": (Weekday.SUNDAY,)},
            {"energy_milliwh_min": 4, "energy_milliwh_max": 5},
            {"energy_milliwh_min": 0, "energy_milliwh_max": 1},
        ],
    )
    def test_not_one_that_matches_once(self, limits: dict[str, object]) -> None:
        assert lint_tariff(tariff(when(energy("1"), **limits), when(energy("2")))) == ()

    def test_a_window_that_ends_where_it_begins_is_taken_as_the_day(self) -> None:
        assert only(tariff(when(energy("1"), time_from="08:00", time_until="08:00"))) == Finding(
            "window_all_day",
            Severity.WARNING,
            "element 0",
            "A window from 08:00 to 08:00 is taken as the whole day.",
            "Leave both times out, or set the one that is meant.",
        )
        assert lint_tariff(tariff(when(energy("1"), time_from="00:00", time_until="00:00"))) == ()

    def test_a_validity_that_ends_before_it_begins(self) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert only(tariff(when(energy("1")), valid_from=at, valid_until=at)) == Finding(
            "validity_empty", Severity.ERROR, "valid_until", "The tariff ends before it begins.",
            "Set valid_until after valid_from, or leave it out.",
        )  # fmt: skip
        assert lint_tariff(tariff(when(energy("1")), valid_from=at, valid_until=at.replace(year=2027))) == ()


class TestPrices:
    def test_zero_beside_others_is_noted(self) -> None:
        assert only(tariff(when(energy("0.5"), flat("0")))) == Finding(
            "zero_price", Severity.NOTE, "element 0, flat", "The price is zero, and others of the tariff are not.",
            "Leave it if free is meant; else state the price.",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "one",
        [
            when(energy("3.01")), when(time("60.01")), when(idle("120.01")), when(flat("50.01")),
            when(energy("0.0009")), when(time("0.19")), when(idle("0.05")),
        ],
    )  # fmt: skip
    def test_an_unusual_one_is_doubted(self, one: object) -> None:
        finding = only(tariff(one))  # type: ignore[arg-type]
        assert (finding.code, finding.severity) == ("price_unusual", Severity.WARNING)
        assert finding.message.endswith(" EUR is not a usual price.")
        assert finding.where.startswith("element 0, ")
        assert finding.fix == "Check the unit: prices are per kWh and per hour."

    @pytest.mark.parametrize(
        ("currency", "price", "is_doubted"),
        [("SEK", "30", False), ("SEK", "30.01", True), ("JPY", "300", False), ("JPY", "301", True),
         ("KRW", "3001", True), ("OMR", "3001", False), ("OMR", "0.0009", True),
         ("OMR", "0.001", False), ("SEK", "0.0099", True)],
    )  # fmt: skip
    def test_by_what_a_currency_is_worth(self, currency: str, price: str, *, is_doubted: bool) -> None:
        assert bool(lint_tariff(tariff(when(energy(price)), currency=currency))) is is_doubted

    def test_a_tax_that_only_some_bear(self) -> None:
        assert only(tariff(when(energy("0.5", taxes=VAT_20), flat("1")))) == Finding(
            "tax_missing", Severity.WARNING, "element 0, flat", "Other components bear a tax and this one none.",
            "State its tax; a rate of zero if that is meant.",
        )  # fmt: skip

    def test_coarse_steps(self) -> None:
        finding = only(tariff(when(energy("0.5", step_size=500), flat("1", step_size=500))))
        assert finding == Finding(
            "step_size_coarse", Severity.NOTE, "element 0, energy",
            "Quantities are rounded up to steps of 500; drivers find that hard to follow.",
            "Use a step size of 1, as OCPI recommends and OCPI 3.0 requires.",
        )  # fmt: skip
        assert lint_tariff(tariff(when(energy("0.5", step_size=1)))) == ()
        assert found(tariff(when(energy("0.5", step_size=2)))) == [("step_size_coarse", "element 0, energy")]
        assert lint_tariff(tariff(when(energy("0")))) == ()


class TestTerms:
    def test_a_limit_with_taxes_below_the_one_without(self) -> None:
        limit = PriceLimit(Decimal(10), Decimal(9))
        assert only(tariff(when(energy("1")), price_max=limit)) == Finding(
            "limit_senses_crossed", Severity.WARNING, "price_max", "With taxes it is 9, less than 10 without.",
            "Swap the two amounts.",
        )  # fmt: skip
        assert found(tariff(when(energy("1")), price_min=limit)) == [("limit_senses_crossed", "price_min")]

    def test_a_cap_of_zero(self) -> None:
        assert only(tariff(when(idle("6", cap=Decimal(0))))) == Finding(
            "cap_zero", Severity.WARNING, "element 0, idle", "A cap of zero makes the component free.",
            "State the cap that is meant, or leave it out.",
        )  # fmt: skip
        assert lint_tariff(tariff(when(idle("6", cap=Decimal(1))))) == ()
        assert found(tariff(when(idle("0.5", cap=Decimal(0))))) == [("cap_zero", "element 0, idle")]
        assert lint_tariff(tariff(when(idle("0", cap=Decimal(0))))) == ()

    def test_tiers_of_one_price(self) -> None:
        assert only(tariff(when(energy("1", tiers=(Tier(5, Decimal(1)),))))) == Finding(
            "tier_needless", Severity.NOTE, "element 0, energy", "Two tiers that meet have the same price.",
            "Make one tier of them.",
        )  # fmt: skip

    def test_a_market_price_without_end(self) -> None:
        assert only(tariff(when(energy("1", spot=Spot("day-ahead"))))) == Finding(
            "spot_unbounded",
            Severity.WARNING,
            "element 0, energy",
            "The price follows 'day-ahead' without a cap.",
            "Set a greatest price that a driver can be told beforehand.",
        )


class TestTheMinutesOfAWeek:
    @pytest.mark.parametrize(
        ("limits", "count"),
        [
            (Restrictions(), 10_080),
            (Restrictions(time_from="08:00", time_until="09:00"), 420),
            (Restrictions(time_from="23:00", time_until="01:00"), 840),
            (Restrictions(weekdays=(Weekday.SUNDAY,)), 1_440),
            (Restrictions(weekdays=(Weekday.MONDAY, Weekday.SUNDAY), time_until="00:10"), 20),
            (Restrictions(date_from=date(2026, 1, 1)), 10_080),
        ],
    )
    def test_are_counted_by_the_clock_alone(self, limits: Restrictions, count: int) -> None:
        assert week_minutes(limits).bit_count() == count

    def test_begin_on_monday(self) -> None:
        assert (
            week_minutes(Restrictions(weekdays=(Weekday.TUESDAY,), time_from="00:00", time_until="00:01"))
            == 1 << 1440
        )
