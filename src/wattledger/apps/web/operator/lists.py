"""What a list is asked to show: its address says it all, so that any view can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.ports.desk import COUNT_MAX, ListQuery

PAGE_SIZE: Final = 50
_OFFSET_MAX: Final = 1_000_000
_TEXT_MAX: Final = 80


class Column(NamedTuple):
    """A column of a table; ``key`` is what its sort is called in the address."""

    key: str
    word: str
    is_number: bool = False
    is_sortable: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as the address asks for it, and the query that answers it."""

    path: str
    values: dict[str, str]
    query: ListQuery

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def is_filtered(self) -> bool:
        return any(value for name, value in self.values.items() if name not in ("sort", "page"))

    def link(self, **changes: str) -> str:
        """The same list with some values changed; another order or filter starts on its first page."""
        values = {**self.values, "page": "", **changes}
        kept = {name: value for name, value in values.items() if value}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sort_link(self, sort: str) -> str:
        return self.link(sort=sort)

    def pager(self, count: int) -> dict[str, str | None]:
        """The pager's words and its two links."""
        first = self.query.offset + 1
        last = min(self.query.offset + self.query.limit, count)
        number = self.query.offset // PAGE_SIZE + 1
        of = f"more than {COUNT_MAX:,}" if count > COUNT_MAX else f"{count:,}"
        return {
            "words": f"{first:,} to {last:,} of {of}" if count else "None",
            "previous": self.link(page=str(number - 1)) if number > 1 else None,
            "next": self.link(page=str(number + 1)) if last < count else None,
        }


def asked(
    request: Request[Any, Any, Any], zone: ZoneInfo, *, groups: Mapping[str, tuple[str, ...]] | None = None
) -> Asked:
    """Reads text, state, site, from, to, sort and page of the address; days are the tenant's, both included.

    ``groups`` names sets of states. Raises InvalidInput ``date_malformed``, ``id_malformed`` or
    ``page_malformed``.
    """
    names = ("text", "state", "site", "from", "to", "sort", "page")
    values = {name: request.query_params.get(name, "").strip()[:_TEXT_MAX] for name in names}
    state = values["state"]
    states = None if not state else (groups or {}).get(state, (state,))
    query = ListQuery(
        text=values["text"].replace("\x00", "") or None,
        states=states,
        site_id=id_of(values["site"]),
        since=midnight(values["from"], zone),
        until=midnight(values["to"], zone, days=1),
        sort=values["sort"],
        limit=PAGE_SIZE,
        offset=(_number(values["page"]) - 1) * PAGE_SIZE,
    )
    return Asked(request.url.path, values, query)


def midnight(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """The first instant of that day, or of ``days`` later, in the zone; None for an empty text."""
    on = day_of(text)
    return None if on is None else datetime.combine(on + timedelta(days=days), time(), zone)


def day_of(text: str) -> date | None:
    """Raises InvalidInput ``date_malformed``."""
    if not text:
        return None
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("date_malformed", f"{text!r} is not a day such as 2026-11-22.") from None
    if not 2000 <= on.year <= 2200:
        raise InvalidInput("date_malformed", f"{text!r} lies too far away.")
    return on


def id_of(text: str) -> UUID | None:
    """Raises InvalidInput ``id_malformed``."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("id_malformed", f"{text!r} is not an id.") from None


def found(thing: Any, what: str) -> Any:
    """``thing``, unless it is None: somebody else's is as absent as one that never was.

    Raises NotFound ``<what>_unknown``.
    """
    if thing is None:
        raise NotFound(f"{what}_unknown", f"There is no such {what.replace('_', ' ')} here.")
    return thing


def _number(text: str) -> int:
    if not text:
        return 1
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _OFFSET_MAX // PAGE_SIZE:
        raise InvalidInput("page_malformed", f"{text!r} is not a page.")
    return int(text)
