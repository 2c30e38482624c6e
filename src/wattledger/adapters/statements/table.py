"""CSV as banks export it: a head line in one of several languages, comma or semicolon, 1.234,56 or 1,234.56."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from wattledger.adapters.statements import unreadable
from wattledger.core.billing.bank_match import Credit
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import money_from_decimal

# What a column is called, small and without blanks; the first that a file has is taken.
_NAMES: Final = {
    "day": ("bookingdate", "date", "buchungstag", "buchungsdatum", "boekingsdatum", "datum", "dateoperation"),
    "amount": ("amount", "betrag", "bedrag", "montant", "importo"),
    "currency": ("currency", "waehrung", "währung", "valuta", "munt", "devise"),
    "text": ("remittance", "reference", "purpose", "verwendungszweck", "omschrijving", "libelle", "description"),
    "payer": ("payer", "name", "beguenstigter/zahlungspflichtiger", "auftraggeber", "zahlungspflichtiger", "naam"),
    "ref": ("entryref", "transactionid", "id", "kundenreferenz(end-to-end)", "transactiereferentie"),
    "account": ("account", "iban", "auftragskonto", "rekening"),
}
_NEEDED: Final = ("day", "amount", "text")
_DAYS: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y%m%d", "%d-%m-%Y")
_DEFAULT_CURRENCY: Final = "EUR"


def read_table(raw: bytes) -> Sequence[Credit]:
    """Raises InvalidInput ``statement_unreadable``, with the line."""
    text = _decoded(raw)
    if "\0" in text:
        raise unreadable("it is neither camt.053 nor a text in UTF-8 or Windows-1252.")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise unreadable(f"not CSV: {error}.") from None
    if not rows:
        raise unreadable("it is empty.")
    columns = _columns(rows[0])
    found: list[Credit] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        values = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
        credit = _credit(values, number)
        if credit is not None:
            found.append(credit)
    return found


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _columns(head: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"\s", "", name).strip('"').lower() for name in head]
    found = {
        what: plain.index(name) for what, names in _NAMES.items() for name in reversed(names) if name in plain
    }
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise unreadable(f"no column for {', '.join(missing)} among {', '.join(head)[:200]}.")
    return found


def _credit(values: Mapping[str, str], number: int) -> Credit | None:
    """None for money that went out."""
    try:
        amount = _amount(values["amount"])
        booked_on = _day(values["day"])
        if amount <= 0:
            return None
        money = money_from_decimal(amount, values.get("currency") or _DEFAULT_CURRENCY)
    except (InvalidOperation, InvalidInput, ValueError) as error:
        raise unreadable(f"line {number}: {error}") from None
    return Credit(
        account_ref=values.get("account", ""),
        booked_on=booked_on,
        amount_minor=money.amount_minor,
        currency=money.currency,
        entry_ref=values.get("ref", ""),
        remittance=values["text"],
        payer=values.get("payer", ""),
    )


def _amount(text: str) -> Decimal:
    """1.234,56 and 1,234.56 and 1234.5: the last sign of either kind parts the decimals."""
    plain = re.sub(r"[\s'\u00a0]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*,\d{1,3}|[+-]?\d+,\d{1,3}", plain):
        return Decimal(plain.replace(".", "").replace(",", "."))
    if re.fullmatch(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,3})?", plain):
        return Decimal(plain.replace(",", ""))
    raise ValueError(f"{text!r} is no amount")


def _day(text: str) -> date:
    for pattern in _DAYS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day of the bank's calendar)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no day")
