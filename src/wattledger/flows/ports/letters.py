"""The port that words what is written to customers and drivers, in their language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

import msgspec


class LetterKind(StrEnum):
    LINK = "link"  # a person at the desk sends the page of an open invoice
    REMIND = "remind"  # an invoice is past its due date
    CONFIRM = "confirm"  # a kept method was charged, and the bank wants to see its owner
    REST = "rest"  # a session cost more than was held
    RENEW = "renew"  # a session goes on only if its driver confirms another hold


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says: ``number`` and ``due_on`` of an invoice, ``site_name`` and ``ended_at`` of a session, or
    ``stops_at`` of one that still goes on.
    """

    kind: LetterKind
    language: str
    seller: str
    help_phone: str | None
    amount_minor: int
    currency: str
    address: str
    time_zone: str
    number: str = ""
    due_on: date | None = None
    site_name: str = ""
    ended_at: datetime | None = None
    stops_at: datetime | None = None


WriteLetter = Callable[[Letter], tuple[str, str]]  # (subject, text)
