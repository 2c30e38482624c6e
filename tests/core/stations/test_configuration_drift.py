"""How far a station's configuration is from how it shall be configured."""

from __future__ import annotations

import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.configuration import Baseline, Drift, check_values, differences, wanted_of
from wattledger.core.stations.talk import ConfigurationValue


def told(name: str, value: str | None, *, is_readonly: bool = False) -> ConfigurationValue:
    return ConfigurationValue(name, value, is_readonly)


class TestAStation:
    @pytest.mark.parametrize(
        ("wanted", "said"),
        [("300", "300"), ("true", "True"), ("A,B", "B, A"), ("Energy.Active", " energy.active ")],
    )
    def test_is_as_wanted_however_it_writes_it(self, wanted: str, said: str) -> None:
        assert differences({"Key": wanted}, [told("Key", said)]) == ()

    @pytest.mark.parametrize(
        ("one", "drift"),
        [
            (told("Key", "60"), Drift.DIFFERS),
            (told("Key", "60", is_readonly=True), Drift.READONLY),
            (told("Key", None), Drift.HIDDEN),
            (told("Other", "1"), Drift.MISSING),
        ],
    )
    def test_differs_in_one_of_four_ways(self, one: ConfigurationValue, drift: Drift) -> None:
        (found,) = differences({"Key": "300"}, [one])
        assert (found.name, found.wanted, found.drift) == ("Key", "300", drift)

    def test_that_told_nothing_differs_in_nothing(self) -> None:
        assert differences({"Key": "300"}, []) == ()


class TestWhatIsWanted:
    ALL = Baseline("ocpp1.6", None, None, {"A": "1", "B": "1"})
    MAKER = Baseline("ocpp1.6", "ACME", None, {"B": "2", "C": "2"})
    MODEL = Baseline("ocpp1.6", "acme", "Pole", {"C": "3"})

    def test_is_said_by_the_narrower_baseline(self) -> None:
        wanted = wanted_of([self.MODEL, self.ALL, self.MAKER], ocpp_version="ocpp1.6", vendor="Acme", model="POLE")
        assert wanted == {"A": "1", "B": "2", "C": "3"}

    @pytest.mark.parametrize(("version", "vendor"), [("ocpp2.0.1", "ACME"), (None, "ACME")])
    def test_is_nothing_of_another_version(self, version: str | None, vendor: str) -> None:
        assert wanted_of([self.ALL], ocpp_version=version, vendor=vendor, model="Pole") == {}

    def test_is_the_general_word_for_a_station_that_never_said_what_it_is(self) -> None:
        assert (
            wanted_of([self.ALL, self.MAKER], ocpp_version="ocpp1.6", vendor=None, model=None) == self.ALL.values
        )


class TestABaseline:
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({}, "baseline_empty"),
            ({str(number): "1" for number in range(201)}, "baseline_too_long"),
            ({"": "1"}, "baseline_malformed"),
            ({"Key": "x" * 1001}, "baseline_malformed"),
            ({"AuthorizationKey": "secret"}, "baseline_secret"),
        ],
    )
    def test_that_makes_no_sense_is_refused(self, values: dict[str, str], code: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            check_values(values)
        assert refusal.value.code == code
