"""The store of driver on PostgreSQL; its statements are in driver.sql."""

from __future__ import annotations

from typing import Any


class PgDriverStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
