"""The store of the hash chain."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from wattledger.core.ledger.seals import PostedJournal, Seal


class SealStore(Protocol):
    """Reads and writes within one transaction of one tenant."""

    async def lock(self) -> bool:
        """Keeps others from sealing until the transaction ends; False if somebody does already."""
        ...

    async def last(self) -> Seal | None: ...

    async def unsealed(self, *, since: datetime | None, until: datetime) -> list[PostedJournal]:
        """Everything posted from ``since`` up to, without, ``until``."""
        ...

    async def cut(self, *, since: datetime | None, until: datetime, journals_max: int) -> datetime:
        """The latest instant up to ``until`` before which little more than ``journals_max`` wait to be sealed."""
        ...

    async def add(self, seal: Seal, *, created_at: datetime) -> None:
        """The seal stands, and the tenant is sealed until its end."""
        ...
