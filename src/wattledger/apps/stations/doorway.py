"""Who may open a link: the path names the station, Basic authentication proves it, the sub-protocol fits."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from wattledger.core.kernel.errors import InvalidInput, NotFound, Unauthorized
from wattledger.core.stations.link import choose_subprotocol

_PREFIX: Final = "/ocpp/"
_IDENTITY_MAX: Final = 48
_HEADER_MAX: Final = 512


def identity_in(path: str) -> str:
    """The station's identity in ``/ocpp/{identity}``. Raises NotFound ``path_unknown``."""
    name = unquote(path.partition("?")[0])
    identity = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or not 0 < len(identity) <= _IDENTITY_MAX or "/" in identity:
        raise NotFound("path_unknown", "Stations connect to /ocpp/ followed by their identity.")
    return identity


def password_in(authorization: str | None, identity: str) -> str:
    """The password of a Basic header whose user is the station itself. Raises Unauthorized ``station_refused``."""
    refused = Unauthorized("station_refused", "Unknown station, or wrong password.")
    if authorization is None or len(authorization) > _HEADER_MAX:
        raise refused
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise refused
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise refused from None
    if not colon or user != identity:
        raise refused
    return password


def subprotocol_of(offers: list[str]) -> str:
    """The version to speak, from the offered sub-protocols. Raises InvalidInput ``subprotocol_unknown``."""
    offered = [name.strip() for header in offers for name in header.split(",")]
    chosen = choose_subprotocol(offered)
    if chosen is None:
        raise InvalidInput("subprotocol_unknown", "Offer the sub-protocol ocpp1.6 or ocpp2.0.1.")
    return chosen


STATUS_OF: Final = {
    "path_unknown": HTTPStatus.NOT_FOUND,
    "station_refused": HTTPStatus.UNAUTHORIZED,
    "subprotocol_unknown": HTTPStatus.BAD_REQUEST,
    "station_linked": HTTPStatus.CONFLICT,
}
