"""``wattledger books``: are they right, and what is the last seal?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Annotated, Any

import typer

from wattledger.bootstrap import opened, opened_audit
from wattledger.flows.ports.verify import GATEWAY_DAYS
from wattledger.flows.seal_books import seal_books
from wattledger.flows.verify_books import Report, Result, verify_books
from wattledger.settings import load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("verify")
def verify_command(
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back gateways are asked.")] = GATEWAY_DAYS,
) -> None:
    """Check every book again from the raw rows; exits 1 if anything is wrong."""
    report = asyncio.run(_verify(days))
    typer.echo(json.dumps(report_facts(report), indent=2) if as_json else report_text(report))
    if report.findings:
        raise typer.Exit(1)


@app.command("seal")
def seal_command() -> None:
    """Seal what was posted, and print each tenant's last seal: note it elsewhere, it fixes all before it."""
    for line in asyncio.run(_seal()):
        typer.echo(line)


async def _verify(days: int) -> Report:
    async with opened_audit(load_settings()) as ports:
        return await verify_books(dataclasses.replace(ports, gateway_days=days))


async def _seal() -> list[str]:
    lines = []
    async with opened(load_settings()) as container:
        for tenant_id in await container.database.tenants():
            sealed_count = await seal_books(container.database, container.clock, tenant_id)
            async with container.database.begin_read(tenant_id) as work:
                last = await work.seals.last()
            if last is None:
                lines.append(f"tenant {tenant_id}: nothing to seal")
                continue
            until = f"{last.sealed_until:%Y-%m-%d %H:%M:%S} UTC"
            lines.append(f"tenant {tenant_id}: seal {last.seal_no} until {until} {last.hash.hex()}")
            lines[-1] += f" ({sealed_count} journals now)"
    return lines


def report_text(report: Report) -> str:
    """A line a check, the findings below it, and a verdict."""
    lines = [line for result in report.results for line in _lines(result)]
    count = len(report.findings)
    at = f"{report.checked_at:%Y-%m-%d %H:%M:%S} UTC"
    verdict = "no findings" if not count else f"{count} finding{'s' if count > 1 else ''}"
    tenants = f"{report.tenant_count} tenant{'' if report.tenant_count == 1 else 's'}"
    return "\n".join([*lines, "", f"{verdict}: {tenants}, {len(report.results)} checks, as of {at}"])


def _lines(result: Result) -> list[str]:
    mark = "WRONG" if result.findings else "  -  " if result.note and not result.checked_count else " ok  "
    note = f" ({result.note})" if result.note else ""
    head = f"{mark} {result.name:11} {result.checked_count:>10,} rows {result.duration_ms:>7,} ms  {result.says}"
    findings = []
    for one in result.findings:
        owner = "schema" if one.tenant_id is None else f"tenant {one.tenant_id}"
        findings.append(f"      {one.code}: {owner}, {one.subject}: {one.detail}")
    return [head + note, *findings]


def report_facts(report: Report) -> dict[str, Any]:
    """The report as JSON has it; its shape only grows."""
    return {
        "is_clean": not report.findings,
        "checked_at": report.checked_at.isoformat(),
        "tenant_count": report.tenant_count,
        "finding_count": len(report.findings),
        "checks": [
            {
                "name": result.name,
                "invariants": result.invariants.split(),
                "says": result.says,
                "checked_count": result.checked_count,
                "duration_ms": result.duration_ms,
                "note": result.note,
                "findings": [
                    {
                        "code": one.code,
                        "tenant_id": one.tenant_id,
                        "subject": one.subject,
                        "detail": one.detail,
                    }
                    for one in result.findings
                ],
            }
            for result in report.results
        ],
    }
