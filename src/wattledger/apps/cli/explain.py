"""``wattledger explain``: why a session costs what it costs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from wattledger.apps.cli.files import folded
from wattledger.apps.present.texts import LOCALES, bill_text
from wattledger.bootstrap import opened
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.rating.rated import Rated, decode_rated
from wattledger.core.rating.why import why_facts
from wattledger.core.tariffs.model import Tariff
from wattledger.flows.explain_session import WhyNot, tariff_of_session, why_not
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.desk_rows import SessionRow
from wattledger.flows.ports.sessions import SessionRecord
from wattledger.flows.running_cost import running_session
from wattledger.settings import load_settings


@dataclass(frozen=True, slots=True)
class _Explained:
    row: SessionRow
    rated: Rated
    is_billed: bool
    tariff: Tariff | None
    why_not: WhyNot


def explain_command(
    session: Annotated[str, typer.Argument(help="A session's id, as the desk shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
    locale: Annotated[str, typer.Option(help=f"The language: {', '.join(LOCALES)}.")] = "en",
) -> None:
    """Explain every cent of a session: its bill's, or what it costs so far, and what did not hold."""
    if locale not in LOCALES:
        raise InvalidInput(
            "locale_unknown", f"{locale[:20]!r} is no language here; there are {', '.join(LOCALES)}."
        )
    found = asyncio.run(_find(_session_id(session)))
    row = found.row
    if as_json:
        facts = {"session_id": str(row.session_id), "state": row.state, "is_billed": found.is_billed}
        rejected = [why_facts(one) for one in found.why_not]
        typer.echo(
            json.dumps({**facts, "rated": msgspec.to_builtins(found.rated), "rejected": rejected}, indent=2)
        )
        return
    heading = f"Session {row.session_id} at {row.station_name}, {row.site_name}: {row.state}"
    sentences = bill_text(found.rated, locale, tariff=found.tariff, why_not=found.why_not)
    ending = () if found.is_billed else ("Not billed yet: what it costs so far.",)
    typer.echo(folded((heading, *sentences, *ending)))


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("session_id_malformed", f"{text[:40]!r} is no session id.") from None


async def _find(session_id: UUID) -> _Explained:
    async with opened(load_settings()) as container:
        for tenant_id in await container.database.tenants():
            async with container.database.begin_read(tenant_id) as work:
                found = await work.desk.session(session_id)
                if found is not None:
                    return await _explained(work, found[0])
    raise NotFound("session_unknown", f"There is no session {session_id}.")


async def _explained(work: Work, row: SessionRow) -> _Explained:
    session = await work.sessions.session(row.session_id)
    assert session is not None
    rated, is_billed = await _price(work, session)
    tariff = await tariff_of_session(work, row.session_id)
    return _Explained(row, rated, is_billed, tariff, await why_not(work, row.session_id, rated))


async def _price(work: Work, session: SessionRecord) -> tuple[Rated, bool]:
    """The live bill's rating result, or the running one, and which of them it is."""
    bills = await work.desk.bills(session.session_id)
    if bills:
        return decode_rated(bills[-1].rated), True
    running = await running_session(work, session)
    if running.rated is None:
        raise NotFound("price_unknown", "The session has no price: it waits for review, or for its first reading.")
    return running.rated, False
