"""``wattledger explain``: why a session costs what it costs."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from wattledger.bootstrap import opened
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.rating.explain import explain_text
from wattledger.core.rating.rated import Rated, decode_rated
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.desk_rows import SessionRow
from wattledger.flows.running_cost import running_session
from wattledger.settings import load_settings


def explain_command(
    session: Annotated[str, typer.Argument(help="A session's id, as the desk shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
) -> None:
    """Explain every cent of a session: its bill's, or what it costs so far."""
    row, rated, is_billed = asyncio.run(_find(_session_id(session)))
    if as_json:
        facts = {"session_id": str(row.session_id), "state": row.state, "is_billed": is_billed}
        typer.echo(json.dumps({**facts, "rated": msgspec.to_builtins(rated)}, indent=2))
        return
    heading = f"Session {row.session_id} at {row.station_name}, {row.site_name}: {row.state}"
    typer.echo("\n".join((heading, *explain_text(rated))))
    if not is_billed:
        typer.echo("Not billed yet: what it costs so far.")


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("session_id_malformed", f"{text[:40]!r} is no session id.") from None


async def _find(session_id: UUID) -> tuple[SessionRow, Rated, bool]:
    async with opened(load_settings()) as container:
        for tenant_id in await container.database.tenants():
            async with container.database.begin_read(tenant_id) as work:
                found = await work.desk.session(session_id)
                if found is not None:
                    return found[0], *await _price(work, session_id)
    raise NotFound("session_unknown", f"There is no session {session_id}.")


async def _price(work: Work, session_id: UUID) -> tuple[Rated, bool]:
    """The live bill's rating result, or the running one, and which of them it is."""
    bills = await work.desk.bills(session_id)
    if bills:
        return decode_rated(bills[-1].rated), True
    session = await work.sessions.session(session_id)
    assert session is not None
    running = await running_session(work, session)
    if running.rated is None:
        raise NotFound("price_unknown", "The session has no price: it waits for review, or for its first reading.")
    return running.rated, False
