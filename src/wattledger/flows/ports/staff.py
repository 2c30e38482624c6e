"""The store of staff, logins, the audit trail."""

from __future__ import annotations

from typing import Protocol


class StaffStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
