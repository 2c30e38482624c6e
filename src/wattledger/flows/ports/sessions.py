"""The store of sessions, events, bills, review items, station commands."""

from __future__ import annotations

from typing import Protocol


class SessionStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
