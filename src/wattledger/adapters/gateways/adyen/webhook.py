"""Adyen's webhooks: every item of a batch is verified (the official helper looks at the first one only)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from wattledger.adapters.gateways.adyen.transform import off_wire
from wattledger.adapters.gateways.adyen.wire import WireItem, items_of
from wattledger.core.kernel.errors import InvalidInput, Unauthorized
from wattledger.core.payments.facts import Payee
from wattledger.flows.ports.gateway import GatewayAccess, WebhookHint

_ITEMS_MAX: Final = 100


def sign_item(item: WireItem, key: bytes) -> str:
    """The signature of one item (docs.adyen.com/development-resources/webhooks/verify-hmac-signatures)."""
    fields = (
        item.psp_reference,
        item.original_reference,
        item.merchant_account_code,
        item.merchant_reference,
        str(item.amount.value),
        item.amount.currency,
        item.event_code,
        item.success,
    )
    return base64.b64encode(hmac.digest(key, ":".join(fields).encode(), hashlib.sha256)).decode()


def verify(
    access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
) -> tuple[WebhookHint, ...]:
    """Every item, all of them signed by a live secret, each with its merchant account. Adyen signs no time.

    Raises Unauthorized ``webhook_unsigned``, ``webhook_signature_wrong``; InvalidInput ``webhook_malformed``.
    """
    del now
    _check_sender(access, headers)
    try:
        items = items_of(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput("webhook_malformed", f"Not a notification: {error}") from None
    if not 0 < len(items) <= _ITEMS_MAX:
        raise InvalidInput("webhook_malformed", f"A message with {len(items)} items.")
    keys = _keys(access)
    is_signed = [_is_signed(item, keys) for item, _ in items]
    if not all(is_signed):
        raise Unauthorized("webhook_signature_wrong", "An item's signature fits none of this endpoint's secrets.")
    return tuple(_hint(item, payee) for item, payee in items)


def _hint(item: WireItem, payee: Payee) -> WebhookHint:
    name = off_wire(item.merchant_reference)
    reference = ":".join(name.split(":")[:2]) if ":" in name else None
    event_ref = f"{item.event_code}:{item.psp_reference}:{item.success}"
    about = item.original_reference or item.psp_reference
    return WebhookHint(event_ref, item.event_code, about, reference, payee)


def _keys(access: GatewayAccess) -> list[bytes]:
    names = ("webhook_secret", "webhook_secret_next")
    try:
        return [binascii.unhexlify(access.secrets[name]) for name in names if access.secrets.get(name)]
    except (binascii.Error, ValueError):
        raise Unauthorized("webhook_signature_wrong", "The endpoint's secret is no HMAC key.") from None


def _is_signed(item: WireItem, keys: list[bytes]) -> bool:
    signature = item.said("hmacSignature")
    if not signature:
        raise Unauthorized("webhook_unsigned", "An item is not signed.")
    is_right = False
    for key in keys:
        is_right |= hmac.compare_digest(sign_item(item, key).encode(), signature.encode())
    return is_right


def _check_sender(access: GatewayAccess, headers: Mapping[str, str]) -> None:
    """Basic authentication, where the account has a name and a password for it."""
    name, password = access.secrets.get("webhook_user", ""), access.secrets.get("webhook_password", "")
    if not name:
        return
    expected = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    if not hmac.compare_digest(expected.encode(), headers.get("authorization", "").encode()):
        raise Unauthorized("webhook_unsigned", "The sender did not name itself.")
