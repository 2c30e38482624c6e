"""OCPP 2.0.1 to and from the words no version owns.

A station names its sessions itself and numbers what it tells of them, so an event is known by its kind and
``seqNo`` within the session, whatever message id it came under.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET

from wattledger.core.kernel.instants import format_instant
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import Activity, EventKind, Reading, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.asking import result_of
from wattledger.core.stations.dialect import Payload, noted, reader
from wattledger.core.stations.readings import ENERGY, OUTLET, PERIODIC, Sample, instant_of, readings_of
from wattledger.core.stations.refusals import CallRefused, Codes, refuse_nul
from wattledger.core.stations.v201 import (
    charging,
    display,
    firmware,
    messages,
    monitoring,
    notices,
    reservation,
    security,
    types,
    variables,
)
from wattledger.core.stations.v201.actions import ACTIONS
from wattledger.core.stations.v201.commands import command, exact_number
from wattledger.core.stations.v201.notices import configuration_in
from wattledger.core.stations.v201.verdicts import VERDICTS

__all__ = ["ACTIONS", "answer", "command", "command_result", "configuration_in", "told"]

CODES: Final = Codes(malformed="FormatViolation", occurrence="OccurrenceConstraintViolation")
EVSE_NO_MAX: Final = 2**31 - 1
SEQ_NO_MAX: Final = 2**63 - 1
REMOTE_START_ID_MAX: Final = 2**63 - 1

_KINDS: Final = {"Started": EventKind.STARTED, "Updated": EventKind.UPDATED, "Ended": EventKind.ENDED}
_STATUSES: Final = {
    "Available": talk.ConnectorStatus.AVAILABLE,
    "Occupied": talk.ConnectorStatus.OCCUPIED,
    "Reserved": talk.ConnectorStatus.RESERVED,
    "Unavailable": talk.ConnectorStatus.UNAVAILABLE,
    "Faulted": talk.ConnectorStatus.FAULTED,
}
_ACTIVITIES: Final = {
    "Charging": Activity.CHARGING,
    "SuspendedEVSE": Activity.PAUSED,
    "SuspendedEV": Activity.IDLE,
    "EVConnected": Activity.IDLE,
    "Idle": Activity.IDLE,
}
_encode: Final = msgspec.json.Encoder().encode


def told(action: str, payload: Payload, *, received_at: datetime) -> talk.Told:
    """What the CALL says. Raises CallRefused with 2.0.1's code when the payload breaks its schema."""
    read = _READERS.get(action)
    if read is None:
        code = CODES.not_supported if action in ACTIONS else CODES.not_implemented
        raise CallRefused(code, f"{action[:50]!r} is not an action a station may call here.")
    refuse_nul(payload, CODES)
    return read(payload, received_at)


def answer(told: talk.Told, decided: talk.Decided, *, now: datetime) -> bytes:
    """The payload of the CALLRESULT."""
    match told, decided:
        case talk.SessionTold(), talk.SessionDecided(verdict=None, total_cost=None):
            return b"{}"
        case talk.SessionTold(), talk.SessionDecided() as session_decided:
            return _session_answer(session_decided)
        case talk.BootTold(), talk.BootDecided(is_accepted=is_accepted, interval_s=interval_s):
            status: messages.RegistrationStatus = "Accepted" if is_accepted else "Rejected"
            return _encode(
                messages.BootNotificationResponse(
                    status=status, current_time=format_instant(now), interval=interval_s
                )
            )
        case talk.HeartbeatTold(), _:
            return _encode(messages.HeartbeatResponse(current_time=format_instant(now)))
        case talk.AuthorizeAsked(), talk.AuthorizeDecided(verdict=verdict, said=said):
            info = _id_token_info(verdict, decided.group_uid, said, decided.expires_at)
            return _encode(messages.AuthorizeResponse(id_token_info=info))
        case talk.CertificateAsked(), _:
            return _encode(security.SignCertificateResponse(status="Accepted"))
        case talk.Noted(action=action), _:
            return _encode(_NOTED_ANSWERS.get(action, messages.Empty()))
        case _:
            return b"{}"


def command_result(action: str, payload: Payload) -> talk.CommandResult:
    """What the station's CALLRESULT to ``action`` means; FAILED where it does not fit its schema."""
    return result_of(ACTIONS, action, payload)


# --- each message -------------------------------------------------------------------------------------------


def _authorize(message: messages.Authorize, _received_at: datetime) -> talk.Told:
    token = message.id_token
    return talk.AuthorizeAsked(token_uid=token.id_token.upper(), token_type=token.type)


def _boot(message: messages.BootNotification, _received_at: datetime) -> talk.Told:
    station = message.charging_station
    return talk.BootTold(
        vendor=station.vendor_name,
        model=station.model,
        serial=station.serial_number or None,
        firmware=station.firmware_version or None,
        reason=message.reason,
    )


def _heartbeat(_message: messages.Heartbeat, _received_at: datetime) -> talk.Told:
    return talk.HeartbeatTold()


def _status(message: messages.StatusNotification, received_at: datetime) -> talk.Told:
    evse_no, connector_no = _evse_no(message.evse_id), _evse_no(message.connector_id)
    if evse_no is None or connector_no is None:
        raise CallRefused(CODES.property_value, "evseId and connectorId are small numbers from 0 on.")
    return talk.StatusTold(
        evse_no=evse_no,
        connector_no=connector_no,
        status=_STATUSES[message.connector_status],
        detail=message.connector_status,
        error_code=None,
        station_at=instant_of(message.timestamp, received_at, []),
    )


def _transaction_event(message: messages.TransactionEvent, received_at: datetime) -> talk.Told:
    transaction = message.transaction_info
    if not transaction.transaction_id:
        raise CallRefused(CODES.property_value, "A session without a transactionId cannot be told apart.")
    flaws: list[str] = []
    station_at = instant_of(message.timestamp, received_at, flaws)
    token, evse = message.id_token, message.evse
    return talk.SessionTold(
        SessionEvent(
            kind=_KINDS[message.event_type],
            session_ref=transaction.transaction_id,
            event_key=f"{message.event_type[0]}{message.seq_no}".encode(),
            station_at=station_at,
            received_at=received_at,
            evse_no=None if evse is UNSET else _evse_no(evse.id),
            connector_no=None if evse is UNSET or evse.connector_id is UNSET else _evse_no(evse.connector_id),
            seq_no=_seq_no(message.seq_no, flaws),
            is_offline=message.offline,
            token_uid=None if token is UNSET else token.id_token.upper() or None,
            token_type=None if token is UNSET else token.type,
            remote_start_id=_remote_start_id(transaction),
            activity=None if transaction.charging_state is UNSET else _ACTIVITIES[transaction.charging_state],
            reason=_reason(message),
            readings=_readings(message.meter_value or [], received_at, flaws),
            flaws=tuple(flaws),
        )
    )


def _meter_values(message: messages.MeterValues, received_at: datetime) -> talk.Told:
    readings = _readings(message.meter_value, received_at, [])
    return talk.ReadingsTold(evse_no=_evse_no(message.evse_id) or 0, readings=readings)


# --- parts --------------------------------------------------------------------------------------------------


def _readings(values: list[types.MeterValue], received_at: datetime, flaws: list[str]) -> tuple[Reading, ...]:
    readings: list[Reading] = []
    for value in values:
        at = instant_of(value.timestamp, received_at, flaws)
        readings += readings_of(at, [_sample(one) for one in value.sampled_value], flaws)
    return tuple(readings)


def _sample(value: types.SampledValue) -> Sample:
    unit, signed = value.unit_of_measure, value.signed_meter_value
    return Sample(
        bytes(value.value).decode(),
        value.measurand or ENERGY,
        value.context or PERIODIC,
        value.phase or None,
        value.location or OUTLET,
        None if unit is UNSET else unit.unit or None,
        0 if unit is UNSET else unit.multiplier or 0,
        None if signed is UNSET else signed.signed_meter_data,
    )


def _evse_no(number: int) -> int | None:
    return number if 0 <= number <= EVSE_NO_MAX else None


def _seq_no(seq_no: int, flaws: list[str]) -> int | None:
    if 0 <= seq_no <= SEQ_NO_MAX:
        return seq_no
    flaws.append("sequence_implausible")
    return None


def _remote_start_id(transaction: messages.Transaction) -> int | None:
    number = transaction.remote_start_id
    return None if number is UNSET or abs(number) > REMOTE_START_ID_MAX else number


def _reason(message: messages.TransactionEvent) -> str | None:
    """Why the session ended; the standard lets a station leave out "Local"."""
    if message.event_type != "Ended":
        return None
    return message.transaction_info.stopped_reason or "Local"


def _session_answer(decided: talk.SessionDecided) -> bytes:
    """A refusal says why beside the token; what else there is to say is for the driver who charges."""
    verdict, total_cost, said = decided.verdict, decided.total_cost, decided.said
    is_refusal = verdict is not None and verdict is not talk.Verdict.ACCEPTED
    why = said if is_refusal else None
    return _encode(
        messages.TransactionEventResponse(
            id_token_info=UNSET if verdict is None else _id_token_info(verdict, decided.group_uid, why),
            updated_personal_message=UNSET if said is None or is_refusal else _message(said),
            total_cost=UNSET if total_cost is None else _amount(total_cost),
        )
    )


def _id_token_info(
    verdict: talk.Verdict,
    group_uid: str | None,
    said: talk.Said | None,
    expires_at: datetime | None = None,
) -> types.IdTokenInfo:
    return types.IdTokenInfo(
        status=VERDICTS[verdict],
        cache_expiry_date_time=UNSET if expires_at is None else format_instant(expires_at),
        group_id_token=UNSET if group_uid is None else types.IdToken(group_uid, "Central"),
        personal_message=UNSET if said is None else _message(said),
    )


def _message(said: talk.Said) -> types.MessageContent:
    return types.MessageContent("UTF8", said.text, said.language)


def _amount(total_cost: Money) -> msgspec.Raw:
    """The exact decimal digits; a JSON number needs no binary float on its way out."""
    return exact_number(total_cost.decimal())


def _sign_certificate(message: security.SignCertificate, _received_at: datetime) -> talk.Told:
    # One for ISO 15118 is another authority's affair, and refused in its own words.
    is_v2g = message.certificate_type == "V2GCertificate"
    return talk.Noted("SignCertificate") if is_v2g else talk.CertificateAsked(message.csr)


# --- tables -------------------------------------------------------------------------------------------------

_READERS: Final = (
    {
        "Authorize": reader(messages.Authorize, _authorize, CODES),
        "BootNotification": reader(messages.BootNotification, _boot, CODES),
        "Heartbeat": reader(messages.Heartbeat, _heartbeat, CODES),
        "MeterValues": reader(messages.MeterValues, _meter_values, CODES),
        "StatusNotification": reader(messages.StatusNotification, _status, CODES),
        "SignCertificate": reader(security.SignCertificate, _sign_certificate, CODES),
        "TransactionEvent": reader(messages.TransactionEvent, _transaction_event, CODES),
        "FirmwareStatusNotification": reader(firmware.FirmwareStatusNotification, notices.firmware_status, CODES),
        "LogStatusNotification": reader(firmware.LogStatusNotification, notices.log_status, CODES),
        "NotifyEvent": reader(monitoring.NotifyEvent, notices.events, CODES),
        "NotifyReport": reader(variables.NotifyReport, notices.report, CODES),
        "ReservationStatusUpdate": reader(reservation.ReservationStatusUpdate, notices.reservation_status, CODES),
        "SecurityEventNotification": reader(security.SecurityEventNotification, notices.security_event, CODES),
    }
    | {
        type_.__name__: reader(type_, notices.reported, CODES)
        for type_ in (
            charging.ClearedChargingLimit,
            charging.NotifyChargingLimit,
            display.NotifyCustomerInformation,
            display.NotifyDisplayMessages,
            monitoring.NotifyMonitoringReport,
            firmware.PublishFirmwareStatusNotification,
            charging.ReportChargingProfiles,
        )
    }
    | {
        type_.__name__: noted(type_, CODES)
        for type_ in (
            messages.DataTransfer,
            security.Get15118EVCertificate,
            security.GetCertificateStatus,
            charging.NotifyEVChargingNeeds,
            charging.NotifyEVChargingSchedule,
        )
    }
)
# Nothing is granted that nobody decided: certificates and schedules are refused in their own words.
_NOTED_ANSWERS: Final[dict[str, types.Part]] = {
    "DataTransfer": messages.DataTransferResponse(status="UnknownVendorId"),
    "Get15118EVCertificate": security.Get15118EVCertificateResponse(status="Failed", exi_response=""),
    "GetCertificateStatus": security.GetCertificateStatusResponse(status="Failed"),
    "NotifyEVChargingNeeds": charging.NotifyEVChargingNeedsResponse(status="Rejected"),
    "NotifyEVChargingSchedule": charging.NotifyEVChargingScheduleResponse(status="Rejected"),
    "SignCertificate": security.SignCertificateResponse(status="Rejected"),
}
