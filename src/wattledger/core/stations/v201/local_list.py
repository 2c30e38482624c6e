"""The list of tokens that a 2.0.1 station keeps for when it is alone (functional block D)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v201.types import IdToken, IdTokenInfo, Part, StatusInfo


class AuthorizationData(Part, frozen=True):
    """Without ``id_token_info``, a differential list takes the token off."""

    id_token: IdToken
    id_token_info: IdTokenInfo | UnsetType = UNSET


class GetLocalListVersion(Part, frozen=True):
    pass


class SendLocalList(Part, frozen=True):
    version_number: int
    update_type: Literal["Differential", "Full"]
    local_authorization_list: Annotated[list[AuthorizationData], Meta(min_length=1)] | UnsetType = UNSET


class GetLocalListVersionResponse(Part, frozen=True):
    version_number: int


class SendLocalListResponse(Part, frozen=True):
    status: Literal["Accepted", "Failed", "VersionMismatch"]
    status_info: StatusInfo | UnsetType = UNSET
