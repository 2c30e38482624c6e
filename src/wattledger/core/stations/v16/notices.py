"""What a 1.6J station says of itself: firmware, logs, security events, its configuration."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET

from wattledger.core.stations import talk
from wattledger.core.stations.dialect import Payload
from wattledger.core.stations.readings import instant_of
from wattledger.core.stations.v16 import configuration, firmware, security


def firmware_status(message: firmware.FirmwareStatusNotification, _received_at: datetime) -> talk.Told:
    return talk.NoticesTold((talk.FirmwareProgress(message.status, None),))


def signed_firmware_status(
    message: firmware.SignedFirmwareStatusNotification, _received_at: datetime
) -> talk.Told:
    update_no = None if message.request_id is UNSET else message.request_id
    return talk.NoticesTold((talk.FirmwareProgress(message.status, update_no),))


def diagnostics_status(message: firmware.DiagnosticsStatusNotification, _received_at: datetime) -> talk.Told:
    return talk.NoticesTold((talk.LogProgress(message.status, None),))


def log_status(message: firmware.LogStatusNotification, _received_at: datetime) -> talk.Told:
    log_no = None if message.request_id is UNSET else message.request_id
    return talk.NoticesTold((talk.LogProgress(message.status, log_no),))


def security_event(message: security.SecurityEventNotification, received_at: datetime) -> talk.Told:
    at = instant_of(message.timestamp, received_at, [])
    return talk.NoticesTold((talk.SecurityEvent(message.type, at, message.tech_info or None),))


def configuration_in(action: str, payload: Payload) -> tuple[talk.ConfigurationValue, ...]:
    """The configuration that an answer of ours' asking holds; empty where it holds none."""
    if action != "GetConfiguration":
        return ()
    answer = msgspec.json.decode(payload, type=configuration.GetConfigurationResponse)
    return tuple(
        talk.ConfigurationValue(one.key, None if one.value is UNSET else one.value, one.readonly)
        for one in answer.configuration_key or ()
    )
