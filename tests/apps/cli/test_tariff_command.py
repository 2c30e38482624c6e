"""``wattledger tariff``: what is doubtful about a tariff file, and what it says in words."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from ocpi_cdrs import component, element, tariff
from rating_sessions import energy, when
from rating_sessions import tariff as ours
from wattledger.apps.cli.main import main
from wattledger.core.roaming.ocpi_json import Json
from wattledger.core.tariffs.versions import encode_tariff

GOOD = tariff(element(component("ENERGY", 0.5, vat=20)))
GAPPY = tariff(element(component("ENERGY", 0.5), start_time="08:00", end_time="20:00"))
HIDDEN = tariff(element(component("ENERGY", 0.5)), element(component("ENERGY", 0.4), start_time="08:00"))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(("tariff", *words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def file(tmp_path: Path, value: Json | bytes) -> str:
    path = tmp_path / "tariff.json"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return str(path)


class TestLint:
    def test_of_a_good_tariff_has_nothing_to_say(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "lint", file(tmp_path, GOOD)) == (0, "Nothing to say about this tariff.\n", "")

    def test_tells_a_doubt_and_how_to_mend_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = said(capsys, "lint", file(tmp_path, GAPPY))
        assert code == 0
        assert out.splitlines() == [
            "warning: energy: At monday 00:00 no element gives a price, so it is free then. [gap]",
            "    Add a last element without restrictions, or one for the missing time.",
            "1 finding.",
        ]

    def test_fails_where_it_finds_an_error(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = said(capsys, "lint", file(tmp_path, HIDDEN), "--json")
        assert code == 1
        (finding,) = json.loads(out)
        assert (finding["code"], finding["severity"]) == ("unreachable_element", "error")
        assert finding.keys() == {"code", "severity", "where", "message", "fix"}

    def test_tells_what_forbids_pricing_as_an_error(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, _ = said(capsys, "lint", file(tmp_path, tariff()))
        assert (code, "[tariff_empty]" in out) == (1, True)

    def test_reads_standard_input(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode())))
        assert said(capsys, "lint", "-")[0] == 0

    def test_reads_a_tariff_of_ours(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "lint", file(tmp_path, encode_tariff(ours(when(energy("0.5"))))))[0] == 0

    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"{}", b'{"currency":"EUR","elements":[{"price_components":[{}]}]}',
            b'{"currency":"EUR","elements":0.125}', b'{"currency":"EUR","elements":"components"}',
        ],
    )  # fmt: skip
    def test_of_what_is_no_tariff_is_refused(
        self, raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, err = said(capsys, "lint", file(tmp_path, raw))
        assert (code, out) == (2, "")
        assert " is no tariff to price with: " in err

    def test_of_a_file_that_is_not_there_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "file_unreadable" in said(capsys, "lint", "nowhere.json")[2]


class TestShow:
    def test_tells_prices_with_taxes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "show", file(tmp_path, GOOD))[:2] == (0, "Energy: 0.60 EUR per kWh\n")
        assert said(capsys, "show", file(tmp_path, GAPPY))[1] == "Energy: 0.50 EUR per kWh  (08:00-20:00)\n"


class TestConvert:
    @pytest.mark.parametrize("form", ["ocpi-2.2.1", "ocpi-2.3.0", "ocpp-2.1", "wattledger"])
    def test_writes_what_reads_back_to_the_same_prices(
        self, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = file(tmp_path, tariff(element(component("TIME", 2, vat=20), component("ENERGY", 0.5, vat=20))))
        code, out, _ = said(capsys, "convert", source, "--to", form, "--tariff-id", "T9", "--party", "DE-ABC")
        assert code == 0
        again = said(capsys, "convert", file(tmp_path, out.encode()), "--to", "wattledger")[1]
        components = [part for one in json.loads(again)["elements"] for part in one["components"]]
        assert sorted((part["dimension"], part["price"]) for part in components) == [
            ("energy", "0.5"),
            ("time", "2"),
        ]

    def test_names_itself_and_its_owner(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = ("convert", file(tmp_path, GOOD), "--to", "ocpi-2.3.0", "--tariff-id", "T9", "--party", "DE-ABC")
        body = json.loads(said(capsys, *words)[1])
        assert (body["country_code"], body["party_id"], body["id"], body["tax_included"]) == (
            "DE",
            "ABC",
            "T9",
            "NO",
        )

    def test_says_where_a_number_had_to_be_rounded(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = file(tmp_path, tariff(element(component("TIME", 2))))
        _, out, err = said(capsys, "convert", source, "--to", "ocpp-2.1")
        assert err == "chargingTime 0: no decimal number, the exact fraction stands in customData.\n"
        assert json.loads(out)["chargingTime"]["prices"][0]["customData"]["exact"] == "1/30"

    @pytest.mark.parametrize(
        ("form", "code"), [("ocpp-2.1", "ocpp_not_expressible"), ("ocpi-3.0", "form_unknown")]
    )
    def test_refuses_what_the_form_has_no_word_for(
        self, form: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = file(tmp_path, tariff(element(component("ENERGY", 0.5, step_size=500))))
        ended, out, err = said(capsys, "convert", source, "--to", form)
        assert (ended, out) == (2, "")
        assert f"[{code}]" in err
