"""What a document prints, as plain text in its places: whoever sets the type needs to know nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import msgspec

from wattledger.core.billing.document import Document, DocumentLine, Party, SessionFacts
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.payment_reference import payment_reference, printed_reference
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money, exponent_of
from wattledger.core.rating.rated import Unit
from wattledger.core.tariffs.wording import plain_number

_TITLES: Final = {
    DocumentKind.RECEIPT: "Receipt",
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.CREDIT_NOTE: "Credit note",
}
_PRICE_DECIMALS: Final = 4
_MINUS: Final = "\N{MINUS SIGN}"
_DASH: Final = "\N{EN DASH}"


class Fact(msgspec.Struct, frozen=True):
    label: str
    value: str
    is_strong: bool = False


class Row(msgspec.Struct, frozen=True):
    text: str
    detail: str
    quantity: str
    price: str
    tax: str
    net: str
    gross: str


class Group(msgspec.Struct, frozen=True):
    """Rows under one heading: the lines of one session, or those of none."""

    heading: str
    rows: tuple[Row, ...]


class Page(msgspec.Struct, frozen=True):
    """Everything a document shows, in reading order."""

    language: str
    title: str
    number: str
    issued_at: datetime
    seller: tuple[str, ...]
    seller_facts: tuple[Fact, ...]
    buyer_title: str
    buyer: tuple[str, ...]
    facts: tuple[Fact, ...]
    notice: str
    session_title: str
    session: tuple[Fact, ...]
    currency: str
    price_heading: str
    groups: tuple[Group, ...]
    totals: tuple[Fact, ...]
    payment_title: str
    payment: tuple[Fact, ...]
    why_title: str
    why: tuple[str, ...]
    link: str


def page_of(document: Document) -> Page:
    """The page of a numbered document, in English, with times on the clocks of the place."""
    buyer = document.buyer
    is_abroad = buyer is not None and buyer.country not in ("", document.seller.country)
    is_receipt = document.kind is DocumentKind.RECEIPT
    session = document.sessions[0] if is_receipt and document.sessions else None
    return Page(
        language="en",
        title=_TITLES[document.kind],
        number=document.printed_number,
        issued_at=document.issued_at,
        seller=_address(document.seller, is_abroad=is_abroad),
        seller_facts=tuple(_seller_facts(document.seller)),
        buyer_title="For" if buyer else "",
        buyer=_address(buyer, is_abroad=is_abroad) if buyer else (),
        facts=tuple(_facts(document)),
        notice=_notice(document),
        session_title="Charging session" if session else "",
        session=tuple(_session(session)) if session else (),
        currency=document.currency,
        price_heading=_price_heading(document),
        groups=tuple(_groups(document)),
        totals=tuple(_totals(document)),
        payment_title="Payment" if document.payment else "",
        payment=tuple(_payment(document)),
        why_title="Why this amount" if document.why else "",
        why=document.why,
        link=document.link,
    )


def amount_text(amount_minor: int, currency: str) -> str:
    """``1,234.50``: the amount with the currency's decimals and a true minus sign, without the currency."""
    text = f"{abs(Money(amount_minor, currency).decimal()):,.{exponent_of(currency)}f}"
    return _MINUS + text if amount_minor < 0 else text


def day_text(day: date) -> str:
    """``5 Nov 2026``."""
    return f"{day.day} {day:%b %Y}"


def moment_text(instant: datetime, time_zone: str) -> str:
    """``5 Nov 2026, 14:03:12 CET``: on the clocks of ``time_zone``."""
    local = instant.astimezone(zone(time_zone))
    return f"{day_text(local.date())}, {local:%H:%M:%S %Z}"


def energy_text(energy_milliwh: int) -> str:
    """``12.500 kWh``, half up to the watt-hour."""
    watt_hours = (energy_milliwh + 500) // 1000
    return f"{Decimal(watt_hours).scaleb(-3):,.3f} kWh"


def duration_text(duration_s: int) -> str:
    """``1 h 05 min``, ``5 min 20 s``."""
    minutes, seconds = divmod(duration_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"


def _money(amount_minor: int, currency: str) -> str:
    return f"{amount_text(amount_minor, currency)} {currency}"


def _address(party: Party, *, is_abroad: bool) -> tuple[str, ...]:
    country = (party.country,) if party.country and is_abroad else ()
    return (party.name, *party.address_lines, *country)


def _seller_facts(seller: Party) -> Iterable[Fact]:
    if seller.vat_id:
        yield Fact("VAT ID", seller.vat_id)
    if seller.phone:
        yield Fact("Help", seller.phone)
    if seller.email:
        yield Fact("E-mail", seller.email)


def _facts(document: Document) -> Iterable[Fact]:
    yield Fact("Number", document.printed_number)
    yield Fact("Issued", day_text(document.issued_on))
    if document.period_on:
        yield Fact("For", f"{document.period_on:%B %Y}")
    if document.due_on:
        yield Fact("Due", day_text(document.due_on))
        yield Fact("Reference", printed_reference(payment_reference(document.series, document.number)))
    buyer = document.buyer
    if buyer and buyer.customer_no:
        yield Fact("Customer", buyer.customer_no)
    if buyer and buyer.vat_id:
        yield Fact("Your VAT ID", buyer.vat_id)


def _notice(document: Document) -> str:
    if document.credited:
        credited = document.credited
        return f"Takes back {credited.number} of {day_text(credited.issued_on)}. Reason: {credited.reason}"
    if document.due_on:
        amount = _money(document.gross_minor, document.currency)
        return f"Please pay {amount} by {day_text(document.due_on)}, stating {document.printed_number}."
    return ""


def _session(session: SessionFacts) -> Iterable[Fact]:
    yield Fact("Site", ", ".join((session.site_name, *session.address_lines)))
    yield Fact("Connector", session.public_id)
    yield Fact("Start", moment_text(session.started_at, session.time_zone))
    yield Fact("End", moment_text(session.ended_at, session.time_zone))
    yield Fact("Duration", duration_text(int((session.ended_at - session.started_at).total_seconds())))
    yield Fact("Meter at start", energy_text(session.register_start_milliwh))
    yield Fact("Meter at end", energy_text(session.register_end_milliwh))
    yield Fact("Energy", energy_text(session.energy_milliwh), is_strong=True)


def _price_heading(document: Document) -> str:
    kinds = {line.is_tax_included for line in document.lines}
    if kinds == {True}:
        return "Price incl. VAT"
    return "Price excl. VAT" if kinds == {False} else "Price"


def _groups(document: Document) -> Iterable[Group]:
    is_mixed = len({line.is_tax_included for line in document.lines}) > 1
    positions = list(dict.fromkeys(line.session for line in document.lines))
    for position in positions:
        rows = tuple(
            _row(line, document.currency, is_mixed) for line in document.lines if line.session == position
        )
        is_headed = position >= 0 and document.kind is not DocumentKind.RECEIPT
        yield Group(_heading(document.sessions[position]) if is_headed else "", rows)


def _heading(session: SessionFacts) -> str:
    local = session.started_at.astimezone(zone(session.time_zone))
    end = session.ended_at.astimezone(zone(session.time_zone))
    when = f"{day_text(local.date())}, {local:%H:%M}{_DASH}{end:%H:%M %Z}"
    return f"{when} · {session.site_name}, {session.public_id} · {energy_text(session.energy_milliwh)}"


def _row(line: DocumentLine, currency: str, is_mixed: bool) -> Row:
    return Row(
        text=line.text,
        detail=line.detail,
        quantity=_quantity(line),
        price=_price(line, currency) + (("" if line.is_tax_included else " net") if is_mixed else ""),
        tax=" + ".join(f"{plain_number(Decimal(tax.rate_ppm) / 10_000, 4)} %" for tax in line.taxes) or _DASH,
        net=amount_text(line.net_minor, currency),
        gross=amount_text(line.gross_minor, currency),
    )


def _quantity(line: DocumentLine) -> str:
    if line.unit is Unit.MILLIWH:
        return energy_text(line.quantity)
    if line.unit is Unit.MICROSECOND:
        return f"{Decimal(line.quantity) / 60_000_000:,.2f} min"
    return "1"


def _price(line: DocumentLine, currency: str) -> str:
    if line.unit is Unit.ONCE:
        return _price_text(line.price, currency)
    if line.unit is Unit.MILLIWH:
        return f"{_price_text(line.price, currency)} / kWh"
    per_minute = line.price / 60
    if per_minute == round(per_minute, _PRICE_DECIMALS):
        return f"{_price_text(per_minute, currency)} / min"
    return f"{_price_text(line.price, currency)} / h"


def _price_text(price: Decimal, currency: str) -> str:
    text = plain_number(price, _PRICE_DECIMALS)
    decimals = max(exponent_of(currency), len(text.partition(".")[2]))
    return f"{price:,.{decimals}f}".replace("-", _MINUS)


def _totals(document: Document) -> Iterable[Fact]:
    currency = document.currency
    yield Fact("Net", _money(document.net_minor, currency))
    for tax in document.taxes:
        rate = plain_number(Decimal(tax.rate_ppm) / 10_000, 4)
        label = f"{tax.name} {rate} % on {amount_text(tax.base_minor, currency)}" if tax.rate_ppm else tax.name
        yield Fact(label, _money(tax.tax_minor, currency))
    yield Fact("Total", _money(document.gross_minor, currency), is_strong=True)


def _payment(document: Document) -> Iterable[Fact]:
    payment = document.payment
    if payment is None:
        return
    currency = document.currency
    if payment.card_last4:
        yield Fact("Card", f"{(payment.card_brand or 'card').title()} ending {payment.card_last4}")
    yield Fact("Held before charging", _money(payment.held_minor, currency))
    yield Fact("Charged", _money(payment.captured_minor, currency), is_strong=True)
    yield Fact("Released", _money(max(0, payment.held_minor - payment.captured_minor), currency))
    if document.gross_minor > payment.captured_minor:
        yield Fact("Not collected", _money(document.gross_minor - payment.captured_minor, currency))
