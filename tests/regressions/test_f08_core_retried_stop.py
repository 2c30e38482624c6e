"""F8: a StopTransaction that was told three times is one stop (CitrineOS#880, EVerest/libocpp#298)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from wattledger.core.metering.events import SessionEvent
from wattledger.core.stations import talk
from wattledger.core.stations.link import Ask, Link

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STOP: dict[str, Any] = {
    "transactionId": 7,
    "idTag": "04AB",
    "meterStop": 5000,
    "timestamp": "2026-11-22T10:00:00Z",
    "transactionData": [{"timestamp": "2026-11-22T10:00:00Z", "sampledValue": [{"value": "5000", "unit": "Wh"}]}],
}


def told(text: str, received_at: datetime = NOW) -> SessionEvent:
    inbound = Link("ocpp1.6", call_prefix="c").receive(text, received_at)
    assert isinstance(inbound, Ask)
    assert isinstance(inbound.told, talk.SessionTold)
    return inbound.told.event


class TestTheSameStopToldAgain:
    def test_is_the_same_fact_under_another_message_id(self) -> None:
        first = told(json.dumps([2, "m1", "StopTransaction", STOP]))
        again = told(json.dumps([2, "m2", "StopTransaction", STOP]), NOW + timedelta(hours=3))
        assert first.event_key == again.event_key
        assert first.readings == again.readings

    def test_is_the_same_fact_however_its_json_is_written(self) -> None:
        backwards = dict(reversed(STOP.items()))
        first = told(json.dumps([2, "m1", "StopTransaction", STOP]))
        again = told(json.dumps([2, "m1", "StopTransaction", backwards], indent=3))
        assert first.event_key == again.event_key

    def test_is_another_fact_when_it_says_something_else(self) -> None:
        first = told(json.dumps([2, "m1", "StopTransaction", STOP]))
        other = told(json.dumps([2, "m1", "StopTransaction", STOP | {"meterStop": 5001}]))
        assert first.event_key != other.event_key

    def test_is_acknowledged_each_time(self) -> None:
        link = Link("ocpp1.6", call_prefix="c")
        for message_id in ("m1", "m1", "m2"):
            asked = link.receive(json.dumps([2, message_id, "StopTransaction", STOP]), NOW)
            assert isinstance(asked, Ask)
            reply = link.reply(message_id, asked.told, talk.SessionDecided(talk.Verdict.ACCEPTED), NOW)
            assert json.loads(reply) == [3, message_id, {"idTagInfo": {"status": "Accepted"}}]
