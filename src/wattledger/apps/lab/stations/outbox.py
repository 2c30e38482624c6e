"""The session messages a station still owes the server; they outlive every link and leave in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from wattledger.apps.lab.stations.facts import Fact, Session


@dataclass(slots=True)
class Owed:
    """``message_id`` is set where the fault wants the same id again."""

    session: Session
    fact: Fact
    message_id: str | None = None
    is_copy: bool = False
    attempts: int = 0


class Outbox:
    def __init__(self) -> None:
        self._owed: deque[Owed] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._owed)

    def put(self, session: Session, facts: Iterable[Fact]) -> None:
        for fact in facts:
            session.unanswered += 1
            self._owed.append(Owed(session, fact))
        self._filled.set()

    def put_first(self, owed: Owed) -> None:
        owed.session.unanswered += 1
        self._owed.appendleft(owed)
        self._filled.set()

    def first(self) -> Owed | None:
        return self._owed[0] if self._owed else None

    def settled(self, owed: Owed) -> None:
        """``owed`` was answered, or is given up."""
        self._owed.remove(owed)
        owed.session.unanswered -= 1

    def concerns(self, session_ref: str | None) -> bool:
        return any(session_ref in (None, owed.session.ref) for owed in self._owed)

    async def filled(self, timeout_s: float) -> bool:
        """True once something is owed, False when ``timeout_s`` passed without."""
        if self._owed:
            return True
        self._filled.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._filled.wait()
        except TimeoutError:
            return False
        return True
