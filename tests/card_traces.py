"""Looks for card numbers in every text, byte string and list of a test's database."""

from __future__ import annotations

import asyncpg

from wattledger.core.kernel.card_numbers import has_card_number

_COLUMNS = """
    select c.relname as table_name, a.attname as column_name
    from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0
      and a.atttypid::regtype::text in ('text', 'bytea', 'text[]', 'json', 'jsonb', 'numeric', 'bigint')
"""


async def rows_with_card_numbers(owner_dsn: str) -> list[str]:
    """``table.column`` of every value in which a card number stands, as the schema's owner sees it."""
    owner = await asyncpg.connect(owner_dsn)
    try:
        found = []
        for table, column in await owner.fetch(_COLUMNS):
            values = await owner.fetch(f'select "{column}" as value from "{table}" where "{column}" is not null')
            if any(has_card_number(_text(row["value"])) for row in values):
                found.append(f"{table}.{column}")
        return found
    finally:
        await owner.close()


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
