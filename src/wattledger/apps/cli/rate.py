"""``wattledger rate``: what a CDR should have cost, with every amount derived."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.core.rating.explain import explain_text
from wattledger.core.rating.policy import POLICIES, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.roaming.ocpi_cdrs import ImportedCdr, import_cdr
from wattledger.core.roaming.ocpi_json import parse_ocpi
from wattledger.core.roaming.ocpi_tariffs import import_tariff
from wattledger.core.roaming.ocpi_totals import rated_facts
from wattledger.core.tariffs.model import Tariff

_ZONE_SOURCES = {"option": "--time-zone", "cdr": "the CDR's location", "default": "default"}


def rate_command(
    cdr: Annotated[str, typer.Argument(help="An OCPI CDR: a file, or - for standard input.")],
    tariff: Annotated[Path | None, typer.Option(help="An OCPI tariff instead of the CDR's own.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The site's IANA time zone; else the CDR's, else UTC.")
    ] = None,
    policy: Annotated[str, typer.Option(help="ocpi_strict or plain.")] = "ocpi_strict",
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
) -> None:
    """Price an OCPI CDR from its periods and its tariff; exit 2 where it cannot be priced."""
    try:
        imported = import_cdr(parse_ocpi(_read(cdr)), tariff=_tariff(tariff), time_zone=time_zone)
        typer.echo(_answer(imported, _policy(policy), as_json=as_json))
    except WattledgerError as refusal:
        typer.echo(f"Cannot price {cdr}: {refusal.message} [{refusal.code}]", err=True)
        raise typer.Exit(2) from None


def _answer(imported: ImportedCdr, policy: RatingPolicy, *, as_json: bool) -> str:
    rated = rate(imported.usage, imported.tariff, policy=policy)
    if as_json:
        facts = rated_facts(rated, imported.tariff)
        return json.dumps(
            {"cdr_id": imported.id, **facts, "time_zone_source": imported.time_zone_source}, indent=2
        )
    origin = _ZONE_SOURCES[imported.time_zone_source]
    heading = f"Policy {policy.name}, times in {rated.time_zone} ({origin})"
    return "\n".join((heading, *explain_text(rated, tariff=imported.tariff)))


def _policy(name: str) -> RatingPolicy:
    if name not in POLICIES:
        raise InvalidInput("policy_unknown", f"{name!r} is no policy; there are {', '.join(POLICIES)}.")
    return POLICIES[name]


def _tariff(path: Path | None) -> Tariff | None:
    return None if path is None else import_tariff(parse_ocpi(_read(str(path))))


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InvalidInput("file_unreadable", f"{source}: {error.strerror or error}") from None
