"""What a 2.0.1 station says of itself: firmware, logs, security events, alarms, its configuration."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET

from wattledger.core.stations import talk
from wattledger.core.stations.dialect import Payload
from wattledger.core.stations.readings import instant_of
from wattledger.core.stations.v201 import firmware, monitoring, reservation, security, variables
from wattledger.core.stations.v201.commands import name_of
from wattledger.core.stations.v201.types import Part


def firmware_status(message: firmware.FirmwareStatusNotification, _received_at: datetime) -> talk.Told:
    update_no = None if message.request_id is UNSET else message.request_id
    return talk.NoticesTold((talk.FirmwareProgress(message.status, update_no),))


def log_status(message: firmware.LogStatusNotification, _received_at: datetime) -> talk.Told:
    log_no = None if message.request_id is UNSET else message.request_id
    return talk.NoticesTold((talk.LogProgress(message.status, log_no),))


def security_event(message: security.SecurityEventNotification, received_at: datetime) -> talk.Told:
    at = instant_of(message.timestamp, received_at, [])
    return talk.NoticesTold((talk.SecurityEvent(message.type, at, message.tech_info or None),))


def reservation_status(message: reservation.ReservationStatusUpdate, _received_at: datetime) -> talk.Told:
    over = talk.ReservationOver(message.reservation_id, message.reservation_update_status)
    return talk.NoticesTold((over,))


def reported(message: Part, _received_at: datetime) -> talk.Told:
    """A part of a report, kept as it was said."""
    return talk.NoticesTold((_report_of(message),))


def _report_of(message: Part) -> talk.ReportTold:
    return talk.ReportTold(
        action=type(message).__name__,
        request_no=getattr(message, "request_id", None),
        is_last=not getattr(message, "tbc", False),
        body=msgspec.json.encode(message).decode(),
    )


def events(message: monitoring.NotifyEvent, received_at: datetime) -> talk.Told:
    """What raises or clears an alarm is one; what a monitor tells from time to time is a report."""
    told = tuple(one for one in message.event_data if one.trigger != "Alerting")
    rest = (_report_of(msgspec.structs.replace(message, event_data=list(told))),) if told else ()
    return talk.NoticesTold(
        rest
        + tuple(
            talk.MonitorAlarm(
                name=name_of(one.component, one.variable),
                value=one.actual_value,
                happened_at=instant_of(one.timestamp, received_at, []),
                is_cleared=one.cleared is True,
                detail=one.tech_info or one.tech_code or None,
            )
            for one in message.event_data
            if one.trigger == "Alerting"
        )
    )


def report(message: variables.NotifyReport, _received_at: datetime) -> talk.Told:
    """One part of a report; of each variable its actual value, which is what holds."""
    rows = () if message.report_data is UNSET else message.report_data
    values = tuple(
        talk.ConfigurationValue(
            name_of(row.component, row.variable),
            None if attribute.value is UNSET else attribute.value,
            attribute.mutability == "ReadOnly",
        )
        for row in rows
        for attribute in row.variable_attribute
        if attribute.type in {UNSET, "Actual"}
    )
    return talk.NoticesTold((talk.ConfigurationPart(message.request_id, not message.tbc, values),))


def configuration_in(action: str, payload: Payload) -> tuple[talk.ConfigurationValue, ...]:
    """The configuration that an answer of ours' asking holds; empty where it holds none."""
    if action != "GetVariables":
        return ()
    answer = msgspec.json.decode(payload, type=variables.GetVariablesResponse)
    return tuple(
        talk.ConfigurationValue(
            name_of(one.component, one.variable),
            None if one.attribute_value is UNSET else one.attribute_value,
            is_readonly=False,
        )
        for one in answer.get_variable_result
        if one.attribute_status == "Accepted"
    )
