"""Firmware campaigns: which station is asked when, what its words mean, and when a campaign holds.

A campaign goes in waves: a few stations first, the rest once those have proved the firmware by booting with it
and staying connected. Too many failures pause it, and a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from uuid import UUID

import msgspec
from cryptography import x509

from wattledger.core.kernel.errors import InvalidInput

TRIES_MAX: Final = 3
AT_ONCE_MAX: Final = 50


class StationState(StrEnum):
    """Where a station is in a campaign; the last three are ends."""

    WAITING = "waiting"
    ASKED = "asked"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    INSTALLING = "installing"
    INSTALLED = "installed"  # it says so; its next boot proves it
    PROVEN = "proven"
    FAILED = "failed"
    SKIPPED = "skipped"  # it had the firmware before it was asked, or is switched off


ENDS: Final = frozenset({StationState.PROVEN, StationState.FAILED, StationState.SKIPPED})
UNDER_WAY: Final = frozenset(StationState) - ENDS - {StationState.WAITING}
# FirmwareStatusEnumType (2.0.1) and FirmwareStatus (1.6), by what they say of the update.
_STEPS: Final = {
    "DownloadScheduled": StationState.DOWNLOADING,
    "DownloadPaused": StationState.DOWNLOADING,
    "Downloading": StationState.DOWNLOADING,
    "Downloaded": StationState.DOWNLOADED,
    "SignatureVerified": StationState.DOWNLOADED,
    "InstallScheduled": StationState.INSTALLING,
    "Installing": StationState.INSTALLING,
    "InstallRebooting": StationState.INSTALLING,
    "Installed": StationState.INSTALLED,
    "DownloadFailed": StationState.FAILED,
    "InstallationFailed": StationState.FAILED,
    "InstallVerificationFailed": StationState.FAILED,
    "InvalidSignature": StationState.FAILED,
}
_ORDER: Final = tuple(StationState)


class Member(msgspec.Struct, frozen=True):
    """A station of a campaign as it stands, with what is known of it now."""

    station_id: UUID
    wave_no: int
    state: StationState
    try_count: int
    asked_at: datetime | None
    changed_at: datetime
    firmware: str | None  # what it last booted with
    is_connected: bool
    is_disabled: bool
    is_charging: bool
    is_faulted: bool
    detail: str | None = None


class Campaign(msgspec.Struct, frozen=True):
    """``silence_s`` is how long a station may say nothing before it counts as failed.

    Failures before ``counted_from`` were looked at by a person, who let the campaign go on.
    """

    version: str  # the firmware it brings
    failure_percent_max: int
    soak_s: int
    silence_s: int
    wave_no: int
    wave_count: int
    counted_from: datetime


class Change(msgspec.Struct, frozen=True):
    station_id: UUID
    state: StationState
    detail: str | None


class Decision(msgspec.Struct, frozen=True):
    """What to do now. ``hold`` is why the campaign pauses, None while it goes on."""

    changes: tuple[Change, ...]
    ask: tuple[UUID, ...]
    wave_no: int
    is_done: bool
    hold: str | None


def check_signing_certificate(pem: str, now: datetime) -> None:
    """Raises InvalidInput ``certificate_malformed`` or ``certificate_expired``."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise InvalidInput("certificate_malformed", "The signing certificate is no certificate in PEM.") from None
    if certificate.not_valid_after_utc <= now:
        raise InvalidInput("certificate_expired", "The signing certificate has expired; no station would take it.")


def progress(state: StationState, status: str) -> tuple[StationState, str | None]:
    """The state after the station's word, and the reason where it failed.

    Words may come late and out of order: none leads back, but for a success after a failure, which a station
    that tries again by itself tells truly.
    """
    step = _STEPS.get(status)
    if step is None or state in {StationState.WAITING, StationState.PROVEN, StationState.SKIPPED}:
        return state, None
    if step is StationState.FAILED:
        return (state, None) if state is StationState.INSTALLED else (step, status)
    if state is StationState.FAILED:
        return (step, None) if step is StationState.INSTALLED else (state, None)
    return (step if _ORDER.index(step) > _ORDER.index(state) else state), None


def answered(command_state: str, try_count: int) -> tuple[StationState, str | None]:
    """The state once our asking has ended: refused is refused, unheard is tried again a few times."""
    if command_state == "accepted":
        return StationState.ASKED, None
    if command_state == "rejected":
        return StationState.FAILED, "refused"
    if try_count < TRIES_MAX:
        return StationState.WAITING, None
    return StationState.FAILED, "not_reached"


def waves(stations: Sequence[tuple[UUID, bool]], percents: Sequence[int]) -> dict[UUID, int]:
    """The wave of each station, connected ones first; ``percents`` are cumulative and end at 100.

    Every wave has a station at least. Raises InvalidInput ``waves_malformed``.
    """
    rising = all(one < other for one, other in pairwise(percents))
    if not percents or percents[-1] != 100 or percents[0] < 1 or not rising:
        raise InvalidInput("waves_malformed", "Waves are rising percentages that end at 100, such as 5, 25, 100.")
    ordered = sorted(stations, key=lambda one: (not one[1], one[0].bytes[::-1]))
    found: dict[UUID, int] = {}
    until = 0
    for wave_no, percent in enumerate(percents, 1):
        wanted = max(until + 1, -(-len(ordered) * percent // 100))
        for station_id, _ in ordered[until:wanted]:
            found[station_id] = wave_no
        until = max(until, min(wanted, len(ordered)))
    return found


def decide(campaign: Campaign, members: Sequence[Member], now: datetime) -> Decision:
    """What follows from where every station stands; the same facts give the same decision."""
    changes = {change.station_id: change for member in members if (change := _change(campaign, member, now))}
    after = [
        member
        if member.station_id not in changes
        else msgspec.structs.replace(
            member,
            state=changes[member.station_id].state,
            detail=changes[member.station_id].detail,
            changed_at=now,
        )
        for member in members
    ]
    hold = _hold(campaign, [one for one in after if one.wave_no <= campaign.wave_no])
    wave_no, is_done = campaign.wave_no, False
    if hold is None and _is_over(campaign, after, now):
        wave_no, is_done = min(wave_no + 1, campaign.wave_count), wave_no == campaign.wave_count
    ask: tuple[UUID, ...] = () if hold or is_done else _to_ask(after, wave_no)
    return Decision(tuple(changes.values()), ask, wave_no, is_done, hold)


def _change(campaign: Campaign, member: Member, now: datetime) -> Change | None:
    """What a station has become without saying so: proven by its boot, silent, or not to be asked."""
    has_it = member.firmware is not None and member.firmware.strip() == campaign.version.strip()
    if member.state is StationState.WAITING:
        if member.is_disabled:
            return Change(member.station_id, StationState.SKIPPED, "disabled")
        return Change(member.station_id, StationState.SKIPPED, "has_it") if has_it else None
    if member.state in ENDS:
        is_late = member.state is StationState.FAILED and has_it
        return Change(member.station_id, StationState.PROVEN, None) if is_late else None
    if has_it:
        return Change(member.station_id, StationState.PROVEN, None)
    if now - member.changed_at > timedelta(seconds=campaign.silence_s):
        reason = "other_firmware" if member.state is StationState.INSTALLED else "silent"
        return Change(member.station_id, StationState.FAILED, reason)
    return None


def _hold(campaign: Campaign, begun: Sequence[Member]) -> str | None:
    """Why to pause: more of the stations that ended have failed, or are sick with it, than may be."""
    counted = [one for one in begun if one.state not in ENDS or one.changed_at >= campaign.counted_from]
    ended = [one for one in counted if one.state in {StationState.PROVEN, StationState.FAILED}]
    if not ended:
        return None
    failed = sum(one.state is StationState.FAILED for one in ended)
    sick = sum(one.state is StationState.PROVEN and one.is_faulted for one in ended)
    asked = sum(one.state is not StationState.SKIPPED for one in counted)
    if (failed + sick) * 100 <= campaign.failure_percent_max * max(asked, 1):
        return None
    return "failures_too_many" if failed else "stations_faulted"


def _is_over(campaign: Campaign, members: Sequence[Member], now: datetime) -> bool:
    """Whether the wave has ended and soaked, with its proven stations connected.

    A station that is offline before it was asked holds up no later wave, and the campaign's end only.
    """
    is_last = campaign.wave_no == campaign.wave_count
    wave = [
        one
        for one in members
        if one.wave_no <= campaign.wave_no
        and (is_last or one.is_connected or one.state is not StationState.WAITING)
    ]
    if not wave or any(one.state not in ENDS for one in wave):
        return False
    proven = [one for one in wave if one.state is StationState.PROVEN]
    if any(not one.is_connected for one in proven):
        return False
    last_at = max((one.changed_at for one in proven), default=None)
    return last_at is None or now - last_at >= timedelta(seconds=campaign.soak_s)


def _to_ask(members: Sequence[Member], wave_no: int) -> tuple[UUID, ...]:
    """Who is to be asked now: connected, not charging, and not too many under way at once."""
    free = AT_ONCE_MAX - sum(one.state in UNDER_WAY for one in members)
    ready = [
        one.station_id
        for one in members
        if one.wave_no <= wave_no
        and one.state is StationState.WAITING
        and one.is_connected
        and not one.is_charging
    ]
    return tuple(ready[: max(free, 0)])
