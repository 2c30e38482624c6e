"""The store of the desk on PostgreSQL: stations, sessions, what waits; its statements are in desk.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.adapters.postgres.stores.desk_collecting import PgDeskCollecting
from wattledger.adapters.postgres.stores.desk_money import PgDeskMoney
from wattledger.adapters.postgres.stores.desk_reads import filled, like, ordered
from wattledger.core.kernel.errors import NotFound
from wattledger.flows.ports import desk_rows as rows
from wattledger.flows.ports.desk import ListQuery

_SQL = queries("desk")
_WORK: Final = (
    _SQL.work_reviews,
    _SQL.work_captures,
    _SQL.work_holds,
    _SQL.work_unbilled,
    _SQL.work_parked,
    _SQL.work_webhooks,
)
_SESSION_ORDER: Final = {
    "started": "s.opened_at",
    "energy": "s.energy_milliwh",
    "total": "b.gross_minor",
    "station": "st.name",
    "site": "si.name",
    "state": "s.state",
}
_STATION_ORDER: Final = {
    "name": "st.name",
    "site": "si.name",
    "seen": "st.link_changed_at",
    "link": "st.is_connected",
}
_EXTRA: Final = frozenset(rows.SessionExtra.__struct_fields__)


class PgDeskStore(PgDeskMoney, PgDeskCollecting):
    """Every read of the operator's pages; what concerns money is in the class it extends."""

    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def tenant(self) -> rows.TenantRow:
        row = await self._connection.fetchrow(_SQL.tenant, self._tenant_id)
        if row is None:
            raise NotFound("tenant_unknown", "There is no such tenant.")
        return rows.TenantRow(**row)

    async def sites(self) -> list[rows.SiteRow]:
        return filled(rows.SiteRow, await self._connection.fetch(_SQL.sites, self._tenant_id))

    async def open_review_count(self) -> int:
        count: int = await self._connection.fetchval(_SQL.open_review_count, self._tenant_id)
        return count

    async def worklist(self, now: datetime) -> list[rows.WorkItem]:
        items: list[rows.WorkItem] = []
        for statement in _WORK:
            items += filled(rows.WorkItem, await self._connection.fetch(statement, self._tenant_id, now))
        return items

    async def figures(self, day_start: datetime) -> rows.Figures:
        return rows.Figures(**await self._connection.fetchrow(_SQL.figures, self._tenant_id, day_start))

    async def money_of(self, day: date) -> list[rows.MoneyToday]:
        return filled(rows.MoneyToday, await self._connection.fetch(_SQL.money_of, self._tenant_id, day))

    async def sessions(self, query: ListQuery) -> list[rows.SessionRow]:
        statement = ordered(_SQL.sessions, query.sort, _SESSION_ORDER)
        return filled(
            rows.SessionRow,
            await self._connection.fetch(statement, *self._session_filter(query), query.limit, query.offset),
        )

    async def session_count(self, query: ListQuery) -> int:
        count: int = await self._connection.fetchval(_SQL.session_count, *self._session_filter(query))
        return count

    def _session_filter(self, query: ListQuery) -> tuple[object, ...]:
        return (
            self._tenant_id,
            query.states,
            query.site_id,
            query.station_id,
            query.customer_id,
            query.since,
            query.until,
            like(query.text),
        )

    async def session(self, session_id: UUID) -> tuple[rows.SessionRow, rows.SessionExtra] | None:
        row = await self._connection.fetchrow(_SQL.session, self._tenant_id, session_id)
        if row is None:
            return None
        head = {name: value for name, value in row.items() if name not in _EXTRA}
        return rows.SessionRow(**head), rows.SessionExtra(**{name: row[name] for name in _EXTRA})

    async def events(self, session_id: UUID) -> list[rows.EventRow]:
        return filled(rows.EventRow, await self._connection.fetch(_SQL.events, self._tenant_id, session_id))

    async def bills(self, session_id: UUID) -> list[rows.BillHead]:
        return filled(rows.BillHead, await self._connection.fetch(_SQL.bills, self._tenant_id, session_id))

    async def commands(
        self, *, station_id: UUID | None = None, session_id: UUID | None = None, payment_id: UUID | None = None
    ) -> list[rows.CommandRow]:
        found = await self._connection.fetch(_SQL.commands, self._tenant_id, station_id, session_id, payment_id)
        return filled(rows.CommandRow, found)

    async def connectors(self, *, station_id: UUID | None = None, limit: int = 500) -> list[rows.ConnectorRow]:
        found = await self._connection.fetch(_SQL.connectors, self._tenant_id, station_id, limit)
        return filled(rows.ConnectorRow, found)

    async def stations(self, query: ListQuery) -> list[rows.StationRow]:
        is_connected = None if query.states is None else "connected" in query.states
        found = await self._connection.fetch(
            ordered(_SQL.stations, query.sort, _STATION_ORDER),
            self._tenant_id,
            query.station_id,
            query.site_id,
            is_connected,
            like(query.text),
            query.limit,
            query.offset,
        )
        return filled(rows.StationRow, found)

    async def station(self, station_id: UUID) -> rows.StationRow | None:
        found = await self.stations(ListQuery(station_id=station_id, limit=1))
        return found[0] if found else None

    async def failed_starts(self, station_id: UUID, since: datetime) -> list[rows.CauseRow]:
        found = await self._connection.fetch(_SQL.failed_starts, self._tenant_id, station_id, since)
        return filled(rows.CauseRow, found)

    async def parked(self, *, station_id: UUID | None = None, limit: int = 20) -> list[rows.ParkedRow]:
        return filled(
            rows.ParkedRow, await self._connection.fetch(_SQL.parked, self._tenant_id, station_id, limit)
        )

    async def parked_message(self, parked_message_id: UUID) -> rows.ParkedRow | None:
        row = await self._connection.fetchrow(_SQL.parked_message, self._tenant_id, parked_message_id)
        return None if row is None else rows.ParkedRow(**row)

    async def reviews(
        self, *, state: str | None = None, subject_ids: Sequence[UUID] | None = None, limit: int = 200
    ) -> list[rows.ReviewRow]:
        found = await self._connection.fetch(_SQL.reviews, self._tenant_id, state, subject_ids, limit)
        return filled(rows.ReviewRow, found)

    async def review(self, review_item_id: UUID, *, for_update: bool = False) -> rows.ReviewRow | None:
        statement = _SQL.review_for_update if for_update else _SQL.review
        row = await self._connection.fetchrow(statement, self._tenant_id, review_item_id)
        return None if row is None else rows.ReviewRow(**row)

    async def resolve_review(
        self, review_item_id: UUID, *, resolution: str, resolved_by: str, resolved_at: datetime
    ) -> bool:
        done: str = await self._connection.execute(
            _SQL.resolve_review, self._tenant_id, review_item_id, resolution, resolved_by, resolved_at
        )
        return done == "UPDATE 1"

    async def set_token_state(self, token_id: UUID, state: str) -> bool:
        done: str = await self._connection.execute(_SQL.set_token_state, self._tenant_id, token_id, state)
        return done == "UPDATE 1"
