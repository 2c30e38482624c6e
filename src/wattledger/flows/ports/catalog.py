"""The store of tenants, sites, stations, connectors, tariffs, customers, contracts, tokens."""

from __future__ import annotations

from typing import Protocol


class CatalogStore(Protocol):
    """Reads and writes within one transaction of one tenant."""
