"""How the desk's lists are read: rows into structs, words into patterns, a column's name into an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from wattledger.flows.ports.desk_rows import Row

RowT = TypeVar("RowT", bound=Row)


def filled(kind: type[RowT], records: Iterable[Mapping[str, Any]]) -> list[RowT]:
    """One struct a record; the columns are named as the fields are."""
    return [kind(**record) for record in records]


def like(text: str | None) -> str | None:
    """A pattern that finds ``text`` anywhere; its own wildcards are meant literally."""
    if not text:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def ordered(statement: str, sort: str, columns: Mapping[str, str]) -> str:
    """The statement in the order of ``sort``, if that is one of ``columns``; only their values reach the SQL."""
    column = columns.get(sort.removeprefix("-"))
    if column is None:
        return statement
    direction = "desc nulls last" if sort.startswith("-") else "asc nulls last"
    return statement.replace("/*order*/", f"{column} {direction},", 1)
