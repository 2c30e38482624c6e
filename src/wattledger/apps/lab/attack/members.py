"""Attacks by a station that is let in: what it can do to others, to the link, and to itself."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from websockets.exceptions import ConnectionClosed

from wattledger.apps.lab.attack.kit import OPEN, Breached, NotTried, Place, knock, linked

_FLOOD = 300
_TOO_LARGE = 4_000_000


async def second_link(place: Place) -> str:
    """A4"""
    identity, password = place.member()
    async with linked(place) as first:
        status, _ = await knock(place, identity, password)
        await first.is_well()
        if status == OPEN:
            raise Breached("A second link of the same identity is let in beside the first.")
    return f"Refused ({status}), and the first link lives."


async def foreign_sessions(place: Place) -> str:
    """A5"""
    async with linked(place) as member:
        for number in (1, 2, 1_000_000):
            action, payload = _stop(place, number)
            frame = await member.call(action, payload)
            if frame[0] == 3 and frame[2].get("totalCost"):
                raise Breached(f"Session {number}, which is not its own, was ended and priced.")
        await member.is_well()
    return "Acknowledged, and nothing was priced. What was parked stands on the worklist."


async def replays(place: Place) -> str:
    """A6"""
    async with linked(place) as member:
        action, payload = _stop(place, 7)
        frames = [await member.call(action, payload, f"replay-{number // 2}") for number in range(4)]
        if len({str(frame[2]) for frame in frames}) != 1:
            raise Breached("The same message is answered differently when it is sent again.")
    return "The same message, the same answer, four times."


async def strange_numbers(place: Place) -> str:
    """A7"""
    async with linked(place) as member:
        for text in ("NaN", "Infinity", "1e400", "-0", "9" * 400):
            await member.socket.send(f'[2,"n","MeterValues",{{"evseId":{text},"connectorId":{text}}}]')
        await member.is_well()
    return "Answered, and the link lives."


async def too_large(place: Place) -> str:
    """A10"""
    async with linked(place) as member:
        try:
            async with asyncio.timeout(10):
                with suppress(ConnectionClosed, ConnectionError, AttributeError):
                    await member.socket.send('[2,"x","DataTransfer",{"vendorId":"' + "x" * _TOO_LARGE + '"}]')
                await member.socket.wait_closed()
        except TimeoutError:
            raise Breached(f"A message of {_TOO_LARGE} bytes is taken.") from None
    return "The link that sent it was closed."


async def deep_and_torn(place: Place) -> str:
    """A10"""
    async with linked(place) as member:
        for text in ("[" * 100_000, '{"a":' * 20_000, b"\xff\xfe", b'[2,"x","Heartbeat",{"\xff":1}]', "", "null"):
            await member.socket.send(text)
        await member.is_well()
    return "Answered or ignored, and the link lives."


async def flood(place: Place) -> str:
    """A10"""
    async with linked(place) as member:
        for number in range(_FLOOD):
            await member.socket.send(f'[2,"f{number}","Heartbeat",{{}}]')
        await member.is_well()
    return f"{_FLOOD} messages at once, and the link lives."


async def unasked_answers(place: Place) -> str:
    """A12"""
    async with linked(place) as member:
        for text in ('[3,"never-asked",{}]', '[4,"never-asked","InternalError","",{}]', "[3]", "[4]", "[9]"):
            await member.socket.send(text)
        await member.is_well()
    return "Ignored, and the link lives."


async def markup(place: Place) -> str:
    """A13"""
    async with linked(place) as member:
        frame = await member.call("DataTransfer", {"vendorId": "<script>alert(1)</script>", "data": "=1+1\r\n"})
        if "<script" in str(frame[2:]):
            raise Breached("What was sent comes back as it was.")
        await member.is_well()
    return "Taken as text. Look at the station's page: it must show it as text, too."


async def foreign_certificate(place: Place) -> str:
    """A14"""
    async with linked(place) as member:
        frame = await member.call("SignCertificate", {"csr": f"no request {secrets.token_hex(4)}"})
        if frame[0] == 3 and "certificate" in str(frame[2]).lower():
            raise Breached("A certificate came back for what is no request.")
        await member.is_well()
    return "Nothing was signed in the reply; a refused request stands on the worklist."


async def before_boot(place: Place) -> str:
    """A1"""
    del place
    raise NotTried("A station that has booted once stays booted: try it with a new one, by hand.")


def _stop(place: Place, number: int) -> tuple[str, dict[str, Any]]:
    # Each at an instant of its own: what ends at the same moment at one connector might be one session.
    at = f"{datetime.now(UTC) - timedelta(minutes=number % 50):%Y-%m-%dT%H:%M:%SZ}"
    if place.version == "1.6":
        return "StopTransaction", {"transactionId": number, "meterStop": 99_000, "timestamp": at}
    return "TransactionEvent", {
        "eventType": "Ended",
        "timestamp": at,
        "triggerReason": "StopAuthorized",
        "seqNo": 9,
        "transactionInfo": {"transactionId": f"not-mine-{number}"},
    }
