"""The store of what a driver's pages show (read-only)."""

from __future__ import annotations

from typing import Protocol


class DriverStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
