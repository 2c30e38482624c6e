"""The store of what an operator's pages show (read-only)."""

from __future__ import annotations

from typing import Protocol


class DeskStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
