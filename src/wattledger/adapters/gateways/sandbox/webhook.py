"""Webhooks of the sandbox provider."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from wattledger.adapters.gateways.sandbox.transform import WireEvent, payee_of
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.payments.signatures import verify_signed
from wattledger.flows.ports.gateway import GatewayAccess, WebhookHint

SIGNATURE_HEADER: Final = "sandbox-signature"
_EVENT: Final = msgspec.json.Decoder(WireEvent)


def live_secrets(access: GatewayAccess) -> list[str]:
    """The secrets that may sign: the two that were set, else the one that follows from the API key."""
    names = ("webhook_secret", "webhook_secret_next")
    chosen = [access.secrets[name] for name in names if access.secrets.get(name)]
    if chosen:
        return chosen
    digest = hmac.new(access.secrets["api_key"].encode(), b"webhook", hashlib.sha256).hexdigest()
    return ["whsec_" + digest[:40]]


def verify(
    access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
) -> tuple[WebhookHint, ...]:
    """The one event of a message. Raises Unauthorized ``webhook_*``, InvalidInput ``webhook_malformed``."""
    verify_signed(raw, headers.get(SIGNATURE_HEADER, ""), live_secrets(access), now)
    try:
        event = _EVENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput("webhook_malformed", f"Not an event: {error}") from None
    about = event.data
    return (WebhookHint(event.id, event.type, about.id, about.reference, payee_of(about.payee)),)
