"""``wattledger tax``: which taxes sessions bear, at which site or in which country, from which day on."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import msgspec
import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, opened_for, read_file
from wattledger.core.tax.rules import TaxRules, decode_tax_rules
from wattledger.flows.ports.price_terms import PublishedTaxes
from wattledger.flows.publish_taxes import TaxPlace, publish_taxes

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Dated tax rules of sites, countries and customers."""


@app.command("publish")
def publish_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Tax rules as JSON: a file, or - for standard input.")
    ],
    tenant: Tenant,
    country: Annotated[str | None, typer.Option(help="For every site of a country: DE, US, ...")] = None,
    site: Annotated[str | None, typer.Option(help="For one site, by its name.")] = None,
    customer: Annotated[str | None, typer.Option(help="For one customer only, by their number.")] = None,
) -> None:
    """Publish tax rules for sessions that start from now on; the same rules again change nothing."""
    rules = decode_tax_rules(read_file(file))
    is_new = asyncio.run(_publish(tenant, TaxPlace(country, site, customer), rules))
    typer.echo("Published: sessions that start from now on bear these taxes." if is_new else "They hold already.")


@app.command("show")
def show_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show every publication, the newest first: of each place and customer the first one holds."""
    found = asyncio.run(_published(tenant))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found), indent=2))
        return
    for one in found:
        place = one.site_name or one.country
        whose = f", customer {one.customer_no}" if one.customer_no else ""
        typer.echo(f"{one.published_at:%Y-%m-%d %H:%M} UTC, {place}{whose}, by {one.published_by}:")
        for sentence in rules_text(one.rules):
            typer.echo(f"    {sentence}")
    if not found:
        typer.echo("No tax rules are published: sessions bear the taxes that their tariffs state.")


def rules_text(rules: TaxRules) -> list[str]:
    """What rules say, a sentence each."""
    found = []
    for dated in rules.taxes:
        on = f" on {', '.join(dated.dimensions)}" if dated.dimensions else ""
        stack = f", on top of the taxes below level {dated.tax.stack}" if dated.tax.stack else ""
        rate = f"{dated.tax.rate_ppm / 10_000:g} %"
        found.append(f"{dated.tax.name} {rate}{on}{stack}{_span(dated.valid_from, dated.valid_until)}")
    for excise in rules.excises:
        step = f", by started {excise.step_wh} Wh" if excise.step_wh else ""
        span = _span(excise.valid_from, excise.valid_until)
        found.append(f"{excise.name} {excise.per_kwh} per kWh{step}{span}")
    if rules.treatment != "standard":
        found.append(f"{rules.treatment.replace('_', ' ')}: no tax is charged")
    if rules.is_replacing:
        found.append("in place of what tariffs state")
    return found or ["nothing beside what tariffs state"]


def _span(begin: object, end: object) -> str:
    return (f" from {begin}" if begin else "") + (f" before {end}" if end else "")


async def _publish(tenant: str, place: TaxPlace, rules: TaxRules) -> bool:
    async with opened_for(tenant) as (container, tenant_id):
        return await publish_taxes(
            container.database,
            container.clock,
            container.ids,
            tenant_id,
            place=place,
            rules=rules,
            by=BY,
        )


async def _published(tenant: str) -> list[PublishedTaxes]:
    async with opened_for(tenant) as (container, tenant_id), container.database.begin_read(tenant_id) as work:
        return await work.price_terms.tax_publications()
