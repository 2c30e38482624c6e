"""``wattledger station``: how a station proves itself; new passwords, profiles, certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from wattledger.apps.certificate_ports import certificate_ports
from wattledger.apps.cli.tenants import BY
from wattledger.bootstrap import Container, opened
from wattledger.core.kernel.errors import NotFound
from wattledger.core.kernel.instants import format_instant
from wattledger.flows.rotate_password import rotate_password
from wattledger.flows.station_certificates import revoke_certificate
from wattledger.flows.walk_up import ask_walk_up, set_profile_by_hand
from wattledger.settings import load_settings

Identity = Annotated[str, typer.Argument(help="The station's OCPP identity.")]
Act = Callable[[Container, int, UUID], Awaitable[str]]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("password")
def password_command(
    identity: Identity,
    show: Annotated[bool, typer.Option("--show", help="Print it: for one that has to be told by hand.")] = False,
) -> None:
    """Give the station a new password over its link; the old one holds until the new one is used."""

    async def act(container: Container, tenant_id: int, station_id: UUID) -> str:
        async with container.database.begin(tenant_id) as work:
            password = await rotate_password(
                work, container.ids, container.clock, container.secrets, station_id=station_id, asked_by=BY
            )
        await container.hints.nudge("commands")
        return password if show else f"{identity} is told its new password as soon as it is linked."

    _run(identity, act)


@app.command("walk-up")
def walk_up_command(
    identity: Identity,
    profile: Annotated[int, typer.Argument(min=2, max=3, help="2: TLS and password. 3: TLS and certificate.")],
) -> None:
    """Lead the station to a higher security profile, step by step."""

    async def act(container: Container, tenant_id: int, station_id: UUID) -> str:
        await ask_walk_up(
            certificate_ports(container),
            tenant_id,
            station_id=station_id,
            target=profile,
            public_url=container.settings.station_public_url,
            by=BY,
        )
        return f"{identity} is on its way to security profile {profile}; if it gets stuck, a review item says so."

    _run(identity, act)


@app.command("profile")
def profile_command(
    identity: Identity,
    profile: Annotated[int, typer.Argument(min=1, max=3, help="1 allows its password on an unencrypted link.")],
    lower: Annotated[bool, typer.Option("--lower", help="It is meant to be lower than now.")] = False,
) -> None:
    """Say by which security profile at least the station proves itself, where it was set up by hand."""

    async def act(container: Container, tenant_id: int, station_id: UUID) -> str:
        await set_profile_by_hand(
            certificate_ports(container),
            tenant_id,
            station_id=station_id,
            profile=profile,
            by=BY,
            is_lowering_meant=lower,
        )
        return f"{identity} needs security profile {profile} or higher from its next link on."

    _run(identity, act)


@app.command("certificates")
def certificates_command(identity: Identity) -> None:
    """List the station's certificates, newest first."""

    async def act(container: Container, tenant_id: int, station_id: UUID) -> str:
        async with container.database.begin_read(tenant_id) as work:
            found = await work.credentials.certificates(station_id)
        lines = [
            f"{one.station_certificate_id}  {one.state:8}  until {format_instant(one.expires_at)}  {one.serial_no}"
            for one in found
        ]
        return "\n".join(lines) or f"{identity} has no certificate."

    _run(identity, act)


@app.command("revoke")
def revoke_command(
    identity: Identity, certificate: Annotated[UUID, typer.Argument(help="Its id, from `certificates`.")]
) -> None:
    """Revoke a certificate of the station: it proves nothing from the next link on."""

    async def act(container: Container, tenant_id: int, station_id: UUID) -> str:
        async with container.database.begin(tenant_id) as work:
            await revoke_certificate(
                work, container.clock, station_certificate_id=certificate, station_id=station_id, revoked_by=BY
            )
        return "Revoked."

    _run(identity, act)


def _run(identity: str, act: Act) -> None:
    async def run() -> str:
        async with opened(load_settings()) as container:
            found = await container.database.find("station", identity)
            if found is None:
                raise NotFound("station_unknown", f"There is no station {identity!r}.")
            return await act(container, *found)

    typer.echo(asyncio.run(run()))
