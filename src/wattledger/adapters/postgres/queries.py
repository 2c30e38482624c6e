"""Named queries: every statement lives in a .sql file beside its store, under a line ``-- name: word``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from types import SimpleNamespace

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


def parse_queries(text: str) -> dict[str, str]:
    """The statements of one file by name, in the file's order; a name given twice is an error."""
    pieces = _NAME.split(text)[1:]
    names = pieces[0::2]
    assert len(names) == len(set(names)), "a query name is used twice"
    return {name: body.strip().rstrip(";") for name, body in zip(names, pieces[1::2], strict=True)}


@cache
def queries(store: str) -> SimpleNamespace:
    """The named queries of ``stores/<store>.sql`` as attributes."""
    text = (files("wattledger.adapters.postgres") / "stores" / f"{store}.sql").read_text("utf-8")
    return SimpleNamespace(**parse_queries(text))
