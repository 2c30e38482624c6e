"""The examples of the OCPI text, from the shared data file: each must come out to the decimals it states."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from wattledger.core.kernel.instants import format_instant, parse_instant
from wattledger.core.rating.policy import OCPI_STRICT
from wattledger.core.rating.rate import rate
from wattledger.core.roaming.ocpi_cdrs import import_cdr
from wattledger.core.roaming.ocpi_json import parse_ocpi
from wattledger.core.roaming.ocpi_totals import rated_facts

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "ocpi_worked_cases.json"
CASES = json.loads(FILE.read_text())["cases"] if FILE.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason=f"the worked cases of OCPI are not at {FILE}")

KINDS = {"charging": "TIME", "parking": "PARKING_TIME", "reservation": "RESERVATION_TIME"}
FLOWS = {
    f"{end}_{name}_{unit}": f"{end}_{name}".upper()
    for end in ("min", "max")
    for name, unit in (("current", "a"), ("power", "kw"))
}
SENSES = {"excl_vat": "excl_vat", "incl_vat": "incl_vat", "before_taxes": "excl_vat", "after_taxes": "incl_vat"}


def cdr_of(case: dict[str, Any], *, digits: int | None = None) -> bytes:
    """The CDR a CPO would send for the case; ``digits`` rounds its volumes as OCPI's number type does."""
    periods = case["session"]["periods"]
    return json.dumps(
        {
            "id": case["id"],
            "start_date_time": periods[0]["start"],
            "end_date_time": periods[-1]["end"],
            "currency": case["tariff"]["currency"],
            "tariffs": [case["tariff"]],
            "charging_periods": [
                {
                    "start_date_time": period["start"],
                    "tariff_id": case["tariff"].get("id", "1"),
                    "dimensions": dimensions(period, digits),
                }
                for period in periods
            ],
        }
    ).encode()


def dimensions(period: dict[str, Any], digits: int | None) -> list[dict[str, Any]]:
    hours = period["duration_seconds"] / 3600
    found = [{"type": KINDS[period["kind"]], "volume": hours if digits is None else round(hours, digits)}]
    found.append({"type": "ENERGY", "volume": float(period["energy_kwh"])})
    return found + [{"type": name, "volume": float(period[key])} for key, name in FLOWS.items() if key in period]


def priced(raw: bytes) -> dict[str, Any]:
    imported = import_cdr(parse_ocpi(raw))
    return rated_facts(rate(imported.usage, imported.compiled(), policy=OCPI_STRICT), imported.tariffs)


def assert_as_stated(found: str, stated: str) -> None:
    decimals = Decimal(1).scaleb(-len(stated.partition(".")[2]))
    assert Decimal(found).quantize(decimals, ROUND_HALF_UP) == Decimal(stated)


def assert_expected(facts: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, stated in expected.items():
        if name.startswith("total_"):
            for sense, amount in stated.items():
                assert_as_stated(facts[name][SENSES[sense]], amount)
        elif name.startswith("billed_"):
            assert Decimal(facts[name]) == Decimal(stated)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
class TestWorkedExamplesOfTheStandard:
    def test_comes_out_to_the_stated_decimals(self, case: dict[str, Any]) -> None:
        assert_expected(priced(cdr_of(case)), case["expected"])

    def test_also_with_volumes_of_four_decimals(self, case: dict[str, Any]) -> None:
        assert_expected(priced(cdr_of(case, digits=4)), case["expected"])

    def test_stated_lines_are_found(self, case: dict[str, Any]) -> None:
        facts = priced(cdr_of(case))
        for stated in case["expected"].get("lines", ()):
            assert any(
                Decimal(line["excl_vat"]).quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(stated["excl_vat"])
                for line in facts["lines"]
            )

    def test_cutting_every_period_in_half_changes_nothing(self, case: dict[str, Any]) -> None:
        whole = json.loads(cdr_of(case))
        cut = {**whole, "charging_periods": halves(whole)}
        assert totals(priced(json.dumps(cut).encode())) == totals(priced(json.dumps(whole).encode()))


def halves(cdr: dict[str, Any]) -> list[dict[str, Any]]:
    periods = cdr["charging_periods"]
    ends = [period["start_date_time"] for period in periods[1:]] + [cdr["end_date_time"]]
    found = []
    for period, end in zip(periods, ends, strict=True):
        begin = parse_instant(period["start_date_time"])
        middle = begin + (parse_instant(end) - begin) / 2
        half = [
            {**one, "volume": one["volume"] / (1 if "M" in one["type"][:1] else 2)} for one in period["dimensions"]
        ]
        found += [{**period, "dimensions": half}]
        found += [{**period, "dimensions": half, "start_date_time": format_instant(middle + timedelta(0))}]
    return found


def totals(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name.startswith(("total_", "billed_"))}
