"""Where a session is cut, to the microsecond and the thousandth of a watt-hour, and what it refuses to cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from time import tzset
from zoneinfo import ZoneInfo

import pytest

from rating_sessions import MONDAY, cheap, energy, flat, idle, runs, tariff, time, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariffs
from wattledger.core.rating.policy import OCPI_STRICT
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import BOUNDARY_RULE
from wattledger.core.tariffs.adjustments import MemberPrice
from wattledger.core.tariffs.model import Dimension, PriceLimit, TaxTreatment

IDLE, PAUSED, RESERVED = Activity.IDLE, Activity.PAUSED, Activity.RESERVED
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AFTER_TEN = MONDAY.replace(hour=22, minute=30)
HALF = {"time_until": "10:30"}


class TestACut:
    def test_in_time_divides_energy_in_proportion(self) -> None:
        rated = rate(usage((90, 9)), cheap(time_until="10:20"))
        assert runs(rated) == [("energy", 0, 20, 2_000_000), ("energy", 20, 90, 7_000_000)]
        assert [line.matched for line in rated.lines] == ["00:00-10:20", ""]

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

    def test_at_an_energy_counts_from_the_start_of_the_session(self) -> None:
        assert runs(rate(usage((10, 1), (20, 0, IDLE), (30, 3)), cheap(energy_milliwh_max=2_500_000))) == [
            ("energy", 0, 45, 2_500_000), ("energy", 45, 60, 1_500_000),
        ]  # fmt: skip

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

    @pytest.mark.parametrize("machine", ["America/Los_Angeles", "Pacific/Kiritimati"])
    def test_does_not_depend_on_the_zone_of_the_machine(
        self, machine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        zone = ZoneInfo("Pacific/Auckland")
        session = Usage(
            (Period(AFTER_TEN.astimezone(zone), (AFTER_TEN + 3 * HOUR).astimezone(zone), 3_000),), "UTC"
        )
        monkeypatch.setenv("TZ", machine)
        tzset()
        try:
            lines = rate(session, cheap(time_from="00:30")).lines
        finally:
            monkeypatch.undo()
            tzset()
        assert [(str(line.price), line.quantity) for line in lines] == [("1", 1_500), ("2", 500), ("1", 1_000)]

    def test_may_come_with_a_session_from_midnight(self) -> None:
        session = usage((60, 6), start=MONDAY.replace(hour=0))
        assert [line.quantity for line in rate(session, cheap(time_until="00:20")).lines] == [2_000_000, 4_000_000]

    def test_at_an_energy_that_is_reached_at_the_end_leaves_nothing_behind(self) -> None:
        assert runs(rate(usage((60, 5)), cheap(energy_milliwh_max=5_000_000))) == [("energy", 0, 60, 5_000_000)]

    def test_at_several_durations_is_made_at_each(self) -> None:
        one = tariff(
            when(energy("1"), duration_s_min=3600), when(energy("2"), duration_s_min=1800), when(energy("3")),
        )  # fmt: skip
        assert [(str(line.price), line.quantity) for line in rate(usage((90, 9)), one).lines] == [
            ("3", 3_000_000), ("2", 3_000_000), ("1", 3_000_000),
        ]  # fmt: skip

    def test_at_an_energy_that_is_just_reached_divides_the_time_after_it(self) -> None:
        one = tariff(when(time("1"), energy_milliwh_max=5_000_000), when(time("2")))
        assert runs(rate(usage((60, 5), (30, 0)), one)) == [
            ("time", 0, 60, 3_600_000_000), ("time", 60, 90, 1_800_000_000),
        ]  # fmt: skip

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

    def test_at_a_charging_time_is_made_where_one_period_follows_another_too(self) -> None:
        one = tariff(when(time("1"), charging_time_s_max=1800), when(time("2")))
        assert runs(rate(usage((30, 1), (30, 1)), one)) == [
            ("time", 0, 30, 1_800_000_000), ("time", 30, 60, 1_800_000_000),
        ]  # fmt: skip

    @pytest.mark.parametrize("activity", [Activity.CHARGING, IDLE])
    def test_at_a_time_is_not_early_where_another_is_a_microsecond_before(self, activity: Activity) -> None:
        limits = {"charging_time_s_max": 1800, "idle_time_s_max": 1800}
        one = tariff(when(time("1"), idle("1"), **limits), when(time("2"), idle("2")), when(energy("1"), **HALF))
        session = usage((60, 0, activity), start=MONDAY + timedelta(microseconds=1))
        assert [line.quantity for line in rate(session, one).lines] == [1_800_000_000, 1_800_000_000]

    def test_at_an_energy_of_zero_is_none(self) -> None:
        assert runs(rate(usage((60, 6), (30, 0, IDLE)), cheap(energy_milliwh_min=0))) == [
            ("energy", 0, 60, 6_000_000)
        ]

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

    def test_without_length_does_not_end_what_it_interrupts(self) -> None:
        """And so takes no step that belongs to the stretch which goes on."""
        begin, middle, end = MONDAY, MONDAY + 20 * MINUTE, MONDAY + 21 * MINUTE
        periods = (
            Period(begin, middle, 0), Period(middle, middle, 0, IDLE, time_us=60_000_000), Period(middle, end, 0)
        )  # fmt: skip
        one = tariff(when(time("1", step_size=600), idle("1", step_size=600)))
        lines = rate(Usage(periods, "UTC"), one, policy=OCPI_STRICT).lines
        assert [(line.dimension.value, line.billed // 60_000_000) for line in lines] == [("time", 30), ("idle", 1)]

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

    def test_that_begin_with_the_end_charge_no_fee(self) -> None:
        both = compile_tariffs((self.FIRST, tariff(when(flat("9")))))
        assert runs(rate(self.session((0, 0), (120, 1)), both)) == [("energy", 0, 120, 12_000_000)]

    def test_stay_several_for_a_member(self) -> None:
        club = [MemberPrice("Club", Dimension.ENERGY, off_ppm=500_000)]
        rated = rate(self.session((0, 0), (60, 1)), self.COMPILED, adjustments=club)
        assert [(line.tariff, line.price) for line in rated.lines] == [
            (0, Decimal("0.5")), (1, Decimal("1.5")), (1, Decimal("2.5")),
        ]  # fmt: skip

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
        assert rate(self.session((0, 1)), both).net_minor == 700
        low = tariff(when(energy("2")), price_max=PriceLimit(Decimal(5)))
        three = compile_tariffs((low, dear, low))
        assert rate(self.session((0, 1)), three).net_minor == 700
        assert rate(self.session((0, 0), (60, 1)), three).net_minor == 500 + 700


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

    def test_of_neither_where_instants_are_equal(self) -> None:
        there = (MONDAY + MINUTE).astimezone(ZoneInfo("Asia/Tokyo"))
        one, other = Period(MONDAY, MONDAY + MINUTE, 500_000), Period(there, MONDAY + 2 * MINUTE, 500_000)
        assert rate(Usage((one, other), "UTC"), cheap()).net_minor == 100

    def test_of_more_than_400_days(self) -> None:
        day = timedelta(days=1)
        assert self.refused(Period(MONDAY, MONDAY + 401 * day, 0)) == (
            "usage_too_long: A session does not last longer than 400 days."
        )
        assert rate(Usage((Period(MONDAY, MONDAY + 400 * day, 0),), "UTC"), cheap()).gross_minor == 0

    def test_of_an_unknown_zone(self) -> None:
        with pytest.raises(InvalidInput, match="time_zone_unknown"):
            rate(usage((60, 1), zone="Mars/Olympus"), cheap())
