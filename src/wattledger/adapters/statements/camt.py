"""camt.053 (ISO 20022), through pycamt: every booked credit, those of a collective entry one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from lxml import etree
from pycamt.parser import Camt053ParseError, Camt053Parser

from wattledger.adapters.statements import unreadable
from wattledger.core.billing.bank_match import Credit
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import money_from_decimal

_BOOKED: Final = frozenset({"BOOK", None})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_camt(raw: bytes) -> Sequence[Credit]:
    """Raises InvalidInput ``statement_unreadable``."""
    if b"<!DOCTYPE" in raw[:4096] or b"<!ENTITY" in raw:
        raise unreadable("a statement has no document type of its own.")
    try:
        entries = Camt053Parser(raw).get_transactions()
    except (etree.XMLSyntaxError, Camt053ParseError, AttributeError, ValueError) as error:
        raise unreadable(f"not camt.053: {error or type(error).__name__}") from None
    return [_credit(one) for one in entries if _is_credit(one)]


def _is_credit(entry: Mapping[str, Any]) -> bool:
    is_taken_back = entry.get("ReversalIndicator") == "true"
    return entry.get("CreditDebitIndicator") == "CRDT" and entry.get("Status") in _BOOKED and not is_taken_back


def _credit(entry: Mapping[str, Any]) -> Credit:
    try:
        day = _DAY.match(str(entry.get("BookingDate") or entry.get("ValueDate") or ""))
        if day is None:
            raise unreadable("an entry has no day.")
        booked_on = date.fromisoformat(day.group())
        money = money_from_decimal(Decimal(str(entry["Amount"]).strip()), str(entry["Currency"]))
    except (InvalidOperation, InvalidInput, KeyError, ValueError) as error:
        raise unreadable(f"an entry has no amount or day: {error}") from None
    texts = [entry.get(name) for name in ("RemittanceInformation", "RemittanceInformationFull",
                                          "AdditionalRemittanceInformation", "EndToEndId")]  # fmt: skip
    said = [str(one).strip() for one in texts if one and one != "NOTPROVIDED"]
    return Credit(
        account_ref=str(entry.get("AccountIBAN") or ""),
        booked_on=booked_on,
        amount_minor=money.amount_minor,
        currency=money.currency,
        entry_ref=str(entry.get("TransactionID") or ""),
        remittance=" ".join(dict.fromkeys(said)) or str(entry.get("AdditionalEntryInformation") or ""),
        payer=str(entry.get("DebtorName") or ""),
    )
