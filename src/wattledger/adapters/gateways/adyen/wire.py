"""What of Adyen's notifications is read; the rest may change without anybody noticing."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wattledger.core.payments.facts import Mode, Payee


class WireAmount(msgspec.Struct, frozen=True):
    value: int
    currency: str


class WireItem(msgspec.Struct, frozen=True, rename="camel"):
    """One notification; ``merchant_reference`` is what we called the payment or the call."""

    psp_reference: str
    merchant_reference: str
    merchant_account_code: str
    event_code: str
    success: str
    amount: WireAmount
    original_reference: str = ""
    payment_method: str = ""
    reason: str = ""
    event_date: str = ""
    additional_data: dict[str, Any] = {}

    @property
    def is_good(self) -> bool:
        return self.success == "true"

    def said(self, name: str) -> str:
        value = self.additional_data.get(name)
        return value if isinstance(value, str) else ""


class WireWrap(msgspec.Struct, frozen=True):
    item: WireItem = msgspec.field(name="NotificationRequestItem")


class WireMessage(msgspec.Struct, frozen=True, rename="camel"):
    notification_items: tuple[WireWrap, ...]
    live: str = ""


_MESSAGE: Final = msgspec.json.Decoder(WireMessage)


def items_of(raw: bytes) -> list[tuple[WireItem, Payee]]:
    """The items, each with whose account it is about; the mode, of the whole message, is not signed.

    Raises msgspec.MsgspecError or UnicodeDecodeError where it is no message of Adyen's.
    """
    message = _MESSAGE.decode(raw)
    mode = {"true": Mode.LIVE, "false": Mode.TEST}.get(message.live, "")
    return [(one.item, Payee(one.item.merchant_account_code, mode)) for one in message.notification_items]
