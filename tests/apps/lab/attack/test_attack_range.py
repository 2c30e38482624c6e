"""The attack and fault range against the real server, and against a door that lets everybody in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ports import free_port
from wattledger.adapters.clock import SystemClock
from wattledger.adapters.postgres.database import Database
from wattledger.apps.lab.attack import faults, kit, members, strangers
from wattledger.apps.lab.attack.kit import Breached, Finding, Place, Verdict, check_place
from wattledger.apps.lab.attack.run import ATTACKS, attack
from wattledger.apps.lab.stations.faults import Fault
from wattledger.core.kernel.errors import InvalidInput
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.fixture
async def yard(database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    monkeypatch.setattr("wattledger.apps.stations.server.HANDSHAKE_WITHIN_S", 4)
    # No time passes at the door: a slow machine's guesses would be too slow to be made to wait.
    monkeypatch.setattr("wattledger.apps.stations.door._now_s", lambda: 1_000.0)
    async with open_yard(database, database_dsn, SystemClock()) as opened:
        yield opened


def place_of(yard: Yard, version: str = "2.0.1", *, token: bool = False) -> Place:
    identity = yard.world.ac.identity if version == "1.6" else yard.world.dc.identity
    return Place(
        f"{yard.url}/ocpp", version, None, identity, STATION_PASSWORD, yard.world.token_uid if token else None
    )


class TestAgainstUs:
    @pytest.mark.parametrize("version", ["1.6", "2.0.1"])
    async def test_every_attack_is_held_or_says_why_it_was_not_tried(
        self, yard: Yard, version: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wattledger.apps.lab.attack.run.Fault", ())
        monkeypatch.setattr("wattledger.apps.lab.attack.run.UpkeepFault", ())
        monkeypatch.setattr(strangers, "SOCKETS_MAX", 3)
        found = [one async for one in attack(place_of(yard, version))]
        assert len(found) == len(ATTACKS)
        assert not [(one.name, one.why) for one in found if one.verdict is Verdict.BREACHED]
        left = {one.name: one.why for one in found if one.verdict is Verdict.NOT_TRIED}
        assert left.keys() == {"old_tls", "before_boot"}, left
        await yard.assert_nothing_owed()

    @pytest.mark.parametrize("fault", [Fault.RESEND_NEW_ID, Fault.LOST_START])
    async def test_a_fault_is_answered_to_the_last_message(self, yard: Yard, fault: Fault) -> None:
        assert "answered" in await faults.live_through(place_of(yard, token=True), fault, seed=1)

    async def test_without_credentials_most_is_not_tried_and_says_what_is_missing(self, yard: Yard) -> None:
        with pytest.raises(kit.NotTried, match="--station"):
            await members.second_link(Place(f"{yard.url}/ocpp"))


@pytest.fixture
async def open_door() -> AsyncIterator[Place]:
    """A CSMS as CISA describes them: no authentication, any number of links, whatever is asked is accepted."""

    async def hear(socket: ServerConnection) -> None:
        async for text in socket:
            _, message_id, *_ = json.loads(text)
            await socket.send(json.dumps([3, message_id, {"status": "Accepted", "totalCost": 1.0}]))

    port = free_port()
    names = ["ocpp1.5", "ocpp2.0.1", "ocpp1.6"]
    async with serve(hear, "127.0.0.1", port, subprotocols=names, max_size=None):  # type: ignore[arg-type]
        yield Place(f"ws://127.0.0.1:{port}/ocpp", station="S", password="p")


class TestAgainstAnOpenDoor:
    @pytest.mark.parametrize(
        "one",
        [
            strangers.without_credentials,
            strangers.malformed_credentials,
            strangers.guessing,
            strangers.older_versions,
            members.second_link,
            members.foreign_sessions,
            members.deep_and_torn,
        ],
    )
    async def test_the_attack_says_breached(self, open_door: Place, one: kit.Attack) -> None:
        with pytest.raises(Breached):
            await one(open_door)


class TestElsewhere:
    def test_is_refused_unless_it_is_said_to_be_one_s_own(self) -> None:
        for url in ("ws://charge.example/ocpp", "wss://10.0.0.7/ocpp"):
            with pytest.raises(InvalidInput, match="attack_elsewhere"):
                check_place(Place(url), is_own=False)
            check_place(Place(url), is_own=True)

    @pytest.mark.parametrize("url", ["ws://127.0.0.1:9/ocpp", "ws://localhost:9/ocpp", "ws://[::1]:9/ocpp"])
    def test_is_not_this_machine(self, url: str) -> None:
        check_place(Place(url), is_own=False)


def test_every_attack_names_its_place_on_the_list() -> None:
    for one in ATTACKS:
        assert (one.__doc__ or "").startswith("A"), one
    assert Finding("A1", "x", Verdict.HELD, "").verdict == "held"
