"""Who may open a link, and what happens to everybody else (CISA ICSA-26-057-03 to -08, SaiFlow 2023)."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from charger import Charger, basic
from provisioned import fifty
from waiting import PATIENCE_S, becomes
from wattledger.apps.stations import door
from world import STATION_PASSWORD
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def knock(
    yard: Yard, path: str, *, auth: str | None = None, subprotocols: tuple[str, ...] = ("ocpp2.0.1",)
) -> int:
    """The HTTP status with which the door is shut; 101 where it opens."""
    headers = {} if auth is None else {"Authorization": auth}
    try:
        async with connect(
            yard.url + path,
            additional_headers=headers,
            subprotocols=subprotocols,  # type: ignore[arg-type]
            proxy=None,
            open_timeout=PATIENCE_S,
        ):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


class TestTheDoor:
    async def test_opens_for_a_station_with_its_own_password(self, yard: Yard) -> None:
        name = yard.world.dc.identity
        assert await knock(yard, f"/ocpp/{name}", auth=basic(name, STATION_PASSWORD)) == 101

    async def test_is_shut_without_a_password(self, yard: Yard) -> None:
        assert await knock(yard, f"/ocpp/{yard.world.dc.identity}") == 401

    async def test_is_shut_for_a_wrong_password(self, yard: Yard) -> None:
        name = yard.world.dc.identity
        assert await knock(yard, f"/ocpp/{name}", auth=basic(name, "guess")) == 401

    async def test_is_shut_for_another_station_s_credentials(self, yard: Yard) -> None:
        other = basic(yard.world.ac.identity, STATION_PASSWORD)
        assert await knock(yard, f"/ocpp/{yard.world.dc.identity}", auth=other) == 401

    async def test_answers_an_unknown_station_as_it_answers_a_wrong_password(self, yard: Yard) -> None:
        assert await knock(yard, "/ocpp/NOBODY", auth=basic("NOBODY", STATION_PASSWORD)) == 401

    async def test_is_shut_for_a_disabled_station(self, yard: Yard) -> None:
        await yard.owner.execute("update station set is_disabled = true")
        name = yard.world.dc.identity
        assert await knock(yard, f"/ocpp/{name}", auth=basic(name, STATION_PASSWORD)) == 401

    @pytest.mark.parametrize("path", ["/", "/ocpp/", "/ocpp/a/b", "/other/X", "/ocpp/" + "x" * 49])
    async def test_is_not_where_no_station_is_named(self, yard: Yard, path: str) -> None:
        assert await knock(yard, path, auth=basic("X", "y")) == 404

    @pytest.mark.parametrize("offered", [("ocpp1.5",), ("soap",)])
    async def test_is_shut_for_a_version_we_do_not_speak(self, yard: Yard, offered: tuple[str, ...]) -> None:
        name = yard.world.dc.identity
        auth = basic(name, STATION_PASSWORD)
        assert await knock(yard, f"/ocpp/{name}", auth=auth, subprotocols=offered) == 400

    @pytest.mark.parametrize(
        "auth", ["Basic", "Basic !!!", "Bearer x", "Basic " + "A" * 600, "Basic /w==", "Basic QTpi\xed"]
    )
    async def test_survives_malformed_credentials(self, yard: Yard, auth: str) -> None:
        assert await knock(yard, f"/ocpp/{yard.world.dc.identity}", auth=auth) == 401

    async def test_speaks_the_newest_version_that_both_know(self, yard: Yard) -> None:
        name = yard.world.dc.identity
        async with connect(
            f"{yard.url}/ocpp/{name}",
            additional_headers={"Authorization": basic(name, STATION_PASSWORD)},
            subprotocols=["ocpp1.6", "ocpp2.0.1"],  # type: ignore[list-item]
            proxy=None,
            open_timeout=PATIENCE_S,
        ) as socket:
            assert socket.subprotocol == "ocpp2.0.1"


class TestASecondLinkOfOneIdentity:
    async def test_is_refused_while_the_first_one_lives(self, yard: Yard) -> None:
        dc = await yard.dc()
        name = yard.world.dc.identity
        assert await knock(yard, f"/ocpp/{name}", auth=basic(name, STATION_PASSWORD)) == 409
        await yard.charge_201(dc)

    async def test_without_the_password_does_not_disturb_the_first(self, yard: Yard) -> None:
        dc = await yard.dc()
        name = yard.world.dc.identity
        statuses = await asyncio.gather(*(knock(yard, f"/ocpp/{name}", auth=basic(name, "x")) for _ in range(20)))
        assert set(statuses) == {401}
        await yard.charge_201(dc)
        await yard.assert_billed_once(wh=10_000)

    async def test_takes_over_from_one_that_no_longer_answers(
        self, yard: Yard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "PROOF_WITHIN_S", 0.2)
        dead = await yard.dc()
        dead.socket.transport.pause_reading()  # half-open: nobody answers a ping
        alive = await yard.dc()
        await yard.charge_201(alive)
        await yard.assert_billed_once(wh=10_000)
        dead.socket.transport.abort()  # or closing it would wait for an answer

    async def test_of_several_at_once_lets_exactly_one_in(self, yard: Yard) -> None:
        name = yard.world.dc.identity
        chargers = [Charger(yard.url, name, "2.0.1") for _ in range(5)]
        results = await asyncio.gather(*(one.connect() for one in chargers), return_exceptions=True)
        assert [one is None for one in results].count(True) == 1
        await asyncio.gather(*(one.close() for one in chargers))


class TestFramesThatAreNone:
    @pytest.mark.parametrize("text", ["", "{", "[]", "[2]", '[2,"m",7,{}]', '[9,"m","Heartbeat",{}]', "null", "🂡"])
    async def test_get_an_error_or_silence_and_the_link_stays_open(self, yard: Yard, text: str) -> None:
        dc = await yard.dc()
        await dc.socket.send(text)
        assert "currentTime" in await dc.call("Heartbeat", {})

    async def test_an_unknown_action_is_not_implemented(self, yard: Yard) -> None:
        frame = await (await yard.dc()).say('[2,"x","Dance",{}]', "x")
        assert frame[:3] == [4, "x", "NotImplemented"]

    async def test_a_payload_against_the_schema_gets_the_version_s_own_code(self, yard: Yard) -> None:
        dc, ac = await yard.dc(), await yard.ac()
        assert (await dc.say('[2,"x","Heartbeat",{"a":1}]', "x"))[2] == "FormatViolation"
        assert (await ac.say('[2,"x","Heartbeat",{"a":1}]', "x"))[2] == "FormationViolation"

    async def test_two_megabytes_close_the_link_with_too_big(self, yard: Yard) -> None:
        dc = await yard.dc()
        await dc.socket.send('[2,"x","DataTransfer",{"vendorId":"' + "x" * 2_000_000 + '"}]')
        with pytest.raises(ConnectionClosed):
            await dc.call("Heartbeat", {})
        assert dc.socket.close_code == 1009


class TestLinks:
    async def test_show_whether_they_are_open(self, yard: Yard) -> None:
        dc = await yard.dc()
        assert await yard.count("station where is_connected") == 1
        await dc.close()
        await becomes(lambda: yard.count("station where is_connected"), 0)

    async def test_raise_the_epoch_each_time(self, yard: Yard) -> None:
        for epoch in (1, 2, 3):
            dc = await yard.dc()
            assert await yard.owner.fetchval("select max(link_epoch) from station") == epoch
            await dc.close()

    async def test_that_were_taken_over_elsewhere_change_nothing_any_more(self, yard: Yard) -> None:
        dc = await yard.dc()
        await yard.owner.execute("update station set link_epoch = link_epoch + 1")
        with pytest.raises(AssertionError, match="InternalError"):
            await yard.charge_201(dc)
        assert await yard.count("session") == 0


class TestFiftyStationsAtOnce:
    async def test_all_get_in_and_start_together(self, yard: Yard) -> None:
        """A pool of five deadlocks CitrineOS with five; Arthexis lets none of fifty in."""
        replies = await fifty(yard)
        assert len(replies) == 50
        assert all(reply["totalCost"] == replies[0]["totalCost"] for reply in replies)
        assert await yard.count("bill") == 50
