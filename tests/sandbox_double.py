"""The lab's provider as one of the stand-ins: the real one, its HTTP interface called in this process."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from provider_double import Message, ProviderDouble, Tab
from wattledger.adapters.gateways.sandbox.client import SandboxGateway
from wattledger.apps.lab.provider import rules
from wattledger.apps.lab.provider.desk import (
    Amount,
    Desk,
    NewCharge,
    NewPayment,
    Shown,
    account_of,
    webhook_secret,
)
from wattledger.apps.lab.provider.rules import RuleBroken, SandboxPayment, Status
from wattledger.apps.lab.provider.store import Store
from wattledger.core.payments.signatures import sign

API_KEY = "sandbox-key-of-a-test"
_STATES = {
    Status.AUTHORIZED: "held",
    Status.CAPTURED: "taken",
    Status.VOIDED: "canceled",
    Status.OPEN: "open",
}


class SandboxDouble(ProviderDouble):
    name = "sandbox"
    payee = account_of(API_KEY)

    def __init__(self, clock: Any, spec: Any = None) -> None:
        super().__init__(clock, spec)
        self.desk = Desk(Store(":memory:"), "https://sandbox.test", clock.now)

    def gateway(self, transport: httpx.AsyncBaseTransport) -> SandboxGateway:
        return SandboxGateway(httpx.AsyncClient(transport=transport))

    def account(self) -> tuple[dict[str, str], dict[str, str]]:
        settings = {"base_url": "https://sandbox.test", "payee": account_of(API_KEY), "mode": "test"}
        return settings, {"api_key": API_KEY}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        try:
            shown = self._shown(request)
        except RuleBroken as broken:
            shown = Shown(404, json.dumps({"error": {"code": broken.code}}).encode())
        self._follow()
        return httpx.Response(shown.status, content=self._paying(shown.body))

    def route(self, request: httpx.Request) -> tuple[int, Any]:
        raise AssertionError("the lab's provider answers for itself")

    def pay(self, ref: str, *, amount: int | None = None) -> None:
        card = "visa" if amount is None else "prepaid"
        with self.desk.store.transaction():
            self.desk.change(ref, None, lambda payment: rules.pay(payment, card, "one phone", self.desk.now()))
        self._follow()

    def is_call(self, verb: str, method: str, path: str) -> bool:
        del method
        ends = {"create": "/v1/payments", "capture": "/capture", "void": "/void", "refund": "/refunds"}
        return path.endswith({**ends, "increment": "/increment", "renew": "/v1/charges"}[verb])

    def _shown(self, request: httpx.Request) -> Shown:
        path, raw, key = request.url.path, request.content, request.headers.get("idempotency-key", "")
        if path == "/v1/account":
            return Shown(200, encoded({"id": self.payee}))
        if path == "/v1/payments" and request.method == "GET":
            found = self.desk.store.payments(account_of(API_KEY), None)
            return Shown(200, encoded({"payments": [self.desk.view(one) for one in found]}))
        if path in {"/v1/payments", "/v1/charges"}:
            shape, act = (
                (NewPayment, self.desk.create) if path.endswith("payments") else (NewCharge, self.desk.charge)
            )
            asked: Any = json_of(raw, shape)
            make: Any = act
            return self.desk.call(API_KEY, key, raw, lambda account: make(account, asked))
        named = re.fullmatch(r"/v1/payments/(\w+)(?:/(\w+))?", path)
        assert named is not None
        ref, verb = named.groups()
        if verb is None:
            with self.desk.store.transaction():
                payment = self.desk.change(ref, API_KEY, lambda _: None)
            return Shown(200, encoded(self.desk.view(payment)))

        def change(payment: SandboxPayment) -> str:
            match verb:
                case "void":
                    return rules.void(payment)
                case "capture":
                    return rules.capture(payment, json_of(raw, Amount).amount_minor)
                case "increment":
                    return rules.increment(payment, json_of(raw, Amount).amount_minor, self.desk.now())
                case _:
                    return rules.refund(payment, f"ref_{self.number()}", json_of(raw, Amount).amount_minor, key)

        return self.desk.call(API_KEY, key, path.encode() + raw, lambda _: self.desk.change(ref, API_KEY, change))

    def _paying(self, raw: bytes) -> bytes:
        """What it says, with ``payee`` for the account that is paid."""
        return raw.replace(account_of(API_KEY).encode(), self.payee.encode())

    def _follow(self) -> None:
        """Its books and its messages, in the stand-ins' shape."""
        for payment in self.desk.store.payments(account_of(API_KEY), None):
            tab = Tab(payment.id, payment.reference, payment.amount_minor, payment.currency, payment.is_sale)
            tab.authorizations = [payment.authorized_minor] if payment.authorized_minor else []
            tab.captures = [payment.captured_minor] if payment.captured_minor else []
            tab.refunds = [(one.id, one.amount_minor, one.key) for one in payment.refunds]
            tab.state = _STATES.get(payment.status, "closed")
            self.tabs[payment.id] = tab
        at_s = int(self.desk.now().timestamp())
        for due in self.desk.store.due(self.desk.now().timestamp()):
            raw = self._paying(due.body)
            signature = sign(raw, webhook_secret(API_KEY), at_s)
            self.messages.append(Message({"Sandbox-Signature": signature}, raw))
            self.desk.store.mark(due.delivery_id, status=200, due_at=0)


def json_of(raw: bytes, shape: Any) -> Any:
    import msgspec

    return msgspec.json.decode(raw, type=shape)


def encoded(shown: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(shown)
