"""Register a firmware, and start to bring it to stations."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.stations.firmware import (
    check_signing_certificate,
    waves,
)
from wattledger.flows.ports.base import Clock, Ids, Work
from wattledger.flows.ports.firmware import CampaignRow, NewMember, ReleaseRow
from wattledger.flows.ports.staff import AuditRecord

SOAK_S: Final = 3600
SILENCE_S: Final = 6 * 3600
FAILURE_PERCENT_MAX: Final = 10
WAVES: Final = (5, 25, 100)
_SCHEMES: Final = ("https://", "http://", "ftp://", "ftps://", "sftp://")
_TEXT_MAX: Final = 200
_NUMBER_MASK: Final = (1 << 31) - 1


class NewRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A firmware as its maker gave it; certificate in PEM and signature in base64 together or not at all."""

    vendor: str
    model: str
    version: str
    location: str
    signing_certificate: str | None = None
    signature: str | None = None


class NewCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """``waves`` are cumulative percentages; ``is_unsigned_allowed`` says that somebody knows what they do."""

    name: str
    waves: tuple[int, ...] = WAVES
    failure_percent_max: int = FAILURE_PERCENT_MAX
    soak_s: int = SOAK_S
    silence_s: int = SILENCE_S
    is_unsigned_allowed: bool = False
    station_ids: tuple[UUID, ...] | None = None  # None: every station of the release's maker and model


async def add_release(work: Work, ids: Ids, clock: Clock, new: NewRelease, *, created_by: str) -> UUID:
    """The firmware can be brought to stations; its id is returned.

    Raises InvalidInput ``release_malformed``, ``location_malformed``, ``signature_incomplete``,
    ``certificate_malformed``, ``certificate_expired``.
    """
    for text in (new.vendor, new.model, new.version):
        if not 0 < len(text.strip()) <= _TEXT_MAX:
            raise InvalidInput("release_malformed", "A release has a vendor, a model and a version.")
    if (
        not new.location.startswith(_SCHEMES)
        or len(new.location) > 512
        or any(one.isspace() for one in new.location)
    ):
        raise InvalidInput("location_malformed", "A location is an address with https, http, ftp, ftps or sftp.")
    if (new.signing_certificate is None) != (new.signature is None):
        raise InvalidInput(
            "signature_incomplete", "A signature goes with its certificate, and the other way round."
        )
    now = clock.now()
    if new.signing_certificate is not None:
        check_signing_certificate(new.signing_certificate, now)
    release_id = ids.new()
    await work.firmware.add_release(
        ReleaseRow(
            release_id,
            new.vendor.strip(),
            new.model.strip(),
            new.version.strip(),
            new.location,
            new.signing_certificate,
            new.signature,
            created_by,
            now,
        )
    )
    await audit_firmware(
        work,
        ids,
        now,
        by=created_by,
        action="firmware_added",
        subject_id=release_id,
        detail=f"{new.model} {new.version}",
    )
    return release_id


async def start_campaign(
    work: Work, ids: Ids, clock: Clock, release_id: UUID, new: NewCampaign, *, created_by: str
) -> UUID:
    """The campaign runs; its id is returned. Stations that another campaign has are left to it.

    Raises NotFound ``release_unknown``; InvalidInput ``campaign_malformed``, ``waves_malformed``,
    ``firmware_unsigned``; Refused ``no_station_fits``.
    """
    release = await work.firmware.release(release_id)
    if release is None:
        raise NotFound("release_unknown", "There is no such firmware here.")
    _check_campaign(new, release)
    members = await _members_of(work, release, new)
    now, campaign_id = clock.now(), ids.new()
    update_no = campaign_id.int & _NUMBER_MASK
    rows = [NewMember(station_id, wave_no, update_no, before) for station_id, wave_no, before in members]
    row = CampaignRow(
        firmware_campaign_id=campaign_id,
        firmware_release_id=release_id,
        name=new.name.strip(),
        state="running",
        reason=None,
        failure_percent_max=new.failure_percent_max,
        soak_s=new.soak_s,
        silence_s=new.silence_s,
        wave_count=max(wave_no for _, wave_no, _ in members),
        wave_no=1,
        counted_from=now,
        created_by=created_by,
        created_at=now,
        changed_at=now,
        version=1,
    )
    await work.firmware.add_campaign(row, rows)
    await work.jobs.add("advance_campaign", campaign_id, due_at=now, at=now)
    await audit_firmware(
        work,
        ids,
        now,
        by=created_by,
        action="campaign_started",
        subject_id=campaign_id,
        detail=f"{row.name}: {len(rows)} stations",
    )
    return campaign_id


def _check_campaign(new: NewCampaign, release: ReleaseRow) -> None:
    if not 0 < len(new.name.strip()) <= _TEXT_MAX:
        raise InvalidInput("campaign_malformed", "A campaign has a name of at most 200 characters.")
    if not 0 <= new.failure_percent_max <= 100 or new.soak_s < 0 or new.silence_s < 60:
        raise InvalidInput("campaign_malformed", "Failures are 0 to 100 percent, silence lasts a minute at least.")
    if release.signature is None and not new.is_unsigned_allowed:
        raise InvalidInput(
            "firmware_unsigned", "This firmware is not signed. Say that it shall go out all the same."
        )


async def _members_of(work: Work, release: ReleaseRow, new: NewCampaign) -> list[tuple[UUID, int, str | None]]:
    wanted = None if new.station_ids is None else set(new.station_ids)
    fitting = [
        one
        for one in await work.firmware.candidates()
        if not one.is_taken
        and one.ocpp_version is not None
        and (one.vendor or "").strip().lower() == release.vendor.lower()
        and (one.model or "").strip().lower() == release.model.lower()
        and (wanted is None or one.station_id in wanted)
    ]
    wave_of = waves([(one.station_id, one.is_connected) for one in fitting], new.waves)
    if not fitting:
        raise Refused("no_station_fits", f"No free station is a {release.vendor} {release.model}.")
    return [(one.station_id, wave_of[one.station_id], one.firmware) for one in fitting]


async def audit_firmware(
    work: Work, ids: Ids, now: datetime, *, by: str, action: str, subject_id: UUID, detail: str | None = None
) -> None:
    """The audit trail says who did what with a firmware."""
    await work.staff.insert_audit(AuditRecord(ids.new(), now, by, action, "firmware", subject_id, detail))
