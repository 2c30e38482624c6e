"""Stands between a gateway's client and its provider: writes down every call, and spoils those it is told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import httpx


class Fault(StrEnum):
    REFUSED = "refused"  # no connection: nothing was sent
    LOST_REQUEST = "lost_request"  # sent, and never arrived
    LOST_ANSWER = "lost_answer"  # took effect, and the connection broke
    SLOW = "slow"  # took effect, and the answer comes too late
    SERVER_ERROR = "server_error"  # 500 without effect
    BAD_GATEWAY = "bad_gateway"  # took effect, and a proxy says 502
    CONFLICT = "conflict"  # 409: another call with this key is under way
    GARBAGE = "garbage"  # took effect, and is answered with a page


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    key: str
    content_type: str
    body: bytes
    status: int = 0
    answer: bytes = b""


@dataclass
class FaultProxy(httpx.AsyncBaseTransport):
    """``spoil`` says for each call (method, path) which fault it meets, if any."""

    provider: Callable[[httpx.Request], httpx.Response]
    spoil: Callable[[str, str], Fault | None] = lambda _, __: None
    calls: list[Call] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        fault = self.spoil(request.method, request.url.path)
        if fault is Fault.REFUSED:
            raise httpx.ConnectError("refused", request=request)
        self.calls.append(self._call(request))
        if fault is Fault.LOST_REQUEST:
            raise httpx.ReadTimeout("lost", request=request)
        if fault is Fault.SERVER_ERROR:
            return httpx.Response(500, content=b"oops", request=request)
        if fault is Fault.CONFLICT:
            return httpx.Response(409, json={"error": {"code": "idempotency_key_in_use"}}, request=request)
        response = self.provider(request)
        self.calls[-1] = self._call(request, response)
        if fault is Fault.LOST_ANSWER:
            raise httpx.ReadError("reset", request=request)
        if fault is Fault.SLOW:
            raise httpx.ReadTimeout("slow", request=request)
        if fault is Fault.BAD_GATEWAY:
            return httpx.Response(502, content=b"<html>bad gateway", request=request)
        if fault is Fault.GARBAGE:
            return httpx.Response(
                200, content=b"<html>Bad gate", headers={"content-type": "text/html"}, request=request
            )
        response.request = request
        return response

    @staticmethod
    def _call(request: httpx.Request, response: httpx.Response | None = None) -> Call:
        return Call(
            request.method,
            request.url.path,
            request.headers.get("idempotency-key", ""),
            request.headers.get("content-type", ""),
            request.content,
            response.status_code if response else 0,
            response.content if response else b"",
        )

    def bodies_by_key(self) -> dict[str, set[tuple[str, bytes]]]:
        """Which bytes were sent under each idempotency key."""
        found: dict[str, set[tuple[str, bytes]]] = {}
        for call in self.calls:
            if call.key and call.method != "GET":
                found.setdefault(call.key, set()).add((call.path, call.body))
        return found
