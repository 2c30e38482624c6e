"""``wattledger tariff``: look at a tariff before drivers do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from wattledger.apps.cli.files import folded, read_source
from wattledger.apps.cli.refusals import refusal_line
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.core.rating.explain import price_table
from wattledger.core.roaming.ocpi_json import encode_ocpi, objects, parse_ocpi
from wattledger.core.roaming.ocpi_tariffs import OcpiIdentity, OcpiVersion, export_tariff, import_tariff
from wattledger.core.roaming.ocpp_tariffs import export_ocpp_tariff, import_ocpp_tariff
from wattledger.core.tariffs.lint import Finding, Severity, lint_tariff
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff, encode_tariff

tariff_app = typer.Typer(no_args_is_help=True, help="Look at tariffs: of OCPI, of OCPP 2.1, or Wattledger's own.")

_File = Annotated[str, typer.Argument(metavar="FILE", help="A tariff as JSON: a file, or - for standard input.")]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON for a machine.")]


@tariff_app.command("lint")
def lint_command(file: _File, as_json: _AsJson = False) -> None:
    """Tell what is doubtful about a tariff: exit 0 without errors, 1 with some, 2 where it is no tariff."""
    findings = lint_tariff(_load(file, is_checked=False))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        typer.echo(folded(_sentences(findings)))
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(1)


def _sentences(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.severity}: {finding.where}: {finding.message} [{finding.code}]"
        yield f"    {finding.fix}"
    if not findings:
        yield "Nothing to say about this tariff."
    else:
        yield "1 finding." if len(findings) == 1 else f"{len(findings)} findings."


@tariff_app.command("show")
def show_command(file: _File) -> None:
    """Show a tariff's prices with taxes, in the order the law wants: per kWh, per minute, per session, other."""
    for row in price_table(_load(file)):
        condition = f"  ({row.condition_text})" if row.condition_text else ""
        typer.echo(f"{row.label}: {row.amount_text}{condition}")


@tariff_app.command("convert")
def convert_command(
    file: _File,
    to: Annotated[str, typer.Option(help="ocpi-2.2.1, ocpi-2.3.0, ocpp-2.1 or wattledger.")],
    tariff_id: Annotated[str, typer.Option(help="The id that it bears there.")] = "1",
    party: Annotated[str, typer.Option(help="Country and party of its owner, for OCPI.")] = "ZZ-ZZZ",
) -> None:
    """Write a tariff in another form, exactly; exit 2 where that form has no word for something in it."""
    tariff = _load(file)
    try:
        typer.echo(_converted(tariff, to, tariff_id, party))
    except WattledgerError as refusal:
        typer.echo(refusal_line(refusal, f"Cannot write {file} as {to}: "), err=True)
        raise typer.Exit(2) from None


def _converted(tariff: Tariff, to: str, tariff_id: str, party: str) -> str:
    if to == "wattledger":
        return encode_tariff(tariff).decode()
    if to == "ocpp-2.1":
        exported = export_ocpp_tariff(tariff, tariff_id)
        for place in exported.rounded:
            typer.echo(f"{place}: no decimal number, the exact fraction stands in customData.", err=True)
        return encode_ocpi(exported.body).decode()
    versions = {f"ocpi-{version.value}": version for version in OcpiVersion}
    if to not in versions:
        names = ", ".join((*versions, "ocpp-2.1", "wattledger"))
        raise InvalidInput("form_unknown", f"{to[:20]!r} is no form of tariffs here; there are {names}.")
    country, _, owner = party.partition("-")
    identity = OcpiIdentity(country, owner, tariff_id, datetime.now(UTC))
    return encode_ocpi(export_tariff(tariff, identity, versions[to])).decode()


def _load(file: str, *, is_checked: bool = True) -> Tariff:
    try:
        raw = read_source(file)
        parsed = parse_ocpi(raw)
        if any("components" in element for element in objects(parsed.get("elements"), "elements")):
            return decode_tariff(raw, is_checked=is_checked)
        if "tariffId" in parsed:
            return import_ocpp_tariff(parsed)
        return import_tariff(parsed, is_checked=is_checked)
    except WattledgerError as refusal:
        typer.echo(refusal_line(refusal, f"{file} is no tariff to price with: "), err=True)
        raise typer.Exit(2) from None
