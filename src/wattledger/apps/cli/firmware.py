"""``wattledger firmware``: register what makers publish, and bring it to stations in waves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from wattledger.apps.cli.tenants import BY, AsJson, Tenant, read_file, with_tenant
from wattledger.bootstrap import Container
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.add_campaign import (
    FAILURE_PERCENT_MAX,
    SOAK_S,
    WAVES,
    NewCampaign,
    NewRelease,
    add_release,
    start_campaign,
)
from wattledger.flows.ports.firmware import CampaignHead, MemberRow, ReleaseRow
from wattledger.flows.run_campaign import STEPS

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_Campaign = Annotated[UUID, typer.Argument(help="The campaign's id.")]


@app.command("add")
def add_command(
    *,
    vendor: Annotated[str, typer.Argument(help="As stations say it when they boot.")],
    model: Annotated[str, typer.Argument(help="As stations say it when they boot.")],
    version: Annotated[str, typer.Argument(help="What stations say once they run it.")],
    location: Annotated[str, typer.Argument(help="Where stations fetch it: https://...")],
    tenant: Tenant,
    certificate: Annotated[Path | None, typer.Option(help="Its maker's signing certificate, PEM.")] = None,
    signature: Annotated[Path | None, typer.Option(help="A file with the signature, base64.")] = None,
) -> None:
    """Register a firmware; its id is printed."""
    new = NewRelease(
        vendor=vendor,
        model=model,
        version=version,
        location=location,
        signing_certificate=None if certificate is None else _text(certificate),
        signature=None if signature is None else _text(signature),
    )

    async def act(container: Container, tenant_id: int) -> UUID:
        async with container.database.begin(tenant_id) as work:
            return await add_release(work, container.ids, container.clock, new, created_by=BY)

    typer.echo(str(with_tenant(tenant, act)))


@app.command("releases")
def releases_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the firmware that can be brought to stations."""

    async def act(container: Container, tenant_id: int) -> list[ReleaseRow]:
        async with container.database.begin_read(tenant_id) as work:
            return await work.firmware.releases()

    rows = with_tenant(tenant, act)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(rows), indent=2))
        return
    lines = [
        f"{row.firmware_release_id}  {row.vendor} {row.model} {row.version}"
        f"{'' if row.signature is None else ', signed'}"
        for row in rows
    ]
    typer.echo("\n".join(lines) or "No firmware yet.")


@app.command("start")
def start_command(
    *,
    release: Annotated[UUID, typer.Argument(help="The firmware's id.")],
    name: Annotated[str, typer.Argument(help="What the campaign is called.")],
    tenant: Tenant,
    waves: Annotated[str, typer.Option(help="Cumulative percentages.")] = ",".join(map(str, WAVES)),
    failures: Annotated[int, typer.Option(help="Pause above this percentage of a wave.")] = FAILURE_PERCENT_MAX,
    soak_minutes: Annotated[int, typer.Option(help="Between two waves.")] = SOAK_S // 60,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="It has no signature, knowingly.")] = False,
    station: Annotated[list[str] | None, typer.Option(help="Only this identity; as often as needed.")] = None,
) -> None:
    """Start a campaign; its id is printed. Without --station it is for every station of the model."""
    try:
        percents = tuple(int(part) for part in waves.split(","))
    except ValueError:
        raise InvalidInput("waves_malformed", f"{waves[:40]!r} is no list of whole percentages.") from None

    async def act(container: Container, tenant_id: int) -> UUID:
        new = NewCampaign(
            name=name,
            waves=percents,
            failure_percent_max=failures,
            soak_s=soak_minutes * 60,
            is_unsigned_allowed=unsigned,
            station_ids=await _stations(container, tenant_id, station) if station else None,
        )
        async with container.database.begin(tenant_id) as work:
            return await start_campaign(work, container.ids, container.clock, release, new, created_by=BY)

    typer.echo(str(with_tenant(tenant, act)))


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the campaigns, newest first."""

    async def act(container: Container, tenant_id: int) -> list[CampaignHead]:
        async with container.database.begin_read(tenant_id) as work:
            return await work.firmware.campaigns()

    heads = with_tenant(tenant, act)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(heads), indent=2))
        return
    typer.echo("\n".join(_line(head) for head in heads) or "No campaign yet.")


@app.command("show")
def show_command(campaign: _Campaign, tenant: Tenant, as_json: AsJson = False) -> None:
    """Show where each station of a campaign stands."""

    async def act(container: Container, tenant_id: int) -> tuple[CampaignHead, list[MemberRow]]:
        async with container.database.begin_read(tenant_id) as work:
            for head in await work.firmware.campaigns():
                if head.firmware_campaign_id == campaign:
                    return head, await work.firmware.members(campaign)
        raise NotFound("campaign_unknown", "There is no such campaign here.")

    head, members = with_tenant(tenant, act)
    if as_json:
        facts = {"campaign": msgspec.to_builtins(head), "stations": msgspec.to_builtins(members)}
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(_line(head))
    for one in members:
        why = f" ({one.detail})" if one.detail else ""
        typer.echo(f"  {one.identity}  wave {one.wave_no}  {one.state}{why}  runs {one.firmware or 'unknown'}")


@app.command("pause")
def pause_command(campaign: _Campaign, tenant: Tenant) -> None:
    """Ask nobody new; what stations have begun, they finish."""
    _steer("pause", campaign, tenant)


@app.command("resume")
def resume_command(campaign: _Campaign, tenant: Tenant) -> None:
    """Go on; the failures so far no longer hold it up."""
    _steer("resume", campaign, tenant)


@app.command("stop")
def stop_command(campaign: _Campaign, tenant: Tenant) -> None:
    """End the campaign; stations it never asked are free for another."""
    _steer("stop", campaign, tenant)


def _steer(step: str, campaign: UUID, tenant: str) -> None:
    async def act(container: Container, tenant_id: int) -> None:
        async with container.database.begin(tenant_id) as work:
            await STEPS[step](work, container.ids, container.clock, campaign, by=BY)

    with_tenant(tenant, act)
    typer.echo({"pause": "Paused.", "resume": "It goes on.", "stop": "Stopped."}[step])


async def _stations(container: Container, tenant_id: int, identities: list[str]) -> tuple[UUID, ...]:
    found = []
    for identity in identities:
        entry = await container.database.find("station", identity)
        if entry is None or entry[0] != tenant_id:
            raise NotFound("station_unknown", f"There is no station {identity!r} here.")
        found.append(entry[1])
    return tuple(found)


def _text(path: Path) -> str:
    return read_file(str(path)).decode("utf-8", "replace").strip()


def _line(head: CampaignHead) -> str:
    return (
        f"{head.firmware_campaign_id}  {head.name}: {head.vendor} {head.model} {head.firmware}, {head.state}, "
        f"wave {head.wave_no} of {head.wave_count}, {head.proven_count} of {head.station_count} run it, "
        f"{head.failed_count} failed"
    )
