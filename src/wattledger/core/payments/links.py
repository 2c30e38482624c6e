"""Signed links that last for a short while: each for one purpose and one subject, and not to be guessed.

``1.<key>.<purpose>.<expiry>.<subject>.<signature>``: ``key`` names the key that signed, so that keys may change;
the signature covers all before it. A link that is expired, for something else, or changed by a sign is refused.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from wattledger.core.kernel.errors import Refused, Unauthorized

LENGTH_MAX: Final = 300
_FORM: Final = re.compile(
    r"1\.([0-9a-z]{1,8})\.([a-z]{1,8})\.([0-9]{1,11})\.([A-Za-z0-9_-]{1,120})\.([A-Za-z0-9_-]{22})", re.ASCII
)
_SIGNATURE_BYTES: Final = 16


class Purpose(StrEnum):
    START = "start"  # a connector's page, for one driver at one time
    RECEIPT = "receipt"  # one payment's receipt
    INVOICE = "invoice"  # one invoice, to look at and to pay
    REST = "rest"  # what is left of one session's bill, to pay


@dataclass(frozen=True, slots=True)
class Link:
    """``subject`` is what it leads to: a connector's public id, or ``tenant_id:`` and the id of one row."""

    purpose: Purpose
    subject: str
    expires_at: datetime


MacOf = Callable[[str, str], bytes]  # (key name, text) -> at least 16 bytes


def write_link(link: Link, key_name: str, mac_of: MacOf) -> str:
    """The token, safe in an address."""
    subject = base64.urlsafe_b64encode(link.subject.encode()).decode().rstrip("=")
    text = f"1.{key_name}.{link.purpose}.{int(link.expires_at.timestamp())}.{subject}"
    return f"{text}.{_signature(text, key_name, mac_of)}"


def read_link(token: str, purpose: Purpose, now: datetime, mac_of: MacOf, *, lasts_max: timedelta) -> Link:
    """What a token leads to.

    Raises Unauthorized ``link_invalid`` where it was not signed by us for this purpose, Refused
    ``link_expired`` where its time is over. A link that claims to last longer than any we make is invalid.
    """
    invalid = Unauthorized("link_invalid", "This link is not one of ours, or it was not copied whole.")
    found = _FORM.fullmatch(token) if len(token) <= LENGTH_MAX else None
    if found is None:
        raise invalid
    key_name, said_purpose, expiry, subject, signature = found.groups()
    expected = _signature(token.rpartition(".")[0], key_name, mac_of)
    if not hmac.compare_digest(expected.encode(), signature.encode()) or said_purpose != purpose:
        raise invalid
    expires_at = datetime.fromtimestamp(int(expiry), UTC)
    if expires_at > now + lasts_max:
        raise invalid
    if now >= expires_at:
        raise Refused("link_expired", "This link has expired.")
    try:
        plain = base64.urlsafe_b64decode(subject + "=" * (-len(subject) % 4)).decode()
    except ValueError:
        raise invalid from None
    return Link(purpose, plain, expires_at)


def _signature(text: str, key_name: str, mac_of: MacOf) -> str:
    return base64.urlsafe_b64encode(mac_of(key_name, text)[:_SIGNATURE_BYTES]).decode().rstrip("=")
