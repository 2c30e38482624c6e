"""Values of the wrong shape in an OCPI tariff: refused by name, neither guessed at nor breaking the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpi_cdrs import component, element, tariff
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import zone
from wattledger.core.roaming.ocpi_json import parse_ocpi
from wattledger.core.roaming.ocpi_tariffs import import_tariff


def refusal(**more: Any) -> str:
    return refused(tariff(element(component("ENERGY", 1)), **more))


def restricted(**limits: Any) -> str:
    return refused(tariff(element(component("ENERGY", 1), **limits)))


def refused(source: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        import_tariff(parse_ocpi(json.dumps(source)))
    return caught.value.code


class TestRestrictions:
    @pytest.mark.parametrize("value", [8, True, ["08:00"], {"at": "08:00"}, 0.5])
    @pytest.mark.parametrize("name", ["start_time", "end_time"])
    def test_a_time_that_is_no_text(self, name: str, value: Any) -> None:
        assert restricted(**{name: value}) == "ocpi_text_malformed"

    @pytest.mark.parametrize("value", ["8:00", "24:00", "08:00:00", ""])
    def test_a_time_that_is_not_hours_and_minutes(self, value: str) -> None:
        assert restricted(start_time=value) == "time_of_day_malformed"

    @pytest.mark.parametrize(
        "value", ["20260301", "2026-W10-1", "2026-3-1", "2026-02-30", "2026-03-01T00:00:00Z", ""]
    )
    def test_a_date_that_is_not_year_month_and_day(self, value: str) -> None:
        assert restricted(start_date=value) == "ocpi_date_malformed"

    @pytest.mark.parametrize("value", ["MONDAY", {"MONDAY": 1}, 1])
    def test_weekdays_that_are_no_list(self, value: Any) -> None:
        assert restricted(day_of_week=value) == "ocpi_list_malformed"

    @pytest.mark.parametrize("value", [["monday"], ["FUNDAY"], [1], [None]])
    def test_a_day_that_is_none(self, value: Any) -> None:
        assert restricted(day_of_week=value) == "ocpi_value_unknown"

    def test_a_part_of_a_second(self) -> None:
        assert restricted(min_duration=1.5) == "ocpi_number_malformed"

    @pytest.mark.parametrize("value", [0, False, "", "none", [{}]])
    def test_restrictions_that_are_no_object(self, value: Any) -> None:
        source = tariff(element(component("ENERGY", 1)))
        source["elements"][0]["restrictions"] = value
        assert refused(source) == "ocpi_list_malformed"

    @pytest.mark.parametrize("value", [None, [], {}])
    def test_none_at_all_are_none(self, value: Any) -> None:
        source = tariff(element(component("ENERGY", 1)))
        source["elements"][0]["restrictions"] = value
        assert import_tariff(source) == import_tariff(tariff(element(component("ENERGY", 1))))


class TestTheTariffItself:
    @pytest.mark.parametrize("name", ["type", "tariff_alt_url", "currency"])
    def test_a_text_that_is_none(self, name: str) -> None:
        assert refusal(**{name: 5}) == "ocpi_text_malformed"

    @pytest.mark.parametrize("value", [0.125, 1, "x", {}, [1]])
    def test_elements_that_are_no_list(self, value: Any) -> None:
        assert refusal(elements=value) == "ocpi_list_malformed"

    @pytest.mark.parametrize("value", [5, "5", []])
    def test_a_limit_that_is_no_object(self, value: Any) -> None:
        assert refusal(min_price=value) == "ocpi_list_malformed"


class TestNumbers:
    @pytest.mark.parametrize("written", ["1e3", "1E-3", "1.5e0", "1e999999999"])
    def test_one_with_an_exponent_is_no_slip_of_json(self, written: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            parse_ocpi(f'{{"price": [{{"x": {written}}}]}}')
        assert caught.value.code == "ocpi_number_malformed"
        assert caught.value.message == f"{written} is not written as a plain decimal number of at most 30 digits"


class TestZones:
    @pytest.mark.parametrize("name", ["localtime", "right/UTC", "posix/Europe/Berlin", "Factory", "posixrules"])
    def test_that_only_a_machine_knows_are_refused(self, name: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            zone(name)
        assert caught.value.code == "time_zone_unknown"
