"""Bills, tariffs and documents computed again from what they say themselves, with arithmetic of its own.

Nothing here imports the rating engine or the documents' code: JSON is read as JSON, amounts as fractions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from wattledger.flows.ports.verify import RawBill, RawBooks, RawDocument
from wattledger.flows.verify_content import content_name
from wattledger.flows.verify_terms import terms_fault

Fault = tuple[str, str, str]
_PER_PRICE: Final = {"milliwh": 1_000_000, "us": 3_600_000_000, "once": 1}
# Lines with a price of their own; the others change what these came to.
_PRICED: Final = frozenset({"energy", "time", "idle", "flat", "reservation", "reservation_flat"})
_WHOLE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"
_SUMS: Final = ("net_minor", "tax_minor", "gross_minor")


async def bill_faults(raw: RawBooks, tenant_id: int, _now: datetime) -> AsyncIterator[Fault]:
    """(code, subject, detail) of every bill whose lines, prices, taxes or limits do not come out."""
    async for bill in raw.bills(tenant_id):
        for code, detail in faults_of_bill(bill):
            yield code, str(bill.bill_id), detail


async def tariff_faults(raw: RawBooks, tenant_id: int, _now: datetime) -> AsyncIterator[Fault]:
    """A tariff version is named by its content: whatever changed one gave it another name."""
    async for version_id, body in raw.tariff_versions(tenant_id):
        if content_name("tariff", body) != version_id:
            yield "tariff_changed", str(version_id), f"its content is named {content_name('tariff', body)}"


async def document_faults(raw: RawBooks, tenant_id: int, _now: datetime) -> AsyncIterator[Fault]:
    """A document prints what its row says, and its PDF is the one that was issued."""
    async for document in raw.documents(tenant_id):
        name = f"{document.series} {document.number}"
        if hashlib.sha256(document.pdf).digest() != document.pdf_sha256:
            yield "pdf_changed", str(document.invoice_id), f"the PDF of {name} is not the one issued"
        if detail := _body_fault(document):
            yield "document_body_differs", str(document.invoice_id), f"{name}: {detail}"


def faults_of_bill(bill: RawBill) -> Iterator[tuple[str, str]]:
    """(code, detail), each code once."""
    try:
        rated = json.loads(bill.rated, parse_float=Decimal)
        broken = terms_fault(bill, rated)
        checks = (
            ("bill_lines_differ", _sum_fault(bill, rated)),
            ("bill_energy_differs", _energy_fault(bill, rated)),
            ("bill_negative", _sign_fault(rated)),
            ("bill_price_wrong", _price_fault(rated)),
            ("bill_tax_wrong", _tax_fault(rated)),
            ("bill_rounding_wrong", _rounding_fault(rated)),
            ("price_limit_broken", _limit_fault(bill, rated)),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        yield "bill_unreadable", f"its derivation cannot be read: {type(error).__name__} {error}"
        return
    found = [(code, detail) for code, detail in checks if detail]
    # Only what is right in itself can be held against anything else.
    yield from found or ([("bill_terms_broken", broken)] if broken else [])


def _sum_fault(bill: RawBill, rated: dict[str, Any]) -> str:
    lines = rated["lines"]
    for name in _SUMS:
        amounts = (getattr(bill, name), rated[name], sum(line[name] for line in lines))
        if len(set(amounts)) > 1:
            return f"{name}: billed {amounts[0]}, rated {amounts[1]}, lines sum to {amounts[2]}"
    if rated["currency"] != bill.currency:
        return f"billed in {bill.currency}, rated in {rated['currency']}"
    for line in lines:
        if line["gross_minor"] != line["net_minor"] + line["tax_minor"]:
            return f"a line of {line['gross_minor']} is {line['net_minor']} and {line['tax_minor']}"
    taxes_minor = sum(tax["tax_minor"] for tax in rated["taxes"])
    return "" if taxes_minor == rated["tax_minor"] else f"taxes of {taxes_minor} make {rated['tax_minor']}"


def _energy_fault(bill: RawBill, rated: dict[str, Any]) -> str:
    metered = bill.register_end_milliwh - bill.register_start_milliwh
    if rated["energy_milliwh"] != metered:
        return f"{rated['energy_milliwh']} priced, registers say {metered}"
    priced = sum(line["quantity"] for line in rated["lines"] if line["dimension"] == "energy")
    return f"lines price {priced} of {metered}" if priced > metered else ""


def _sign_fault(rated: dict[str, Any]) -> str:
    low = [name for name in _SUMS if rated[name] < 0]
    low += [line["dimension"] for line in _priced(rated) if min(line["billed"], line["net_units"]) < 0]
    return f"below zero: {', '.join(low)}" if low else ""


def _price_fault(rated: dict[str, Any]) -> str:
    """Each priced line is its quantity at its price, exactly."""
    for line in _priced(rated):
        stated = line["net_units"] + (line["tax_units"] if rated.get("is_tax_included") else 0)
        due = Fraction(line["price"]) * line["billed"] / _PER_PRICE[line["unit"]]
        if Fraction(stated, rated["units_per_major"]) != due:
            return f"{line['billed']} {line['unit']} at {line['price']} is {_major(due)}, not what its line says"
    return ""


def _tax_fault(rated: dict[str, Any]) -> str:
    for line in _priced(rated):
        if Fraction(line["tax_units"]) != line["net_units"] * _tax_share(line.get("taxes", [])):
            return f"the tax of a line of {line['dimension']} is not that of its rates"
    return ""


def _tax_share(taxes: list[dict[str, Any]]) -> Fraction:
    """Taxes of a higher level are levied on the price with the lower ones inside."""
    share = Fraction(0)
    for level in sorted({tax.get("stack", 0) for tax in taxes}):
        rate_ppm = sum(tax["rate_ppm"] for tax in taxes if tax.get("stack", 0) == level)
        share += (1 + share) * Fraction(rate_ppm, 1_000_000)
    return share


def _rounding_fault(rated: dict[str, Any]) -> str:
    """Rounding moves a line by less than two minor units, and all of them by less than one a line and a tax."""
    per_minor = Fraction(rated["units_per_major"], _minor_per_major(rated["currency"]))
    exact_total = Fraction(0)
    for line in rated["lines"]:
        exact = (line["net_units"] + line["tax_units"]) / per_minor
        exact_total += exact
        if abs(line["gross_minor"] - exact) >= 2:
            return (
                f"a line of {line['dimension']} is {_major(exact)} minor units, rounded to {line['gross_minor']}"
            )
    slack = len(rated["lines"]) + len(rated["taxes"])
    if abs(rated["gross_minor"] - exact_total) > slack:
        return f"{_major(exact_total)} minor units are rounded to {rated['gross_minor']}"
    return ""


def _limit_fault(bill: RawBill, rated: dict[str, Any]) -> str:
    """The tariff's least and greatest price hold, to the minor unit that rounding may take."""
    tariff = json.loads(bill.tariff or b"{}", parse_float=Decimal)
    scale = _minor_per_major(rated["currency"])
    is_discounted = any(line["dimension"] in ("discount", "voucher") for line in rated["lines"])
    for side, name in (("before_taxes", "net_minor"), ("after_taxes", "gross_minor")):
        most = (tariff.get("price_max") or {}).get(side)
        least = (tariff.get("price_min") or {}).get(side)
        if most is not None and rated[name] > Fraction(most) * scale + 1:
            return f"{name} {rated[name]} above the tariff's greatest price {most}"
        if least is not None and not is_discounted and rated[name] < Fraction(least) * scale - 1:
            return f"{name} {rated[name]} below the tariff's least price {least}"
    return ""


def _body_fault(document: RawDocument) -> str:
    try:
        body = json.loads(document.body)
        names = {"kind", "series", "number", "currency", *_SUMS}
        differs = sorted(name for name in names if body.get(name, 0) != getattr(document, name))
        differs += [f"lines' {name}" for name in _SUMS if sum(line[name] for line in body["lines"]) != body[name]]
    except (KeyError, TypeError, ValueError) as error:
        return f"cannot be read: {type(error).__name__} {error}"
    return f"{', '.join(differs)} printed otherwise" if differs else ""


def _priced(rated: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in rated["lines"] if line["dimension"] in _PRICED]


def _minor_per_major(currency: str) -> int:
    if currency in _WHOLE.split():
        return 1
    return 1000 if currency in _THOUSANDTHS.split() else 100


def _major(amount: Fraction) -> str:
    return str(Decimal(amount.numerator) / Decimal(amount.denominator))
