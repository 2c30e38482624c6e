"""Links that we sign for a short while, under a key of the month."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from wattledger.core.payments.links import Link, Purpose, read_link, write_link
from wattledger.flows.ports.base import Clock, Secrets

LASTS: Final = {
    Purpose.START: timedelta(minutes=15),
    Purpose.RECEIPT: timedelta(minutes=30),
    # As long as a customer may take to pay, be reminded, and look for the paid invoice.
    Purpose.INVOICE: timedelta(days=90),
    # The session's own page makes a new one at any time.
    Purpose.REST: timedelta(days=7),
}


def make_link(secrets: Secrets, clock: Clock, purpose: Purpose, subject: str) -> tuple[str, datetime]:
    """The token, and when it expires."""
    now = clock.now()
    link = Link(purpose, subject, now.replace(microsecond=0) + LASTS[purpose])
    return write_link(link, f"{now:%y%m}", lambda key, text: _mac(secrets, key, text)), link.expires_at


def open_link(secrets: Secrets, clock: Clock, purpose: Purpose, token: str) -> str:
    """The subject. Raises Unauthorized ``link_invalid``, Refused ``link_expired``."""
    lasts_max = LASTS[purpose]
    link = read_link(token, purpose, clock.now(), lambda key, text: _mac(secrets, key, text), lasts_max=lasts_max)
    return link.subject


def _mac(secrets: Secrets, key_name: str, text: str) -> bytes:
    """A key that somebody learnt signs links of one month only: each month's follows from the installation's."""
    return secrets.fingerprint(text, purpose=f"link:{key_name}")
