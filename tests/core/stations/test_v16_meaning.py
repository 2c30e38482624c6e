"""What a 1.6J station means, and what it is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.commands import Command
from wattledger.core.stations.refusals import CallRefused
from wattledger.core.stations.v16 import translate as v16

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
AT_TEXT = "2026-11-22T10:00:00Z"


def told(action: str, **payload: Any) -> talk.Told:
    return v16.told(action, json.dumps(payload).encode(), received_at=NOW)


def event(action: str, **payload: Any) -> SessionEvent:
    meaning = told(action, **payload)
    assert isinstance(meaning, talk.SessionTold)
    return meaning.event


def start(**changes: Any) -> SessionEvent:
    payload = {"connectorId": 1, "idTag": "04ab", "meterStart": 1000, "timestamp": AT_TEXT}
    return event("StartTransaction", **payload | changes)


def stop(**changes: Any) -> SessionEvent:
    return event("StopTransaction", **{"transactionId": 7, "meterStop": 5000, "timestamp": AT_TEXT} | changes)


def values(*samples: dict[str, Any], at: str = AT_TEXT) -> list[dict[str, Any]]:
    return [{"timestamp": at, "sampledValue": list(samples) or [{"value": "1500"}]}]


def refusal(action: str, text: str) -> CallRefused:
    with pytest.raises(CallRefused) as caught:
        v16.told(action, text.encode(), received_at=NOW)
    return caught.value


class TestAStart:
    def test_begins_a_session_that_has_no_name_yet(self) -> None:
        begun = start()
        assert (begun.kind, begun.session_ref) == (EventKind.STARTED, "")
        assert (begun.evse_no, begun.connector_no, begun.token_uid) == (1, 1, "04AB")
        assert begun.readings == (Reading(AT, Context.BEGIN, 1_000_000),)
        assert begun.station_at == AT

    def test_is_known_by_what_it_says(self) -> None:
        assert start().event_key == start(idTag="04AB").event_key
        for change in (
            {"connectorId": 2},
            {"idTag": "05"},
            {"meterStart": 1001},
            {"timestamp": "2026-11-22T10:00:01Z"},
        ):
            assert start().event_key != start(**change).event_key

    @pytest.mark.parametrize(
        ("register", "flaw"),
        [(-1, "register_unknown"), (-5, "register_negative"), (10**16, "register_implausible")],
    )
    def test_with_a_register_that_cannot_be_is_acknowledged_with_a_flaw(self, register: int, flaw: str) -> None:
        begun = start(meterStart=register)
        assert begun.readings[0].register_milliwh is None
        assert begun.flaws == (flaw,)

    def test_with_a_clock_that_cannot_be_read_counts_from_when_we_heard_it(self) -> None:
        begun = start(timestamp="yesterday")
        assert begun.station_at == NOW
        assert begun.flaws == ("clock_unreadable",)

    @pytest.mark.parametrize("connector", [-1, 2**40])
    def test_at_a_connector_that_cannot_be_is_still_acknowledged(self, connector: int) -> None:
        assert start(connectorId=connector).evse_no is None

    def test_is_answered_with_the_session_number(self) -> None:
        decided = talk.SessionDecided(verdict=talk.Verdict.ACCEPTED, session_number=4711)
        reply = v16.answer(talk.SessionTold(start()), decided, now=NOW)
        assert json.loads(reply) == {"idTagInfo": {"status": "Accepted"}, "transactionId": 4711}


class TestAStop:
    def test_ends_the_session_it_names(self) -> None:
        ended = stop(idTag="04ab", reason="Remote")
        assert (ended.kind, ended.session_ref, ended.reason) == (EventKind.ENDED, "7", "Remote")
        assert ended.token_uid == "04AB"
        assert ended.readings == (Reading(AT, Context.END, 5_000_000),)

    def test_without_a_reason_was_local(self) -> None:
        assert stop().reason == "Local"

    def test_brings_the_readings_it_carries_before_its_own(self) -> None:
        ended = stop(transactionData=values({"value": "1.5", "unit": "kWh", "context": "Transaction.Begin"}))
        assert [reading.register_milliwh for reading in ended.readings] == [1_500_000, 5_000_000]

    def test_of_an_unknown_register_is_acknowledged_without_one(self) -> None:
        """F13 and lorenzodonini/ocpp-go#114: -1 means unknown, and must not be refused."""
        ended = stop(meterStop=-1)
        assert ended.readings == (Reading(AT, Context.END, None),)
        assert ended.flaws == ("register_unknown",)

    def test_with_a_negative_register_is_acknowledged_without_one(self) -> None:
        assert stop(meterStop=-5000).flaws == ("register_negative",)

    @pytest.mark.parametrize("number", [0, -1])
    def test_of_a_session_we_never_named_says_so(self, number: int) -> None:
        """EVerest/libocpp#495: the stop of a session that began offline."""
        assert stop(transactionId=number).flaws == ("session_unnamed",)

    def test_is_answered_with_a_verdict_only_when_it_carried_a_token(self) -> None:
        blank = v16.answer(talk.SessionTold(stop()), talk.SessionDecided(), now=NOW)
        judged = v16.answer(talk.SessionTold(stop()), talk.SessionDecided(talk.Verdict.BLOCKED), now=NOW)
        assert blank == b"{}"
        assert json.loads(judged) == {"idTagInfo": {"status": "Blocked"}}


class TestMeterValues:
    def test_of_a_session_update_it(self) -> None:
        update = event("MeterValues", connectorId=1, transactionId=7, meterValue=values())
        assert (update.kind, update.session_ref) == (EventKind.UPDATED, "7")
        assert update.readings == (Reading(AT, Context.PERIODIC, 1_500_000),)

    @pytest.mark.parametrize("extra", [{}, {"transactionId": 0}, {"transactionId": -1}])
    def test_of_no_session_are_only_readings(self, extra: dict[str, int]) -> None:
        meaning = told("MeterValues", connectorId=2, meterValue=values(), **extra)
        assert meaning == talk.ReadingsTold(2, (Reading(AT, Context.PERIODIC, 1_500_000),))

    def test_take_the_largest_transaction_id_a_station_can_say(self) -> None:
        """mobilityhouse/ocpp#617: int64 max."""
        update = event("MeterValues", connectorId=1, transactionId=2**63 - 1, meterValue=values())
        assert update.session_ref == "9223372036854775807"

    def test_are_known_by_what_they_say(self) -> None:
        def key(**changes: Any) -> bytes:
            payload = {"connectorId": 1, "transactionId": 7, "meterValue": values()} | changes
            return event("MeterValues", **payload).event_key

        assert key() == key()
        assert key() != key(meterValue=values({"value": "1501"}))
        assert key() != key(transactionId=8)

    def test_read_the_default_measurand_and_unit(self) -> None:
        meaning = told("MeterValues", connectorId=1, meterValue=values({"value": "12"}))
        assert isinstance(meaning, talk.ReadingsTold)
        assert meaning.readings[0].register_milliwh == 12_000

    def test_keep_a_signed_record(self) -> None:
        meaning = told(
            "MeterValues", connectorId=1, meterValue=values({"value": "OCMF|x", "format": "SignedData"})
        )
        assert isinstance(meaning, talk.ReadingsTold)
        assert meaning.readings[0].signed == "OCMF|x"


class TestSmallTalk:
    def test_a_boot_names_the_station(self) -> None:
        meaning = told("BootNotification", chargePointVendor="V", chargePointModel="M", chargeBoxSerialNumber="S")
        assert meaning == talk.BootTold("V", "M", "S", None, None)

    def test_a_status_keeps_the_stations_own_word(self) -> None:
        meaning = told("StatusNotification", connectorId=2, errorCode="NoError", status="SuspendedEV")
        assert meaning == talk.StatusTold(2, 1, talk.ConnectorStatus.OCCUPIED, "SuspendedEV", None, None)

    def test_connector_zero_is_the_station_as_a_whole(self) -> None:
        meaning = told("StatusNotification", connectorId=0, errorCode="GroundFailure", status="Faulted")
        assert meaning == talk.StatusTold(0, 0, talk.ConnectorStatus.FAULTED, "Faulted", "GroundFailure", None)

    def test_a_token_is_asked_about_in_upper_case(self) -> None:
        assert told("Authorize", idTag="04abcd") == talk.AuthorizeAsked("04ABCD", "")

    @pytest.mark.parametrize("verdict", list(talk.Verdict))
    def test_every_verdict_has_a_word(self, verdict: talk.Verdict) -> None:
        reply = v16.answer(talk.AuthorizeAsked("A", ""), talk.AuthorizeDecided(verdict), now=NOW)
        assert json.loads(reply)["idTagInfo"]["status"] in (
            "Accepted",
            "Blocked",
            "Expired",
            "Invalid",
            "ConcurrentTx",
        )

    def test_a_vendors_own_message_is_acknowledged_as_unknown(self) -> None:
        meaning = told("DataTransfer", vendorId="org.example")
        assert meaning == talk.Noted("DataTransfer")
        assert v16.answer(meaning, talk.Acknowledged(), now=NOW) == b'{"status":"UnknownVendorId"}'

    def test_a_boot_and_a_heartbeat_are_told_the_time(self) -> None:
        boot = told("BootNotification", chargePointVendor="V", chargePointModel="M")
        reply = json.loads(v16.answer(boot, talk.BootDecided(is_accepted=True, interval_s=60), now=NOW))
        assert reply == {"status": "Accepted", "currentTime": "2026-11-22T12:00:00.000Z", "interval": 60}
        beat = json.loads(v16.answer(talk.HeartbeatTold(), talk.Acknowledged(), now=NOW))
        assert beat == {"currentTime": "2026-11-22T12:00:00.000Z"}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("action", "text", "code"),
        [
            ("Nonsense", "{}", "NotImplemented"),
            ("Reset", "{}", "NotSupported"),
            ("Heartbeat", "[]", "FormationViolation"),
            ("Heartbeat", '{"x":1}', "FormationViolation"),
            ("Authorize", "{}", "OccurenceConstraintViolation"),
            ("Authorize", '{"idTag":7}', "TypeConstraintViolation"),
            ("Authorize", '{"idTag":null}', "TypeConstraintViolation"),
            ("Authorize", '{"idTag":"' + "x" * 21 + '"}', "PropertyConstraintViolation"),
            ("Authorize", '{"idTag":"a\\u0000"}', "PropertyConstraintViolation"),
            ("FirmwareStatusNotification", '{"status":"Melted"}', "PropertyConstraintViolation"),
            ("MeterValues", '{"connectorId":1,"meterValue":[]}', "OccurenceConstraintViolation"),
            (
                "StatusNotification",
                '{"connectorId":-1,"errorCode":"NoError","status":"Faulted"}',
                "PropertyConstraintViolation",
            ),
        ],
    )
    def test_is_refused_in_the_words_of_1_6(self, action: str, text: str, code: str) -> None:
        assert refusal(action, text).error_code == code


class TestACommand:
    def test_starts_remotely(self) -> None:
        action, payload = v16.command(talk.StartSession(2, 1, "ADHOC", "Central", 9))
        assert action == "RemoteStartTransaction"
        assert json.loads(payload) == {"idTag": "ADHOC", "connectorId": 2}

    def test_stops_remotely(self) -> None:
        assert v16.command(talk.StopSession("7")) == ("RemoteStopTransaction", b'{"transactionId":7}')

    @pytest.mark.parametrize(
        ("command", "code"),
        [
            (talk.StartSession(1, 1, "x" * 21, "Central", 9), "token_too_long"),
            (talk.StopSession("seven"), "session_ref_malformed"),
        ],
    )
    def test_that_cannot_be_said_is_not_sent(self, command: Command, code: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            v16.command(command)
        assert caught.value.code == code

    @pytest.mark.parametrize(
        ("payload", "result"),
        [
            (b'{"status":"Accepted"}', talk.CommandResult.ACCEPTED),
            (b'{"status":"Rejected"}', talk.CommandResult.REJECTED),
            (b'{"status":"Perhaps"}', talk.CommandResult.FAILED),
            (b"[]", talk.CommandResult.FAILED),
        ],
    )
    def test_ends_in_a_result(self, payload: bytes, result: talk.CommandResult) -> None:
        assert v16.command_result("RemoteStartTransaction", msgspec.Raw(payload)) is result
