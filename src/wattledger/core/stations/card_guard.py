"""Card numbers in what a station says: struck out before the message is understood, stored, logged or answered.

The message itself is taken as ever, and answered: a token that was a card number is then a token nobody knows.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from wattledger.core.kernel.card_numbers import (
    has_card_number,
    may_hold_card_number,
    strike_card_numbers,
    strike_in,
)

# Numbers that stations and their makers give out, which a changed digit would spoil: SIMs, serial numbers,
# certificates, the station's own name of a session.
_OTHER_NUMBERS: Final = frozenset(
    {
        "certificate",
        "certificateChain",
        "chargeBoxSerialNumber",
        "chargePointSerialNumber",
        "csr",
        "exiRequest",
        "iccid",
        "imsi",
        "issuerKeyHash",
        "issuerNameHash",
        "meterSerialNumber",
        "publicKey",
        "serialNumber",
        "transactionId",
    }
)
# A meter signs what it says, so nothing of it is touched, unless it says that it holds a card's number:
# the identification type of OCMF (table 19) for bank cards.
_SIGNED: Final = re.compile(r"OCMF\||^[0-9A-Fa-f]{64,}$")
_SIGNED_CARD: Final = "ISO7812"
_ESCAPED_DIGIT: Final = b"\\u00"


class Heard(msgspec.Struct, frozen=True):
    """``text`` is to be understood, ``kept`` to be stored: they differ where a message id looked like a card."""

    text: str | bytes
    kept: bytes
    had_card_number: bool = False


def without_card_numbers(text: str | bytes) -> Heard:
    """The frame that ``text`` is, with every card number of its payload struck out. Never raises."""
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    if not may_hold_card_number(raw) and _ESCAPED_DIGIT not in raw:
        return Heard(text, raw)
    try:
        frame = msgspec.json.decode(raw, type=list[Any])
        struck = [*frame[:2], *(_strike(part) for part in frame[2:])]
        kept = [*frame[:1], *(_strike(part) for part in frame[1:])]
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _of_broken(text, raw)
    if struck == frame:
        return Heard(text, raw if kept == frame else msgspec.json.encode(kept))
    return Heard(msgspec.json.encode(struck).decode(), msgspec.json.encode(kept), had_card_number=True)


def _of_broken(text: str | bytes, raw: bytes) -> Heard:
    said = raw.decode(errors="replace")
    if not has_card_number(said):
        return Heard(text, raw)
    struck = strike_card_numbers(said)
    return Heard(struck, struck.encode(errors="replace"), had_card_number=True)


def _strike(value: Any) -> Any:
    return strike_in(value, _OTHER_NUMBERS, strike=_strike_text)


def _strike_text(text: str) -> str:
    is_signed = _SIGNED.search(text) is not None and _SIGNED_CARD not in text
    return text if is_signed else strike_card_numbers(text)
