"""CitrineOS 1.8.3, when run: two sockets of one identity, two calls in flight, and frames that are none."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from charger import Charger, basic, session_201
from patient_yard import Patience
from waiting import PATIENCE_S
from world import STATION_PASSWORD

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def refused(charger: Charger) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        await charger.connect()
    return refusal.value.response.status_code


class TestTwoSocketsOfOneStation:
    async def test_never_get_one_another_s_answers(self, patience: Patience) -> None:
        yard = patience.yard
        first = await yard.dc()
        assert await refused(Charger(yard.url, first.identity, "2.0.1")) == 409
        reply = await yard.charge_201(first)
        assert reply["totalCost"] == 5.0

    async def test_in_other_versions_are_still_one_station(self, patience: Patience) -> None:
        yard = patience.yard
        first = await yard.dc()
        assert await refused(Charger(yard.url, first.identity, "1.6")) == 409


class TestTwoCallsInFlight:
    async def test_are_both_answered_at_once_and_under_their_own_ids(self, patience: Patience) -> None:
        """CitrineOS holds the second for thirty seconds."""
        yard = patience.yard
        dc = await yard.dc()
        started, update, *_ = session_201("tx-1", yard.world.token_uid)
        asked = {"idToken": {"idToken": yard.world.token_uid, "type": "ISO14443"}}
        async with asyncio.timeout(PATIENCE_S):
            begun, noted, known = await asyncio.gather(
                dc.call("TransactionEvent", started),
                dc.call("TransactionEvent", update),
                dc.call("Authorize", asked),
            )
        assert begun["idTokenInfo"]["status"] == known["idTokenInfo"]["status"] == "Accepted"
        assert "idTokenInfo" not in noted
        assert await yard.count("session_event") == 2


class TestFramesThatAreNone:
    @pytest.mark.parametrize(
        ("text", "message_id", "code"),
        [
            ("no json", "-1", "RpcFrameworkError"),
            ('[2,"a","Dance",{}]', "a", "NotImplemented"),
            ('[2,"b","Heartbeat",{"much":1}]', "b", "FormatViolation"),
            ('[2,"c","TransactionEvent",{}]', "c", "OccurrenceConstraintViolation"),
        ],
    )
    async def test_get_the_code_that_the_standard_names_and_the_link_goes_on(
        self, patience: Patience, text: str, message_id: str, code: str
    ) -> None:
        """CitrineOS says InternalError to the first two, Arthexis closes the socket with 1011."""
        yard = patience.yard
        dc = await yard.dc()
        assert (await dc.say(text, message_id))[:3] == [4, message_id, code]
        assert (await yard.charge_201(dc))["totalCost"] == 5.0


class TestAVersionThatWeDoNotSpeak:
    async def test_is_refused_at_the_door_and_not_left_without_answers(self, patience: Patience) -> None:
        yard = patience.yard
        assert await refused(Charger(yard.url, yard.world.dc.identity, "9.9")) == 400

    async def test_is_refused_where_none_is_offered(self, patience: Patience) -> None:
        yard, name = patience.yard, patience.yard.world.dc.identity
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(
                f"{yard.url}/ocpp/{name}",
                additional_headers={"Authorization": basic(name, STATION_PASSWORD)},
                proxy=None,
                open_timeout=PATIENCE_S,
            ):
                pass
        assert refusal.value.response.status_code == 400


class TestALineThatDrops:
    async def test_goes_on_without_a_boot_and_is_priced_whole(self, patience: Patience) -> None:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid)
        dc = await yard.dc()
        await yard.tell(dc, told[:2])
        dc.socket.transport.abort()
        reply = (await yard.tell(await yard.dc(is_booted=False), told[2:]))[-1]
        assert reply["totalCost"] == 5.0


class TestAStationThatIsNew:
    async def test_may_start_on_its_first_link_in_1_6(self, patience: Patience) -> None:
        """CitrineOS needs a second connection before a 1.6 connector exists."""
        await patience.yard.charge_16(await patience.yard.ac())
        await patience.yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_that_nobody_registered_cannot_even_boot(self, patience: Patience) -> None:
        assert await refused(Charger(patience.yard.url, "NEVER-SEEN", "2.0.1")) == 401
