"""The words of both OCPP versions as a station speaks them.

Plain JSON, written apart from ``core/stations``: a station that shared the server's structs would share its
mistakes as well.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from wattledger.apps.lab.stations.facts import Fact, Kind, Session
from wattledger.core.kernel.instants import format_instant

Payload = dict[str, Any]
Call = tuple[str, Payload]

_STATUS_TRIGGERS_16 = {"Charging": "Charging", "SuspendedEV": "SuspendedEV", "SuspendedEVSE": "SuspendedEVSE"}


class Wire(Protocol):
    subprotocol: str
    firmware: str

    def boot(self, identity: str) -> Call: ...
    def authorize(self, token_uid: str, token_type: str) -> Call: ...
    def is_accepted(self, reply: Payload) -> bool:
        """Whether an Authorize, or a start, was answered with leave to charge."""
        ...

    def status(self, evse_no: int, at: datetime, *, is_plugged: bool, session: Session | None) -> Call: ...
    def fact(self, session: Session, fact: Fact) -> Call: ...
    def heard(self, session: Session, fact: Fact, reply: Payload) -> None:
        """Takes from the reply what the station must know from now on."""
        ...


class Wire16:
    subprotocol = "ocpp1.6"
    firmware = "1.0.0"

    def boot(self, identity: str) -> Call:
        return "BootNotification", {
            "chargePointVendor": "Wattledger",
            "chargePointModel": "Virtual 16",
            "chargePointSerialNumber": identity[:25],
            "firmwareVersion": self.firmware,
        }

    def authorize(self, token_uid: str, token_type: str) -> Call:
        del token_type  # 1.6 tells no kind of token
        return "Authorize", {"idTag": token_uid}

    def is_accepted(self, reply: Payload) -> bool:
        return bool(reply.get("idTagInfo", {"status": "Accepted"}).get("status") == "Accepted")

    def status(self, evse_no: int, at: datetime, *, is_plugged: bool, session: Session | None) -> Call:
        word = "Preparing" if is_plugged else "Available"
        if session is not None:
            word = "Finishing" if session.is_ended else _STATUS_TRIGGERS_16.get(session.activity, "Preparing")
        payload = {
            "connectorId": evse_no,
            "errorCode": "NoError",
            "status": word,
            "timestamp": format_instant(at),
        }
        return "StatusNotification", payload

    def fact(self, session: Session, fact: Fact) -> Call:
        at_text = fact.clock_text or format_instant(fact.at)
        match fact.kind:
            case Kind.STARTED:
                assert fact.grant is not None
                return "StartTransaction", {
                    "connectorId": session.evse_no,
                    "idTag": fact.grant.token_uid,
                    "meterStart": (fact.register_milliwh or 0) // 1000,
                    "timestamp": at_text,
                }
            case Kind.UPDATED:
                return "MeterValues", {
                    "connectorId": session.evse_no,
                    "transactionId": self._session_no(session, fact),
                    "meterValue": [{"timestamp": at_text, "sampledValue": _samples_16(fact)}],
                }
            case Kind.ENDED:
                named = {} if fact.grant is None else {"idTag": fact.grant.token_uid}
                return "StopTransaction", named | {
                    "transactionId": self._session_no(session, fact),
                    "meterStop": (fact.register_milliwh or 0) // 1000,
                    "timestamp": at_text,
                    "reason": fact.reason or "Local",
                }

    def heard(self, session: Session, fact: Fact, reply: Payload) -> None:
        if fact.kind is Kind.STARTED:
            session.session_no = int(reply["transactionId"])

    def _session_no(self, session: Session, fact: Fact) -> int:
        """What was never told to this station it calls -1, as stations of the field do."""
        if fact.is_unnamed:
            return 0
        if fact.session_no is not None:
            return fact.session_no
        return -1 if session.session_no is None else session.session_no


class Wire201:
    subprotocol = "ocpp2.0.1"
    firmware = "1.0.0"

    def boot(self, identity: str) -> Call:
        station = {
            "vendorName": "Wattledger",
            "model": "Virtual 201",
            "serialNumber": identity[:25],
            "firmwareVersion": self.firmware,
        }
        return "BootNotification", {"reason": "PowerUp", "chargingStation": station}

    def authorize(self, token_uid: str, token_type: str) -> Call:
        return "Authorize", {"idToken": {"idToken": token_uid, "type": token_type}}

    def is_accepted(self, reply: Payload) -> bool:
        return bool(reply.get("idTokenInfo", {"status": "Accepted"}).get("status") == "Accepted")

    def status(self, evse_no: int, at: datetime, *, is_plugged: bool, session: Session | None) -> Call:
        return "StatusNotification", {
            "timestamp": format_instant(at),
            "connectorStatus": "Occupied" if is_plugged or session is not None else "Available",
            "evseId": evse_no,
            "connectorId": 1,
        }

    def fact(self, session: Session, fact: Fact) -> Call:
        at_text = fact.clock_text or format_instant(fact.at)
        info: Payload = {"transactionId": session.ref, "chargingState": fact.activity}
        payload: Payload = {
            "eventType": fact.kind.value,
            "timestamp": at_text,
            "triggerReason": fact.trigger,
            "seqNo": fact.seq_no,
            "transactionInfo": info,
            "evse": {"id": session.evse_no, "connectorId": 1},
        }
        if fact.is_offline:
            payload["offline"] = True
        if samples := _samples_201(fact):
            payload["meterValue"] = [{"timestamp": at_text, "sampledValue": samples}]
        grant = fact.grant
        if grant is not None:
            payload["idToken"] = {"idToken": grant.token_uid, "type": grant.token_type}
            if grant.remote_start_id is not None and fact.kind is not Kind.ENDED:
                info["remoteStartId"] = grant.remote_start_id
        if fact.kind is Kind.ENDED:
            info["stoppedReason"] = fact.reason or "Local"
        return "TransactionEvent", payload

    def heard(self, session: Session, fact: Fact, reply: Payload) -> None:
        if fact.kind is Kind.ENDED and "totalCost" in reply:
            session.total_cost = Decimal(reply["totalCost"])


def wire_of(version: str) -> Wire:
    """The wire of "1.6" or "2.0.1"."""
    wires: dict[str, type[Wire16 | Wire201]] = {"1.6": Wire16, "2.0.1": Wire201}
    return wires[version]()


def _register(fact: Fact) -> Decimal | None:
    if fact.register_milliwh is None:
        return None
    return Decimal(fact.register_milliwh).scaleb(-6 if fact.unit == "kWh" else -3)


def _context(fact: Fact) -> str:
    return {Kind.STARTED: "Transaction.Begin", Kind.ENDED: "Transaction.End"}.get(fact.kind, "Sample.Periodic")


def _rows(fact: Fact) -> list[tuple[str, Decimal, str]]:
    """Measurand, value and unit of everything the fact has measured."""
    rows: list[tuple[str, Decimal, str]] = []
    register = _register(fact)
    if register is not None:
        rows.append(("Energy.Active.Import.Register", register, fact.unit))
    if fact.power_w is not None:
        rows.append(("Power.Active.Import", Decimal(fact.power_w), "W"))
    if fact.soc_percent is not None:
        rows.append(("SoC", Decimal(fact.soc_percent), "Percent"))
    return rows


def _samples_16(fact: Fact) -> list[Payload]:
    return [
        {"value": f"{value:f}", "context": _context(fact), "measurand": measurand, "unit": unit}
        for measurand, value, unit in _rows(fact)
    ]


def _samples_201(fact: Fact) -> list[Payload]:
    return [
        {
            # Ten significant digits survive a binary float, and the json module writes the shortest form.
            "value": float(value),
            "context": _context(fact),
            "measurand": measurand,
            "unitOfMeasure": {"unit": unit},
        }
        for measurand, value, unit in _rows(fact)
    ]
