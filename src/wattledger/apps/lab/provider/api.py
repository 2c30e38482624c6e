"""The provider's HTTP interface: bearer keys, idempotency keys, JSON; ``/v1/lab`` is what only a sandbox has."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from wattledger.apps.lab.provider import rules
from wattledger.apps.lab.provider.desk import Amount, Desk, NewCharge, NewPayment, Shown, account_of
from wattledger.apps.lab.provider.rules import RuleBroken, SandboxPayment
from wattledger.apps.lab.provider.store import Misbehaviour

_JSON: Final = "application/json"
Asked = Request[Any, Any, State]
Answer = Response[bytes]


def _shown(shown: Shown) -> Response[bytes]:
    return Response(shown.body, status_code=shown.status, media_type=_JSON)


def _error(status: int, code: str) -> Response[bytes]:
    return _shown(Shown(status, msgspec.json.encode({"error": {"code": code}})))


def _api_key(request: Asked) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" and len(key) >= 8 else ""


def _desk(request: Asked) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _takes(desk: Desk, account: str, habit: str, name: str) -> bool:
    """Whether the account asked for this fault; one is used up."""
    with desk.store.transaction():
        habits = desk.store.misbehaviour(account)
        counts: dict[str, int] = getattr(habits, habit)
        if not counts.get(name):
            return False
        counts[name] -= 1
        desk.store.put_misbehaviour(account, habits)
    return True


async def _answer(request: Asked, name: str, act: Callable[[Desk, str, bytes], Shown]) -> Answer:
    """The answer of ``act``, unless a fault was asked for."""
    desk, api_key = _desk(request), _api_key(request)
    if not api_key:
        return _error(401, "api_key_missing")
    account, raw = account_of(api_key), await request.body()
    slow_ms = desk.store.misbehaviour(account).slow_ms.get(name, 0)
    if slow_ms:
        await asyncio.sleep(slow_ms / 1000)
    if _takes(desk, account, "refuse", name):
        return _error(503, "come_again")
    try:
        shown = act(desk, api_key, raw)
    except RuleBroken as broken:
        return _error(404, broken.code)
    except msgspec.ValidationError as error:
        return _error(400, f"invalid_request: {error}")
    if _takes(desk, account, "lose_answers", name):
        return _CutOff(b"")
    if _takes(desk, account, "garbage", name):
        return Response(b"<html>Bad gate", status_code=200, media_type="text/html")
    return _shown(shown)


class _CutOffAnswer(ASGIResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI's shape)
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


class _CutOff(Response[bytes]):
    """The connection ends in the middle of the answer."""

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return _CutOffAnswer(body=b"{")


def _call(request: Asked, path: str, change: Callable[[Desk, bytes, SandboxPayment], str]) -> Any:
    """The act of a call that changes a payment under an idempotency key."""
    key = request.headers.get("idempotency-key", "")

    def act(desk: Desk, api_key: str, raw: bytes) -> Shown:
        if not key:
            return Shown(400, msgspec.json.encode({"error": {"code": "idempotency_key_missing"}}))
        payment_id = request.path_params["payment_id"]
        return desk.call(
            api_key,
            key,
            path.encode() + raw,
            lambda _: desk.change(payment_id, api_key, lambda payment: change(desk, raw, payment)),
        )

    return act


@post("/v1/payments", status_code=200)
async def create(request: Asked) -> Answer:
    key = request.headers.get("idempotency-key", "")

    def act(desk: Desk, api_key: str, raw: bytes) -> Shown:
        asked = msgspec.json.decode(raw, type=NewPayment)
        if not key or asked.amount_minor <= 0:
            return Shown(400, b'{"error":{"code":"invalid_request"}}')
        return desk.call(api_key, key, raw, lambda account: desk.create(account, asked))

    return await _answer(request, "create", act)


@post("/v1/charges", status_code=200)
async def charge(request: Asked) -> Answer:
    """A kept method is charged without its owner."""
    key = request.headers.get("idempotency-key", "")

    def act(desk: Desk, api_key: str, raw: bytes) -> Shown:
        asked = msgspec.json.decode(raw, type=NewCharge)
        if not key or asked.amount_minor <= 0:
            return Shown(400, b'{"error":{"code":"invalid_request"}}')
        return desk.call(api_key, key, raw, lambda account: desk.charge(account, asked))

    return await _answer(request, "charge", act)


@get("/v1/account")
async def tell_account(request: Asked) -> Answer:
    def act(_: Desk, api_key: str, __: bytes) -> Shown:
        return Shown(200, msgspec.json.encode({"id": account_of(api_key)}))

    return await _answer(request, "account", act)


@get("/v1/payments/{payment_id:str}")
async def fetch(request: Asked) -> Answer:
    def act(desk: Desk, api_key: str, _: bytes) -> Shown:
        with desk.store.transaction():
            payment = desk.change(request.path_params["payment_id"], api_key, lambda _: None)
        return Shown(200, msgspec.json.encode(desk.view(payment)))

    return await _answer(request, "fetch", act)


@get("/v1/payments")
async def list_payments(request: Asked) -> Answer:
    """All payments of the account, or those with ``?reference=``."""

    def act(desk: Desk, api_key: str, _: bytes) -> Shown:
        found = desk.store.payments(account_of(api_key), request.query_params.get("reference"))
        return Shown(200, msgspec.json.encode({"payments": [desk.view(payment) for payment in found]}))

    return await _answer(request, "list", act)


@post("/v1/payments/{payment_id:str}/capture", status_code=200)
async def capture(request: Asked) -> Answer:
    def change(_: Desk, raw: bytes, payment: SandboxPayment) -> str:
        return rules.capture(payment, msgspec.json.decode(raw, type=Amount).amount_minor)

    return await _answer(request, "capture", _call(request, request.url.path, change))


@post("/v1/payments/{payment_id:str}/increment", status_code=200)
async def increment(request: Asked) -> Answer:
    def change(desk: Desk, raw: bytes, payment: SandboxPayment) -> str:
        return rules.increment(payment, msgspec.json.decode(raw, type=Amount).amount_minor, desk.now())

    return await _answer(request, "increment", _call(request, request.url.path, change))


@post("/v1/payments/{payment_id:str}/void", status_code=200)
async def void(request: Asked) -> Answer:
    return await _answer(
        request, "void", _call(request, request.url.path, lambda _, __, payment: rules.void(payment))
    )


@post("/v1/payments/{payment_id:str}/refunds", status_code=200)
async def refund(request: Asked) -> Answer:
    key = request.headers.get("idempotency-key", "")

    def change(_: Desk, raw: bytes, payment: SandboxPayment) -> str:
        amount_minor = msgspec.json.decode(raw, type=Amount).amount_minor
        return rules.refund(payment, "ref_" + secrets.token_hex(8), amount_minor, key)

    return await _answer(request, "refund", _call(request, request.url.path, change))


@get("/v1/events")
async def list_events(request: Asked) -> Answer:
    def act(desk: Desk, api_key: str, _: bytes) -> Shown:
        return Shown(200, b'{"events":[' + b",".join(desk.store.events(account_of(api_key))) + b"]}")

    return await _answer(request, "events", act)


@put("/v1/lab/misbehaviour", status_code=200)
async def set_misbehaviour(request: Asked) -> Answer:
    """From now on the provider misbehaves so for this account."""

    def act(desk: Desk, api_key: str, raw: bytes) -> Shown:
        habits = msgspec.json.decode(raw, type=Misbehaviour)
        with desk.store.transaction():
            desk.store.put_misbehaviour(account_of(api_key), habits)
        return Shown(200, msgspec.json.encode(habits))

    return await _answer(request, "misbehaviour", act)


@delete("/v1/lab/misbehaviour", status_code=200)
async def clear_misbehaviour(request: Asked) -> Answer:
    def act(desk: Desk, api_key: str, _: bytes) -> Shown:
        with desk.store.transaction():
            desk.store.put_misbehaviour(account_of(api_key), Misbehaviour())
        return Shown(200, b"{}")

    return await _answer(request, "misbehaviour", act)


class _Press(msgspec.Struct, forbid_unknown_fields=True):
    card: str = "visa"
    holder: str = ""


@post("/v1/lab/payments/{payment_id:str}/pay", status_code=200)
async def press_button(request: Asked) -> Answer:
    """Presses a button of the hosted page, as a driver would: for tests and the demo."""

    def act(desk: Desk, api_key: str, raw: bytes) -> Shown:
        press = msgspec.json.decode(raw or b"{}", type=_Press)
        if press.card not in rules.CARDS:
            return Shown(400, b'{"error":{"code":"card_unknown"}}')
        holder = press.holder or secrets.token_hex(8)
        with desk.store.transaction():
            payment = desk.change(
                request.path_params["payment_id"],
                api_key,
                lambda payment: rules.pay(payment, press.card, holder, desk.now()),
            )
        return Shown(200, msgspec.json.encode(desk.view(payment)))

    return await _answer(request, "pay", act)


@post("/v1/lab/payments/{payment_id:str}/expire", status_code=200)
async def expire_now(request: Asked) -> Answer:
    """The hold's time is over at once."""

    def act(desk: Desk, api_key: str, _: bytes) -> Shown:
        def change(payment: SandboxPayment) -> str | None:
            if payment.capture_before:
                payment.capture_before = desk.now() - timedelta(seconds=1)
            return rules.expire(payment, desk.now())

        with desk.store.transaction():
            payment = desk.change(request.path_params["payment_id"], api_key, change)
        return Shown(200, msgspec.json.encode(desk.view(payment)))

    return await _answer(request, "expire", act)


ROUTES: Final = [
    tell_account,
    create,
    charge,
    fetch,
    list_payments,
    capture,
    increment,
    void,
    refund,
    list_events,
    set_misbehaviour,
    clear_misbehaviour,
    press_button,
    expire_now,
]
