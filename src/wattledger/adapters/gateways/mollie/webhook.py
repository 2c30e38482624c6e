"""Mollie's webhooks carry an id and no signature: they are believed in nothing but where to look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.gateway import GatewayAccess, WebhookHint

# A payment's id, as the form's one field; anything else may be sent by anybody.
_ID: Final = re.compile(r"tr_[A-Za-z0-9]{6,40}")
_BODY_BYTES_MAX: Final = 1024
_SECONDS: Final = 1


def verify(
    access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
) -> tuple[WebhookHint, ...]:
    """The payment to fetch. Whoever knows the endpoint's secret path may make us look, and no more than look.

    One look a second and payment: that bounds what a stranger who knows the path can cause.
    Raises InvalidInput ``webhook_malformed``.
    """
    del access, headers
    if len(raw) > _BODY_BYTES_MAX:
        raise InvalidInput("webhook_malformed", "Not a notification: too long.")
    try:
        fields = parse_qs(raw.decode("ascii"), strict_parsing=True, max_num_fields=4)
    except (UnicodeDecodeError, ValueError):
        raise InvalidInput("webhook_malformed", "Not a notification.") from None
    names = fields.get("id", [])
    if len(names) != 1 or not _ID.fullmatch(names[0]):
        raise InvalidInput("webhook_malformed", "Not a notification of a payment.")
    at_s = int(now.timestamp()) // _SECONDS
    return (WebhookHint(f"{names[0]}:{at_s}", "payment", names[0]),)
