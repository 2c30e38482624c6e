"""The configuration keys of a 1.6J station (OCPP 1.6 sections 5.3 and 5.8)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wattledger.core.stations.v16.messages import Message, Text50

Text500 = Annotated[str, Meta(max_length=500)]


class ChangeConfiguration(Message, frozen=True):
    key: Text50
    value: Text500


class GetConfiguration(Message, frozen=True):
    key: list[Text50] | UnsetType = UNSET


# --- the answers --------------------------------------------------------------------------------------------


class ConfigurationKey(Message, frozen=True):
    key: Text50
    readonly: bool
    value: Text500 | UnsetType = UNSET


class GetConfigurationResponse(Message, frozen=True):
    configuration_key: list[ConfigurationKey] | UnsetType = UNSET
    unknown_key: list[Text50] | UnsetType = UNSET


class ChangeConfigurationResponse(Message, frozen=True):
    status: Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]
