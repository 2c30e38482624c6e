"""What a virtual station answers when the server asks something of it, in both versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wattledger.apps.lab.stations.facts import Grant, Session
from wattledger.apps.lab.stations.wire import Payload


class Asked(Protocol):
    """What a command can do to a station."""

    def take_grant(self, evse_no: int | None, grant: Grant) -> bool: ...
    def stop_remotely(self, session_ref: str) -> bool: ...
    def find_session(self, session_ref: str) -> Session | None: ...
    def has_queued(self, session_ref: str | None) -> bool: ...
    def reboot(self) -> None: ...
    def trigger(self, message: str) -> bool: ...
    def configure(self, name: str, value: str) -> bool: ...


def answer(station: Asked, action: str, payload: Payload) -> Payload | None:
    """The CALLRESULT's payload; None where this station does not know the action."""
    answering = _ANSWERS.get(action)
    return None if answering is None else answering(station, payload)


def _status(*, is_accepted: bool) -> Payload:
    return {"status": "Accepted" if is_accepted else "Rejected"}


def _remote_start(station: Asked, payload: Payload) -> Payload:
    grant = Grant(payload["idTag"], "")
    return _status(is_accepted=station.take_grant(payload.get("connectorId"), grant))


def _request_start(station: Asked, payload: Payload) -> Payload:
    token = payload["idToken"]
    grant = Grant(token["idToken"], token["type"], payload["remoteStartId"])
    return _status(is_accepted=station.take_grant(payload.get("evseId"), grant))


def _stop(station: Asked, payload: Payload) -> Payload:
    return _status(is_accepted=station.stop_remotely(str(payload["transactionId"])))


def _trigger(station: Asked, payload: Payload) -> Payload:
    is_known = station.trigger(payload["requestedMessage"])
    return {"status": "Accepted" if is_known else "NotImplemented"}


def _reset(station: Asked, _payload: Payload) -> Payload:
    station.reboot()
    return _status(is_accepted=True)


def _transaction_status(station: Asked, payload: Payload) -> Payload:
    ref = payload.get("transactionId")
    answer: Payload = {"messagesInQueue": station.has_queued(ref)}
    if ref is not None:
        session = station.find_session(ref)
        answer["ongoingIndicator"] = session is not None and not session.is_ended
    return answer


def _change_configuration(station: Asked, payload: Payload) -> Payload:
    is_known = station.configure(payload["key"], payload["value"])
    return {"status": "Accepted" if is_known else "NotSupported"}


def _get_configuration(_station: Asked, payload: Payload) -> Payload:
    return {"configurationKey": [], "unknownKey": list(payload.get("key", []))}


def _set_variables(station: Asked, payload: Payload) -> Payload:
    results = []
    for row in payload["setVariableData"]:
        is_known = station.configure(row["variable"]["name"], row["attributeValue"])
        status = "Accepted" if is_known else "UnknownVariable"
        results.append({"attributeStatus": status, "component": row["component"], "variable": row["variable"]})
    return {"setVariableResult": results}


def _get_variables(_station: Asked, payload: Payload) -> Payload:
    return {
        "getVariableResult": [
            {"attributeStatus": "UnknownVariable", "component": row["component"], "variable": row["variable"]}
            for row in payload["getVariableData"]
        ]
    }


def _data_transfer(_station: Asked, payload: Payload) -> Payload:
    """The Open Charge Alliance's cost messages, and no vendor's own."""
    is_known = payload["vendorId"] == "org.openchargealliance.costmsg"
    return {"status": "Accepted" if is_known else "UnknownVendorId"}


_ANSWERS: dict[str, Callable[[Asked, Payload], Payload]] = {
    "ChangeConfiguration": _change_configuration,
    "DataTransfer": _data_transfer,
    "GetConfiguration": _get_configuration,
    "GetTransactionStatus": _transaction_status,
    "GetVariables": _get_variables,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _stop,
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _stop,
    "Reset": _reset,
    "SendLocalList": lambda _station, _payload: _status(is_accepted=True),
    "SetDisplayMessage": lambda _station, _payload: _status(is_accepted=True),
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger,
    "CostUpdated": lambda _station, _payload: {},
}
