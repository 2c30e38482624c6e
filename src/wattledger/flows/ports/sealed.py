"""The store of everything that is kept sealed, for sealing it anew."""

from __future__ import annotations

from typing import Protocol

import msgspec


class SealedRow(msgspec.Struct, frozen=True):
    """One sealed value; ``kind`` and ``key`` name its row, ``field`` what it is bound to."""

    kind: str
    key: str
    sealed: bytes


class SealedStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def all(self) -> list[SealedRow]:
        """Every sealed value, its rows locked."""
        ...

    async def replace(self, row: SealedRow, sealed: bytes) -> None: ...
