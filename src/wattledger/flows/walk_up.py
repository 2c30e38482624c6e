"""Walks stations up to TLS or to certificates, a step at a time; what gets stuck goes before a person."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.stations.walk_up import Step, check_target, command_of, next_step
from wattledger.flows.ask_keys import ask_keys
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.credentials import StationKeys
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.station_certificates import GIVEN, CertificatePorts

#: All was said and accepted: so long a station may take to come back by its new way.
RETURNS_WITHIN: Final = timedelta(hours=6)


async def ask_walk_up(
    ports: CertificatePorts, tenant_id: int, *, station_id: UUID, target: int, public_url: str, by: str
) -> None:
    """The station is on its way to that security profile, from its next link on.

    Raises NotFound ``station_unknown``, and what ``check_target`` raises.
    """
    async with ports.uow.begin(tenant_id) as work:
        keys = await work.credentials.keys(station_id)
        if keys is None:
            raise NotFound("station_unknown", "No such station.")
        check_target(keys.security_profile, target, public_url)
        await work.credentials.set_profile(
            station_id, security_profile=keys.security_profile, wanted_profile=target, at=ports.clock.now()
        )
        await work.staff.insert_audit(
            AuditRecord(
                ports.ids.new(), ports.clock.now(), by, "walk_up_asked", "station", station_id, f"profile {target}"
            )
        )


async def set_profile_by_hand(
    ports: CertificatePorts,
    tenant_id: int,
    *,
    station_id: UUID,
    profile: int,
    by: str,
    is_lowering_meant: bool = False,
) -> None:
    """The station has to prove itself by at least that profile: for stations set up at their own keyboard.

    The only way down, and only where it is meant. Raises NotFound ``station_unknown``; InvalidInput
    ``profile_unknown``; Refused ``profile_lowered``.
    """
    if profile not in (1, 2, 3):
        raise InvalidInput("profile_unknown", "The security profiles are 1, 2 and 3.")
    async with ports.uow.begin(tenant_id) as work:
        keys = await work.credentials.keys(station_id)
        if keys is None:
            raise NotFound("station_unknown", "No such station.")
        if profile < keys.security_profile and not is_lowering_meant:
            raise Refused("profile_lowered", f"That is lower than {keys.security_profile}. Say that it is meant.")
        await work.credentials.set_profile(
            station_id, security_profile=profile, wanted_profile=None, at=ports.clock.now()
        )
        await work.staff.insert_audit(
            AuditRecord(
                ports.ids.new(), ports.clock.now(), by, "profile_set", "station", station_id, f"profile {profile}"
            )
        )


def asked_as(target: int) -> str:
    """How the commands of a walk-up begin to say who asked for them."""
    return f"walk up to {target}: "


async def walk_on(ports: CertificatePorts, tenant_id: int, *, public_url: str) -> int:
    """Every station under way is asked for its next step, where one is due; how many were asked."""
    now = ports.clock.now()
    async with ports.uow.begin_read(tenant_id) as work:
        walking = await work.credentials.walking()
    return sum([await _walk(ports, tenant_id, keys, public_url, now) for keys in walking])


async def _walk(
    ports: CertificatePorts, tenant_id: int, keys: StationKeys, public_url: str, now: datetime
) -> bool:
    target = keys.wanted_profile
    assert target is not None
    prefix = asked_as(target)
    async with ports.uow.begin(tenant_id) as work:
        asked: dict[str, list[str]] = defaultdict(list)
        answered_at = now
        for one in await work.credentials.asked_steps(keys.station_id, prefix):
            if keys.wanted_at is None or one.created_at >= keys.wanted_at:
                asked[one.asked_by.removeprefix(prefix)].append(one.state)
                answered_at = one.answered_at or now
        has_certificate = await _has_certificate(work, keys, asked, now)
        try:
            step = next_step(
                keys.ocpp_version or "",
                target,
                has_certificate=has_certificate,
                asked=asked,
                is_overdue=answered_at < now - RETURNS_WITHIN,
            )
        except Refused as stuck:
            await work.credentials.set_profile(
                keys.station_id, security_profile=keys.security_profile, wanted_profile=None, at=now
            )
            await work.sessions.open_review(
                review_item_id=ports.ids.new(),
                reason_code=stuck.code,
                subject_kind="station",
                subject_id=keys.station_id,
                summary=f"{keys.identity} did not get to security profile {target}. {stuck.message}",
                opened_at=now,
            )
            return False
        if step is None:
            return False
        await ask_keys(
            work,
            ports.ids,
            ports.secrets,
            station_id=keys.station_id,
            command=command_of(step, target, public_url),
            asked_by=prefix + step.value,
            now=now,
        )
    return True


async def _has_certificate(work: Work, keys: StationKeys, asked: dict[str, list[str]], now: datetime) -> bool:
    """Whether one was signed and taken by the station; what else it said of it is that step's answer."""
    live = [
        one
        for one in await work.credentials.certificates(keys.station_id)
        if one.state in ("issued", "active") and one.expires_at > now
    ]
    given = await work.credentials.asked_steps(keys.station_id, GIVEN)
    if not live or not given:
        return False
    if given[-1].state in ("rejected", "failed", "timed_out") and asked.get(Step.CERTIFICATE):
        asked[Step.CERTIFICATE][-1] = given[-1].state
    return given[-1].state == "accepted"
