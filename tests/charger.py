"""A bare OCPP charger for tests: it sends exactly what a test says, and remembers what it was answered."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from waiting import PATIENCE_S, soon
from world import STATION_PASSWORD

Json = dict[str, Any]
_FOR_DISPLAY = ("DataTransfer", "CostUpdated")
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def at(minutes: float) -> str:
    """The wire's text of an instant so many minutes after START."""
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}Z"


def shifted(told: Json, **by: float) -> Json:
    """The same with every instant moved."""

    def move(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(inner) if key == "timestamp" else move(inner) for key, inner in value.items()}
        return [move(inner) for inner in value] if isinstance(value, list) else value

    def moved(text: str) -> str:
        return f"{datetime.fromisoformat(text) + timedelta(**by):%Y-%m-%dT%H:%M:%SZ}"

    result: Json = move(told)
    return result


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class CallError(AssertionError):
    """The server answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Charger:
    """One link. ``await charger.call(action, payload)`` gives the reply's payload, or raises CallError."""

    def __init__(
        self,
        url: str,
        identity: str,
        version: str,
        password: str | None = STATION_PASSWORD,
        *,
        tls: ssl.SSLContext | None = None,
        source: str = "127.0.0.1",
    ) -> None:
        self.identity = identity
        self.version = version
        self._url = f"{url}/ocpp/{identity}"
        self._password = password
        self._tls = tls
        self._source = source
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[list[Any]]] = {}
        self.calls: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def connect(self) -> None:
        self._socket = await connect(
            self._url,
            subprotocols=[f"ocpp{self.version}"],  # type: ignore[list-item]
            additional_headers=(
                {} if self._password is None else {"Authorization": basic(self.identity, self._password)}
            ),
            ssl=self._tls,
            local_addr=(self._source, 0),
            proxy=None,
            compression=None,
            max_size=None,
            open_timeout=PATIENCE_S,
            ping_interval=None,
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                await self._take(json.loads(await socket.recv()))
        except ConnectionClosed as closed:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(closed)

    async def _take(self, frame: list[Any]) -> None:
        if frame[0] == 2:
            await self.calls.put(frame)
            return
        answer = self._waiting.pop(frame[1], None) or self._waiting.pop("-", None)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    async def call(self, action: str, payload: Json, message_id: str | None = None) -> Json:
        message_id = message_id or f"m{next(self._numbers)}"
        answer = self._expect(message_id)
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        return _payload(await soon(answer))

    async def say(self, text: str | bytes, message_id: str = "-") -> list[Any]:
        """Sends the text as it is; the frame that comes back under ``message_id``, or under none we know."""
        answer = self._expect(message_id)
        await self.socket.send(text)
        return await soon(answer)

    def _expect(self, message_id: str) -> asyncio.Future[list[Any]]:
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = answer
        return answer

    async def answer(self, action: str, payload: Json) -> Json:
        """Waits for the server's CALL of that action, answers it, and gives its payload.

        Prices for the display come unasked: who does not wait for one has a display that takes them.
        """
        while True:
            _, message_id, name, asked = await soon(self.calls.get())
            if name == action or name not in _FOR_DISPLAY:
                break
            await self.socket.send(
                json.dumps([3, message_id, {"status": "Accepted"} if self.version == "1.6" else {}])
            )
        assert name == action, name
        await self.socket.send(json.dumps([3, message_id, payload]))
        return dict(asked)

    async def boot(self) -> None:
        if self.version == "1.6":
            await self.call("BootNotification", {"chargePointVendor": "Test", "chargePointModel": "T1"})
        else:
            station = {"vendorName": "Test", "model": "T2"}
            await self.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})


def _payload(frame: list[Any]) -> Json:
    if frame[0] == 4:
        raise CallError(frame[2], frame[3])
    return dict(frame[2])


# --- what a 2.0.1 station says ------------------------------------------------------------------------------


def event(
    kind: str,
    seq_no: int,
    tx: str,
    minutes: float,
    wh: float | None,
    *,
    token: str | None = None,
    context: str | None = None,
    **more: Any,
) -> Json:
    """A TransactionEvent with one register reading (or a state of charge alone, where ``wh`` is None)."""
    sample: Json = {"value": 55, "measurand": "SoC"} if wh is None else {"value": wh}
    if context is not None:
        sample["context"] = context
    body: Json = {
        "eventType": kind,
        "timestamp": at(minutes),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": tx, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": at(minutes), "sampledValue": [sample]}],
    }
    if token is not None:
        body["idToken"] = {"idToken": token, "type": "ISO14443"}
    return body | more


def session_201(tx: str, token: str, *, wh: int = 10_000, start_wh: int = 1_000_000) -> list[Json]:
    """Start, two readings, end: one hour, ``wh`` in even parts."""
    return [
        event("Started", 0, tx, 0, start_wh, token=token, context="Transaction.Begin"),
        event("Updated", 1, tx, 20, start_wh + wh // 3),
        event("Updated", 2, tx, 40, start_wh + 2 * wh // 3),
        event("Ended", 3, tx, 60, start_wh + wh, context="Transaction.End"),
    ]


# --- what a 1.6 station says --------------------------------------------------------------------------------


def start_16(token: str, *, meter: int = 0, minutes: float = 0) -> Json:
    return {"connectorId": 1, "idTag": token, "meterStart": meter, "timestamp": at(minutes)}


def values_16(number: int, minutes: float, wh: float | str, unit: str = "Wh") -> Json:
    sample = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": unit}
    value = {"timestamp": at(minutes), "sampledValue": [sample]}
    return {"connectorId": 1, "transactionId": number, "meterValue": [value]}


def stop_16(number: int, *, meter: int, minutes: float = 60, token: str | None = None) -> Json:
    body = {"transactionId": number, "meterStop": meter, "timestamp": at(minutes), "reason": "Local"}
    return body | ({} if token is None else {"idTag": token})
