"""The port to bank statements: a file's bytes become the credits in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wattledger.core.billing.bank_match import Credit


class Statements(Protocol):
    def read(self, raw: bytes) -> Sequence[Credit]:
        """The booked credits of a statement (camt.053, or CSV with a head line), in its order.

        Read whole or not at all: raises InvalidInput ``statement_unreadable`` or ``statement_too_large``.
        """
        ...
