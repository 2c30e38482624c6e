"""Due jobs: claimed with a lease, handed to their handler, finished or put off with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from wattledger.apps.worker.handlers import HANDLERS, Handler
from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.ports.jobs import DueJob

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

LEASE: Final = timedelta(minutes=5)
AGAIN_S: Final = (1, 5, 30, 120, 600, 3600)
_log = structlog.get_logger("jobs")


async def run_job(container: Container, tenant_id: int, handlers: Mapping[str, Handler] = HANDLERS) -> bool:
    """Whether a due job was found; it has then been done, or is due again later."""
    now = container.clock.now()
    async with container.database.begin(tenant_id) as work:
        claimed = await work.jobs.claim(now, now + LEASE, 1)
    for job in claimed:
        await _run(container, tenant_id, job, handlers)
    return bool(claimed)


async def _run(container: Container, tenant_id: int, job: DueJob, handlers: Mapping[str, Handler]) -> None:
    try:
        await handlers[job.kind](container, tenant_id, job.subject_id)
    except Exception as error:  # noqa: BLE001 (whatever went wrong, the job must be due again)
        await _put_off(container, tenant_id, job, error)
        return
    async with container.database.begin(tenant_id) as work:
        await work.jobs.finish(job, at=container.clock.now())


async def _put_off(container: Container, tenant_id: int, job: DueJob, error: Exception) -> None:
    wait_s = AGAIN_S[min(job.try_count, len(AGAIN_S)) - 1]
    code = error.code if isinstance(error, WattledgerError) else type(error).__name__
    is_expected = isinstance(error, WattledgerError) and job.try_count < len(AGAIN_S)
    _log.log(
        20 if is_expected else 40,
        "job_put_off",
        kind=job.kind,
        subject_id=str(job.subject_id),
        code=code,
        try_count=job.try_count,
        exc_info=None if isinstance(error, WattledgerError) else error,
    )
    async with container.database.begin(tenant_id) as work:
        due_at = container.clock.now() + timedelta(seconds=wait_s)
        await work.jobs.postpone(job, due_at=due_at, error=f"{code}: {error}")
