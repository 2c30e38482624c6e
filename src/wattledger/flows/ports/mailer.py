"""The port that sends mail."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Mail(msgspec.Struct, frozen=True):
    """One mail, with one PDF where ``attachment`` is not empty.

    ``key`` names it: the same key is the same mail, sent again or not.
    """

    key: str
    sender_name: str
    to: str
    subject: str
    text: str
    attachment_name: str = ""
    attachment: bytes = b""


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """The mail is handed over. Raises Unavailable ``mail_not_sent``; it may then be sent again."""
        ...
