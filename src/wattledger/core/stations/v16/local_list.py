"""The list of tokens that a 1.6J station keeps for when it is alone (OCPP 1.6 section 3.5.2)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from wattledger.core.stations.v16.messages import IdTagInfo, Message, Text20


class AuthorizationData(Message, frozen=True):
    """Without ``id_tag_info``, a differential list takes the token off."""

    id_tag: Text20
    id_tag_info: IdTagInfo | UnsetType = UNSET


class GetLocalListVersion(Message, frozen=True):
    pass


class SendLocalList(Message, frozen=True):
    list_version: int
    update_type: Literal["Differential", "Full"]
    local_authorization_list: list[AuthorizationData] | UnsetType = UNSET


class GetLocalListVersionResponse(Message, frozen=True):
    """``list_version`` is 0 where the list is empty, -1 where the station keeps none."""

    list_version: int


class SendLocalListResponse(Message, frozen=True):
    status: Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]
