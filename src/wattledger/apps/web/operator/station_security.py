"""How a station proves itself: its security profile and the way up, password, certificates. Owners change it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.certificate_ports import certificate_ports
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import Column, found
from wattledger.apps.web.operator.words import Word
from wattledger.core.kernel.errors import Forbidden, WattledgerError
from wattledger.core.stations.walk_up import Step, steps
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.credentials import StationKeys
from wattledger.flows.rotate_password import rotate_password
from wattledger.flows.station_certificates import revoke_certificate
from wattledger.flows.walk_up import ask_walk_up, asked_as, set_profile_by_hand

_PATH: Final = "/stations/{station_id:uuid}/security"
CERTIFICATE_COLUMNS: Final = (
    Column("serial", "Serial number"),
    Column("state", "State"),
    Column("from", "From"),
    Column("until", "Until"),
    Column("deed", ""),
)
PROFILES: Final = {
    1: "Password, unencrypted",
    2: "Password over TLS",
    3: "Certificate over TLS",
}
CERTIFICATE_STATES: Final = {
    "issued": Word("Signed, not used yet", "info", "clock"),
    "active": Word("In use", "good", "check"),
    "replaced": Word("Replaced", "", "cross"),
    "revoked": Word("Revoked", "bad", "cross"),
}
_STEPS: Final = {
    Step.CERTIFICATE: "It asks for its certificate, and gets it",
    Step.NETWORK_PROFILE: "It is told the new way to connect",
    Step.PRIORITY: "It takes that way first",
    Step.RESET: "It restarts once nobody charges",
    Step.PROFILE_KEY: "It is told its new profile, and connects anew",
}
_ANSWERS: Final = {"queued": "waits for its link", "sent": "asked", "timed_out": "no answer, asked again"}


class StepRow(Struct, frozen=True):
    """``state``: done, now or next, as the list of steps shows them."""

    title: str
    detail: str | None
    state: str


class PasswordForm(Struct):
    show: str = ""


class ProfileForm(Struct):
    profile: int = 0
    lower: str = ""


@get(_PATH, include_in_schema=False)
async def security_page(desk: AtDesk, station_id: FromPath[UUID]) -> Response[str]:
    return await _page(desk, station_id)


@post(f"{_PATH}/password", include_in_schema=False, status_code=303)
async def new_password(
    desk: AtDesk, station_id: FromPath[UUID], data: URLEncodedBody[PasswordForm]
) -> Response[Any]:
    """The station is told its new password over its link; shown once, here, if that was asked for."""
    try:
        _require_owner(desk)
        container = desk.container
        async with desk.begin() as work:
            password = await rotate_password(
                work,
                container.ids,
                container.clock,
                container.secrets,
                station_id=station_id,
                asked_by=desk.actor,
            )
    except WattledgerError as error:
        return await _page(desk, station_id, error=error)
    await container.hints.nudge("commands")
    if data.show:
        return await _page(desk, station_id, password=password)
    return Redirect(f"/desk/stations/{station_id}/security", status_code=303)


@post(f"{_PATH}/walk-up", include_in_schema=False, status_code=303)
async def walk_up(desk: AtDesk, station_id: FromPath[UUID], data: URLEncodedBody[ProfileForm]) -> Response[Any]:
    """The station is led to a higher profile, step by step; the page shows how far it is."""
    try:
        _require_owner(desk)
        await ask_walk_up(
            certificate_ports(desk.container),
            desk.tenant_id,
            station_id=station_id,
            target=data.profile,
            public_url=desk.container.settings.station_public_url,
            by=desk.actor,
        )
    except WattledgerError as error:
        return await _page(desk, station_id, error=error)
    return Redirect(f"/desk/stations/{station_id}/security", status_code=303)


@post(f"{_PATH}/profile", include_in_schema=False, status_code=303)
async def set_profile(
    desk: AtDesk, station_id: FromPath[UUID], data: URLEncodedBody[ProfileForm]
) -> Response[Any]:
    """The station has to prove itself so from its next link on: for one that was set up at its own keyboard."""
    try:
        _require_owner(desk)
        await set_profile_by_hand(
            certificate_ports(desk.container),
            desk.tenant_id,
            station_id=station_id,
            profile=data.profile,
            by=desk.actor,
            is_lowering_meant=data.lower == "yes",
        )
    except WattledgerError as error:
        return await _page(desk, station_id, error=error)
    return Redirect(f"/desk/stations/{station_id}/security", status_code=303)


@post(f"{_PATH}/certificates/{{certificate_id:uuid}}/revoke", include_in_schema=False, status_code=303)
async def revoke(desk: AtDesk, station_id: FromPath[UUID], certificate_id: FromPath[UUID]) -> Response[Any]:
    """The certificate proves nothing from the next link on."""
    try:
        _require_owner(desk)
        async with desk.begin() as work:
            await revoke_certificate(
                work,
                desk.container.clock,
                station_certificate_id=certificate_id,
                station_id=station_id,
                revoked_by=desk.actor,
            )
            await work.staff.insert_audit(desk.audit("certificate_revoked", "station", station_id))
    except WattledgerError as error:
        return await _page(desk, station_id, error=error)
    return Redirect(f"/desk/stations/{station_id}/security", status_code=303)


def _require_owner(desk: Desk) -> None:
    if desk.login.role != "owner":
        raise Forbidden("owner_only", "Only an owner changes how stations prove themselves.")


async def _page(
    desk: Desk, station_id: UUID, *, password: str | None = None, error: WattledgerError | None = None
) -> Response[str]:
    async with desk.read() as work:
        station = found(await work.desk.station(station_id), "station")
        keys = found(await work.credentials.keys(station_id), "station")
        certificates = await work.credentials.certificates(station_id)
        audits = await work.staff.audits_of(station_id)
        walk = await _walk(work, keys)
    return desk.page(
        "station_security.html",
        here="/desk/stations",
        status_code=200 if error is None else error.http_status,
        station=station,
        keys=keys,
        walk=walk,
        profiles=PROFILES,
        higher=[(str(one), f"{one}: {PROFILES[one]}") for one in (2, 3) if one > keys.security_profile],
        every=[(str(one), f"{one}: {word}") for one, word in PROFILES.items()],
        certificates=certificates,
        states=CERTIFICATE_STATES,
        columns=CERTIFICATE_COLUMNS,
        is_owner=desk.login.role == "owner",
        audits=audits,
        password=password,
        error=error,
    )


async def _walk(work: Work, keys: StationKeys) -> list[StepRow]:
    """The steps of the way that the station is on; empty where it is on none."""
    if keys.wanted_profile is None:
        return []
    prefix = asked_as(keys.wanted_profile)
    states = {
        one.asked_by.removeprefix(prefix): one.state
        for one in await work.credentials.asked_steps(keys.station_id, prefix)
        if keys.wanted_at is None or one.created_at >= keys.wanted_at
    }
    rows: list[StepRow] = []
    is_reached = False
    for step in steps(keys.ocpp_version or "", keys.wanted_profile):
        state = states.get(step.value)
        is_done = state == "accepted"
        detail = None if is_done or state is None else _ANSWERS.get(state, state)
        rows.append(StepRow(_STEPS[step], detail, "done" if is_done else "next" if is_reached else "now"))
        is_reached = is_reached or not is_done
    rows.append(StepRow("It comes back by its new way", None, "next" if is_reached else "now"))
    return rows
