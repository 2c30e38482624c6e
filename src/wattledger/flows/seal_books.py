"""Closes what was posted into the hash chain, a seal a minute where anything was."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from wattledger.core.ledger.seals import next_seal
from wattledger.flows.ports.base import Clock, UnitOfWork

# Longer than any posting may take to commit: statements end after 30 s.
MARGIN: Final = timedelta(seconds=60)
JOURNALS_MAX: Final = 10_000


async def seal_books(uow: UnitOfWork, clock: Clock, tenant_id: int, *, journals_max: int = JOURNALS_MAX) -> int:
    """Every journal posted more than a minute ago is sealed; the number sealed now is returned.

    What had piled up becomes several seals of some ``journals_max`` journals, a transaction each. If another
    worker seals this tenant at the same moment, nothing happens here.
    """
    until = clock.now() - MARGIN
    sealed_count = 0
    while True:
        async with uow.begin(tenant_id) as work:
            if not await work.seals.lock():
                return sealed_count
            last = await work.seals.last()
            since = None if last is None else last.sealed_until
            if since is not None and since >= until:
                return sealed_count
            cut = await work.seals.cut(since=since, until=until, journals_max=journals_max)
            seal = next_seal(tenant_id, last, await work.seals.unsealed(since=since, until=cut), until=cut)
            if seal is None:
                return sealed_count
            await work.seals.add(seal, created_at=clock.now())
        sealed_count += seal.journal_count
