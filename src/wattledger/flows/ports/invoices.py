"""The store of fiscal documents and their numbers, jobs."""

from __future__ import annotations

from typing import Protocol


class InvoiceStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
