"""Stations' certificates: signed by the tenant's own authority, replaced in time, revoked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.stations.commands import GiveCertificate, TriggerMessage
from wattledger.flows.ask_keys import ask_keys
from wattledger.flows.ports.base import Clock, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.credentials import Authority, CertificateRequest, StationCertificate
from wattledger.flows.ports.issuing_ca import Issued, IssuingCa, Root

RENEWED_BEFORE: Final = timedelta(days=30)
ALARMED_BEFORE: Final = timedelta(days=14)
AUTHORITY_KEY_FIELD: Final = "certificate_authority.key"
_RENEWAL: Final = "renewal"
#: In whose name a signed certificate is sent.
GIVEN: Final = "certificate request"
_AGAIN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CertificatePorts:
    uow: UnitOfWork
    clock: Clock
    ids: Ids
    secrets: Secrets
    ca: IssuingCa


async def ensure_authority(work: Work, ports: CertificatePorts) -> Root:
    """The tenant's authority, made when it is first needed; its key is stored sealed."""
    known = await work.credentials.authority()
    if known is not None:
        key = ports.secrets.open(known.key_sealed, tenant_id=work.tenant_id, field=AUTHORITY_KEY_FIELD)
        return Root(known.certificate_pem, key, known.expires_at)
    now, authority_id = ports.clock.now(), ports.ids.new()
    # A certificate shows its issuer to whoever looks: no name of a customer of ours in it.
    root = ports.ca.make_root(f"Wattledger stations {authority_id.hex[-8:]}", now=now)
    sealed = ports.secrets.seal(root.key_pem, tenant_id=work.tenant_id, field=AUTHORITY_KEY_FIELD)
    await work.credentials.add_authority(
        Authority(authority_id, root.certificate_pem, sealed, root.expires_at), at=now
    )
    return root


async def sign_certificate(ports: CertificatePorts, tenant_id: int, certificate_request_id: UUID) -> None:
    """The request is signed and its certificate on its way to the station, or refused and before a person."""
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        request = await work.credentials.lock_request(certificate_request_id)
        if request is None or request.state != "open":
            return
        root = await ensure_authority(work, ports)
        try:
            issued = ports.ca.issue(root, request.csr_pem, common_name=request.identity, now=now)
        except InvalidInput as refusal:
            await _refuse(work, ports, request, refusal, now)
            return
        await _give(work, ports, request, issued, now)


async def _give(
    work: Work, ports: CertificatePorts, request: CertificateRequest, issued: Issued, now: datetime
) -> None:
    await work.credentials.add_certificate(
        StationCertificate(
            station_certificate_id=ports.ids.new(),
            station_id=request.station_id,
            identity=request.identity,
            fingerprint=issued.fingerprint,
            serial_no=issued.serial_no,
            certificate_pem=issued.certificate_pem,
            state="issued",
            valid_from=issued.valid_from,
            expires_at=issued.expires_at,
            issued_at=now,
        )
    )
    await work.credentials.decide_request(request.certificate_request_id, state="signed", reason=None, at=now)
    await ask_keys(
        work,
        ports.ids,
        ports.secrets,
        station_id=request.station_id,
        command=GiveCertificate(chain=issued.chain_pem),
        asked_by=GIVEN,
        now=now,
    )


async def _refuse(
    work: Work, ports: CertificatePorts, request: CertificateRequest, refusal: InvalidInput, now: datetime
) -> None:
    await work.credentials.decide_request(
        request.certificate_request_id, state="refused", reason=refusal.code, at=now
    )
    await work.sessions.open_review(
        review_item_id=ports.ids.new(),
        reason_code="certificate_request_refused",
        subject_kind="station",
        subject_id=request.station_id,
        summary=f"{request.identity} asked for a certificate that it cannot have: {refusal.message}",
        opened_at=now,
    )


async def revoke_certificate(
    work: Work, clock: Clock, *, station_certificate_id: UUID, station_id: UUID, revoked_by: str
) -> None:
    """From the next link on it proves nothing; a link that is open stays until it breaks.

    Raises NotFound ``certificate_unknown``; Refused ``certificate_revoked``.
    """
    known = {one.station_certificate_id for one in await work.credentials.certificates(station_id)}
    if station_certificate_id not in known:
        raise NotFound("certificate_unknown", "The station has no such certificate.")
    if not await work.credentials.revoke(station_certificate_id, by=revoked_by, at=clock.now()):
        raise Refused("certificate_revoked", "It is revoked already.")


async def guard_certificates(ports: CertificatePorts, tenant_id: int) -> int:
    """Certificates that end soon are asked to be renewed, once a day; those that end very soon are worklisted.

    Returns how many end soon.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        ending = await work.credentials.live_certificates(now + RENEWED_BEFORE)
        for one in ending:
            asked = await work.credentials.asked_steps(one.station_id, _RENEWAL)
            if not asked or asked[-1].created_at < now - _AGAIN:
                await ask_keys(
                    work,
                    ports.ids,
                    ports.secrets,
                    station_id=one.station_id,
                    command=TriggerMessage(message="certificate_request"),
                    asked_by=_RENEWAL,
                    now=now,
                )
            if one.expires_at < now + ALARMED_BEFORE:
                await _alarm(work, ports, one, now)
    return len(ending)


async def _alarm(work: Work, ports: CertificatePorts, certificate: StationCertificate, now: datetime) -> None:
    has_ended = certificate.expires_at <= now
    await work.sessions.open_review(
        review_item_id=ports.ids.new(),
        reason_code="certificate_expired" if has_ended else "certificate_expiring",
        subject_kind="station",
        subject_id=certificate.station_id,
        summary=(
            f"The certificate of {certificate.identity} {'ended' if has_ended else 'ends'} on "
            f"{certificate.expires_at:%Y-%m-%d} and has not been replaced; without one the station stays outside."
        ),
        opened_at=now,
    )
