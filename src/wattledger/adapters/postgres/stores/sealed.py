"""The store of sealed values on PostgreSQL; its statements are in sealed.sql."""

from __future__ import annotations

from typing import Any, Final

from wattledger.adapters.postgres.queries import queries
from wattledger.flows.ports.sealed import SealedRow

_Q: Final = queries("sealed")
# Everything that is kept sealed for longer than a command lives: how it is listed, and how it is replaced.
_KINDS: Final = {
    "gateway_account": (_Q.gateway_accounts, _Q.replace_gateway_account),
    "certificate_authority": (_Q.authorities, _Q.replace_authority),
}


class PgSealedStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def all(self) -> list[SealedRow]:
        return [
            SealedRow(kind, row["key"], row["sealed"])
            for kind, (listed, _) in _KINDS.items()
            for row in await self._connection.fetch(listed, self._tenant_id)
        ]

    async def replace(self, row: SealedRow, sealed: bytes) -> None:
        done = await self._connection.execute(_KINDS[row.kind][1], self._tenant_id, row.key, sealed)
        assert done == "UPDATE 1", done
