"""Webhooks over a real socket, byte by byte: true, forged, repeated, old, early, too large, too slow."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import uvicorn

from adyen_double import AdyenDouble
from mollie_double import MollieDouble
from provider_double import Message, ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from waiting import until_true
from wattledger.apps.web.hooks import hook_routes
from wattledger.apps.web.main import create_app
from wattledger.flows.apply_webhook import RAW_BYTES_MAX

pytestmark = [pytest.mark.database, pytest.mark.sockets]

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]
# Adyen and Mollie sign no time, and Mollie signs nothing: what they send is a hint, which may come at any time.
TIMED: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble]


@dataclass
class Door:
    """The web process at a port, and a payment whose provider has something to tell."""

    shop: Shop
    port: int
    path: str
    payment_id: UUID

    async def told(self) -> Message:
        """The payer pays; what their provider says of it first."""
        (tab,) = self.shop.theirs(self.payment_id)
        self.shop.double.pay(tab.ref)
        first, self.shop.double.messages = self.shop.double.messages[0], []
        return first

    async def post(self, raw: bytes, headers: dict[str, str], *, path: str = "") -> tuple[int, bytes]:
        return await self.send(self.head(headers, path, f"Content-Length: {len(raw)}"), raw)

    def head(self, headers: dict[str, str], path: str, length: str) -> bytes:
        lines = [f"POST {path or self.path} HTTP/1.1", "Host: charge.example", "Connection: close", length]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    async def send(self, *pieces: bytes) -> tuple[int, bytes]:
        """The pieces one after another over one connection; status and body of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body

    async def stored(self) -> int:
        return len(await self.shop.rows("select from webhook_event"))

    async def state(self) -> str:
        await self.shop.work()
        return await self.shop.state(self.payment_id)


@asynccontextmanager
async def opened(make: type[ProviderDouble], database: Any, clock: Any, ids: Any) -> AsyncIterator[Door]:
    shop = await open_shop(make, database, clock, ids)
    payment_id = (await shop.hold(4000)).payment_id
    await shop.settle_down()
    (row,) = await shop.rows(f"select endpoint_key from gateway_account where gateway = '{shop.gateway}'")
    known = {**vars(shop._container()), "settings": SimpleNamespace(public_url="https://charge.example")}
    app: Any = create_app(SimpleNamespace(**known), routes=hook_routes)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until_true(lambda: server.started or serving.done())
        path = f"/hooks/{shop.gateway}/{row['endpoint_key']}"
        yield Door(shop, listening.getsockname()[1], path, payment_id)
        server.should_exit = True
        await serving


@pytest.fixture
async def door(request: Any, database: Any, clock: Any, ids: Any) -> AsyncIterator[Door]:
    async with opened(request.param, database, clock, ids) as made:
        yield made


every_gateway = pytest.mark.parametrize("door", DOUBLES, indirect=True, ids=lambda one: one.name)
every_gateway_that_signs_the_time = pytest.mark.parametrize("door", TIMED, indirect=True, ids=lambda one: one.name)
every_gateway_that_does_not = pytest.mark.parametrize("door", DOUBLES[2:], indirect=True, ids=lambda one: one.name)


class TestATrueMessage:
    @every_gateway
    async def test_is_stored_answered_and_worked_on(self, door: Door) -> None:
        message = await door.told()
        assert (await door.post(message.raw, message.headers))[0] == 200
        assert await door.stored() == 1
        assert await door.state() == "authorized"

    @every_gateway
    async def test_that_is_repeated_is_answered_again_and_stored_once(self, door: Door) -> None:
        message = await door.told()
        answers = [await door.post(message.raw, message.headers) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 200, 200]
        assert await door.stored() == 1

    @every_gateway
    async def test_may_arrive_in_many_pieces(self, door: Door) -> None:
        message = await door.told()
        head = door.head(message.headers, "", f"Content-Length: {len(message.raw)}")
        pieces = [message.raw[at : at + 7] for at in range(0, len(message.raw), 7)]
        assert (await door.send(head[:20], head[20:], *pieces))[0] == 200
        assert await door.state() == "authorized"

    @every_gateway
    async def test_at_another_endpoint_is_not_found(self, door: Door) -> None:
        message = await door.told()
        status, body = await door.post(message.raw, message.headers, path=f"/hooks/{door.shop.gateway}/guess")
        assert (status, json.loads(body)["code"]) == (404, "endpoint_unknown")
        assert await door.stored() == 0


class TestAForgedMessage:
    @every_gateway
    async def test_moves_nothing(self, door: Door) -> None:
        message = await door.told()
        forged, status = _forged(door.shop, message.raw)
        assert (await door.post(forged, message.headers))[0] == status
        assert await door.state() == "requires_action"
        assert not await door.shop.rows("select from transfer")

    @pytest.mark.parametrize("door", DOUBLES[:3], indirect=True, ids=lambda one: one.name)
    async def test_is_not_stored_where_messages_are_signed(self, door: Door) -> None:
        message = await door.told()
        status, body = await door.post(_forged(door.shop, message.raw)[0], message.headers)
        assert (status, json.loads(body)["code"]) == (401, "webhook_signature_wrong")
        assert await door.stored() == 0

    @every_gateway
    async def test_that_is_nonsense_is_refused(self, door: Door) -> None:
        message = await door.told()
        assert 400 <= (await door.post(b"\xff\x00nonsense", message.headers))[0] < 500
        assert await door.stored() == 0

    @pytest.mark.parametrize("door", DOUBLES[1:], indirect=True, ids=lambda one: one.name)
    async def test_of_another_sum_by_the_provider_itself_is_not_booked(self, door: Door) -> None:
        """Authentic is not valid: the signature is right, and the sum is not the one that was asked for."""
        (tab,) = door.shop.theirs(door.payment_id)
        tab.amount = 900_000
        if "body" in tab.facts and isinstance(door.shop.double, MollieDouble):
            tab.facts["body"] = {**tab.facts["body"], "amount": {"currency": "EUR", "value": "9000.00"}}
        message = await door.told()
        assert (await door.post(message.raw, message.headers))[0] == 200
        assert await door.state() == "requires_action"
        assert await door.shop.reviews() == {"gateway_told_other_amount"}
        assert not await door.shop.rows("select from transfer")


class TestAMessageOfAnotherTime:
    @every_gateway_that_signs_the_time
    @pytest.mark.parametrize("off_s", [301, -62], ids=["too old", "from the future"])
    async def test_is_refused_where_the_time_is_signed(self, door: Door, off_s: int) -> None:
        door.shop.clock.forward(seconds=max(0, -off_s))
        message = await door.told()
        door.shop.clock.forward(seconds=off_s)
        status, body = await door.post(message.raw, message.headers)
        assert (status, json.loads(body)["code"]) == (401, "webhook_time_wrong")
        assert await door.stored() == 0

    @every_gateway_that_does_not
    async def test_is_a_hint_like_any_other_where_it_is_not(self, door: Door) -> None:
        message = await door.told()
        door.shop.clock.forward(days=3)
        assert (await door.post(message.raw, message.headers))[0] == 200
        assert await door.state() == "authorized"


class TestAMessageThatIsTooMuch:
    @every_gateway
    async def test_is_refused_by_its_length(self, door: Door) -> None:
        message = await door.told()
        head = door.head(message.headers, "", f"Content-Length: {RAW_BYTES_MAX + 1}")
        assert (await door.send(head))[0] == 413
        assert await door.stored() == 0

    @every_gateway
    async def test_is_refused_where_it_does_not_say_its_length(self, door: Door) -> None:
        message = await door.told()
        head = door.head(message.headers, "", "Transfer-Encoding: chunked")
        # Its last byte is the one too many: a server that hangs up on what it has not read takes its answer along.
        all_that_may_come = f"{RAW_BYTES_MAX:x}\r\n".encode() + b" " * RAW_BYTES_MAX + b"\r\n"
        assert (await door.send(head, all_that_may_come, b"1\r\n \r\n"))[0] == 413
        assert await door.stored() == 0

    @every_gateway
    async def test_is_given_up_where_its_end_does_not_come(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wattledger.apps.web.hooks.receive.BODY_WITHIN_S", 0.05)
        message = await door.told()
        head = door.head(message.headers, "", f"Content-Length: {len(message.raw)}")
        status, body = await door.send(head, message.raw[:-1])
        assert (status, json.loads(body)["code"]) == (422, "webhook_incomplete")
        assert await door.stored() == 0

    @every_gateway
    async def test_keeps_nobody_else_waiting(self, door: Door) -> None:
        message = await door.told()
        head = door.head(message.headers, "", f"Content-Length: {len(message.raw)}")
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        try:
            writer.write(head + message.raw[:-1])
            await writer.drain()
            assert (await door.post(message.raw, message.headers))[0] == 200
        finally:
            writer.close()


def _forged(shop: Shop, raw: bytes) -> tuple[bytes, int]:
    """The message altered where it counts, and what is answered: Mollie's say only where to look."""
    if isinstance(shop.double, MollieDouble):
        return b"id=tr_999999", 200
    if isinstance(shop.double, AdyenDouble):
        told = cast("dict[str, Any]", json.loads(raw))
        told["notificationItems"][0]["NotificationRequestItem"]["amount"]["value"] += 1
        return json.dumps(told).encode(), 401
    return raw.replace(b'"id"', b'"ID"', 1), 401
