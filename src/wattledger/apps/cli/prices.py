"""``wattledger prices``: the market prices that tariffs follow."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, opened_for, read_file, told_instant
from wattledger.apps.price_files import read_prices
from wattledger.core.tariffs.price_points import PricePoint, points_of, series_of_points
from wattledger.core.tariffs.versions import plain
from wattledger.flows.import_prices import ImportedPrices, add_series, find_series, import_prices
from wattledger.flows.ports.price_terms import SeriesRow

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_Name = Annotated[str, typer.Argument(help="The series' name, as tariffs call it.")]


@app.callback()
def _group() -> None:
    """Market prices: series, what was told of them, and what holds."""


@app.command("add")
def add_command(
    name: _Name,
    tenant: Tenant,
    market: Annotated[str, typer.Option(help="The market's own name of the zone: DE-LU, NO2, ...")],
    currency: Annotated[str, typer.Option(help="The prices' currency: EUR, ...")],
) -> None:
    """Add a series of prices per kWh; tariffs may follow it from then on."""
    asyncio.run(_add(tenant, name, market, currency))
    typer.echo(f"Tariffs may follow {name!r} now. Tell its prices with `wattledger prices import`.")


@app.command("import")
def import_command(  # noqa: PLR0917
    name: _Name,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON: a file, or - for standard input.")],
    tenant: Tenant,
    minutes: Annotated[
        int | None, typer.Option(help="How long each price holds, where the file has no ends_at: 15, 60, ...")
    ] = None,
    per: Annotated[str, typer.Option(help="What the prices are for: kwh or mwh.")] = "kwh",
    as_json: AsJson = False,
) -> None:
    """Tell prices: new ones are kept, others corrected from now on, and bills that waited for them are written."""
    done = asyncio.run(_import(tenant, name, read_prices(read_file(file), minutes=minutes, per=per)))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(f"{done.told_count} prices told, {done.known_count} known already.")
    if done.due_count:
        typer.echo(f"{done.due_count} sessions that waited for prices are looked at again.")


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show every series, and the time of which something was told."""
    found = asyncio.run(_all(tenant))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found), indent=2))
        return
    for one in found:
        told = "nothing told yet"
        if one.known_from is not None and one.known_until is not None:
            told = f"told from {one.known_from:%Y-%m-%d %H:%M} until {one.known_until:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{one.name}: {one.market}, {one.currency} per kWh, {told}")
    if not found:
        typer.echo("There are no price series.")


@app.command("show")
def show_command(
    name: _Name,
    tenant: Tenant,
    since: Annotated[str, typer.Option(help="The first instant, with its offset: 2027-01-01T00:00+01:00.")],
    hours: Annotated[int, typer.Option(help="For how many hours.", min=1, max=24 * 31)] = 24,
    as_json: AsJson = False,
) -> None:
    """Show which prices hold; what is not listed is not known."""
    begin = told_instant(since)
    series, points = asyncio.run(_show(tenant, name, begin, begin + timedelta(hours=hours)))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(points), indent=2))
        return
    for one in points:
        span = f"{one.starts_at:%Y-%m-%d %H:%M} - {one.ends_at:%H:%M} UTC"
        typer.echo(f"{span}  {plain(one.price)} {series.currency}")
    if not points:
        typer.echo("Nothing is known of that time.")


async def _add(tenant: str, name: str, market: str, currency: str) -> None:
    async with opened_for(tenant) as (box, tenant_id):
        await add_series(
            box.database, box.clock, box.ids, tenant_id, name=name, market=market, currency=currency, by=BY
        )


async def _import(tenant: str, name: str, points: list[PricePoint]) -> ImportedPrices:
    async with opened_for(tenant) as (box, tenant_id):
        return await import_prices(box.database, box.clock, box.ids, tenant_id, name=name, points=points, by=BY)


async def _all(tenant: str) -> list[SeriesRow]:
    async with opened_for(tenant) as (box, tenant_id), box.database.begin_read(tenant_id) as work:
        return await work.price_terms.all_series()


async def _show(tenant: str, name: str, begin: datetime, end: datetime) -> tuple[SeriesRow, list[PricePoint]]:
    async with opened_for(tenant) as (box, tenant_id), box.database.begin_read(tenant_id) as work:
        row = await find_series(work, name)
        told = await work.price_terms.points(row.price_series_id, begin, end)
    series = series_of_points(name, row.currency, told, begin=begin, end=end)
    return row, [] if series is None else points_of(series)
