"""The ports every flow shares: a unit of work, a clock, ids, secrets, documents."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from wattledger.flows.ports.books import BookStore
from wattledger.flows.ports.caches import CacheStore
from wattledger.flows.ports.care import CareStore
from wattledger.flows.ports.catalog import CatalogStore
from wattledger.flows.ports.collecting import CollectingStore
from wattledger.flows.ports.commands import CommandStore
from wattledger.flows.ports.credentials import CredentialStore
from wattledger.flows.ports.debts import DebtStore
from wattledger.flows.ports.desk import DeskStore
from wattledger.flows.ports.driver import DriverStore
from wattledger.flows.ports.firmware import FirmwareStore
from wattledger.flows.ports.invoices import InvoiceStore
from wattledger.flows.ports.jobs import JobStore
from wattledger.flows.ports.limits import LimitStore
from wattledger.flows.ports.payments import PaymentStore
from wattledger.flows.ports.price_terms import PriceTermsStore
from wattledger.flows.ports.refunds import RefundStore
from wattledger.flows.ports.sealed import SealedStore
from wattledger.flows.ports.seals import SealStore
from wattledger.flows.ports.sessions import SessionStore
from wattledger.flows.ports.staff import StaffStore
from wattledger.flows.ports.waits import WaitStore


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, aware and in UTC."""
        ...


class Ids(Protocol):
    def new(self) -> UUID:
        """A UUID version 7, later than every one this process gave before."""
        ...

    def secret(self) -> str:
        """An unguessable URL-safe word of at least 128 bits."""
        ...


class Secrets(Protocol):
    """Encryption at rest, bound to its place: what is sealed for one tenant and field opens nowhere else."""

    def seal(self, plain: bytes, *, tenant_id: int, field: str) -> bytes: ...

    def open(self, sealed: bytes, *, tenant_id: int, field: str) -> bytes: ...

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed by the key that seals now."""
        ...

    def fingerprint(self, secret: str, *, purpose: str) -> bytes:
        """A keyed digest of a high-entropy secret (a station's password, a login cookie), for look-up."""
        ...


class Work(Protocol):
    """One transaction for one tenant: it commits when its block ends well, and else leaves nothing."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def payments(self) -> PaymentStore: ...
    @property
    def refunds(self) -> RefundStore: ...
    @property
    def sealed(self) -> SealedStore: ...
    @property
    def invoices(self) -> InvoiceStore: ...
    @property
    def collecting(self) -> CollectingStore: ...
    @property
    def debts(self) -> DebtStore: ...
    @property
    def books(self) -> BookStore: ...
    @property
    def seals(self) -> SealStore: ...
    @property
    def catalog(self) -> CatalogStore: ...
    @property
    def credentials(self) -> CredentialStore: ...
    @property
    def staff(self) -> StaffStore: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def care(self) -> CareStore: ...
    @property
    def firmware(self) -> FirmwareStore: ...
    @property
    def commands(self) -> CommandStore: ...
    @property
    def driver(self) -> DriverStore: ...
    @property
    def desk(self) -> DeskStore: ...
    @property
    def waits(self) -> WaitStore: ...
    @property
    def limits(self) -> LimitStore: ...
    @property
    def price_terms(self) -> PriceTermsStore: ...
    @property
    def caches(self) -> CacheStore: ...


class UnitOfWork(Protocol):
    def begin(self, tenant_id: int) -> AbstractAsyncContextManager[Work]:
        """Opens a transaction that row-level security confines to ``tenant_id``."""
        ...

    def begin_read(self, tenant_id: int) -> AbstractAsyncContextManager[Work]:
        """The same, read-only: what a page shows is one consistent moment."""
        ...


class Directory(Protocol):
    """Finds the tenant of what arrives before a tenant is known (read-only, across tenants)."""

    async def find(self, kind: str, key: str) -> tuple[int, UUID] | None:
        """(tenant_id, target_id) of a station identity, public id, e-mail, webhook path, link or slug."""
        ...

    async def tenants(self) -> list[int]:
        """Every tenant's id."""
        ...


class DueWork(Protocol):
    """Which tenants have rows that are due; the worker then claims them tenant by tenant (storage rule 14)."""

    async def due(self, table: str, now: datetime, limit: int) -> list[int]:
        """Tenants with due rows in ``operation``, ``webhook_event``, ``job`` or ``station_command``."""
        ...


class Hints(Protocol):
    """Says that something may have changed; who hears it reads again. Losing one loses nothing but time."""

    async def nudge(self, topic: str, word: str = "") -> None:
        """Topics: ``commands`` (a station command waits), ``sessions`` (sessions changed; word: their ids),
        ``link_asked`` and ``link_alive`` (who holds a station's link; word: its identity).
        """
        ...
