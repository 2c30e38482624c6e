"""The store of journals, transfers, accounts, seals."""

from __future__ import annotations

from typing import Protocol


class BookStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
