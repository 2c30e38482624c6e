"""What the installation under attack says of itself by its API: which sessions it billed, and for how much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import httpx
import msgspec

from wattledger.apps.lab.attack.kit import Breached, NotTried, Place

_T = TypeVar("_T")
_POLL_S: Final = 0.25
#: A billed session may differ from what the station delivered by the rounding of its messages, in mWh.
TOLERANCE_MILLIWH: Final = 2_000
_DECIDED: Final = frozenset({"billed", "under_review"})


class Charged(msgspec.Struct, frozen=True):
    """What became of the sessions of one fault: the energy of each bill, and the states of all sessions."""

    billed_milliwh: tuple[int, ...]
    states: tuple[str, ...]

    @property
    def is_decided(self) -> bool:
        return bool(self.states) and _DECIDED.issuperset(self.states)


class Books:
    """The JSON API with somebody's token."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self._api = api

    async def get(self, path: str, **query: str) -> Any:
        return self._read(await self._api.get(f"/api/v1{path}", params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        return self._read(await self._api.post(f"/api/v1{path}", json={} if body is None else body))

    def _read(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise NotTried(f"The API answers {answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None

    async def station_id(self, identity: str) -> str:
        """Raises NotTried where the token's tenant has no such station."""
        for row in await self.get("/stations", text=identity):
            if row["identity"] == identity:
                return str(row["station_id"])
        raise NotTried(f"The API knows no station {identity}.")

    async def sessions(self, identity: str) -> dict[str, str]:
        """The station's newest sessions with their states."""
        station_id = await self.station_id(identity)
        items = (await self.get("/sessions", text=identity))["items"]
        return {row["session_id"]: row["state"] for row in items if row["station_id"] == station_id}

    async def charged(self, identity: str, before: frozenset[str], *, within_s: float) -> Charged:
        """What became of the sessions that are new since, once all are billed or put before a person."""

        async def look() -> Charged:
            new = {key: state for key, state in (await self.sessions(identity)).items() if key not in before}
            bills = [(await self.get(f"/sessions/{session_id}"))["bill"] for session_id in new]
            energies = tuple(bill["energy_milliwh"] for bill in bills if bill is not None)
            return Charged(energies, tuple(sorted(new.values())))

        return await until(look, lambda found: found.is_decided, within_s=within_s)


async def until(look: Callable[[], Awaitable[_T]], holds: Callable[[_T], bool], *, within_s: float) -> _T:
    """What was seen when it held, or at last."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    while True:
        found = await look()
        if holds(found) or loop.time() >= ends_s:
            return found
        await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def books_of(place: Place) -> AsyncIterator[Books]:
    """Raises NotTried where no API was given."""
    if place.api is None or place.api_token is None:
        raise NotTried("Give --api and --api-token of somebody who may act there.")
    headers = {"Authorization": f"Bearer {place.api_token}"}
    async with httpx.AsyncClient(base_url=place.api, headers=headers, timeout=20, trust_env=False) as api:
        yield Books(api)


def judge(charged: Charged, delivered_milliwh: int, *, is_harmless: bool) -> str:
    """The verdict's words. Raises Breached where more than one bill was made, or one that is too high.

    A fault that is harmless leaves all the evidence: one bill of what was delivered. Others may wait for a person.
    """
    billed, states = charged.billed_milliwh, ", ".join(charged.states) or "no session"
    words = f"{sum(billed) / 1e6:.3f} of {delivered_milliwh / 1e6:.3f} kWh"
    if len(billed) > 1:
        raise Breached(f"One session, {len(billed)} bills: {words}.")
    if billed and billed[0] > delivered_milliwh + TOLERANCE_MILLIWH:
        raise Breached(f"Billed too much: {words}.")
    if is_harmless and not (billed and billed[0] >= delivered_milliwh - TOLERANCE_MILLIWH):
        raise Breached(f"Not billed as delivered: {words} ({states}).")
    return f"Every message was answered. Billed {words}." if billed else f"Every message was answered: {states}."
