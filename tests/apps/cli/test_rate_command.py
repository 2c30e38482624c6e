"""``wattledger rate``: from a file or a pipe to a price with its derivation, or one clear refusal and exit 2."""

from __future__ import annotations

import io
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ocpi_cdrs import cdr, component, element, period, tariff
from wattledger.apps.cli.main import main
from wattledger.core.roaming.ocpi_json import Json

DAY = element(component("ENERGY", 0.40, vat=20), start_time="06:00", end_time="22:00")
NIGHT = element(component("ENERGY", 0.20, vat=20))
SESSION = cdr(period(60, ENERGY=10), tariffs=[tariff(DAY, NIGHT)], start="2026-03-02T21:00:00Z")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(("rate", *words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "cdr.json", SESSION)


def written(path: Path, value: Json) -> Path:
    path.write_text(json.dumps(value))
    return path


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, out, _ = said(capsys, *words, "--json")
    assert code == 0
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


class TestAPrice:
    def test_comes_from_a_file(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert facts(capsys, str(file))["total_cost"] == {"excl_vat": "4.00", "incl_vat": "4.80"}

    def test_comes_from_standard_input(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(SESSION).encode())))
        assert facts(capsys, "-")["total_energy_cost"]["excl_vat"] == "4.00"

    def test_comes_from_a_file_with_a_byte_order_mark_and_an_envelope(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "cdr.json"
        file.write_text(json.dumps({"data": SESSION, "status_code": 1000}), "utf-8-sig")
        assert facts(capsys, str(file))["total_cost"]["excl_vat"] == "4.00"

    def test_has_every_total_of_ocpi_in_both_senses_as_text(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = facts(capsys, str(file))
        for name in ("cost", "energy_cost", "time_cost", "parking_cost", "fixed_cost", "reservation_cost"):
            assert found[f"total_{name}"].keys() == {"excl_vat", "incl_vat"}
            assert all(isinstance(amount, str) for amount in found[f"total_{name}"].values())
        for name in ("energy_kwh", "charging_minutes", "parking_minutes", "reservation_minutes"):
            assert isinstance(found[f"billed_{name}"], str)

    def test_in_words_names_its_policy_and_zone(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = said(capsys, str(file), "--time-zone", "Europe/Berlin")
        assert out.splitlines()[0] == "Policy ocpi_strict, times in Europe/Berlin (--time-zone)"
        assert "10 kWh at 0.20 EUR per kWh" in out
        assert "Not price 1 of the tariff: 06:00-22:00, but it was Mon 2026-03-02 22:00:00" in out

    def test_in_words_says_where_a_zone_was_assumed_and_a_tariff_had_ended(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        old = SESSION | {"tariffs": [SESSION["tariffs"][0] | {"end_date_time": "2026-03-01T00:00:00Z"}]}
        _, out, _ = said(capsys, str(written(tmp_path / "old.json", old)))
        assert out.splitlines()[-2:] == [
            "Neither the CDR nor an option states a time zone: the tariff's times of day are read in UTC.",
            "The session began when tariff 'T1' had ended.",
        ]

    def test_comes_from_a_page_of_one(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        page = written(tmp_path / "page.json", {"data": [SESSION], "status_code": 1000})
        assert facts(capsys, str(page))["total_cost"]["excl_vat"] == "4.00"

    def test_adds_up_to_the_last_written_decimal(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        thirds = tariff(element(component("TIME", 1), component("PARKING_TIME", 1), component("ENERGY", 1, vat=7)))
        session = cdr(
            period(20, TIME=1 / 3), period(20, PARKING_TIME=1 / 3), period(20, TIME=1 / 3, ENERGY=1 / 3),
            tariffs=[thirds | {"tax_included": "YES"}],
        )  # fmt: skip
        found = facts(capsys, str(written(tmp_path / "thirds.json", session)))
        for sense in ("excl_vat", "incl_vat"):
            parts = [Decimal(found[f"total_{kind}_cost"][sense]) for kind in ("energy", "time", "parking")]
            lines = [Decimal(line[sense]) for line in found["lines"]]
            assert sum(lines) == sum(parts) == Decimal(found["total_cost"][sense])

    def test_is_compared_with_what_the_cdr_states(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = written(tmp_path / "cdr.json", SESSION | {"total_cost": {"excl_vat": 4.5, "incl_vat": 5.4}})
        assert facts(capsys, str(file))["stated"] == {
            "total_cost": {"excl_vat": "4.50", "incl_vat": "5.40"},
            "difference": {"excl_vat": "0.5", "incl_vat": "0.6"},
            "agrees": False,
        }
        assert "The CDR itself states another total: excl_vat 4.50, incl_vat 5.40." in said(capsys, str(file))[1]

    def test_a_line_tells_what_was_used_billed_and_matched(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (line,) = facts(capsys, str(file))["lines"]
        assert (line["dimension"], line["used"], line["billed"], line["unit"]) == ("ENERGY", "10", "10", "kWh")
        assert (line["element"], line["price_component"], line["matched"]) == (0, 0, "06:00-22:00")
        assert line["rejected"] == [{"element": 1, "why_not": [{"code": "earlier_element_held"}]}]


class TestOptions:
    def test_the_zone_is_the_options_else_the_cdrs_else_utc(
        self, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = facts(capsys, str(file))
        assert (found["time_zone"], found["time_zone_source"]) == ("UTC", "default")
        there = written(tmp_path / "there.json", SESSION | {"cdr_location": {"time_zone": "Europe/Berlin"}})
        found = facts(capsys, str(there))
        assert (found["time_zone"], found["time_zone_source"]) == ("Europe/Berlin", "cdr")
        found = facts(capsys, str(there), "--time-zone", "Europe/London")
        assert (found["time_zone"], found["time_zone_source"]) == ("Europe/London", "option")

    def test_the_policy_decides_what_steps_round(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        steps = tariff(element(component("TIME", 6, step_size=600), component("PARKING_TIME", 6, step_size=600)))
        file = written(
            tmp_path / "c.json", cdr(period(21, TIME=0.35), period(6, PARKING_TIME=0.1), tariffs=[steps])
        )
        assert facts(capsys, str(file))["billed_charging_minutes"] == "21"
        plain = facts(capsys, str(file), "--policy", "plain")
        assert (plain["policy"], plain["billed_charging_minutes"]) == ("plain", "30")
        assert plain["policy_rules"]["step_size"] == "per_component"

    def test_another_tariff_takes_the_place_of_the_cdrs(
        self, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = written(tmp_path / "tariff.json", tariff(element(component("ENERGY", 1)), id="other"))
        assert facts(capsys, str(file), "--tariff", str(other))["total_cost"]["excl_vat"] == "10.00"


class TestWhatCannotBePriced:
    def refused(self, capsys: pytest.CaptureFixture[str], *words: str) -> str:
        code, out, err = said(capsys, *words)
        assert (code, out) == (2, "")
        assert err.startswith("Cannot price ")
        assert err.count("\n") == 1
        assert err.strip().isprintable()
        assert len(err) < 400
        return err.rstrip().rpartition("[")[2].rstrip("]")

    def test_a_file_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.refused(capsys, "nowhere.json") == "file_unreadable"

    def test_an_unknown_zone(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.refused(capsys, str(file), "--time-zone", "Mars/Olympus") == "time_zone_unknown"

    def test_an_unknown_policy(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.refused(capsys, str(file), "--policy", "cheap") == "policy_unknown"

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            ("", "json_malformed"),
            ("[]", "json_malformed"),
            ("{", "json_malformed"),
            ("\xff", "json_malformed"),
            ("{}", "ocpi_field_missing"),
            (json.dumps(SESSION).replace(" 10}", " NaN}"), "json_malformed"),
            (json.dumps(SESSION).replace(" 10}", " 1e1}"), "ocpi_number_malformed"),
            (json.dumps([SESSION, SESSION]), "json_several_objects"),
            (json.dumps({"data": [SESSION, SESSION], "status_code": 1000}), "json_several_objects"),
            (json.dumps({"data": []}), "json_malformed"),
            (json.dumps({"status_code": 2001, "status_message": "no"}), "json_malformed"),
            (json.dumps(SESSION).replace(" 10}", ' "NaN"}'), "ocpi_number_malformed"),
            (json.dumps(SESSION).replace(" 10}", ' "1e1"}'), "ocpi_number_malformed"),
            (json.dumps(SESSION).replace(" 10}", " true}"), "ocpi_number_malformed"),
            (json.dumps(SESSION).replace(" 10}", " -10}"), "energy_negative"),
            (json.dumps(SESSION).replace('"volume"', '"amount"'), "ocpi_field_missing"),
            (
                json.dumps(SESSION).replace('"type": "ENERGY", "vol', '"type": "JOULES", "vol'),
                "ocpi_dimension_unknown",
            ),
            (json.dumps(SESSION).replace("06:00", "6 am"), "time_of_day_malformed"),
            (json.dumps(SESSION).replace("0.2,", "-0.2,"), "price_negative"),
            (json.dumps(SESSION).replace('"elements"', '"parts"'), "ocpi_field_missing"),
            (json.dumps(SESSION | {"credit": True}), "cdr_is_credit"),
            (json.dumps(SESSION | {"credit": "true"}), "cdr_is_credit"),
            (json.dumps(SESSION).replace('"06:00"', "6"), "ocpi_text_malformed"),
            (json.dumps(SESSION).replace("end_date_time", "stop_date_time"), "ocpi_version_unsupported"),
            (json.dumps(SESSION | {"currency": "EU\n\x1b[31mR" * 99}), "currency_mixed"),
            (json.dumps(SESSION | {"cdr_location": {"time_zone": "right/Europe/Berlin"}}), "time_zone_unknown"),
            (json.dumps(SESSION | {"cdr_location": {"time_zone": "localtime"}}), "time_zone_unknown"),
            (json.dumps(SESSION | {"tariffs": []}), "cdr_without_tariff"),
            (json.dumps(SESSION | {"tariffs": ["T1"]}), "ocpi_list_malformed"),
            (json.dumps(SESSION | {"charging_periods": []}), "cdr_without_periods"),
            (json.dumps(SESSION | {"start_date_time": "2026-03-02T20:00:00Z"}), "cdr_periods_gap"),
            (json.dumps(SESSION | {"start_date_time": "2026-03-02T21:30:00Z"}), "cdr_periods_overlap"),
            (json.dumps(SESSION | {"end_date_time": "2026-03-02T20:59:00Z"}), "cdr_ends_before_start"),
            (json.dumps(SESSION | {"end_date_time": "later"}), "instant_malformed"),
            (json.dumps(SESSION | {"currency": "CHF"}), "currency_mixed"),
        ],
    )
    def test_a_cdr_that_is_none(
        self, raw: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "cdr.json"
        file.write_text(raw, "latin-1")
        assert self.refused(capsys, str(file)) == code
