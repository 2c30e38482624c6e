"""Bills held against the terms that were fixed with them: taxes, market prices, tiers by the month.

Nothing here imports what it checks: terms and tariffs are read as JSON, dates and rates worked out anew.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from wattledger.flows.ports.verify import RawBill, RawBooks
from wattledger.flows.verify_content import content_name

_SPOT: Final = 10**6
_FINEST: Final = Decimal("1e-9")
_MONTH: Final = {"energy": "energy_milliwh", "time": "charging_us", "idle": "idle_us"}
_DIMENSIONS: Final = {"reservation": "time", "reservation_flat": "flat"}


async def terms_faults(raw: RawBooks, tenant_id: int, _now: datetime) -> AsyncIterator[tuple[str, str, str]]:
    """Terms of prices are named by their content: whatever changed some gave them another name."""
    async for terms_id, body in raw.price_terms(tenant_id):
        name = content_name("price_terms", body)
        if name != terms_id:
            yield "price_terms_changed", str(terms_id), f"their content is named {name}"


def terms_fault(bill: RawBill, rated: dict[str, Any]) -> str:
    """What of a bill does not follow from its tariff and its terms; empty where all does."""
    terms = json.loads(bill.terms or b"{}", parse_float=Decimal)
    tariff = json.loads(bill.tariff or b"{}", parse_float=Decimal)
    day = bill.started_at.astimezone(ZoneInfo(rated["time_zone"])).date()
    rules = terms.get("tax_rules") or {}
    treatment = rules.get("treatment", "standard")
    if rated.get("tax_treatment", "standard") != treatment and rated["lines"]:
        return f"taxed as {rated.get('tax_treatment', 'standard')}, the rules say {treatment}"
    for line, component in _lines(rated, tariff):
        due = _taxes(line, component, tariff, rules, day) if treatment == "standard" else []
        if line.get("taxes", []) != due:
            return f"a line of {line['dimension']} bears {_names(line.get('taxes', []))}, due is {_names(due)}"
        is_reserved = "reservation" in tariff["elements"][line["element"]].get("restrictions", {})
        fault = _price_fault(line, component, [] if is_reserved else _members(terms, component))
        fault = fault or ("" if _is_members(terms) else _spot_fault(line, component.get("spot"), terms))
        if fault:
            return fault
    return _excise_fault(rated, rules, day) or _tier_fault(rated, tariff, terms) or _discount_fault(rated, terms)


def _lines(rated: dict[str, Any], tariff: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each line that follows from a component of the tariff, with it."""
    for line in rated["lines"]:
        element, component = line.get("element", -1), line.get("component", -1)
        if element >= 0 and tariff:
            yield line, tariff["elements"][element]["components"][component]


def _taxes(
    line: dict[str, Any], component: dict[str, Any], tariff: dict[str, Any], rules: dict[str, Any], day: date
) -> list[dict[str, Any]]:
    if tariff.get("tax_treatment") == "not_applicable":
        return []
    stated = list(component.get("taxes", []))
    if stated and not rules.get("is_replacing", False):
        return stated
    dimension = _DIMENSIONS.get(line["dimension"], line["dimension"])
    found = [
        dated["tax"]
        for dated in rules.get("taxes", [])
        if _holds(dated, day) and dimension in (dated.get("dimensions") or [dimension])
    ]
    return found or stated


def _tier_fault(rated: dict[str, Any], tariff: dict[str, Any], terms: dict[str, Any]) -> str:
    """What is billed at each price of a component with tiers is what its tiers say, from the month's usage on."""
    if _is_members(terms):
        return ""
    sums: dict[tuple[int, int], dict[Fraction, int]] = {}
    for line, component in _lines(rated, tariff):
        if component.get("tiers"):
            billed = sums.setdefault((line["element"], line["component"]), {})
            price = Fraction(line["price"])
            billed[price] = billed.get(price, 0) + line["billed"]
    for (element, place), billed in sums.items():
        component = tariff["elements"][element]["components"][place]
        is_monthly = component.get("tier_span") == "month"
        used = (terms.get("month") or {}).get(_MONTH.get(component["dimension"], ""), 0) if is_monthly else 0
        due = _by_tier(component, used, sum(billed.values()))
        if {price: count for price, count in billed.items() if count} != due:
            return f"tiers of {component['dimension']} from {used} on are not what its lines bill"
    return ""


def _by_tier(component: dict[str, Any], used: int, total: int) -> dict[Fraction, int]:
    scale = 1_000 if component["dimension"] == "energy" else 1_000_000
    steps = [(tier["until"] * scale, Fraction(tier["price"])) for tier in component["tiers"]]
    last = Fraction(component["price"])
    if component.get("tiering") == "volume":
        price = next((price for until, price in steps if used + total <= until), last)
        return {price: total} if total else {}
    due: dict[Fraction, int] = {}
    begin, end = used, used + total
    for until, price in [*steps, (end, last)]:
        part = max(0, min(until, end) - begin)
        if part:
            due[price] = due.get(price, 0) + part
            begin += part
    return due


def _members(terms: dict[str, Any], component: dict[str, Any]) -> list[dict[str, Any]]:
    """The member prices of a component's dimension, in the order they were given."""
    found = [one for one in terms.get("adjustments", []) if one["type"] == "MemberPrice"]
    return [one for one in found if one["dimension"] == component["dimension"]]


def _price_fault(line: dict[str, Any], component: dict[str, Any], members: list[dict[str, Any]]) -> str:
    """A line that follows neither market nor tiers has its component's price, or the member's."""
    has_price = not (component.get("spot") or component.get("tiers"))
    price = Decimal(component["price"])
    for one in members:
        if one.get("price") is not None:
            price, has_price = Decimal(one["price"]), True
        else:
            price *= 1 - Decimal(one.get("off_ppm", 0)) / 1_000_000
    if not has_price or abs(Decimal(line["price"]) - price) <= _FINEST:
        return ""
    return f"a line of {line['dimension']} at {line['price']}, due is {price}"


def _discount_fault(rated: dict[str, Any], terms: dict[str, Any]) -> str:
    """Nothing is taken off that the terms do not name, nor more of the whole than a lone percentage says."""
    given = {one["name"]: one for one in terms.get("adjustments", [])}
    taken = [line for line in rated["lines"] if line["dimension"] in {"discount", "voucher"}]
    stranger = next((line for line in taken if line.get("name") not in given), None)
    if stranger is not None:
        return f"{stranger.get('name', '')!r} takes something off, and its terms do not name it"
    if [one["type"] for one in given.values()] != ["PercentOff"] or any(
        one.get("dimensions") or one.get("most") is not None for one in given.values()
    ):
        return ""
    off = Fraction(next(iter(given.values()))["off_ppm"], 1_000_000)
    due = off * sum(line["net_units"] for line in rated["lines"] if line not in taken)
    if abs(-sum(line["net_units"] for line in taken) - due) > len(rated["lines"]):
        return f"{next(iter(given))!r} takes off {-sum(line['net_units'] for line in taken)} units, due are {due}"
    return ""


def _is_members(terms: dict[str, Any]) -> bool:
    return any(one["type"] == "MemberPrice" for one in terms.get("adjustments", []))


def _spot_fault(line: dict[str, Any], spot: dict[str, Any] | None, terms: dict[str, Any]) -> str:
    """A line that follows a market has the price that the terms' prices make, at every instant of it."""
    if spot is None:
        return ""
    series = next((one for one in terms.get("market", []) if one["name"] == spot["series"]), None)
    if series is None:
        return f"a line follows {spot['series']!r}, of which its terms hold no price"
    begin, end = datetime.fromisoformat(line["started_at"]), datetime.fromisoformat(line["ended_at"])
    edges = [*map(datetime.fromisoformat, series["starts_at"]), datetime.fromisoformat(series["ends_at"])]
    spans = zip(edges, edges[1:], series["prices"], strict=False)
    prices = [price for since, until, price in spans if since <= begin < until or begin < since < end]
    due = {None if price is None else _spot_price(Fraction(price), spot) for price in prices}
    if end > edges[-1] or due != {Fraction(line["price"])}:
        return f"a line at {line['price']} follows {spot['series']!r}, which makes {sorted(map(str, due))}"
    return ""


def _spot_price(market: Fraction, spot: dict[str, Any]) -> Fraction:
    """Six decimals, half up by size, within the terms; bounds never rounded past themselves."""
    exact = Fraction(spot.get("factor", 1)) * market + Fraction(spot.get("margin", 0))
    size = int(abs(exact) * _SPOT + Fraction(1, 2))
    price = Fraction(size if exact >= 0 else -size, _SPOT)
    least = Fraction(-int(-Fraction(spot.get("price_min", 0)) * _SPOT // 1), _SPOT)
    price = max(price, least, Fraction(0))
    most = spot.get("price_max")
    return price if most is None else min(price, Fraction(int(Fraction(most) * _SPOT // 1), _SPOT))


def _excise_fault(rated: dict[str, Any], rules: dict[str, Any], day: date) -> str:
    """Each excise of the day takes its price of each kWh, by started steps."""
    lines = {line["note"]: line for line in rated["lines"] if line["dimension"] == "excise"}
    due = {one["name"]: one for one in rules.get("excises", []) if _holds(one, day)}
    if not rated["energy_milliwh"]:
        due = {}
    if lines.keys() != due.keys():
        return f"excises {sorted(lines)} are charged, due are {sorted(due)}"
    for name, line in lines.items():
        step, energy = due[name].get("step_wh", 0) * 1_000, rated["energy_milliwh"]
        billed = -(-energy // step) * step if step else energy
        owed = Fraction(due[name]["per_kwh"]) * billed / 1_000_000
        if Fraction(line["tax_units"], rated["units_per_major"]) != owed:
            return f"{name} takes {line['tax_units']} of {rated['units_per_major']}, due is {owed}"
    return ""


def _holds(dated: dict[str, Any], day: date) -> bool:
    begin, end = dated.get("valid_from"), dated.get("valid_until")
    return (begin is None or date.fromisoformat(begin) <= day) and (end is None or day < date.fromisoformat(end))


def _names(taxes: list[dict[str, Any]]) -> str:
    return ", ".join(f"{tax['name']} {tax['rate_ppm']} ppm" for tax in taxes) or "none"
