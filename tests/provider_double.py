"""What the small stand-ins of the payment providers share: keys that are replayed, and books to compare with."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

import httpx

from provider_specs import Spec
from wattledger.flows.ports.gateway import Gateway


class Clock(Protocol):
    def now(self) -> datetime: ...


class Refused(Exception):
    """The provider says no."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


@dataclass
class Tab:
    """One payment in the provider's own books; amounts as the provider writes them."""

    ref: str
    reference: str
    amount: int
    currency: str
    is_sale: bool
    authorizations: list[int] = field(default_factory=list)
    captures: list[int] = field(default_factory=list)
    refunds: list[tuple[str, int, str]] = field(default_factory=list)  # (id, amount, our key)
    state: str = "open"
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """What the provider still holds of the payer's money."""
        return self.authorizations[-1] if self.state == "held" else 0


@dataclass(frozen=True, slots=True)
class Message:
    headers: dict[str, str]
    raw: bytes


class ProviderDouble(ABC):
    """A provider in memory. ``spec`` makes its answers whole: every field that the document requires is there."""

    name: str
    # Whose account every payment here goes to, as this provider tells it.
    payee: str
    # What our minor units are multiplied by on the wire, where that is not one.
    scale: ClassVar[dict[str, int]] = {}

    def __init__(self, clock: Clock, spec: Spec | None = None) -> None:
        self.clock = clock
        self.spec = spec
        self.tabs: dict[str, Tab] = {}
        self.messages: list[Message] = []
        self.numbers = itertools.count(1)
        self._answers: dict[str, tuple[str, bytes, int, bytes]] = {}

    @abstractmethod
    def gateway(self, transport: httpx.AsyncBaseTransport) -> Gateway:
        """Our adapter, speaking to this provider through ``transport``."""

    @abstractmethod
    def account(self) -> tuple[dict[str, str], dict[str, str]]:
        """Settings and secrets of a tenant's account here."""

    @abstractmethod
    def route(self, request: httpx.Request) -> tuple[int, Any]:
        """Status and body of the answer; raises Refused."""

    @abstractmethod
    def pay(self, ref: str, *, amount: int | None = None) -> None:
        """The payer pays on the page; ``amount`` where their bank grants less than was asked."""

    @abstractmethod
    def is_call(self, verb: str, method: str, path: str) -> bool:
        """Whether a request is our create, capture, void, refund, increment, or a renewed hold."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("idempotency-key", "")
        mark = (request.url.path, request.content)
        if key and request.method == "POST" and key in self._answers:
            path, raw, status, body = self._answers[key]
            if (path, raw) != mark:
                return self._response(400, json.dumps(self.mismatch()).encode())
            return self._response(status, body)
        try:
            status, answer = self.route(request)
        except Refused as refused:
            status, answer = refused.status, refused.body
        body = b"" if answer is None else json.dumps(answer).encode()
        if key and request.method == "POST":
            self._answers[key] = (*mark, status, body)
        return self._response(status, body)

    def mismatch(self) -> dict[str, Any]:
        return {"error": "key used with another body"}

    content_type = "application/json"

    def _response(self, status: int, body: bytes) -> httpx.Response:
        return httpx.Response(status, content=body, headers={"content-type": self.content_type})

    def of(self, reference: str) -> list[Tab]:
        return [tab for tab in self.tabs.values() if tab.reference == reference]

    def minor(self, amount: int, currency: str) -> int:
        return amount // self.scale.get(currency.upper(), 1)

    def number(self) -> str:
        return f"{next(self.numbers):06d}"

    def whole(self, schema: str, known: dict[str, Any]) -> dict[str, Any]:
        """``known`` with whatever else the provider's document requires."""
        if self.spec is None:
            return known
        return {**blank(self.spec, self.spec.document["components"]["schemas"][schema]), **known}


def blank(spec: Spec, schema: dict[str, Any]) -> dict[str, Any]:
    """The least object that a schema takes: nothing where null will do."""
    found: dict[str, Any] = {}
    for part in spec.choices(schema):
        for name in part.get("required", ()):
            if name in part.get("properties", {}):
                found[name] = _blank_value(spec, part["properties"][name])
    return found


def _blank_value(spec: Spec, schema: dict[str, Any]) -> Any:
    choices = list(spec.choices(schema))
    if any(one.get("nullable") or one.get("type") == "null" for one in choices):
        return None
    if enum := next((one["enum"] for one in choices if one.get("enum")), None):
        return enum[0]
    kind = next((one["type"] for one in choices if "type" in one), "object")
    plain = {"string": "x", "integer": 0, "number": 0, "boolean": False, "array": []}
    return blank(spec, schema) if kind == "object" else plain[kind]
