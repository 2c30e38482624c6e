"""What clients of all kinds do differently and mean the same: the door understands, and the link does."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect

from charger import CallError, basic
from waiting import PATIENCE_S, becomes, soon
from world import STATION_PASSWORD, OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def handshake(yard: Yard, *lines: str, path: str | None = None) -> str:
    """The answer's head to a handshake spelt line by line."""
    where = urlsplit(yard.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    first = f"GET {path or f'/ocpp/{yard.world.dc.identity}'} HTTP/1.1"
    writer.write("\r\n".join([first, "Host: x", *lines, "", ""]).encode())
    head = await soon(reader.readuntil(b"\r\n\r\n"))
    writer.close()
    await writer.wait_closed()
    return head.decode()


def usual(yard: Yard, *offers: str) -> list[str]:
    return [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(offers or ("Sec-WebSocket-Protocol: ocpp2.0.1",)),
        f"Authorization: {basic(yard.world.dc.identity, STATION_PASSWORD)}",
    ]


class TestTheHandshake:
    async def test_may_write_its_headers_in_any_case(self, yard: Yard) -> None:
        lines = [line.partition(":") for line in usual(yard)]
        for spell in (str.lower, str.upper):
            head = await handshake(yard, *(f"{spell(name)}:{value}" for name, _, value in lines))
            assert " 101 " in head
            await becomes(lambda: yard.count("station where is_connected"), 0)

    @pytest.mark.parametrize(
        ("offers", "chosen"),
        [
            (("Sec-WebSocket-Protocol: ocpp1.6, ocpp2.0.1",), "ocpp2.0.1"),
            (("Sec-WebSocket-Protocol: ocpp1.6,ocpp1.5",), "ocpp1.6"),
            (("Sec-WebSocket-Protocol: ocpp2.1, ocpp2.0.1",), "ocpp2.0.1"),
            (("Sec-WebSocket-Protocol: soap", "Sec-WebSocket-Protocol: ocpp1.6"), "ocpp1.6"),
            (("Sec-WebSocket-Protocol: OCPP1.6",), "OCPP1.6"),
        ],
    )
    async def test_may_offer_several_versions_and_gets_the_newest_in_its_own_spelling(
        self, yard: Yard, offers: tuple[str, ...], chosen: str
    ) -> None:
        head = await handshake(yard, *usual(yard, *offers))
        assert " 101 " in head
        assert f"Sec-WebSocket-Protocol: {chosen}" in head

    @pytest.mark.parametrize("spell", ["/ocpp/{}/", "/ocpp/{}?station=1", "/ocpp/{}#x", "/ocpp/%48ARBOUR-DC-1"])
    async def test_may_spell_its_path_in_other_ways(self, yard: Yard, spell: str) -> None:
        assert yard.world.dc.identity == "HARBOUR-DC-1"
        head = await handshake(yard, *usual(yard), path=spell.format(yard.world.dc.identity))
        assert (" 101 " in head) is ("#" not in spell)

    async def test_may_have_an_identity_that_has_to_be_encoded(self, yard: Yard) -> None:
        name = "DE*ABC*E1|a:b@c"
        password = _hash(name)
        await yard.owner.execute(
            "update station set identity = $1, password_hash = $2 where identity = $3",
            name, password, yard.world.dc.identity,
        )  # fmt: skip
        await yard.owner.execute("update directory set key = $1 where key = $2", name, yard.world.dc.identity)
        path, auth = "/ocpp/DE%2AABC%2AE1%7Ca%3Ab%40c", f"Authorization: {basic(name, STATION_PASSWORD)}"
        assert " 101 " in await handshake(yard, *usual(yard)[:-1], auth, path=path)

    async def test_may_offer_compression_and_goes_without(self, yard: Yard) -> None:
        async with connect(
            f"{yard.url}/ocpp/{yard.world.dc.identity}",
            subprotocols=["ocpp2.0.1"],  # type: ignore[list-item]
            additional_headers={"Authorization": basic(yard.world.dc.identity, STATION_PASSWORD)},
            proxy=None,
            open_timeout=PATIENCE_S,
            compression="deflate",
        ) as socket:
            assert not socket.protocol.extensions


def _hash(identity: str) -> bytes:
    return OpenSecrets().fingerprint(STATION_PASSWORD, purpose=f"station_password:{identity}")


class TestTheLink:
    async def test_answers_pings(self, yard: Yard) -> None:
        dc = await yard.dc()
        for _ in range(3):
            await soon(await dc.socket.ping(b"are you there"))

    async def test_takes_messages_as_binary_frames(self, yard: Yard) -> None:
        dc = await yard.dc()
        assert (await dc.say(json.dumps([2, "b", "Heartbeat", {}]).encode(), "b"))[0] == 3

    async def test_takes_messages_with_white_space_and_unicode(self, yard: Yard) -> None:
        dc = await yard.dc()
        assert (await dc.say('\n [ 2 ,\t"w" , "Heartbeat" , { } ] \r\n', "w"))[0] == 3
        assert (await dc.say('[2,"ü","Heartbeat",{}]', "ü"))[0] == 3

    @pytest.mark.parametrize("payload", ["", ",null", ",[]", ",{}"])
    async def test_takes_an_empty_payload_or_says_what_is_wrong_with_it(self, yard: Yard, payload: str) -> None:
        frame = await (await yard.dc()).say(f'[2,"e","Heartbeat"{payload}]', "e")
        assert frame[0] == (3 if payload == ",{}" else 4)

    @pytest.mark.parametrize("reason", ["ApplicationReset", "PowerUp", "Watchdog", "Unknown", "ScheduledReset"])
    async def test_takes_every_reason_to_boot(self, yard: Yard, reason: str) -> None:
        dc = await yard.dc(is_booted=False)
        full: dict[str, Any] = {
            "model": "M", "vendorName": "V", "serialNumber": "1", "firmwareVersion": "1.2.3",
            "modem": {"iccid": "89490200001234567890", "imsi": "262011234567890"},
        }  # fmt: skip
        reply = await dc.call("BootNotification", {"reason": reason, "chargingStation": full})
        assert (reply["status"], reply["interval"] > 0) == ("Accepted", True)

    async def test_takes_a_1_6_boot_with_all_it_may_hold_and_one_with_the_least(self, yard: Yard) -> None:
        ac = await yard.ac(is_booted=False)
        least = {"chargePointVendor": "V", "chargePointModel": "M"}
        full = least | {
            "chargePointSerialNumber": "", "chargeBoxSerialNumber": "B1", "firmwareVersion": "1", "iccid": "",
            "imsi": "", "meterType": "DIN", "meterSerialNumber": "42",
        }  # fmt: skip
        for boot in (least, full, least):
            assert (await ac.call("BootNotification", boot))["status"] == "Accepted"

    async def test_wants_the_boot_first(self, yard: Yard) -> None:
        dc = await yard.dc(is_booted=False)
        with pytest.raises(CallError, match="SecurityError"):
            await dc.call("Authorize", {"idToken": {"idToken": "A", "type": "ISO14443"}})
