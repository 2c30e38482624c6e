"""What is billed of what was used: steps by each policy, and free first minutes."""

from __future__ import annotations

import pytest

from rating_sessions import energy, flat, idle, tariff, time, usage, when
from wattledger.core.metering.events import Activity
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN, POLICIES, Level, RatingPolicy, Rounding, Steps
from wattledger.core.rating.rate import rate
from wattledger.core.tariffs.model import Reservation, Tariff

MINUTE = 60_000_000
IDLE, RESERVED = Activity.IDLE, Activity.RESERVED


def billed(
    one: Tariff, *legs: tuple[float, float] | tuple[float, float, Activity], policy: RatingPolicy = OCPI_STRICT
) -> list[int]:
    return [line.billed for line in rate(usage(*legs), one, policy=policy).lines]


class TestThePolicies:
    def test_are_two_with_names_and_say_what_they_do(self) -> None:
        assert list(POLICIES) == ["plain", "ocpi_strict"]
        assert RatingPolicy("plain", Steps.PER_COMPONENT, Rounding.HALF_UP, Level.TAX_RATE, 1) == PLAIN
        assert RatingPolicy("ocpi_strict", Steps.PER_SESSION, Rounding.HALF_UP, Level.DOCUMENT, 1) == OCPI_STRICT


class TestStepsOfOcpi:
    def test_energy_is_rounded_once_by_the_last_step(self) -> None:
        one = tariff(
            when(energy("1", step_size=1000), energy_milliwh_max=4_300_000), when(energy("1", step_size=500))
        )
        assert billed(one, (60, 5.4)) == [4_300_000, 1_200_000]

    def test_a_last_component_without_a_step_bills_exactly(self) -> None:
        one = tariff(when(energy("1", step_size=1000), energy_milliwh_max=4_300_000), when(energy("1")))
        assert billed(one, (60, 5.4)) == [4_300_000, 1_100_000]

    def test_time_and_idle_time_are_rounded_once_together(self) -> None:
        one = tariff(when(time("1", step_size=600), idle("1", step_size=600)))
        assert billed(one, (21, 0), (16, 0, IDLE)) == [21 * MINUTE, 20 * MINUTE]
        assert billed(one, (16, 0, IDLE), (21, 0)) == [30 * MINUTE, 16 * MINUTE]

    def test_idle_time_that_nobody_pays_for_leaves_the_step_to_charging(self) -> None:
        assert billed(tariff(when(time("1", step_size=600))), (21, 0), (16, 0, IDLE)) == [30 * MINUTE]

    def test_the_excess_goes_to_the_last_stretch(self) -> None:
        one = tariff(when(time("1", step_size=600), time_until="10:06"), when(time("2", step_size=600)))
        assert billed(one, (28, 0)) == [6 * MINUTE, 24 * MINUTE]

    def test_what_is_wholly_free_takes_no_step(self) -> None:
        assert billed(tariff(when(idle("1", step_size=600, grace_s=900))), (10, 0, IDLE)) == [0]

    def test_a_reservation_is_rounded_apart(self) -> None:
        one = tariff(
            when(time("1", step_size=600), reservation=Reservation.RESERVED), when(time("1", step_size=60))
        )
        assert billed(one, (13, 0, RESERVED), (13.5, 0)) == [14 * MINUTE, 20 * MINUTE]

    def test_a_fee_knows_none(self) -> None:
        for policy in (OCPI_STRICT, PLAIN):
            assert billed(tariff(when(flat("1", step_size=5))), (20, 0), policy=policy) == [1]

    def test_a_full_step_is_left_alone(self) -> None:
        assert billed(tariff(when(time("1", step_size=600))), (20, 0)) == [20 * MINUTE]


class TestStepsPerComponent:
    def test_each_components_total_is_rounded_by_its_own(self) -> None:
        one = tariff(when(time("1", step_size=600), idle("1", step_size=300)))
        assert billed(one, (21, 0), (6, 0, IDLE), policy=PLAIN) == [30 * MINUTE, 10 * MINUTE]

    def test_stretches_of_one_component_are_rounded_together(self) -> None:
        one = tariff(when(time("1", step_size=600)))
        assert billed(one, (3, 0), (6, 0, IDLE), (4, 0), policy=PLAIN) == [3 * MINUTE, 7 * MINUTE]

    def test_two_elements_are_two_components(self) -> None:
        one = tariff(when(time("1", step_size=600), time_until="10:06"), when(time("2", step_size=600)))
        assert billed(one, (28, 0), policy=PLAIN) == [10 * MINUTE, 30 * MINUTE]


class TestGrace:
    ONE = tariff(when(time("1", grace_s=300), idle("1", grace_s=600)))

    def test_frees_the_first_minutes_of_charging_and_of_idling_apart(self) -> None:
        assert billed(self.ONE, (20, 0), (20, 0, IDLE), policy=PLAIN) == [15 * MINUTE, 10 * MINUTE]

    def test_counts_the_session_and_not_each_stop(self) -> None:
        assert billed(self.ONE, (20, 0), (8, 0, IDLE), (2, 0), (8, 0, IDLE), policy=PLAIN) == [
            15 * MINUTE,
            2 * MINUTE,
            0,
            6 * MINUTE,
        ]

    def test_a_pause_made_by_the_station_is_charging_time(self) -> None:
        assert billed(self.ONE, (4, 0), (4, 0, Activity.PAUSED), policy=PLAIN) == [3 * MINUTE]

    def test_is_told_on_the_line(self) -> None:
        line = rate(usage((20, 0, IDLE)), tariff(when(idle("1", grace_s=600, step_size=900)))).lines[0]
        assert line.note == "600 s free, 300 s added to fill steps of 900 s"
        assert line.quantity == 20 * MINUTE
        for policy in (PLAIN, RatingPolicy("line", level=Level.LINE)):  # written out in two ways
            line = rate(
                usage((20, 0, IDLE)), tariff(when(idle("1", grace_s=600, step_size=1200))), policy=policy
            ).lines[0]
            assert line.billed == line.quantity == 20 * MINUTE
            assert line.note == "600 s free, 600 s added to fill steps of 1200 s"
        line = rate(usage((20, 0.1152)), tariff(when(energy("1", step_size=1)))).lines[0]
        assert line.note == "0.8 Wh added to fill steps of 1 Wh"

    @pytest.mark.parametrize("policy", [PLAIN, OCPI_STRICT])
    def test_holds_while_its_element_does(self, policy: RatingPolicy) -> None:
        one = tariff(when(idle("1", grace_s=600), time_until="10:05"), when(idle("2", grace_s=480)))
        assert billed(one, (20, 0, IDLE), policy=policy) == [0, 12 * MINUTE]
