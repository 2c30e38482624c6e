"""``wattledger rate``: what a CDR should have cost, with every amount derived."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from wattledger.apps.cli.files import folded, read_source
from wattledger.apps.cli.refusals import refusal_line
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.core.rating.explain import explain_text
from wattledger.core.rating.policy import POLICIES, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import Rated
from wattledger.core.rating.why import held, reason_facts, rejections, why_facts
from wattledger.core.roaming.ocpi_cdrs import ImportedCdr, import_cdr
from wattledger.core.roaming.ocpi_json import Json, parse_ocpi
from wattledger.core.roaming.ocpi_stated import comparison
from wattledger.core.roaming.ocpi_tariffs import import_tariff
from wattledger.core.roaming.ocpi_totals import rated_facts

_ZONE_SOURCES = {"option": "--time-zone", "cdr": "the CDR's location", "default": "no zone was stated"}


def rate_command(
    cdr: Annotated[str, typer.Argument(metavar="CDR", help="An OCPI CDR: a file, or - for standard input.")],
    tariff: Annotated[Path | None, typer.Option(help="An OCPI tariff instead of the CDR's own.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The site's IANA time zone; else the CDR's, else UTC.")
    ] = None,
    policy: Annotated[str, typer.Option(help="ocpi_strict or plain.")] = "ocpi_strict",
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
) -> None:
    """Price an OCPI CDR from its periods and its tariff; exit 2 where it cannot be priced."""
    try:
        chosen = _policy(policy)
        source = parse_ocpi(read_source(cdr))
        imported = _imported(source, tariff, time_zone)
        rated = rate(imported.usage, imported.compiled(), policy=chosen)
    except WattledgerError as refusal:
        typer.echo(refusal_line(refusal, f"Cannot price {cdr}: "), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(_facts(source, imported, rated, chosen), indent=2))
    else:
        typer.echo(folded(_sentences(source, imported, rated)))


def _facts(source: Json, imported: ImportedCdr, rated: Rated, policy: RatingPolicy) -> dict[str, Any]:
    facts = rated_facts(rated, imported.tariffs)
    conditions = held(rated, imported.usage, imported.tariffs)
    why_not = rejections(rated, imported.usage, imported.tariffs)
    for line, reasons, why in zip(facts["lines"], conditions, why_not, strict=True):
        if reasons:
            line["held"] = reason_facts(reasons)
        if why:
            line["rejected"] = why_facts(why)
    return {
        "cdr_id": imported.id,
        **facts,
        "time_zone_source": imported.time_zone_source,
        "tariff_ids": list(imported.tariff_ids),
        "policy_rules": {
            "step_size": policy.steps.value,
            "rounding": policy.rounding.value,
            "rounding_level": policy.level.value,
        },
        "notes": list(imported.notes),
        "stated": comparison(source, rated),
    }


def _sentences(source: Json, imported: ImportedCdr, rated: Rated) -> tuple[str, ...]:
    origin = _ZONE_SOURCES[imported.time_zone_source]
    heading = f"Policy {rated.policy}, times in {rated.time_zone} ({origin})"
    stated = comparison(source, rated)
    why_not = rejections(rated, imported.usage, imported.tariffs)
    sentences = (heading, *explain_text(rated, tariffs=imported.tariffs, why_not=why_not), *imported.notes)
    if stated is None or stated["agrees"]:
        return sentences
    totals = ", ".join(f"{name} {amount}" for name, amount in stated["total_cost"].items())
    return (*sentences, f"The CDR itself states another total: {totals}.")


def _policy(name: str) -> RatingPolicy:
    if name not in POLICIES:
        raise InvalidInput("policy_unknown", f"{name!r} is no policy; there are {', '.join(POLICIES)}.")
    return POLICIES[name]


def _imported(source: Json, tariff: Path | None, time_zone: str | None) -> ImportedCdr:
    if tariff is None:
        return import_cdr(source, time_zone=time_zone)
    given = parse_ocpi(read_source(str(tariff)))
    imported = import_cdr(source, tariff=import_tariff(given), time_zone=time_zone)
    return replace(imported, tariff_ids=(str(given.get("id", "")),))
