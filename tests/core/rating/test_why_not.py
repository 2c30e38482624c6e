"""Which other prices were in the tariff, and what kept each from holding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from rating_sessions import MONDAY, energy, flat, idle, tariff, time, usage, when
from rating_strategies import tariffs, usages
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating import why
from wattledger.core.rating.compiled import compile_tariffs
from wattledger.core.rating.rate import rate
from wattledger.core.rating.situation import Situations
from wattledger.core.rating.why import held, reason_facts, rejections, why_facts, why_text
from wattledger.core.tariffs.model import Reservation, Restrictions, Tariff, Weekday
from wattledger.core.tariffs.wording import ENGLISH

IDLE, RESERVED = Activity.IDLE, Activity.RESERVED
SESSION = usage(
    (60, 10), current_kind="AC", connector_type="C", payment_brand="AMEX", payment_recognition="Credit"
)


def told(session: Usage, one: Tariff, line: int = 0) -> list[str]:
    return [why_text(found) for found in rejections(rate(session, one), session, (one,))[line]]


def reason(session: Usage = SESSION, **limits: Any) -> str:
    """Why an element with these restrictions does not hold, in words; one without would."""
    (sentence,) = told(session, tariff(when(energy("1"), **limits), when(energy("2"))))
    return sentence.removeprefix("Not price 1 of the tariff: ")


def conditions(restrictions: Restrictions) -> int:
    """How many conditions are set; the two ends of a range are one."""
    names = [name for name in restrictions.__struct_fields__ if getattr(restrictions, name) not in (None, ())]
    return len({re.sub("_(from|until|min|max)$", "", name) for name in names})


class TestWhatHeld:
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(session=usages(), one=tariffs())
    def test_is_every_condition_of_a_lines_element(self, session: Usage, one: Tariff) -> None:
        rated = rate(session, one)
        for line, found in zip(rated.lines, held(rated, session, (one,)), strict=True):
            wanted = conditions(one.elements[line.element].restrictions) if line.element >= 0 else 0
            assert len(found) == wanted

    def test_says_what_was_the_case_as_the_line_began(self) -> None:
        session = usage((60, 10))
        one = tariff(
            when(energy("1"), energy_milliwh_max=2_000_000), when(energy("2"), energy_milliwh_min=2_000_000)
        )
        rated = rate(session, one)
        assert [reason_facts(found) for found in held(rated, session, (one,))] == [
            [{"code": "energy", "wanted": {"energy_milliwh_max": 2_000_000}, "actual": "0 kWh"}],
            [{"code": "energy", "wanted": {"energy_milliwh_min": 2_000_000}, "actual": "2 kWh"}],
        ]

    def test_of_a_least_power_is_the_least_that_flowed(self) -> None:
        flowed = replace(usage((60, 10)).periods[0], power_w=6_000, power_w_max=11_000)
        one = tariff(when(energy("1"), power_w_min=5_000), when(energy("2")))
        session = Usage((flowed,), "UTC")
        ((found,),) = held(rate(session, one), session, (one,))
        assert reason_facts((found,))[0]["actual"] == "6 kW"

    def test_of_a_reservation_that_nobody_used_is_that(self) -> None:
        session = usage((30, 0, RESERVED), is_reservation_expired=True)
        one = tariff(when(time("1"), reservation=Reservation.EXPIRED))
        (found,) = held(rate(session, one), session, (one,))
        assert reason_facts(found)[0]["actual"] == "reservation not used"

    def test_of_a_reservation_is_that_it_was_one(self) -> None:
        session = usage((30, 0, RESERVED), (60, 10))
        one = tariff(when(time("1"), reservation=Reservation.RESERVED), when(energy("2")))
        rated = rate(session, one)
        told = {
            line.dimension: reason_facts(found)
            for line, found in zip(rated.lines, held(rated, session, (one,)), strict=True)
        }
        assert told == {
            "energy": [],
            "reservation": [
                {"code": "reservation", "wanted": {"reservation": "reserved"}, "actual": "reservation"}
            ],
        }


class TestManyLines:
    def test_do_not_add_up_the_periods_anew_for_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A day of readings a minute apart, dear and cheap in turn, once took hours to explain."""
        built: list[int] = []

        class Counted(Situations):
            def __init__(self, periods: Sequence[Period]) -> None:
                built.append(len(periods))
                super().__init__(periods)

        monkeypatch.setattr(why, "Situations", Counted)
        session = usage(*[(1, 0.1 + place % 2) for place in range(40)])
        one = tariff(when(energy("1"), power_w_max=30_000), when(energy("2")))
        rated = rate(session, one)
        assert len(rated.lines) == len(rejections(rated, session, (one,))) == 40
        assert sorted(built) == [0, 40]


class TestAReason:
    NOW = "Mon 2026-03-02 10:00:00"

    @pytest.mark.parametrize(
        ("limits", "sentence"),
        [
            ({"time_from": "12:00"}, f"12:00-00:00, but it was {NOW}"),
            ({"time_until": "09:00"}, f"00:00-09:00, but it was {NOW}"),
            ({"weekdays": (Weekday.SUNDAY,)}, f"Sun, but it was {NOW}"),
            ({"date_from": date(2026, 3, 3)}, f"from 2026-03-03, but it was {NOW}"),
            ({"date_until": date(2026, 3, 2)}, f"before 2026-03-02, but it was {NOW}"),
            ({"energy_milliwh_min": 50_000_000}, "energy from 50 kWh, but it was 0 kWh"),
            ({"power_w_max": 5_000}, "power below 5 kW, but it was 10 kW"),
            ({"power_w_min": 20_000, "power_w_max": 30_000}, "power from 20 to 30 kW, but it was 10 kW"),
            ({"current_ma_min": 10_000}, "current from 10 A, but it was not known"),
            ({"duration_s_min": 7200}, "session time from 120 min, but it was 0 min"),
            ({"charging_time_s_min": 7200}, "charging time from 120 min, but it was 0 min"),
            ({"idle_time_s_min": 60}, "idle time from 1 min, but it was 0 min"),
            ({"current_kind": "DC"}, "DC, but it was AC"),
            ({"connector_types": ("A", "B")}, "A or B, but it was C"),
            ({"payment_brands": ("VISA",)}, "VISA, but it was AMEX"),
            ({"payment_recognition": "Debit"}, "Debit, but it was Credit"),
        ],
    )
    def test_says_what_was_wanted_and_what_was_the_case(self, limits: dict[str, Any], sentence: str) -> None:
        assert reason(**limits) == sentence

    def test_names_every_condition_that_failed_and_no_other(self) -> None:
        assert reason(current_kind="DC", time_from="09:00", idle_time_s_min=60) == (
            "idle time from 1 min, but it was 0 min; DC, but it was AC"
        )

    def test_is_what_was_the_case_where_the_line_begins(self) -> None:
        one = tariff(when(energy("1"), energy_milliwh_max=5_000_000), when(energy("2")))
        assert told(SESSION, one, 1) == ["Not price 1 of the tariff: energy below 5 kWh, but it was 5 kWh"]

    def test_is_not_a_bound_that_was_just_met(self) -> None:
        assert reason(current_kind="DC", power_w_min=10_000, duration_s_min=0) == "DC, but it was AC"

    def test_is_not_a_bound_that_is_far(self) -> None:
        assert reason(current_kind="DC", power_w_max=99_000, energy_milliwh_max=1) == "DC, but it was AC"

    def test_of_a_maximum_is_the_greatest_value(self) -> None:
        wide = Usage((replace(SESSION.periods[0], power_w=10_000, power_w_max=12_000),), "UTC")
        assert reason(wide, power_w_max=11_000) == "power below 11 kW, but it was 12 kW"
        assert reason(wide, power_w_min=11_000) == "power from 11 kW, but it was 10 kW"

    def test_has_at_most_four_decimals(self) -> None:
        one = tariff(when(energy("1"), energy_milliwh_max=1_234_567), when(energy("2")))
        assert told(SESSION, one, 1)[0].endswith(": energy below 1.2346 kWh, but it was 1.2346 kWh")

    def test_that_an_earlier_one_held(self) -> None:
        one = tariff(when(energy("1")), when(flat("3")), when(energy("2")))
        assert told(SESSION, one) == ["Not price 3 of the tariff: one before it held"]

    def test_is_in_the_sites_time(self) -> None:
        session = usage((60, 10), zone="Asia/Tokyo")
        assert reason(session, time_until="19:00").endswith("Mon 2026-03-02 19:00:00")

    def test_is_told_in_the_words_that_are_given(self) -> None:
        french = replace(ENGLISH, terms=ENGLISH.terms | {"sunday": "Dimanche", "monday": "Lundi"})
        one = tariff(when(energy("1"), weekdays=(Weekday.SUNDAY,)), when(energy("2")))
        ((rejected,),) = rejections(rate(SESSION, one), SESSION, (one,))
        assert why_text(rejected, french).endswith(": Dimanche, but it was Lundi 2026-03-02 10:00:00")

    def test_is_none_for_lines_that_no_element_makes(self) -> None:
        assert told(SESSION, tariff(when(energy("1")))) == []


class TestReservations:
    ONE = tariff(
        when(time("1"), reservation=Reservation.RESERVED),
        when(time("1"), reservation=Reservation.EXPIRED),
        when(time("2"), flat("1")),
    )  # fmt: skip

    def test_and_sessions_have_prices_of_their_own(self) -> None:
        session = usage((10, 0, RESERVED), (60, 10))
        by_line = rejections(rate(session, self.ONE), session, (self.ONE,))
        assert [[why_text(one) for one in found] for found in by_line] == [
            [
                "Not price 1 of the tariff: reservation, but it was a session",
                "Not price 2 of the tariff: reservation not used, but it was a session",
            ],
            [],
            [
                "Not price 2 of the tariff: reservation not used, but it was a session",
                "Not price 3 of the tariff: a session, but it was reservation",
            ],
        ]

    def test_that_expired_are_first_priced_as_expired(self) -> None:
        session = usage((10, 0, RESERVED), is_reservation_expired=True)
        assert told(session, self.ONE) == [
            "Not price 1 of the tariff: one before it held",
            "Not price 3 of the tariff: a session, but it was reservation",
        ]


class TestForAMachine:
    def test_has_codes_and_values(self) -> None:
        one = tariff(
            when(energy("1"), power_w_max=5_000, current_ma_min=6_000), when(energy("2")), when(energy("3"))
        )
        assert why_facts(rejections(rate(SESSION, one), SESSION, (one,))[0]) == [
            {
                "element": 0,
                "why_not": [
                    {"code": "power", "wanted": {"power_w_max": 5000}, "actual": "10 kW"},
                    {"code": "current", "wanted": {"current_ma_min": 6000}, "actual": None},
                ],
            },
            {"element": 2, "why_not": [{"code": "earlier_element_held"}]},
        ]

    @pytest.mark.parametrize(
        ("limits", "code"),
        [
            ({"time_from": "12:00"}, "time_of_day"), ({"weekdays": (Weekday.SUNDAY,)}, "weekday"),
            ({"date_from": date(2026, 3, 3)}, "date"), ({"current_kind": "DC"}, "current_kind"),
            ({"connector_types": ("A",)}, "connector_type"), ({"payment_brands": ("V",)}, "payment_brand"),
            ({"payment_recognition": "Debit"}, "payment_recognition"), ({"energy_milliwh_min": 1}, "energy"),
            ({"duration_s_min": 1}, "duration"), ({"charging_time_s_min": 1}, "charging_time"),
            ({"idle_time_s_min": 1}, "idle_time"),
        ],
    )  # fmt: skip
    def test_has_a_code_for_every_condition(self, limits: dict[str, Any], code: str) -> None:
        one = tariff(when(energy("1"), **limits), when(energy("2")))
        (fact,) = why_facts(rejections(rate(SESSION, one), SESSION, (one,))[0])
        assert [found["code"] for found in fact["why_not"]] == [code]

    def test_has_codes_for_reservations(self) -> None:
        one = tariff(
            when(time("1"), reservation=Reservation.RESERVED), when(time("1"), reservation=Reservation.RESERVED),
            when(time("1"), reservation=Reservation.EXPIRED), when(time("2")),
        )  # fmt: skip
        session = usage((10, 0, RESERVED), (60, 10))
        first, second = rejections(rate(session, one), session, (one,))
        assert [[part["code"] for part in fact["why_not"]] for fact in why_facts(first)] == [["reservation"]] * 3
        assert [[part["code"] for part in fact["why_not"]] for fact in why_facts(second)] == [
            ["earlier_element_held"], ["reservation"], ["session"],
        ]  # fmt: skip

    def test_looks_into_the_tariff_of_the_line(self) -> None:
        first, second = tariff(when(energy("1"))), tariff(when(energy("3"), current_kind="DC"), when(energy("5")))
        session = usage((60, 6), (60, 6), tariff_spans=((MONDAY, 0), (MONDAY + timedelta(hours=1), 1)))
        by_line = rejections(rate(session, compile_tariffs((first, second))), session, (first, second))
        assert [[one.element for one in found] for found in by_line] == [[], [0]]


class TestASituation:
    LEG = usage((10, 1), (20, 0, IDLE), (30, 6)).periods

    def test_counts_what_was_used_and_passed(self) -> None:
        now = Situations(self.LEG).at(MONDAY + timedelta(minutes=45))
        assert (now.energy_milliwh, now.duration_s, now.charging_s, now.idle_s) == (4_000_000, 2700, 1500, 1200)
        assert (now.power_w, now.current_ma) == ((12_000, 12_000), (None, None))

    def test_divides_energy_as_the_walk_does(self) -> None:
        odd = Usage(
            (replace(self.LEG[0], ended_at=MONDAY + timedelta(seconds=3), energy_milliwh=10),), "UTC"
        ).periods
        energy_milliwh = Situations(odd).at(MONDAY + timedelta(seconds=1)).energy_milliwh
        assert (energy_milliwh, type(energy_milliwh)) == (3, int)

    def test_counts_whole_seconds(self) -> None:
        almost = timedelta(minutes=30) - timedelta(microseconds=1)
        now = Situations(self.LEG).at(MONDAY + almost)
        assert (now.duration_s, now.charging_s, now.idle_s) == (1799, 600, 1199)
        now = Situations(self.LEG[:1]).at(MONDAY + timedelta(seconds=1) - timedelta(microseconds=1))
        assert (now.duration_s, now.charging_s) == (0, 0)
        assert {type(one) for one in (now.duration_s, now.charging_s, now.idle_s)} == {int}

    def test_adds_up_all_that_came_before(self) -> None:
        legs = usage((10, 1), (20, 0, IDLE), (30, 6), (5, 0, IDLE), (15, 3), (5, 0, IDLE))
        now = Situations(legs.periods).at(MONDAY + timedelta(minutes=84))
        assert (now.charging_s, now.idle_s) == (55 * 60, 29 * 60)
        now = Situations(legs.periods).at(MONDAY + timedelta(minutes=70))
        assert (now.charging_s, now.idle_s) == (45 * 60, 25 * 60)
        assert {type(one) for one in (now.charging_s, now.idle_s)} == {int}

    def test_at_an_edge_has_nothing_of_what_begins(self) -> None:
        edge = MONDAY + timedelta(microseconds=999_999)
        first, second = Period(MONDAY, edge, 1), Period(edge, edge + timedelta(seconds=1), 10_000_000)
        now = Situations((first, second)).at(edge)
        assert (now.charging_s, now.energy_milliwh) == (0, 1)

    def test_has_the_average_power_in_whole_watts(self) -> None:
        now = Situations(usage((7, 1)).periods).at(MONDAY)
        assert (now.power_w, type(now.power_w[0])) == ((8_571, 8_571), int)

    def test_at_the_start_is_empty(self) -> None:
        now = Situations(self.LEG).at(MONDAY)
        assert (now.energy_milliwh, now.duration_s, now.charging_s, now.idle_s) == (0, 0, 0, 0)

    def test_at_an_edge_belongs_to_what_begins(self) -> None:
        now = Situations(self.LEG).at(MONDAY + timedelta(minutes=10))
        assert (now.power_w, now.current_ma, now.idle_s, now.charging_s) == ((0, 0), (0, 0), 0, 600)

    def test_has_a_greatest_where_one_is_stated(self) -> None:
        wide = replace(self.LEG[0], power_w=5, power_w_max=9, current_ma=6, current_ma_max=7)
        now = Situations([wide]).at(MONDAY)
        assert (now.power_w, now.current_ma) == ((5, 9), (6, 7))
        assert now.values() == ((0, 0), (5, 9), (6, 7), (0, 0), (0, 0), (0, 0))


class TestIdleLines:
    def test_are_explained_too(self) -> None:
        one = tariff(when(idle("1"), idle_time_s_max=600), when(idle("2")))
        session = usage((60, 1), (30, 0, IDLE))
        assert told(session, one, 1) == ["Not price 1 of the tariff: idle time below 10 min, but it was 10 min"]
