"""Stripe's webhooks: stricter than the SDK's helper, which takes times from the future and a tolerance of zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from wattledger.adapters.gateways.stripe.transform import mode_of
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.payments.facts import Payee
from wattledger.core.payments.signatures import verify_signed
from wattledger.flows.ports.gateway import GatewayAccess, WebhookHint

SIGNATURE_HEADER: Final = "stripe-signature"
# What may say something about a payment of ours; an endpoint may be subscribed to more.
_KINDS: Final = ("checkout.session.", "payment_intent.", "charge.", "refund.")


class _Object(msgspec.Struct, frozen=True):
    id: str
    object: str
    metadata: dict[str, str] | None = None
    payment_intent: str | None = None


class _Data(msgspec.Struct, frozen=True):
    object: _Object


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _Data
    livemode: bool | None = None
    account: str | None = None


class _Head(msgspec.Struct, frozen=True):
    id: str
    type: str


_HEAD: Final = msgspec.json.Decoder(_Head)
_EVENT: Final = msgspec.json.Decoder(_Event)


def verify(
    access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
) -> tuple[WebhookHint, ...]:
    """What to look at again; nothing for events that are about no payment.

    Raises Unauthorized ``webhook_*``, InvalidInput ``webhook_malformed``.
    """
    names = ("webhook_secret", "webhook_secret_next")
    live = [access.secrets[name] for name in names if access.secrets.get(name)]
    verify_signed(raw, headers.get(SIGNATURE_HEADER, ""), live, now)
    try:
        if not _HEAD.decode(raw).type.startswith(_KINDS):
            return ()
        event = _EVENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput("webhook_malformed", f"Not an event: {error}") from None
    about = event.data.object
    ref = about.id if about.object in {"checkout.session", "payment_intent"} else about.payment_intent
    reference = (about.metadata or {}).get("reference")
    payee = Payee(event.account or "", mode_of(event.livemode))
    return (WebhookHint(event.id, event.type, ref, reference, payee),)
