"""Which register of a batch counts, and in which unit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wattledger.core.metering.events import Context, Reading
from wattledger.core.stations.readings import Sample, readings_of

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
POWER = "Power.Active.Import"
CURRENT = "Current.Import"


def read(*samples: Sample) -> tuple[list[Reading], list[str]]:
    flaws: list[str] = []
    return readings_of(AT, samples, flaws), flaws


def register_of(*samples: Sample) -> int | None:
    readings, flaws = read(*samples)
    assert len(readings) == 1
    assert not flaws
    return readings[0].register_milliwh


class TestARegister:
    @pytest.mark.parametrize(
        ("value", "unit", "milliwh"),
        [
            ("1500", "Wh", 1_500_000),
            ("1500", None, 1_500_000),
            ("1.5", "kWh", 1_500_000),
            ("0.0015", "MWh", 1_500_000),
            ("12345.678", "Wh", 12_345_678),
            ("1.2e3", "Wh", 1_200_000),
            (" 42 ", "Wh", 42_000),
            ("-0", "Wh", 0),
            ("0.0005", "Wh", 0),
            ("0.0015", "Wh", 2),
        ],
    )
    def test_is_counted_in_thousandths_of_a_watt_hour(self, value: str, unit: str | None, milliwh: int) -> None:
        assert register_of(Sample(value, unit=unit)) == milliwh

    def test_is_the_same_in_either_unit(self) -> None:
        """Wh taken as kWh is a factor of a thousand (martinarva/dynamic_energy_cost#217)."""
        assert register_of(Sample("910.031", unit="kWh")) == register_of(Sample("910031", unit="Wh"))

    def test_heeds_the_multiplier_of_2_0_1(self) -> None:
        assert register_of(Sample("15", unit="Wh", multiplier=2)) == 1_500_000
        assert register_of(Sample("15", unit="kWh", multiplier=-1)) == 1_500_000

    def test_over_all_phases_comes_before_those_of_single_phases(self) -> None:
        phases = [Sample("100", phase=phase) for phase in ("L1", "L2", "L3")]
        assert register_of(*phases, Sample("301")) == 301_000

    def test_is_the_sum_of_the_phases_where_there_is_no_other(self) -> None:
        """CitrineOS#392: unphased missing, needs the sum."""
        phases = [Sample(value, phase=phase) for phase, value in (("L1", "1.1"), ("L2", "2.2"), ("L3", "3.3"))]
        assert register_of(*phases) == 6_600

    def test_counts_no_phase_twice_and_leaves_the_neutral_out(self) -> None:
        samples = [Sample("5", phase=phase) for phase in ("L1", "L1-N", "N", "L1-L2")]
        assert register_of(*samples) == 5_000

    def test_is_the_one_at_the_outlet(self) -> None:
        assert register_of(Sample("9", location="Inlet"), Sample("7", location="Outlet")) == 7_000

    def test_is_never_what_the_vehicle_says(self) -> None:
        assert register_of(Sample("9", location="EV")) is None

    def test_is_never_an_interval_or_an_export(self) -> None:
        names = (
            "Energy.Active.Import.Interval",
            "Energy.Active.Export.Register",
            "Energy.Reactive.Import.Register",
        )
        assert register_of(*(Sample("9", name) for name in names)) is None


class TestARegisterThatCannotBe:
    @pytest.mark.parametrize(
        ("sample", "flaw"),
        [
            (Sample("-1"), "register_negative"),
            (Sample("-0.001"), "register_negative"),
            (Sample("NaN"), "register_unreadable"),
            (Sample("Infinity"), "register_unreadable"),
            (Sample("1_000"), "register_unreadable"),
            (Sample("١٢"), "register_unreadable"),
            (Sample(""), "register_unreadable"),
            (Sample("12,5"), "register_unreadable"),
            (Sample("1e400"), "register_unreadable"),
            (Sample("1e999999999"), "register_unreadable"),
            (Sample("9" * 5000), "register_unreadable"),
            (Sample("1e15"), "register_implausible"),
            (Sample("5", unit="varh"), "register_unit_unknown"),
            (Sample("5", unit="mWh"), "register_unit_unknown"),
            (Sample("5", multiplier=99), "register_unreadable"),
        ],
    )
    def test_is_left_out_and_said_so(self, sample: Sample, flaw: str) -> None:
        readings, flaws = read(sample)
        assert readings[0].register_milliwh is None
        assert flaws == [flaw]

    def test_spoils_the_sum_of_its_phases(self) -> None:
        readings, flaws = read(Sample("5", phase="L1"), Sample("NaN", phase="L2"))
        assert readings[0].register_milliwh is None
        assert flaws == ["register_unreadable"]


class TestABatch:
    def test_without_energy_has_no_register_and_no_flaw(self) -> None:
        """F10: a batch with only a state of charge must not reset a session (CitrineOS#868)."""
        readings, flaws = read(Sample("55", "SoC", unit="Percent", location="EV"))
        assert readings == [Reading(AT, soc_percent=55)]
        assert not flaws

    def test_of_several_contexts_is_one_reading_for_each(self) -> None:
        readings, _ = read(Sample("1", context="Transaction.Begin"), Sample("2", context="Transaction.End"))
        assert [reading.context for reading in readings] == [Context.BEGIN, Context.END]

    def test_keeps_power_current_and_charge(self) -> None:
        readings, _ = read(
            Sample("1000"),
            Sample("11.04", POWER, unit="kW"),
            *(Sample("16.1", CURRENT, phase=phase, unit="A") for phase in ("L1", "L2", "L3")),
            Sample("80", "SoC"),
        )
        assert readings == [Reading(AT, Context.PERIODIC, 1_000_000, 11_040, 48_300, 80)]

    @pytest.mark.parametrize("value", ["-5", "1e30", "x"])
    def test_leaves_out_a_power_that_cannot_be(self, value: str) -> None:
        assert read(Sample("1"), Sample(value, POWER))[0][0].power_w is None

    def test_keeps_the_signed_record_byte_for_byte(self) -> None:
        record = 'OCMF|{"FV":"1.0"}|{"SA":"x"}'
        readings, flaws = read(Sample("", signed=record))
        assert readings[0].signed == record
        assert readings[0].register_milliwh is None
        assert not flaws

    def test_keeps_a_value_beside_its_signed_record(self) -> None:
        readings, _ = read(Sample("7", signed="record"))
        assert (readings[0].register_milliwh, readings[0].signed) == (7_000, "record")
