"""Many small OCPI sessions with what they must cost: the short words that the tables of cases are written in."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from ocpi_cdrs import cdr, component, period, priced
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN
from wattledger.core.roaming.ocpi_json import Json

Periods = tuple[float, Json]
TOTALS = {name: f"total_{name}_cost" for name in ("energy", "time", "parking", "fixed", "reservation")}


class Case(NamedTuple):
    """A CDR and its expected figures: ``net``, ``gross``, the kinds of cost without tax, billed quantities."""

    name: str
    source: Json
    expected: dict[str, str]


def case(name: str, source: Json, net: str | None = None, gross: str | None = None, **more: str) -> Case:
    return Case(name, source, {key: one for key, one in {"net": net, "gross": gross, **more}.items() if one})


def kwh(price: float | str, step: int = 1, **more: Any) -> Json:
    return component("ENERGY", price, **{"step_size": step, **more})


def hour(price: float, step: int = 1, **more: Any) -> Json:
    return component("TIME", price, **{"step_size": step, **more})


def parking(price: float, step: int = 1, **more: Any) -> Json:
    return component("PARKING_TIME", price, **{"step_size": step, **more})


def fee(price: float, **more: Any) -> Json:
    return component("FLAT", price, **more)


def charged(minutes: float, energy: float = 0, **flows: float) -> Periods:
    return period(minutes, "T1", TIME=minutes / 60, ENERGY=energy, **flows)


def parked(minutes: float) -> Periods:
    return period(minutes, PARKING_TIME=minutes / 60)


def reserved(minutes: float) -> Periods:
    return period(minutes, RESERVATION_TIME=minutes / 60)


def session(tariff: Json, *periods: Periods, at: str = "10:00", on: str = "2026-03-02", **more: Any) -> Json:
    """A session under one tariff; 2026-03-02 is a Monday, times are UTC."""
    source = {"currency": tariff["currency"], **more}
    return cdr(*periods, tariffs=[tariff], start=f"{on}T{at}:00Z", **source)


def in_zone(name: str) -> Json:
    return {"cdr_location": {"time_zone": name}}


def assert_priced(one: Case) -> None:
    """The expected figures to their decimals, and that the lines add up to them whatever the policy."""
    facts = priced(json.loads(json.dumps(one.source)))
    for name, stated in one.expected.items():
        found = facts["total_cost"]["excl_vat"] if name == "net" else None
        if name == "gross":
            found = facts["total_cost"]["incl_vat"]
        elif name == "rounded_minor":
            found = str(facts["rounded"]["gross_minor"])
        elif name in TOTALS:
            found = facts[TOTALS[name]]["excl_vat"]
        decimals = Decimal(1).scaleb(-len(stated.partition(".")[2]))
        assert Decimal(found or facts[name]).quantize(decimals, ROUND_HALF_UP) == Decimal(stated), name
    for policy in (OCPI_STRICT, PLAIN):
        assert_adds_up(priced(one.source, policy=policy))


def assert_adds_up(facts: Json) -> None:
    for sense in ("excl_vat", "incl_vat"):
        lines = [Decimal(line[sense]) for line in facts["lines"]]
        assert sum(lines) == Decimal(facts["total_cost"][sense])
    for name in ("net_minor", "tax_minor", "gross_minor"):
        assert sum(line["rounded"][name] for line in facts["lines"]) == facts["rounded"][name]
