"""What Adyen told stands for its books: no API of its lists payments; its settlement reports come later.

Its signed messages are summed up anew, apart from the code that works on them: a message that was taken in and
never worked on, or worked on wrongly, shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from wattledger.core.kernel.money import exponent_of
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer, GatewayRecord

NOTE: Final = "its messages to us stand for its books"
# Where Adyen's decimals are not those of ISO 4217 (docs.adyen.com/development-resources/currency-codes).
_DECIMALS: Final = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
_HOLDS: Final = frozenset({"AUTHORISATION", "AUTHORISATION_ADJUSTMENT"})
_ENDS: Final = frozenset({"CANCELLATION", "TECHNICAL_CANCEL", "EXPIRE"})
_REFUNDS: Final = frozenset({"REFUND", "REFUND_WITH_DATA"})
_REFUND_FAILS: Final = frozenset({"REFUND_FAILED", "REFUNDED_REVERSED"})


class _Amount(msgspec.Struct):
    value: int
    currency: str


class _Item(msgspec.Struct, rename="camel"):
    psp_reference: str
    merchant_reference: str
    merchant_account_code: str
    event_code: str
    success: str
    amount: _Amount
    additional_data: dict[str, Any] = {}


class _Wrap(msgspec.Struct):
    item: _Item = msgspec.field(name="NotificationRequestItem")


class _Message(msgspec.Struct, rename="camel"):
    notification_items: list[_Wrap]


@dataclass(slots=True)
class _Sum:
    """One attempt; what was captured and given back by the call that did it."""

    ref: str = ""
    currency: str = ""
    authorized: int = 0
    captured: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    is_over: bool = False


def records(asked: BooksAsked) -> GatewayAnswer:
    sums: dict[str, _Sum] = {}
    for item in _items(asked):
        parts = item.merchant_reference.split(".")
        if len(parts) < 2:
            continue
        _add(sums.setdefault(":".join(parts[:2]), _Sum()), item)
    found = [_record(name, one, is_sale=name in asked.sales) for name, one in sums.items() if one.ref]
    return GatewayAnswer(found, asked.since, NOTE)


def _items(asked: BooksAsked) -> Iterator[_Item]:
    """Each once, about our merchant account."""
    seen = set()
    for raw in asked.messages:
        try:
            wraps = msgspec.json.decode(raw, type=_Message).notification_items
        except msgspec.MsgspecError:
            continue
        for wrap in wraps:
            mark = (wrap.item.event_code, wrap.item.psp_reference, wrap.item.success)
            if wrap.item.merchant_account_code == asked.settings.get("merchant_account") and mark not in seen:
                seen.add(mark)
                yield wrap.item


def _add(one: _Sum, item: _Item) -> None:
    code, call, value = item.event_code, item.merchant_reference, item.amount.value
    if code == "CAPTURE_FAILED" or code in _REFUND_FAILS:
        one.lost.add(call)
    if item.success != "true":
        return
    if code in _HOLDS:
        one.authorized = max(one.authorized, _granted(item))
    if code == "AUTHORISATION":
        one.ref, one.currency = item.psp_reference, item.amount.currency
    elif code == "CAPTURE":
        one.captured[call] = value
    elif code in _REFUNDS:
        one.refunded[call] = value
    elif code in _ENDS:
        one.is_over = True


def _granted(item: _Item) -> int:
    """A bank may grant a part; the field that says so is not signed, and can only lower the sum."""
    told = item.additional_data.get("authorisedAmountValue")
    is_part = item.event_code == "AUTHORISATION" and isinstance(told, str) and told.isdecimal()
    return min(item.amount.value, int(str(told))) if is_part else item.amount.value


def _record(name: str, one: _Sum, *, is_sale: bool) -> GatewayRecord:
    captured = sum(value for call, value in one.captured.items() if call not in one.lost)
    if is_sale:
        captured = one.authorized
    held = 0 if captured or one.is_over else one.authorized
    refunded = sum(value for call, value in one.refunded.items() if call not in one.lost)
    return GatewayRecord(
        ref=one.ref,
        reference=name,
        currency=one.currency,
        captured_minor=_minor(captured, one.currency),
        refunded_minor=_minor(refunded, one.currency),
        held_minor=_minor(held, one.currency),
    )


def _minor(amount: int, currency: str) -> int:
    iso = exponent_of(currency)
    wire = _DECIMALS.get(currency, iso)
    scaled: int = amount * 10**iso // 10**wire
    return scaled
