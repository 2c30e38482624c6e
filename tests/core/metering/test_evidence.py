"""Evidence: energy is the register's difference, or it is nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering_histories import AT, PLACE, history, told
from wattledger.core.metering.events import Activity, EventKind
from wattledger.core.metering.evidence import Finding, running_energy_milliwh, weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.metering.usage import Period
from wattledger.core.stations import readings
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v201 import translate as v201

steps = st.lists(st.integers(0, 5_000), min_size=2, max_size=8)


def periods(*events: object) -> list[Period]:
    evidence = weigh(SessionFold(events), PLACE)  # type: ignore[arg-type]
    assert evidence.usage is not None, evidence.findings
    return list(evidence.usage.periods)


class TestUsage:
    @given(steps)
    def test_sums_to_the_register_s_difference(self, steps_wh: list[int]) -> None:
        registers = [sum(steps_wh[: n + 1]) for n in range(len(steps_wh))]
        evidence = weigh(SessionFold(history(*registers)), PLACE)
        assert evidence.usage is not None
        assert evidence.usage.energy_milliwh == evidence.energy_milliwh == (registers[-1] - registers[0]) * 1000

    @given(steps)
    def test_is_contiguous_from_start_to_end(self, steps_wh: list[int]) -> None:
        registers = [sum(steps_wh[: n + 1]) for n in range(len(steps_wh))]
        found = periods(*history(*registers))
        assert found[0].started_at == AT
        assert all(a.ended_at == b.started_at for a, b in itertools.pairwise(found))
        assert found[-1].ended_at == AT + timedelta(minutes=10 * (len(registers) - 1))

    def test_puts_energy_where_the_vehicle_was_charging(self) -> None:
        started, ended = history(0, 1000)
        idle = told(EventKind.UPDATED, None, 5, None, activity=Activity.IDLE)
        found = periods(started, idle, ended)
        assert [(one.activity, one.energy_milliwh) for one in found] == [
            (Activity.CHARGING, 1_000_000),
            (Activity.IDLE, 0),
        ]

    def test_puts_energy_over_the_whole_time_if_it_never_charged(self) -> None:
        started = told(EventKind.STARTED, 0, 0, 0, activity=Activity.IDLE)
        found = periods(started, told(EventKind.ENDED, 1, 10, 600))
        assert [one.energy_milliwh for one in found] == [600_000]

    def test_of_a_session_without_length_is_one_period_without_length(self) -> None:
        (only,) = periods(told(EventKind.STARTED, 0, 0, 5), told(EventKind.ENDED, 1, 0, 5))
        assert only.started_at == only.ended_at == AT


class TestAStopInWholeWattHours:
    """OCPP 1.6: meterStop is an integer, the readings before it are as fine as the meter."""

    def test_cuts_off_what_a_full_car_s_last_readings_told(self) -> None:
        evidence = weigh(SessionFold(history(100, 9_345.75, 9_345.75, 9_345)), PLACE)
        assert (evidence.findings, evidence.energy_milliwh) == ((), 9_245_000)
        assert evidence.usage is not None
        assert evidence.usage.energy_milliwh == 9_245_000

    def test_of_a_car_that_took_nothing_is_zero(self) -> None:
        evidence = weigh(SessionFold(history(100.5, 100.5, 100)), PLACE)
        assert (evidence.findings, evidence.energy_milliwh) == ((), 0)

    @pytest.mark.parametrize("last_wh", [9_344, 9_344.5, 9_345.5])
    def test_excuses_no_register_that_runs_backwards(self, last_wh: float) -> None:
        evidence = weigh(SessionFold(history(100, 9_345.75, last_wh)), PLACE)
        assert Finding.REGISTER_BACKWARDS in evidence.findings
        assert evidence.usage is None


class TestFindingsThatHoldABill:
    @pytest.mark.parametrize(
        ("events", "finding"),
        [
            (history(1000, 900), Finding.REGISTER_BACKWARDS),
            (history(0, 999_999), Finding.ENERGY_IMPLAUSIBLE),
            (history(0, 100, 200)[1:], Finding.START_MISSING),
            (history(0, 100, 200, 300)[::2] + history(0, 100, 200, 300)[3:], Finding.MESSAGES_MISSING),
            ([told(EventKind.STARTED, 0, 0, None), told(EventKind.ENDED, 1, 5, None)], Finding.NO_REGISTER),
            ([told(EventKind.STARTED, 0, 9, 0), told(EventKind.ENDED, 1, 0, 5)], Finding.ENDS_BEFORE_START),
            ([*history(0, 100), told(EventKind.ENDED, 2, 30, 300)], Finding.ENDS_DIFFER),
            (
                [
                    told(EventKind.STARTED, 0, 3_000, 0, received_minutes=0),
                    told(EventKind.ENDED, 1, 3_001, 5, received_minutes=1),
                ],
                Finding.CLOCK_WRONG,
            ),
        ],
    )  # fmt: skip
    def test_leave_no_usage_to_price(self, events: list[object], finding: Finding) -> None:
        evidence = weigh(SessionFold(events), PLACE)  # type: ignore[arg-type]
        assert finding in evidence.holds
        assert evidence.usage is None

    def test_include_every_flaw_that_a_translation_can_find(self) -> None:
        """A flaw without a finding would fail the session instead of holding its bill."""
        import inspect
        import re

        sources = "".join(inspect.getsource(module) for module in (readings, v16, v201))
        flaws = set(re.findall(r'(?:flaws\.append|_flawed)\((?:flaws, )?"([a-z_]+)"', sources))
        flaws |= set(re.findall(r'"(register_[a-z_]+)"', sources))
        assert flaws
        assert flaws <= {finding.value for finding in Finding}


class TestARunningSession:
    def test_has_the_energy_up_to_its_last_reading(self) -> None:
        fold = SessionFold(history(1000, 1500, 2500)[:2])
        assert running_energy_milliwh(fold, PLACE) == 500_000

    def test_can_be_priced_up_to_now(self) -> None:
        evidence = weigh(SessionFold(history(1000, 1500, 2500)[:2]), PLACE, now=AT + timedelta(minutes=15))
        assert evidence.usage is not None
        assert evidence.usage.periods[-1].ended_at == AT + timedelta(minutes=15)

    def test_never_shows_the_odometer(self) -> None:
        fold = SessionFold([*history(0, 909948, 910031)[:2], told(EventKind.UPDATED, 2, 20, 910031)])
        assert running_energy_milliwh(fold, PLACE) == 83_000
