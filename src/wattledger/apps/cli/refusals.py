"""A refusal as a terminal shows it: one line, however long and strange what was refused is."""

from __future__ import annotations

from typing import Final

from wattledger.core.kernel.errors import WattledgerError

_MESSAGE_MAX: Final = 300


def refusal_line(refusal: WattledgerError, before: str = "") -> str:
    """The sentence and its code on one line, without a character that a terminal would obey."""
    message = f"{before}{refusal.message}"
    if len(message) > _MESSAGE_MAX:
        message = f"{message[:_MESSAGE_MAX]} …"
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in message)
    return f"{shown} [{refusal.code}]"
