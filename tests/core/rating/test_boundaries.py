"""Where a session is cut, to the microsecond and the thousandth of a watt-hour, and what it refuses to cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rating_sessions import MONDAY, energy, flat, idle, tariff, time, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff, compile_tariffs
from wattledger.core.rating.policy import PLAIN
from wattledger.core.rating.rate import quote, rate, until
from wattledger.core.rating.rated import BOUNDARY_RULE, Rated, decode_rated
from wattledger.core.rating.tally import tally
from wattledger.core.tariffs.model import PriceLimit, Reservation, Tariff, TaxTreatment

IDLE, PAUSED, RESERVED = Activity.IDLE, Activity.PAUSED, Activity.RESERVED
MINUTE = timedelta(minutes=1)


def runs(rated: Rated) -> list[tuple[str, float, float, int]]:
    """Dimension, minutes from the start, minutes until, quantity."""
    return [
        (
            line.dimension.value,
            (line.started_at - MONDAY) / MINUTE,
            (line.ended_at - MONDAY) / MINUTE,
            line.quantity,
        )
        for line in rated.lines
    ]


def cheap(**limits: Any) -> Tariff:
    return tariff(when(energy("1"), **limits), when(energy("2")))


class TestACut:
    def test_in_time_divides_energy_in_proportion(self) -> None:
        assert runs(rate(usage((90, 9)), cheap(time_until="10:20"))) == [
            ("energy", 0, 20, 2_000_000), ("energy", 20, 90, 7_000_000),
        ]  # fmt: skip

    def test_rounds_energy_down_to_the_thousandth(self) -> None:
        session = Usage((Period(MONDAY, MONDAY + 3 * MINUTE, 10),), "UTC")
        rated = rate(session, cheap(duration_s_max=60))
        assert [line.quantity for line in rated.lines] == [3, 7]
        assert rated.boundary_rule == BOUNDARY_RULE

    def test_at_an_energy_is_at_the_first_microsecond_that_reaches_it(self) -> None:
        session = Usage((Period(MONDAY, MONDAY + timedelta(seconds=3), 3_000_000),), "UTC")
        line = rate(session, cheap(energy_milliwh_max=1_000_001)).lines[0]
        assert line.ended_at == MONDAY + timedelta(microseconds=1_000_001)
        assert line.quantity == 1_000_001

    def test_at_an_energy_rounds_the_instant_up(self) -> None:
        session = Usage((Period(MONDAY, MONDAY + timedelta(seconds=1), 3),), "UTC")
        line = rate(session, cheap(energy_milliwh_max=1)).lines[0]
        assert (line.ended_at - MONDAY) == timedelta(microseconds=333_334)

    def test_does_not_depend_on_the_zone_that_instants_are_written_in(self) -> None:
        (period,) = usage((120, 12), start=MONDAY.replace(hour=23)).periods
        zone = ZoneInfo("Pacific/Auckland")
        local = replace(
            period, started_at=period.started_at.astimezone(zone), ended_at=period.ended_at.astimezone(zone)
        )
        one = tariff(when(energy("1"), time_until="00:30"), when(energy("2")))
        assert rate(Usage((local,), "UTC"), one).exact() == rate(Usage((period,), "UTC"), one).exact()

    def test_at_an_energy_that_is_reached_at_the_end_leaves_nothing_behind(self) -> None:
        assert runs(rate(usage((60, 5)), cheap(energy_milliwh_max=5_000_000))) == [("energy", 0, 60, 5_000_000)]

    def test_at_a_duration_counts_from_the_start_of_the_session(self) -> None:
        one = tariff(when(idle("1"), duration_s_max=1800), when(idle("2")))
        assert runs(rate(usage((20, 1), (40, 0, IDLE)), one)) == [
            ("idle", 20, 30, 600_000_000), ("idle", 30, 60, 1_800_000_000),
        ]  # fmt: skip

    def test_at_a_charging_time_counts_charging_and_pauses(self) -> None:
        one = tariff(when(time("1"), charging_time_s_max=1800), when(time("2")))
        assert runs(rate(usage((10, 1), (30, 0, IDLE), (10, 0, PAUSED), (20, 1)), one)) == [
            ("time", 0, 10, 600_000_000), ("time", 40, 60, 1_200_000_000), ("time", 60, 70, 600_000_000),
        ]  # fmt: skip

    def test_at_an_idle_time_counts_idling_alone(self) -> None:
        one = tariff(when(idle("0"), idle_time_s_max=600), when(idle("2"), idle_time_s_min=600))
        assert runs(rate(usage((60, 1), (5, 0, IDLE), (60, 1), (15, 0, IDLE)), one)) == [
            ("idle", 60, 65, 300_000_000), ("idle", 125, 130, 300_000_000), ("idle", 130, 140, 600_000_000),
        ]  # fmt: skip

    def test_at_a_duration_and_at_a_charging_time_is_made_at_both(self) -> None:
        one = tariff(
            when(time("1"), duration_s_max=600), when(time("2"), charging_time_s_max=1800), when(time("3")),
        )  # fmt: skip
        assert [(str(line.price), line.quantity) for line in rate(usage((60, 1)), one).lines] == [
            ("1", 600_000_000), ("2", 1_200_000_000), ("3", 1_800_000_000),
        ]  # fmt: skip

    def test_where_nothing_changes_is_not_made(self) -> None:
        session = usage((10, 1), (20, 2), (30, 3))
        assert runs(rate(session, tariff(when(energy("1"), time("1"))))) == [
            ("energy", 0, 60, 6_000_000), ("time", 0, 60, 3_600_000_000),
        ]  # fmt: skip

    def test_at_a_pause_divides_time_and_not_energy(self) -> None:
        session = usage((10, 1), (20, 0, IDLE), (30, 3))
        assert runs(rate(session, tariff(when(energy("1"), time("1"))))) == [
            ("energy", 0, 60, 4_000_000), ("time", 0, 10, 600_000_000), ("time", 30, 60, 1_800_000_000),
        ]  # fmt: skip

    def test_over_a_free_stretch_begins_anew(self) -> None:
        one = tariff(when(energy("1"), time_from="10:20", time_until="10:10"))
        assert runs(rate(usage((60, 6)), one)) == [("energy", 0, 10, 1_000_000), ("energy", 20, 60, 4_000_000)]


class TestWhatFlows:
    SLOW = cheap(power_w_max=11_000)

    def period(self, **facts: Any) -> Usage:
        return Usage((replace(usage((60, 10)).periods[0], **facts),), "UTC")

    def price(self, session: Usage, one: Tariff) -> str:
        return str(rate(session, one).lines[0].price)

    def test_is_the_power_stated_else_the_average(self) -> None:
        assert self.price(self.period(), self.SLOW) == "1"
        assert self.price(self.period(power_w=11_000), self.SLOW) == "2"
        assert self.price(self.period(power_w=10_999), self.SLOW) == "1"
        assert self.price(usage((60, 11)), self.SLOW) == "2"

    def test_has_a_least_for_minimums_and_a_greatest_for_maximums(self) -> None:
        wide = self.period(power_w=10_000, power_w_max=12_000)
        assert self.price(wide, self.SLOW) == "2"
        assert self.price(wide, cheap(power_w_min=10_000)) == "1"
        assert self.price(wide, cheap(power_w_min=10_001)) == "2"

    def test_is_the_current_stated_and_not_guessed(self) -> None:
        assert self.price(self.period(current_ma=16_000), cheap(current_ma_min=16_000)) == "1"
        assert self.price(self.period(current_ma=15_999), cheap(current_ma_min=16_000)) == "2"
        assert (
            self.price(self.period(current_ma=16_000, current_ma_max=33_000), cheap(current_ma_max=32_000)) == "2"
        )
        assert self.price(self.period(), cheap(current_ma_min=0)) == "2"
        assert self.price(self.period(), cheap(current_ma_max=99_000)) == "2"

    def test_is_nothing_while_the_vehicle_stands(self) -> None:
        one = tariff(when(idle("1"), current_ma_max=1), when(idle("2")))
        assert self.price(usage((60, 0, IDLE)), one) == "1"
        reserved = tariff(when(time("1"), reservation=Reservation.RESERVED, current_ma_max=1))
        assert self.price(usage((60, 0, RESERVED)), reserved) == "1"
        assert self.price(usage((60, 0)), tariff(when(time("1"), current_ma_max=1), when(time("2")))) == "2"

    def test_changes_the_price_with_each_period(self) -> None:
        periods = usage((10, 1), (10, 4), (10, 1)).periods
        assert [line.quantity for line in rate(Usage(periods, "UTC"), self.SLOW).lines] == [
            1_000_000,
            4_000_000,
            1_000_000,
        ]


class TestFactsOfTheSession:
    @pytest.mark.parametrize(
        ("limits", "facts"),
        [
            ({"current_kind": "DC"}, {"current_kind": "DC"}),
            ({"connector_types": ("A", "B")}, {"connector_type": "B"}),
            ({"payment_brands": ("VISA",)}, {"payment_brand": "VISA"}),
            ({"payment_recognition": "Debit"}, {"payment_recognition": "Debit"}),
        ],
    )
    def test_decide_where_they_are_known(self, limits: dict[str, Any], facts: dict[str, Any]) -> None:
        one = compile_tariff(cheap(**limits))
        assert [str(rate(usage((60, 1), **more), one).lines[0].price) for more in (facts, {}, facts)] == [
            "1",
            "2",
            "1",
        ]

    def test_a_fee_is_paid_once_at_the_first_moment_that_has_one(self) -> None:
        one = tariff(when(flat("1"), time_from="10:30"), when(flat("2"), time_from="11:00"))
        line = rate(usage((120, 1)), one).lines[0]
        assert (line.started_at, line.ended_at, line.quantity) == (MONDAY + 30 * MINUTE, MONDAY + 30 * MINUTE, 1)


class TestStatedTime:
    """Time that a source states apart from the clock."""

    def test_is_billed_in_place_of_the_clocks(self) -> None:
        session = Usage((replace(usage((60, 1)).periods[0], time_us=1_800_000_000),), "UTC")
        rated = rate(session, tariff(when(time("2"))))
        assert (rated.billed_charging_us, rated.charging_time_us) == (1_800_000_000, 1_800_000_000)

    def test_is_divided_in_proportion_and_adds_up(self) -> None:
        session = Usage((replace(usage((60, 1)).periods[0], time_us=1_000_000_001),), "UTC")
        rated = rate(session, tariff(when(time("1"), time_until="10:20"), when(time("2"))))
        assert [line.quantity for line in rated.lines] == [333_333_333, 666_666_668]

    def test_holds_for_its_period_alone(self) -> None:
        one, other = usage((60, 1), (60, 1)).periods
        session = Usage((replace(one, time_us=60_000_000), other), "UTC")
        assert rate(session, tariff(when(time("1")))).billed_charging_us == 3_660_000_000

    def test_of_a_period_without_length_is_billed_whole(self) -> None:
        session = Usage((Period(MONDAY, MONDAY, 0, time_us=60_000_000),), "UTC")
        assert rate(session, tariff(when(time("1")))).billed_charging_us == 60_000_000


class TestSeveralTariffs:
    FIRST, SECOND = tariff(when(energy("1"))), tariff(when(energy("3"), time_until="11:30"), when(energy("5")))
    COMPILED = compile_tariffs((FIRST, SECOND))

    def session(self, *spans: tuple[int, int]) -> Usage:
        return usage(
            (60, 6), (60, 6), tariff_spans=tuple((MONDAY + minute * MINUTE, number) for minute, number in spans)
        )

    def test_change_at_their_instants_and_at_their_windows(self) -> None:
        rated = rate(self.session((0, 0), (60, 1)), self.COMPILED)
        assert [(line.tariff, str(line.price), line.quantity) for line in rated.lines] == [
            (0, "1", 6_000_000), (1, "3", 3_000_000), (1, "5", 3_000_000),
        ]  # fmt: skip

    def test_may_change_within_a_period(self) -> None:
        rated = rate(self.session((0, 0), (20, -1), (40, 0)), self.COMPILED)
        assert runs(rated) == [("energy", 0, 20, 2_000_000), ("energy", 40, 120, 8_000_000)]

    def test_before_the_first_is_none(self) -> None:
        assert runs(rate(self.session((60, 0)), self.COMPILED)) == [("energy", 60, 120, 6_000_000)]

    def test_may_have_begun_before_the_session(self) -> None:
        assert runs(rate(self.session((-60, 0)), self.COMPILED)) == [("energy", 0, 120, 12_000_000)]

    def test_keep_apart_under_any_law(self) -> None:
        assert self.COMPILED.tariff is self.FIRST
        with pytest.raises(InvalidInput) as refusal:
            compile_tariffs((self.FIRST, tariff(when(energy("1")), currency="CHF")))
        assert str(refusal.value) == "currency_mixed: Tariffs of one session must be in one currency."
        with pytest.raises(InvalidInput) as refusal:
            compile_tariffs((self.FIRST, tariff(when(energy("1")), tax_treatment=TaxTreatment.INCLUDED)))
        assert str(refusal.value) == "tax_senses_mixed: Some tariffs hold their taxes and others do not."
        without = tariff(when(energy("1")), tax_treatment=TaxTreatment.NOT_APPLICABLE)
        assert compile_tariffs((self.FIRST, without)).is_switched

    def test_may_bear_the_sessions_caps_and_limits_apart(self) -> None:
        dear = tariff(when(energy("3", cap=Decimal(6)), flat("9")), price_max=PriceLimit(Decimal(7)))
        both = compile_tariffs((self.FIRST, dear))
        assert rate(self.session((0, 0), (60, 1)), both).net_minor == 600 + 700
        assert rate(self.session((0, 1), (60, 0)), both).net_minor == 700 + 600


class TestARefusal:
    def refused(self, *periods: Period) -> str:
        with pytest.raises(InvalidInput) as refusal:
            rate(Usage(periods, "UTC"), cheap())
        return str(refusal.value)

    def test_of_a_gap(self) -> None:
        one, other = Period(MONDAY, MONDAY + MINUTE, 0), Period(MONDAY + 2 * MINUTE, MONDAY + 3 * MINUTE, 0)
        assert self.refused(one, other) == (
            f"usage_gap: Period 1 starts at {MONDAY + 2 * MINUTE}, the one before ends at {MONDAY + MINUTE}."
        )

    def test_of_an_overlap(self) -> None:
        one, other = Period(MONDAY, MONDAY + 2 * MINUTE, 0), Period(MONDAY + MINUTE, MONDAY + 3 * MINUTE, 0)
        assert self.refused(one, other) == (
            f"usage_overlap: Period 1 starts at {MONDAY + MINUTE}, the one before ends at {MONDAY + 2 * MINUTE}."
        )

    def test_of_more_than_400_days(self) -> None:
        day = timedelta(days=1)
        assert self.refused(Period(MONDAY, MONDAY + 401 * day, 0)) == (
            "usage_too_long: A session does not last longer than 400 days."
        )
        assert rate(Usage((Period(MONDAY, MONDAY + 400 * day, 0),), "UTC"), cheap()).gross_minor == 0

    def test_of_an_unknown_zone(self) -> None:
        with pytest.raises(InvalidInput, match="time_zone_unknown"):
            rate(usage((60, 1), zone="Mars/Olympus"), cheap())


class TestQuotesAndRunningCost:
    ONE = tariff(
        when(energy("1"), idle("6"), time("3"), current_kind="DC"), when(energy("2"), connector_types=("A",))
    )

    def test_a_quote_is_the_bill_of_such_a_session(self) -> None:
        quoted = quote(
            self.ONE, energy_milliwh=10_000_000, duration_s=3600, started_at=MONDAY, time_zone="Europe/Berlin",
            idle_s=1800, current_kind="DC",
        )  # fmt: skip
        session = usage((60, 10), (30, 0, IDLE), zone="Europe/Berlin", current_kind="DC")
        assert quoted == rate(session, self.ONE)
        assert quoted.net_minor == 1000 + 300 + 300

    def test_a_quote_knows_the_connector_and_the_policy(self) -> None:
        quoted = quote(
            self.ONE, energy_milliwh=1_000_000, duration_s=60, started_at=MONDAY, time_zone="UTC",
            connector_type="A", policy=PLAIN,
        )  # fmt: skip
        assert (quoted.net_minor, quoted.policy, quoted.idle_time_us) == (200, "plain", 0)

    def test_a_quote_needs_an_offset(self) -> None:
        with pytest.raises(InvalidInput, match="instant_naive"):
            quote(
                self.ONE, energy_milliwh=0, duration_s=60, started_at=MONDAY.replace(tzinfo=None), time_zone="UTC"
            )

    def test_a_session_until_an_instant_is_its_part(self) -> None:
        session = usage((60, 6), (60, 6))
        assert until(session, MONDAY + 90 * MINUTE) == usage((60, 6), (30, 3))
        assert until(session, MONDAY + 60 * MINUTE) == usage((60, 6))
        assert until(session, MONDAY).periods == ()
        odd = Usage((Period(MONDAY, MONDAY + timedelta(seconds=3), 10, time_us=10),), "UTC")
        part = until(odd, MONDAY + timedelta(seconds=1)).periods[0]
        assert (part.energy_milliwh, part.time_us) == (3, 3)
        assert type(until(session, MONDAY + 30 * MINUTE).periods[0].energy_milliwh) is int
        stated = Usage((replace(session.periods[0], time_us=600_000_000),), "UTC")
        assert until(stated, MONDAY + 30 * MINUTE).periods[0].time_us == 300_000_000


class TestTheResult:
    def test_tells_what_was_used_whether_priced_or_not(self) -> None:
        session = usage((10, 0, RESERVED), (60, 6), (20, 0, PAUSED), (30, 0, IDLE))
        rated = rate(session, tariff(when(flat("1"))))
        assert (rated.energy_milliwh, rated.charging_time_us, rated.idle_time_us, rated.reservation_time_us) == (
            6_000_000, 80 * 60_000_000, 30 * 60_000_000, 10 * 60_000_000,
        )  # fmt: skip
        assert (rated.billed_energy_milliwh, rated.billed_charging_us, rated.billed_idle_us) == (0, 0, 0)
        assert (rated.currency, rated.policy, rated.time_zone) == ("EUR", "plain", "UTC")

    def test_has_its_lines_in_the_order_of_a_bill(self) -> None:
        one = tariff(
            when(time("1"), flat("1"), reservation=Reservation.RESERVED),
            when(flat("1"), idle("1"), time("1"), energy("1")),
        )  # fmt: skip
        rated = rate(usage((10, 0, RESERVED), (60, 6), (30, 0, IDLE)), one)
        assert [line.dimension.value for line in rated.lines] == [
            "energy", "time", "idle", "flat", "reservation", "reservation_flat",
        ]  # fmt: skip
        assert rated.billed_reservation_us == 600_000_000

    def test_that_is_no_rated_session_is_refused(self) -> None:
        for raw in (b"{}", b"\xff", "[]"):
            with pytest.raises(InvalidInput, match="rated_malformed: Not a rated session: "):
                decode_rated(raw)

    def test_is_the_same_written_out_at_once_or_later(self) -> None:
        session, one = usage((60, 6), (30, 0, IDLE)), compile_tariff(self_priced())
        kept = tally(session, one, PLAIN)
        assert (kept.net_minor, kept.tax_minor, kept.gross_minor) == (600 + 300, 0, 900)
        assert kept.rated() == kept.rated() == rate(session, one)

    def test_is_kept_for_days_and_zones(self) -> None:
        one = compile_tariff(cheap(time_until="12:00"))
        there = [rate(usage((60, 1), zone=zone), one).lines[0].price for zone in ("UTC", "Asia/Tokyo", "UTC")]
        assert [str(price) for price in there] == ["1", "2", "1"]
        later = usage((60, 1), start=datetime(2026, 7, 1, 9, 30, tzinfo=UTC), zone="Europe/Berlin")
        assert [line.quantity for line in rate(later, one).lines] == [500_000, 500_000]


def self_priced() -> Tariff:
    return tariff(when(energy("1"), idle("6")))
