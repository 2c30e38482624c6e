"""What a socket shows at the door: the path names a station, a secret proves it, a version fits."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from wattledger.core.kernel.errors import InvalidInput, NotFound, Unauthorized
from wattledger.core.stations.claim import ClientCertificate, read_certificate, spellings
from wattledger.core.stations.link import choose_subprotocol
from wattledger.core.stations.versions import SUBPROTOCOLS

_PREFIX: Final = "/ocpp/"
_IDENTITY_MAX: Final = 48
_HEADER_MAX: Final = 512


def identity_in(path: str) -> str:
    """The station's identity in ``/ocpp/{identity}``. Raises NotFound ``path_unknown``."""
    name = unquote(path.partition("?")[0])
    identity = name.removeprefix(_PREFIX).removesuffix("/")
    if not name.startswith(_PREFIX) or not 0 < len(identity) <= _IDENTITY_MAX or "/" in identity:
        raise NotFound("path_unknown", "Stations connect to /ocpp/ followed by their identity.")
    return identity


def passwords_in(authorization: str | None, identity: str) -> tuple[str, ...]:
    """The spellings of the password in a Basic header whose user is the station itself.

    Raises Unauthorized ``station_refused``.
    """
    refused = Unauthorized("station_refused", "Unknown station, or wrong password.")
    if authorization is None or len(authorization) > _HEADER_MAX:
        raise refused
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise refused
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:  # binascii.Error is one, and what letters beyond ASCII raise is another
        raise refused from None
    # Not up to the first colon: an OCPP identity may hold one, though a user's name may not (RFC 7617).
    user = f"{identity}:".encode()
    if not pair.startswith(user):
        raise refused
    return spellings(pair[len(user) :])


def certificate_of(transport: Any) -> ClientCertificate | None:
    """The client's certificate, which TLS has verified against the tenants' authorities; None without one."""
    tls = transport.get_extra_info("ssl_object")
    der = None if tls is None else tls.getpeercert(binary_form=True)
    return None if not der else read_certificate(der)


def is_encrypted(transport: Any, headers: Mapping[str, str], *, is_behind_proxy: bool) -> bool:
    """TLS ends here, or at a proxy that the settings name."""
    if transport.get_extra_info("ssl_object") is not None:
        return True
    return is_behind_proxy and headers.get("X-Forwarded-Proto", "").strip().lower() in ("https", "wss")


def forwarded_for(headers: Mapping[str, str]) -> str | None:
    """The address that the nearest proxy saw: the last one, since whatever stands before it anybody may write."""
    last = headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return last or None


def offered_in(offers: list[str]) -> list[str]:
    """The sub-protocols offered in any number of headers, spelt as they were."""
    return [name.strip() for header in offers for name in header.split(",") if name.strip()]


def subprotocol_of(offers: list[str]) -> str:
    """The version to speak, from the offered sub-protocols. Raises InvalidInput ``subprotocol_unknown``."""
    chosen = choose_subprotocol([name.lower() for name in offered_in(offers)])
    if chosen is None:
        names = " or ".join(reversed(SUBPROTOCOLS))
        raise InvalidInput("subprotocol_unknown", f"Offer the sub-protocol {names}.")
    return chosen


STATUS_OF: Final = {
    "path_unknown": HTTPStatus.NOT_FOUND,
    "station_refused": HTTPStatus.UNAUTHORIZED,
    "profile_too_low": HTTPStatus.FORBIDDEN,
    "attempts_too_many": HTTPStatus.TOO_MANY_REQUESTS,
    "subprotocol_unknown": HTTPStatus.BAD_REQUEST,
    "station_linked": HTTPStatus.CONFLICT,
}
