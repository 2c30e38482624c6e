"""The store of what an operator's pages show, and of the few things a person at the desk changes there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.flows.ports import desk_rows as rows
from wattledger.flows.ports.desk_collecting import DeskCollecting

PAGE_SIZE_MAX = 200
COUNT_MAX = 10_000


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a list, in which order; ``until`` is exclusive, ``text`` is looked for anywhere.

    ``sort`` is a column's name, with a minus for the greatest first; unknown names mean the default order.
    """

    text: str | None = None
    states: tuple[str, ...] | None = None
    site_id: UUID | None = None
    station_id: UUID | None = None
    customer_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: str = ""
    limit: int = 50
    offset: int = 0


class DeskStore(DeskCollecting, Protocol):
    """Reads, and two writes, within one transaction of one tenant. Counts stop at ``COUNT_MAX``."""

    async def tenant(self) -> rows.TenantRow: ...

    async def sites(self) -> list[rows.SiteRow]: ...

    async def open_review_count(self) -> int: ...

    async def worklist(self, now: datetime) -> list[rows.WorkItem]:
        """What waits for a person, the most pressing kind first, a dozen of each."""
        ...

    async def figures(self, day_start: datetime) -> rows.Figures: ...

    async def money_of(self, day: date) -> list[rows.MoneyToday]: ...

    async def sessions(self, query: ListQuery) -> list[rows.SessionRow]: ...

    async def session_count(self, query: ListQuery) -> int: ...

    async def session(self, session_id: UUID) -> tuple[rows.SessionRow, rows.SessionExtra] | None: ...

    async def events(self, session_id: UUID) -> list[rows.EventRow]:
        """The first thousand facts, by the station's clock."""
        ...

    async def bills(self, session_id: UUID) -> list[rows.BillHead]:
        """Every revision, the live bill last."""
        ...

    async def commands(
        self, *, station_id: UUID | None = None, session_id: UUID | None = None, payment_id: UUID | None = None
    ) -> list[rows.CommandRow]: ...

    async def connectors(self, *, station_id: UUID | None = None, limit: int = 500) -> list[rows.ConnectorRow]: ...

    async def stations(self, query: ListQuery) -> list[rows.StationRow]: ...

    async def station(self, station_id: UUID) -> rows.StationRow | None: ...

    async def failed_starts(self, station_id: UUID, since: datetime) -> list[rows.CauseRow]: ...

    async def parked(self, *, station_id: UUID | None = None, limit: int = 20) -> list[rows.ParkedRow]: ...

    async def parked_message(self, parked_message_id: UUID) -> rows.ParkedRow | None: ...

    async def payments(self, query: ListQuery) -> list[rows.PaymentRow]: ...

    async def payment_count(self, query: ListQuery) -> int: ...

    async def payment(self, payment_id: UUID) -> rows.PaymentRow | None: ...

    async def attempts(self, payment_id: UUID) -> list[rows.AttemptRow]: ...

    async def operations(self, payment_id: UUID) -> list[rows.OperationRow]: ...

    async def webhooks(self, payment_id: UUID) -> list[rows.WebhookRow]: ...

    async def webhook(self, webhook_event_id: UUID) -> rows.WebhookRow | None: ...

    async def transfers(self, *, session_id: UUID | None, payment_id: UUID | None) -> list[rows.TransferRow]:
        """Every movement in the books that the session or the payment caused, in order."""
        ...

    async def invoices(self, query: ListQuery) -> list[rows.InvoiceRow]: ...

    async def invoice_count(self, query: ListQuery) -> int: ...

    async def invoice_pdf(self, invoice_id: UUID) -> tuple[str, bytes] | None:
        """The document's number and its PDF."""
        ...

    async def customers(self, query: ListQuery) -> list[rows.CustomerRow]: ...

    async def customer(self, customer_id: UUID) -> rows.CustomerRow | None: ...

    async def contracts(self, customer_id: UUID, *, month_start: datetime) -> list[rows.ContractRow]: ...

    async def tokens(self, customer_id: UUID) -> list[rows.TokenRow]: ...

    async def tariffs(self) -> list[rows.TariffRow]:
        """Every published version, each tariff's newest first."""
        ...

    async def tariff_body(self, tariff_version_id: UUID) -> bytes | None: ...

    async def days(self, since: date, until: date, site_id: UUID | None = None) -> list[rows.DayRow]:
        """Live bills by day, site and currency, from ``since`` to ``until``, both included."""
        ...

    async def reviews(
        self, *, state: str | None = None, subject_ids: Sequence[UUID] | None = None, limit: int = 200
    ) -> list[rows.ReviewRow]: ...

    async def review(self, review_item_id: UUID, *, for_update: bool = False) -> rows.ReviewRow | None: ...

    async def resolve_review(
        self, review_item_id: UUID, *, resolution: str, resolved_by: str, resolved_at: datetime
    ) -> bool:
        """False if it was not open."""
        ...

    async def set_token_state(self, token_id: UUID, state: str) -> bool:
        """False if there is no such card or app token (ad hoc tokens are the payment's)."""
        ...
