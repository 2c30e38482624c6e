"""OCPI CDRs in few words, for the tests of pricing them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from wattledger.core.kernel.instants import format_instant, parse_instant
from wattledger.core.rating.policy import OCPI_STRICT, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.roaming.ocpi_cdrs import import_cdr
from wattledger.core.roaming.ocpi_json import Json, parse_ocpi
from wattledger.core.roaming.ocpi_totals import rated_facts

START = "2026-03-02T10:00:00Z"  # a Monday


def component(kind: str, price: float | str, **more: Any) -> Json:
    return {"type": kind, "price": price, "step_size": 1, **more}


def element(*components: Json, **restrictions: Any) -> Json:
    return {"price_components": list(components)} | ({"restrictions": restrictions} if restrictions else {})


def tariff(*elements: Json, **more: Any) -> Json:
    return {"id": "T1", "currency": "EUR", "elements": list(elements), **more}


def period(minutes: float, tariff_id: str | None = "T1", **volumes: float) -> tuple[float, Json]:
    dimensions = [{"type": name, "volume": volume} for name, volume in volumes.items()]
    return minutes, {"dimensions": dimensions} | ({} if tariff_id is None else {"tariff_id": tariff_id})


def cdr(*periods: tuple[float, Json], tariffs: Any = (), start: str = START, **more: Any) -> Json:
    """A CDR of periods that follow each other."""
    instant = parse_instant(start)
    found = []
    for minutes, one in periods:
        found.append({"start_date_time": format_instant(instant), **one})
        instant += timedelta(minutes=minutes)
    return {
        "id": "CDR1",
        "start_date_time": start,
        "end_date_time": format_instant(instant),
        "currency": "EUR",
        "tariffs": list(tariffs),
        "charging_periods": found,
        **more,
    }


def priced(source: Json, *, policy: RatingPolicy = OCPI_STRICT, **options: Any) -> Json:
    """The facts that ``wattledger rate --json`` tells, of a CDR as it travels."""
    imported = import_cdr(parse_ocpi(json.dumps(source)), **options)
    return rated_facts(rate(imported.usage, imported.compiled(), policy=policy), imported.tariffs)


def cost(source: Json, name: str = "total_cost", sense: str = "excl_vat", **options: Any) -> str:
    return str(priced(source, **options)[name][sense])
