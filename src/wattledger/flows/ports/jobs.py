"""The store of due work (table job)."""

from __future__ import annotations

from typing import Protocol


class JobStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
