"""The store of desk on PostgreSQL; its statements are in desk.sql."""

from __future__ import annotations

from typing import Any


class PgDeskStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
