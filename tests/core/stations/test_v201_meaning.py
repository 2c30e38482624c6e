"""What a 2.0.1 station means, and what it is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import Money
from wattledger.core.metering.events import Activity, Context, EventKind, Reading, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.commands import Command
from wattledger.core.stations.refusals import CallRefused
from wattledger.core.stations.v201 import translate as v201

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
AT_TEXT = "2026-11-22T10:00:00Z"


def told(action: str, payload: dict[str, Any]) -> talk.Told:
    return v201.told(action, json.dumps(payload).encode(), received_at=NOW)


def event(kind: str = "Updated", info: dict[str, Any] | None = None, **changes: Any) -> SessionEvent:
    payload: dict[str, Any] = {
        "eventType": kind,
        "timestamp": AT_TEXT,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 3,
        "transactionInfo": {"transactionId": "tx-1"} | (info or {}),
    }
    meaning = told("TransactionEvent", payload | changes)
    assert isinstance(meaning, talk.SessionTold)
    return meaning.event


def measured(*samples: dict[str, Any]) -> SessionEvent:
    return event(meterValue=[{"timestamp": AT_TEXT, "sampledValue": list(samples)}])


def answered(decided: talk.SessionDecided, kind: str = "Ended") -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(v201.answer(talk.SessionTold(event(kind)), decided, now=NOW))
    return payload


def refusal(action: str, text: str) -> CallRefused:
    with pytest.raises(CallRefused) as caught:
        v201.told(action, text.encode(), received_at=NOW)
    return caught.value


class TestATransactionEvent:
    def test_says_what_place_token_and_order_it_belongs_to(self) -> None:
        begun = event(
            "Started",
            {"remoteStartId": 42, "chargingState": "Charging"},
            evse={"id": 2, "connectorId": 1},
            idToken={"idToken": "04ab", "type": "ISO14443"},
            offline=True,
        )
        assert (begun.kind, begun.session_ref, begun.seq_no) == (EventKind.STARTED, "tx-1", 3)
        assert (begun.evse_no, begun.connector_no) == (2, 1)
        assert (begun.token_uid, begun.token_type) == ("04AB", "ISO14443")
        assert (begun.remote_start_id, begun.is_offline) == (42, True)

    def test_is_known_by_its_kind_and_number(self) -> None:
        assert event().event_key == event(timestamp="2026-11-22T10:00:01Z").event_key
        assert event().event_key != event(seqNo=4).event_key
        assert event("Started").event_key != event("Ended").event_key

    @pytest.mark.parametrize(
        ("state", "activity"),
        [
            ("Charging", Activity.CHARGING),
            ("SuspendedEVSE", Activity.PAUSED),
            ("SuspendedEV", Activity.IDLE),
            ("EVConnected", Activity.IDLE),
            ("Idle", Activity.IDLE),
        ],
    )
    def test_says_what_the_vehicle_does(self, state: str, activity: Activity) -> None:
        assert event(info={"chargingState": state}).activity is activity

    def test_may_say_nothing_of_the_vehicle_and_the_place(self) -> None:
        assert (event().activity, event().evse_no, event().connector_no) == (None, None, None)

    def test_ends_for_a_reason_which_is_local_unless_told(self) -> None:
        assert event("Ended", {"stoppedReason": "EVDisconnected"}).reason == "EVDisconnected"
        assert event("Ended").reason == "Local"
        assert event("Updated").reason is None

    def test_with_a_clock_that_cannot_be_read_counts_from_when_we_heard_it(self) -> None:
        lost = event(timestamp="0000-00-00T00:00:00Z")
        assert lost.station_at == NOW
        assert lost.flaws == ("clock_unreadable",)

    @pytest.mark.parametrize("number", [-1, 2**63])
    def test_with_a_number_that_cannot_be_is_still_acknowledged(self, number: int) -> None:
        odd = event(seqNo=number)
        assert odd.seq_no is None
        assert odd.flaws == ("sequence_implausible",)

    def test_without_authorization_carries_no_token(self) -> None:
        assert event(idToken={"idToken": "", "type": "NoAuthorization"}).token_uid is None


class TestMeterValuesOfAnEvent:
    def test_are_exact_decimals(self) -> None:
        """910031.083 has no exact binary float; the digits on the wire are what counts."""
        text = (
            '{"eventType":"Updated","timestamp":"2026-11-22T10:00:00Z","triggerReason":"MeterValuePeriodic","seqNo":1,'
            '"transactionInfo":{"transactionId":"t"},"meterValue":[{"timestamp":"2026-11-22T10:00:00Z",'
            '"sampledValue":[{"value":123456789012.3450000000000000001}]}]}'
        )
        meaning = v201.told("TransactionEvent", text.encode(), received_at=NOW)
        assert isinstance(meaning, talk.SessionTold)
        assert meaning.event.readings[0].register_milliwh == 123_456_789_012_345

    def test_read_unit_and_multiplier(self) -> None:
        read = measured({"value": 1.5, "unitOfMeasure": {"unit": "kWh"}, "context": "Transaction.Begin"})
        assert read.readings == (Reading(AT, Context.BEGIN, 1_500_000),)
        read = measured({"value": 15, "unitOfMeasure": {"multiplier": 2}})
        assert read.readings[0].register_milliwh == 1_500_000

    @pytest.mark.parametrize("value", ["-5", "1e308", "1e99999"])
    def test_that_cannot_be_are_acknowledged_with_a_flaw(self, value: str) -> None:
        text = json.dumps(
            {
                "eventType": "Ended",
                "timestamp": AT_TEXT,
                "triggerReason": "StopAuthorized",
                "seqNo": 1,
                "transactionInfo": {"transactionId": "t"},
                "meterValue": [{"timestamp": AT_TEXT, "sampledValue": [{"value": 123454321}]}],
            }
        ).replace("123454321", value)
        meaning = v201.told("TransactionEvent", text.encode(), received_at=NOW)
        assert isinstance(meaning, talk.SessionTold)
        assert meaning.event.readings[0].register_milliwh is None
        assert len(meaning.event.flaws) == 1

    def test_keep_the_signed_record(self) -> None:
        signed = {"signedMeterData": "QUJD", "signingMethod": "", "encodingMethod": "OCMF", "publicKey": ""}
        assert measured({"value": 7, "signedMeterValue": signed}).readings[0].signed == "QUJD"

    def test_of_a_charge_state_alone_have_no_register(self) -> None:
        soc = measured({"value": 61, "measurand": "SoC", "unitOfMeasure": {"unit": "Percent"}})
        assert soc.readings == (Reading(AT, Context.PERIODIC, None, soc_percent=61),)
        assert not soc.flaws


class TestTheAnswerToASession:
    def test_is_empty_where_there_is_nothing_to_say(self) -> None:
        assert answered(talk.SessionDecided()) == {}

    def test_carries_the_verdict_on_the_token(self) -> None:
        decided = talk.SessionDecided(verdict=talk.Verdict.LIMIT_REACHED)
        assert answered(decided, "Started") == {"idTokenInfo": {"status": "NoCredit"}}

    def test_carries_cost_and_verdict_together(self) -> None:
        """CitrineOS gives no totalCost to an Ended that has an idToken."""
        decided = talk.SessionDecided(verdict=talk.Verdict.ACCEPTED, total_cost=Money(1237, "EUR"))
        assert answered(decided) == {"idTokenInfo": {"status": "Accepted"}, "totalCost": 12.37}


class TestSmallTalk:
    def test_a_boot_names_the_station(self) -> None:
        payload = {
            "reason": "PowerUp",
            "chargingStation": {"vendorName": "V", "model": "M", "firmwareVersion": "1"},
        }
        assert told("BootNotification", payload) == talk.BootTold("V", "M", None, "1", "PowerUp")

    def test_a_status_is_of_a_connector(self) -> None:
        payload = {"timestamp": AT_TEXT, "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1}
        assert told("StatusNotification", payload) == talk.StatusTold(
            2, 1, talk.ConnectorStatus.OCCUPIED, "Occupied", None, AT
        )

    def test_a_token_of_any_form_is_asked_about(self) -> None:
        """CitrineOS refuses an ISO14443 token that is not 8 or 14 hexadecimal digits."""
        payload = {"idToken": {"idToken": "de000001-x", "type": "ISO14443"}}
        assert told("Authorize", payload) == talk.AuthorizeAsked("DE000001-X", "ISO14443")

    def test_values_of_no_session_are_only_readings(self) -> None:
        payload = {"evseId": 1, "meterValue": [{"timestamp": AT_TEXT, "sampledValue": [{"value": 5}]}]}
        assert told("MeterValues", payload) == talk.ReadingsTold(1, (Reading(AT, register_milliwh=5_000),))

    @pytest.mark.parametrize("verdict", list(talk.Verdict))
    def test_every_verdict_has_a_word(self, verdict: talk.Verdict) -> None:
        reply = v201.answer(talk.AuthorizeAsked("A", "Central"), talk.AuthorizeDecided(verdict), now=NOW)
        assert set(json.loads(reply)) == {"idTokenInfo"}

    def test_nothing_is_granted_that_nobody_decided(self) -> None:
        meaning = told("SignCertificate", {"csr": "x", "certificateType": "V2GCertificate"})
        assert v201.answer(meaning, talk.Acknowledged(), now=NOW) == b'{"status":"Rejected"}'


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("action", "text", "code"),
        [
            ("Nonsense", "{}", "NotImplemented"),
            ("Reset", "{}", "NotSupported"),
            ("Heartbeat", "[]", "FormatViolation"),
            ("Heartbeat", '{"x":1}', "FormatViolation"),
            ("Authorize", "{}", "OccurrenceConstraintViolation"),
            ("Authorize", '{"idToken":7}', "TypeConstraintViolation"),
            ("Authorize", '{"idToken":{"idToken":"a","type":"Face"}}', "PropertyConstraintViolation"),
            ("Authorize", '{"idToken":{"idToken":"a\\u0000","type":"Central"}}', "PropertyConstraintViolation"),
            (
                "MeterValues",
                '{"evseId":1,"meterValue":[{"timestamp":"","sampledValue":[{"value":"5"}]}]}',
                "TypeConstraintViolation",
            ),
            ("MeterValues", '{"evseId":1,"meterValue":[]}', "OccurrenceConstraintViolation"),
        ],
    )
    def test_is_refused_in_the_words_of_2_0_1(self, action: str, text: str, code: str) -> None:
        assert refusal(action, text).error_code == code


class TestACommand:
    def test_starts_remotely(self) -> None:
        action, payload = v201.command(talk.StartSession(2, 1, "ADHOC", "Central", 9))
        assert action == "RequestStartTransaction"
        assert json.loads(payload) == {
            "remoteStartId": 9,
            "evseId": 2,
            "idToken": {"idToken": "ADHOC", "type": "Central"},
        }

    def test_stops_remotely(self) -> None:
        assert v201.command(talk.StopSession("tx-1")) == (
            "RequestStopTransaction",
            b'{"transactionId":"tx-1"}',
        )

    @pytest.mark.parametrize(
        ("command", "code"),
        [
            (talk.StartSession(1, 1, "x" * 37, "Central", 9), "token_too_long"),
            (talk.StartSession(1, 1, "x", "Face", 9), "token_type_unknown"),
            (talk.StopSession(""), "session_ref_malformed"),
            (talk.StopSession("x" * 37), "session_ref_malformed"),
        ],
    )
    def test_that_cannot_be_said_is_not_sent(self, command: Command, code: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            v201.command(command)
        assert caught.value.code == code

    def test_ends_in_a_result(self) -> None:
        accepted = msgspec.Raw(b'{"status":"Accepted","transactionId":"tx-9"}')
        assert v201.command_result("RequestStartTransaction", accepted) is talk.CommandResult.ACCEPTED
        assert v201.command_result("RequestStartTransaction", b"{}") is talk.CommandResult.FAILED
