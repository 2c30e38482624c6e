"""The store of payments, attempts, operations, webhook events, gateway accounts."""

from __future__ import annotations

from typing import Protocol


class PaymentStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
