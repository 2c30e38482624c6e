"""A10: oversized, deep, slow, fragmented and compressed frames, floods, idle and half-open links."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from charger import Charger, basic
from intruder import call
from waiting import soon
from wattledger.apps.stations import crowd, server
from wattledger.apps.stations.crowd import Crowd
from world import STATION_PASSWORD
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def is_hung_up_on(reader: asyncio.StreamReader) -> bool:
    try:
        return await soon(reader.read(1)) == b""
    except ConnectionResetError:
        return True


async def hang_up(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class TestOneMessage:
    async def test_too_large_closes_its_own_link_alone(self, yard: Yard) -> None:
        ac, dc = await yard.ac(), await yard.dc()
        await dc.socket.send(call("DataTransfer", {"vendorId": "v", "data": "x" * 2_000_000}))
        with pytest.raises(ConnectionClosed):
            await dc.call("Heartbeat", {})
        assert dc.socket.close_code == 1009
        await ac.call("Heartbeat", {})

    async def test_too_large_in_small_pieces_is_too_large(self, yard: Yard) -> None:
        dc = await yard.dc()

        async def pieces() -> AsyncIterator[str]:
            yield '[2,"x","DataTransfer",{"vendorId":"v","data":"'
            for _ in range(300):
                yield "x" * 1024

        with suppress(ConnectionClosed):  # the server may have had enough before all pieces were sent
            await dc.socket.send(pieces())
        await soon(dc.socket.wait_closed())
        assert dc.socket.close_code == 1009

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 40_000, '[2,"x","DataTransfer",' + "[" * 60_000])
    async def test_nested_beyond_reason_is_an_error_and_no_more(self, yard: Yard, text: str) -> None:
        dc = await yard.dc()
        await dc.socket.send(text)
        await dc.call("Heartbeat", {})

    async def test_in_binary_or_with_torn_letters_is_an_error_and_no_more(self, yard: Yard) -> None:
        dc = await yard.dc()
        for blob in (b"\xff\xfe\x00", b'[2,"x","Heartbeat",{"\xff":1}]', bytes(1000)):
            await dc.socket.send(blob)
        await dc.call("Heartbeat", {})


class TestCompression:
    async def test_is_not_spoken_so_nothing_can_swell(self, yard: Yard) -> None:
        """A bomb needs permessage-deflate: it is offered, and not taken up; a compressed frame ends the link."""
        where = urlsplit(yard.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        name = yard.world.dc.identity
        writer.write(
            (
                f"GET /ocpp/{name} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: ocpp2.0.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
                f"Authorization: {basic(name, STATION_PASSWORD)}\r\n\r\n"
            ).encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"101" in head
        assert b"permessage-deflate" not in head
        bomb = zlib.compress(b"0" * 10_000_000)
        writer.write(b"\xc1\xfe" + len(bomb).to_bytes(2, "big") + bytes(4) + bomb)
        frame = await soon(reader.readexactly(4))
        assert frame[:1] == b"\x88"  # a close frame
        assert int.from_bytes(frame[2:4], "big") == 1002
        await hang_up(writer)


class TestAFlood:
    async def test_is_slowed_and_nothing_of_it_lost(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "MESSAGES_BURST", 20)
        monkeypatch.setattr(server, "MESSAGES_PER_S", 200)
        dc = await yard.dc()
        loop = asyncio.get_running_loop()
        began = loop.time()
        answers = [await dc.call("Heartbeat", {}) for _ in range(60)]
        assert len(answers) == 60
        assert loop.time() - began > 0.15  # what 40 beyond the burst cost at 200 a second, at the least

    async def test_of_calls_at_once_is_answered_each_and_leaves_others_their_turn(self, yard: Yard) -> None:
        ac, dc = await yard.ac(), await yard.dc()
        for number in range(500):
            await dc.socket.send(call("Heartbeat", {}, f"f{number}"))
        await ac.call("Heartbeat", {})
        await dc.call("Heartbeat", {})


class TestTheHandshake:
    async def test_that_never_comes_is_ended(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        where = urlsplit(yard.url)
        sockets = [await asyncio.open_connection(where.hostname, where.port) for _ in range(50)]
        sockets[0][1].write(b"GET /ocpp/X HTTP/1.1\r\nHost: x\r\nX-Slow: ")  # and nothing more
        dc = await yard.dc()
        await dc.call("Heartbeat", {})
        assert 0 < server.HANDSHAKE_WITHIN_S <= 15
        await hang_up(*(writer for _, writer in sockets))

    async def test_with_endless_headers_is_refused(self, yard: Yard) -> None:
        where = urlsplit(yard.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(b"GET /ocpp/X HTTP/1.1\r\n" + b"X-Header: y\r\n" * 5_000)
        answer = await soon(reader.read(64))
        assert b"400" in answer or b"431" in answer or answer == b""
        await hang_up(writer)


class TestACrowd:
    async def test_beyond_the_cap_is_turned_away_and_links_stay(
        self, yard: Yard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dc = await yard.dc()
        monkeypatch.setattr(crowd, "UNPROVEN_OF_ONE_SOURCE_MAX", 5)
        where = urlsplit(yard.url)
        sockets = [await asyncio.open_connection(where.hostname, where.port) for _ in range(5)]
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        assert await is_hung_up_on(reader)
        await dc.call("Heartbeat", {})
        await hang_up(*(each for _, each in sockets), writer)

    def test_is_counted_out_again(self) -> None:
        one = Crowd(links_max=2)
        assert [one.comes("a"), one.comes("b"), one.comes("c")] == [True, True, False]
        one.proves("a")
        one.goes("b", is_proven=False)
        assert (one.unproven_count, one.proven_count, one.comes("c")) == (0, 1, True)
        one.goes("a", is_proven=True)
        assert one.proven_count == 0


class TestAHalfOpenLink:
    async def test_gives_way_to_its_own_station(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wattledger.apps.stations.door.PROOF_WITHIN_S", 0.2)
        dead = await yard.dc()
        dead.socket.transport.pause_reading()
        async with Charger(yard.url, dead.identity, "2.0.1") as alive:
            await alive.boot()
            assert json.dumps(await alive.call("Heartbeat", {}))
        dead.socket.transport.abort()
