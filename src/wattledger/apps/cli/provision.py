"""``wattledger provision``: stations and tokens for a load test."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from wattledger.bootstrap import opened
from wattledger.core.kernel.money import Money
from wattledger.core.rating.explain import price_table
from wattledger.core.rating.rate import quote
from wattledger.flows.provision import LAB_TENANT, PASSWORD_LENGTH_WISE, Provisioned, provision
from wattledger.settings import load_settings

_EXAMPLE_KWH: Final = 6
_EXAMPLE_HOURS: Final = 1


def provision_command(
    stations: Annotated[int, typer.Option(help="How many, numbered from 1.")],
    password: Annotated[str, typer.Option(help="Every station's password; {id} stands for its identity.")],
    prefix: Annotated[str, typer.Option(help="Identities are the prefix and five digits.")] = "LOAD",
    token: Annotated[str, typer.Option(help="The token of station number i.")] = "DE{i:06d}",  # noqa: S107 (an RFID card's uid)
    as_json: Annotated[bool, typer.Option("--json", help="JSON for a machine.")] = False,
) -> None:
    """Create stations and tokens for load tests, in a lab tenant; running it again adds what is missing."""
    if len(password) < PASSWORD_LENGTH_WISE:
        typer.echo(
            f"Warning: OCPP wants {PASSWORD_LENGTH_WISE} characters or more; use this password on loopback only.",
            err=True,
        )
    done = asyncio.run(_provision(stations, prefix, password, token))
    facts = _facts(done, prefix)
    typer.echo(json.dumps(facts, indent=2) if as_json else _text(facts))


async def _provision(stations: int, prefix: str, password: str, token: str) -> Provisioned:
    async with opened(load_settings()) as container:
        return await provision(
            container.database,
            container.database,
            container.clock,
            container.ids,
            container.secrets,
            stations=stations,
            prefix=prefix,
            password=password,
            token_pattern=token,
        )


def _facts(done: Provisioned, prefix: str) -> dict[str, Any]:
    """What a load test wants to know; the cost is what the reply to Ended must carry."""
    rated = quote(
        done.tariff,
        energy_milliwh=_EXAMPLE_KWH * 1_000_000,
        duration_s=_EXAMPLE_HOURS * 3600,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),  # the price does not depend on the time
        time_zone=LAB_TENANT.time_zone,
    )
    return {
        "tenant": LAB_TENANT.slug,
        "tenant_id": done.tenant_id,
        "stations": done.station_count,
        "first": f"{prefix}00001",
        "last": f"{prefix}{done.station_count:05d}",
        "stations_added": done.stations_added,
        "tokens_added": done.tokens_added,
        "security_profile": 1,
        "tariff": [f"{row.label}: {row.amount_text}" for row in price_table(done.tariff)],
        "expected_cost": {
            "energy_kwh": _EXAMPLE_KWH,
            "duration_h": _EXAMPLE_HOURS,
            "currency": rated.currency,
            "net": str(Money(rated.net_minor, rated.currency).decimal()),
            "tax": str(Money(rated.tax_minor, rated.currency).decimal()),
            "gross": str(Money(rated.gross_minor, rated.currency).decimal()),
        },
    }


def _text(facts: dict[str, Any]) -> str:
    cost = facts["expected_cost"]
    lines = [
        f"Tenant {facts['tenant']} ({facts['tenant_id']}), security profile {facts['security_profile']}.",
        f"{facts['stations']} stations, {facts['first']} to {facts['last']}.",
        f"New: {facts['stations_added']} stations, {facts['tokens_added']} tokens.",
        *facts["tariff"],
        f"{cost['energy_kwh']} kWh in {cost['duration_h']} h: {cost['gross']} {cost['currency']} incl. VAT",
    ]
    return "\n".join(lines)
