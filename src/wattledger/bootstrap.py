"""The only place where adapters meet use cases: what a process needs, opened once and closed in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from wattledger.adapters.advisories import shipped_advisories
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.documents import build_documents
from wattledger.adapters.gateway_books import ListedGatewayBooks
from wattledger.adapters.gateways import build_gateways
from wattledger.adapters.issuing_ca import SmallCa, lab_certificate
from wattledger.adapters.mail import build_mailer
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.migrate import ensure_database, migrate, require_current_schema
from wattledger.adapters.postgres.station_work import PgStationWork
from wattledger.adapters.postgres.stores.verify import open_raw_books
from wattledger.adapters.postgres.supervisor import PostgresServer, running_server_dsn
from wattledger.adapters.secrets import KeyedSecrets, add_key_in, drop_old_keys_in, read_ring, ring_in
from wattledger.adapters.statements import FileStatements
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.adapters.station_bus.postgres import PostgresBus
from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.core.stations.advisories import AdvisoryList
from wattledger.flows.ports.base import Clock, Ids, Secrets
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.gateway import Gateways
from wattledger.flows.ports.issuing_ca import IssuingCa
from wattledger.flows.ports.mailer import Mailer
from wattledger.flows.ports.passwords import Passwords
from wattledger.flows.ports.statements import Statements
from wattledger.flows.ports.verify import AuditPorts
from wattledger.settings import Settings

_BORROW_TRIES: Final = 300


@dataclass(frozen=True, slots=True)
class Container:
    """Everything that flows ask for, ready to use; ``close`` it at the end."""

    settings: Settings
    clock: Clock
    ids: Ids
    secrets: Secrets
    passwords: Passwords
    database: Database
    hints: LocalBus | PostgresBus
    gateways: Gateways
    documents: Documents
    mailer: Mailer
    advisories: AdvisoryList
    issuing_ca: IssuingCa
    statements: Statements
    _stack: AsyncExitStack

    def open_station_work(self, node: str) -> PgStationWork:
        """The station link's own connection to the database, opened at its first use; the caller closes it."""
        dsn = self.settings.owner_dsn()
        assert dsn is not None
        return PgStationWork(dsn, node=node)

    def station_certificate(self) -> tuple[Path, Path]:
        """The files of the TLS listener's certificate and key: those that are set, or ones made for the lab."""
        settings = self.settings
        if settings.station_tls_certificate is not None and settings.station_tls_key is not None:
            return settings.station_tls_certificate, settings.station_tls_key
        return lab_certificate(settings.data_dir / "station-tls", settings.station_host)

    async def close(self) -> None:
        await self._stack.aclose()


async def open_container(settings: Settings) -> Container:
    """The container of one process, connected.

    Raises Unavailable ``database_missing`` where no DSN is set and no server of ours runs on the data directory,
    ``database_unreachable``, ``schema_outdated``.
    """
    dsn = settings.dsn or running_server_dsn(settings.data_dir)
    if dsn is None:
        raise Unavailable(
            "database_missing", "Start `wattledger run`, or set WATTLEDGER_DSN to a PostgreSQL of yours."
        )
    settings = msgspec.structs.replace(settings, dsn=dsn)
    direct_dsn = settings.direct_dsn or dsn
    async with AsyncExitStack() as stack:
        try:
            await require_current_schema(direct_dsn)
            database = await Database.open(
                dsn, size_max=settings.pool_size_max, is_pgbouncer=settings.is_pgbouncer
            )
        except (OSError, asyncpg.PostgresError) as error:
            raise Unavailable("database_unreachable", f"The database does not answer: {error}") from error
        stack.push_async_callback(database.close)
        hints: LocalBus | PostgresBus = LocalBus()
        if settings.station_bus == "postgres":
            hints = PostgresBus(direct_dsn)
            stack.push_async_callback(hints.close)
            await hints.open()
        clock = SystemClock()
        return Container(
            settings=settings,
            clock=clock,
            ids=SystemIds(),
            secrets=build_secrets(settings),
            passwords=ArgonPasswords(),
            database=database,
            hints=hints,
            gateways=build_gateways(),
            documents=build_documents(),
            mailer=build_mailer(settings),
            advisories=shipped_advisories(),
            statements=FileStatements(),
            issuing_ca=SmallCa(),
            _stack=stack.pop_all(),
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """A container for one command, on whatever database there is: borrowed, or started for the time being."""
    async with borrow_database(settings) as dsn:
        container = await open_container(msgspec.structs.replace(settings, dsn=dsn))
        try:
            yield container
        finally:
            await container.close()


@asynccontextmanager
async def opened_audit(settings: Settings) -> AsyncIterator[AuditPorts]:
    """What checking the books needs: one read-only moment of every tenant's rows, as the schema's owner.

    Raises Unavailable ``database_unreachable``.
    """
    async with borrow_database(settings) as dsn, AsyncExitStack() as stack:
        try:
            raw = await stack.enter_async_context(open_raw_books(settings.direct_dsn or dsn))
        except (OSError, asyncpg.PostgresError) as error:
            raise Unavailable("database_unreachable", f"The database does not answer: {error}") from error
        yield AuditPorts(raw, SystemClock(), build_secrets(settings), ListedGatewayBooks())


def build_secrets(settings: Settings) -> KeyedSecrets:
    """Secrets under the keys that are set, or kept in the data directory; those are read again when rotated.

    Raises InvalidInput ``secret_key_malformed``, Refused ``secret_key_exposed``.
    """
    if settings.secret_key:
        return KeyedSecrets(read_ring(settings.secret_key))
    return KeyedSecrets(ring_in(settings.data_dir), reload=lambda: ring_in(settings.data_dir))


def add_secret_key(settings: Settings) -> None:
    """A new key seals from now on. Raises Refused ``secret_key_is_set`` where the keys are a setting."""
    _require_own_keys(settings)
    add_key_in(settings.data_dir)


def drop_old_secret_keys(settings: Settings) -> None:
    """Nothing opens any more what older keys sealed. Raises Refused ``secret_key_is_set``."""
    _require_own_keys(settings)
    drop_old_keys_in(settings.data_dir)


def _require_own_keys(settings: Settings) -> None:
    if settings.secret_key:
        raise Refused(
            "secret_key_is_set",
            "The keys are in WATTLEDGER_SECRET_KEY: write the new key before the old one there, apart by a comma, "
            "restart, then run this with --reseal-only.",
        )


async def prepare_database(dsn: str) -> list[str]:
    """The database exists and has this program's schema; returns the migrations that were new."""
    await ensure_database(dsn)
    return await migrate(dsn)


async def migrate_database(settings: Settings) -> list[str]:
    """The schema of whatever database there is, is up to date; returns the migrations that were new."""
    dsn = settings.owner_dsn() or running_server_dsn(settings.data_dir)
    if dsn is not None:
        return await prepare_database(dsn)
    server = PostgresServer(
        settings.data_dir, choice=settings.postgres_binaries, account_name=settings.postgres_account
    )
    await asyncio.to_thread(server.start)
    try:
        return await prepare_database(server.dsn())
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def keep_database(
    settings: Settings, tell: Callable[[str], None], *, patience_s: float = 0
) -> AsyncIterator[str]:
    """The DSN of a migrated database: the one that is set, or of a server kept running until the block ends.

    Raises what PostgresServer.start and migrate raise.
    """
    if settings.dsn is not None:
        await prepare_database(settings.direct_dsn or settings.dsn)
        yield settings.dsn
        return
    server = PostgresServer(
        settings.data_dir, choice=settings.postgres_binaries, account_name=settings.postgres_account
    )
    await asyncio.to_thread(server.start)
    try:
        await prepare_database(server.dsn())
        keeping = asyncio.create_task(server.keep_running(tell), name="postgres")
        try:
            yield server.dsn()
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
    finally:
        await asyncio.to_thread(server.stop, patience_s=patience_s)


@asynccontextmanager
async def borrow_database(settings: Settings) -> AsyncIterator[str]:
    """The DSN of a database for one command: the set one, a running server's, or one started for the block."""
    if settings.dsn is not None:
        yield settings.dsn
        return
    async with AsyncExitStack() as stack:
        yield await _running_or_started(settings, stack)


async def _running_or_started(settings: Settings, stack: AsyncExitStack) -> str:
    for _ in range(_BORROW_TRIES):
        dsn = await asyncio.to_thread(running_server_dsn, settings.data_dir)
        if dsn is not None and await _is_prepared(dsn):
            return dsn
        try:
            # Others may be borrowing from us by the end: they get a little time to finish.
            return await stack.enter_async_context(keep_database(settings, lambda _: None, patience_s=5))
        except Refused as refusal:
            if refusal.code != "data_dir_in_use":
                raise
        await asyncio.sleep(0.1)
    raise Unavailable(
        "database_missing", "Another Wattledger holds the data directory, and its database is not ready."
    )


async def _is_prepared(dsn: str) -> bool:
    try:
        await require_current_schema(dsn)
    except Unavailable:
        return False
    except Exception:  # noqa: BLE001 (whatever it is, the server is not ready for us yet)
        return False
    return True
