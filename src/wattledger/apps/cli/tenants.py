"""What commands about one operator's data share: whose it is, and the files and instants they read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from wattledger.bootstrap import Container, opened
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.kernel.instants import utc
from wattledger.settings import load_settings

BY = "command line"
Tenant = Annotated[str, typer.Option("--tenant", help="The operator's short name.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for a machine.")]
_T = TypeVar("_T")


@asynccontextmanager
async def opened_for(tenant: str) -> AsyncIterator[tuple[Container, int]]:
    """The program's ports, and the tenant of that short name. Raises NotFound ``tenant_unknown``."""
    async with opened(load_settings()) as container:
        found = await container.database.find("slug", tenant)
        if found is None:
            raise NotFound("tenant_unknown", f"There is no tenant named {tenant!r}.")
        yield container, found[0]


def read_file(file: str) -> bytes:
    """A file, or standard input for ``-``. Raises InvalidInput ``file_unreadable``."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput("file_unreadable", f"{file}: {error.strerror or error}") from None


def told_instant(text: str) -> datetime:
    """The instant in UTC; no zone is guessed. Raises InvalidInput ``instant_malformed``, ``instant_naive``."""
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidInput("instant_malformed", f"{text[:40]!r} is no instant.") from None


def with_tenant(tenant: str, act: Callable[[Container, int], Awaitable[_T]]) -> _T:
    """What ``act`` gives for that tenant. Raises NotFound ``tenant_unknown``, and as ``act`` does."""

    async def run() -> _T:
        async with opened_for(tenant) as (container, tenant_id):
            return await act(container, tenant_id)

    return asyncio.run(run())
