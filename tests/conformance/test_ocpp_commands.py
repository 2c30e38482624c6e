"""Whatever we may ask of a station leaves valid by the published schemas, and its answer is understood.

The schemas are those of the ``ocpp`` package, which shares nothing with our structs.
"""

from __future__ import annotations

import importlib.resources
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from jsonschema import Draft4Validator, FormatChecker

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations import commands as asked
from wattledger.core.stations.asking import Sender
from wattledger.core.stations.talk import CommandResult, StartSession, StopSession, Verdict
from wattledger.core.stations.v16.actions import ACTIONS as ACTIONS_16
from wattledger.core.stations.v201.actions import ACTIONS as ACTIONS_201
from wattledger.core.stations.versions import dialect_of

V16, V201 = "ocpp1.6", "ocpp2.0.1"
NOON = datetime(2026, 11, 26, 12, 0, 0, 5000, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)
HASH = {
    "hash_algorithm": "SHA256",
    "issuer_name_hash": "a" * 64,
    "issuer_key_hash": "b" * 64,
    "serial_number": "1f",
}
PERIOD_16 = {"startPeriod": 0, "limit": 16.3}
PROFILE_16 = {
    "connectorId": 1,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD_16]},
    },
}


def listed(uid: str = "CARD1", verdict: Verdict | None = Verdict.ACCEPTED) -> asked.ListedToken:
    return asked.ListedToken(uid=uid, verdict=verdict, expires_at=LATER, group_uid="GROUP1")


WISHES: tuple[asked.Command, ...] = (
    StartSession(evse_no=1, connector_no=1, token_uid="CARD1", token_type="Central", remote_start_id=7),
    StartSession(evse_no=0, connector_no=0, token_uid="CARD1", token_type="ISO14443", remote_start_id=7),
    StopSession(session_ref="17"),
    asked.ResetStation(),
    asked.ResetStation(is_immediate=True),
    asked.ResetStation(evse_no=2),
    asked.UnlockConnector(evse_no=1),
    *(
        asked.TriggerMessage(message=message, evse_no=evse_no)
        for message in (
            "boot",
            "heartbeat",
            "status",
            "meter_values",
            "session",
            "firmware_status",
            "log_status",
            "certificate_request",
        )
        for evse_no in (None, 1)
    ),
    asked.ChangeAvailability(is_operative=False),
    asked.ChangeAvailability(is_operative=True, evse_no=1),
    asked.ReadConfiguration(),
    asked.ReadConfiguration(names=("OCPPCommCtrlr.HeartbeatInterval", "Connector:1:1.Available")),
    asked.ReadConfiguration(names=("HeartbeatInterval",)),
    asked.ChangeConfiguration(name="HeartbeatInterval", value="300"),
    asked.ChangeConfiguration(name="OCPPCommCtrlr.HeartbeatInterval", value="300"),
    asked.ClearCache(),
    asked.FetchLog(log_no=3, kind="diagnostics", upload_url="https://x.example/up/1"),
    asked.FetchLog(log_no=3, kind="security", upload_url="ftp://x.example/", since_at=NOON, until_at=LATER),
    asked.UpdateFirmware(update_no=4, location="https://x.example/fw.bin", retrieve_at=NOON),
    asked.UpdateFirmware(
        update_no=4,
        location="https://x.example/fw.bin",
        retrieve_at=NOON,
        install_at=LATER,
        signing_certificate="PEM",
        signature="c2ln",
    ),
    asked.ShowMessage(message_no=5, text="12.50 € so far", priority="front", language="en", session_ref="tx-1"),
    asked.ShowMessage(message_no=5, text="Welcome", priority="always", until_at=LATER),
    asked.ClearMessage(message_no=5),
    asked.ReadMessages(report_no=6),
    asked.Reserve(reservation_no=8, token_uid="CARD1", expires_at=LATER, evse_no=1, group_uid="GROUP1"),
    asked.Reserve(reservation_no=8, token_uid="CARD1", expires_at=LATER),
    asked.CancelReservation(reservation_no=8),
    asked.SendLocalList(version_no=9, is_full=True, tokens=(listed(), listed("CARD2", Verdict.BLOCKED))),
    asked.SendLocalList(version_no=10, is_full=False, tokens=(listed("CARD2", None),)),
    asked.SendLocalList(version_no=11, is_full=True, tokens=()),
    *(asked.SendLocalList(version_no=12, is_full=True, tokens=(listed("CARD3", one),)) for one in Verdict),
    asked.ReadListVersion(),
    asked.AskSession(session_ref="tx-1"),
    asked.TellCost(session_ref="tx-1", total=Decimal("12.37")),
    asked.SetPassword(password="0123456789abcdef"),
    asked.GiveCertificate(chain="PEM"),
    asked.InstallRoot(use="csms", certificate="PEM"),
    asked.InstallRoot(use="manufacturer", certificate="PEM"),
    asked.ReadRoots(use="csms"),
    asked.DeleteRoot(**HASH),  # type: ignore[arg-type]
    asked.CallAction(
        version=V16, action="SetChargingProfile", payload=msgspec.Raw(json.dumps(PROFILE_16).encode())
    ),
    asked.CallAction(version=V201, action="SetMonitoringLevel", payload=msgspec.Raw(b'{"severity":4}')),
)
REFUSALS = {"not_in_this_version", "session_ref_malformed", "variable_malformed", "version_differs"}


def validator(version: str, action: str, *, is_answer: bool = False) -> Draft4Validator:
    folder, suffix = ("v16", "") if version == V16 else ("v201", "Request")
    name = f"{action}Response" if is_answer else f"{action}{suffix}"
    path = importlib.resources.files("ocpp") / folder / "schemas" / f"{name}.json"
    schema = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    return Draft4Validator(schema, format_checker=FormatChecker())


def said(version: str, wish: asked.Command) -> Any:
    """The action and payload of the CALL, or the code of the refusal."""
    try:
        return dialect_of(version).command(wish)
    except InvalidInput as refusal:
        return refusal.code


def read(payload: bytes) -> Any:
    return json.loads(payload, parse_float=Decimal)


class TestEveryWish:
    @pytest.mark.parametrize("version", [V16, V201])
    @pytest.mark.parametrize("wish", WISHES, ids=asked.kind_of)
    def test_leaves_valid_by_its_schema_or_is_refused_before(self, wish: asked.Command, version: str) -> None:
        call = said(version, wish)
        assert call in REFUSALS or not list(validator(version, call[0]).iter_errors(read(call[1])))

    @pytest.mark.parametrize("wish", WISHES, ids=asked.kind_of)
    def test_is_understood_by_one_version_at_least(self, wish: asked.Command) -> None:
        assert {said(version, wish) in REFUSALS for version in (V16, V201)} != {True}

    @pytest.mark.parametrize("wish", WISHES, ids=asked.kind_of)
    def test_comes_back_from_where_it_was_kept(self, wish: asked.Command) -> None:
        assert asked.decode_command(asked.kind_of(wish), asked.encode_command(wish)) == wish

    def test_is_among_those_tried_here(self) -> None:
        assert {asked.kind_of(wish) for wish in WISHES} == set(asked.KINDS)


class TestTheRegistry:
    @pytest.mark.parametrize("version", [V16, V201])
    def test_takes_an_accepting_answer_and_a_refusing_one_for_what_they_are(self, version: str) -> None:
        actions = ACTIONS_16 if version == V16 else ACTIONS_201
        for name, action in actions.items():
            schema = validator(version, name, is_answer=True)
            for status in sorted(action.accepted):
                payload = json.dumps({"status": status}).encode()
                if schema.is_valid(json.loads(payload)):
                    assert dialect_of(version).command_result(name, payload) is CommandResult.ACCEPTED
            refused = json.dumps({"status": "Rejected"}).encode()
            if schema.is_valid(json.loads(refused)):
                assert dialect_of(version).command_result(name, refused) is CommandResult.REJECTED

    @pytest.mark.parametrize(
        ("version", "action", "answer", "result"),
        [
            (V16, "UnlockConnector", {"status": "Unlocked"}, CommandResult.ACCEPTED),
            (V16, "UnlockConnector", {"status": "UnlockFailed"}, CommandResult.REJECTED),
            (V16, "GetDiagnostics", {}, CommandResult.REJECTED),
            (V16, "GetDiagnostics", {"fileName": "d.zip"}, CommandResult.ACCEPTED),
            (V16, "GetConfiguration", {"unknownKey": ["x"]}, CommandResult.ACCEPTED),
            (V16, "UpdateFirmware", {}, CommandResult.ACCEPTED),
            (V16, "UpdateFirmware", {"status": "Accepted"}, CommandResult.FAILED),
            (V16, "ChangeConfiguration", {"status": "RebootRequired"}, CommandResult.ACCEPTED),
            (V16, "GetLocalListVersion", {"listVersion": -1}, CommandResult.ACCEPTED),
            (V201, "Reset", {"status": "Scheduled"}, CommandResult.ACCEPTED),
            (V201, "GetTransactionStatus", {"messagesInQueue": False}, CommandResult.ACCEPTED),
            (V201, "CostUpdated", {}, CommandResult.ACCEPTED),
            (V201, "UnpublishFirmware", {"status": "DownloadOngoing"}, CommandResult.REJECTED),
            (V201, "GetBaseReport", {"status": "NotSupported"}, CommandResult.REJECTED),
        ],
    )
    def test_knows_what_an_answer_means(
        self, version: str, action: str, answer: dict[str, Any], result: CommandResult
    ) -> None:
        assert dialect_of(version).command_result(action, json.dumps(answer).encode()) is result

    @pytest.mark.parametrize(
        ("statuses", "result"),
        [
            (["Accepted", "RebootRequired"], CommandResult.ACCEPTED),
            (["Accepted", "Rejected"], CommandResult.REJECTED),
        ],
    )
    def test_takes_variables_as_set_only_if_all_are(self, statuses: list[str], result: CommandResult) -> None:
        where = {"component": {"name": "C"}, "variable": {"name": "V"}}
        answer = {"setVariableResult": [{"attributeStatus": status, **where} for status in statuses]}
        assert dialect_of(V201).command_result("SetVariables", json.dumps(answer).encode()) is result


class TestAnActionInItsOwnWords:
    def test_is_held_against_its_schema_before_it_is_sent(self) -> None:
        wish = asked.CallAction(
            version=V201, action="SetMonitoringLevel", payload=msgspec.Raw(b'{"severity":"x"}')
        )
        with pytest.raises(InvalidInput) as refusal:
            dialect_of(V201).command(wish)
        assert refusal.value.code == "command_malformed"

    def test_may_not_do_by_hand_what_goes_with_our_bookkeeping(self) -> None:
        by_hand = [name for name, action in ACTIONS_16.items() if action.sender is Sender.PROGRAM]
        assert "RemoteStartTransaction" in by_hand
        for name in by_hand:
            with pytest.raises(InvalidInput) as refusal:
                dialect_of(V16).command(asked.CallAction(version=V16, action=name, payload=msgspec.Raw(b"{}")))
            assert refusal.value.code == "action_not_by_hand"

    def test_is_refused_where_the_station_speaks_another_version(self) -> None:
        wish = asked.CallAction(version=V16, action="ClearCache", payload=msgspec.Raw(b"{}"))
        with pytest.raises(InvalidInput) as refusal:
            dialect_of(V201).command(wish)
        assert refusal.value.code == "version_differs"

    def test_is_refused_where_nobody_knows_it(self) -> None:
        wish = asked.CallAction(version=V16, action="MakeCoffee", payload=msgspec.Raw(b"{}"))
        with pytest.raises(InvalidInput) as refusal:
            dialect_of(V16).command(wish)
        assert refusal.value.code == "action_unknown"


class TestAWishThatCannotBeSaid:
    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("make_coffee", b"{}"),
            ("reset", b"[]"),
            ("reset", b'{"is_immediate":1}'),
            ("unlock_connector", b"{}"),
            ("reset", b'{"is_immediate":true,"x":1}'),
            ("fetch_log", b'{"log_no":1,"kind":"diagnostics","upload_url":"no address"}'),
        ],
    )
    def test_is_refused_with_a_code(self, kind: str, body: bytes) -> None:
        with pytest.raises(InvalidInput) as refusal:
            asked.decode_command(kind, body)
        assert refusal.value.code in {"command_unknown", "command_malformed"}

    def test_says_so_where_a_text_is_too_long_for_the_wire(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            dialect_of(V16).command(asked.ChangeConfiguration(name="x" * 51, value="1"))
        assert refusal.value.code == "command_malformed"
