"""Whether a claim proves a station: by its certificate, or by its password, and by the profile it has to have."""

from __future__ import annotations

import hmac

import msgspec

from wattledger.core.kernel.errors import Forbidden, Unauthorized
from wattledger.core.stations.claim import Claim
from wattledger.flows.manage_catalog import station_password_purpose
from wattledger.flows.ports.base import Secrets
from wattledger.flows.ports.station_work import FoundStation

_NO_HASH = bytes(32)


class Proof(msgspec.Struct, frozen=True):
    """``is_next_password``: it was the new one of a password under change, which from now on is the only one."""

    profile: int
    is_next_password: bool
    fingerprint: bytes | None


def prove(claim: Claim, found: FoundStation | None, secrets: Secrets) -> Proof:
    """How the claim proves the station.

    Nothing that is told or timed says whether the identity exists: the same work is done without it. Raises
    Unauthorized ``station_refused``; Forbidden ``profile_too_low`` for what would be right on a safer link (OCPP
    2.0.1 part 2, A05: a station never falls back).
    """
    is_next, fingerprint = False, None
    if claim.certificate is not None:
        fingerprint = claim.certificate.fingerprint
        is_proven = _shows_its_own(claim, found)
    else:
        is_proven, is_next = _knows_password(claim, found, secrets)
    if not is_proven or found is None or found.is_disabled:
        raise Unauthorized("station_refused", "Unknown station, or wrong password.")
    if claim.profile < found.security_profile:
        raise Forbidden(
            "profile_too_low", f"This station has to use security profile {found.security_profile} or higher."
        )
    return Proof(claim.profile, is_next, fingerprint)


def _shows_its_own(claim: Claim, found: FoundStation | None) -> bool:
    """Signed by the tenant's authority for this very station, not revoked, not expired: all that is in the row."""
    certificate = claim.certificate
    assert certificate is not None
    live = () if found is None else found.certificate_fingerprints
    return certificate.common_name == claim.identity and certificate.fingerprint in live


def _knows_password(claim: Claim, found: FoundStation | None, secrets: Secrets) -> tuple[bool, bool]:
    kept = _NO_HASH if found is None else found.password_hash
    next_kept = None if found is None else found.next_password_hash
    is_current = is_next = False
    for password in claim.passwords:
        given = secrets.fingerprint(password, purpose=station_password_purpose(claim.identity))
        is_current |= hmac.compare_digest(given, kept)
        is_next |= hmac.compare_digest(given, _NO_HASH if next_kept is None else next_kept)
    return is_current or is_next, is_next and not is_current
