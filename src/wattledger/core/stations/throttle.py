"""How often somebody may try to be a station. Instants are seconds of any clock that only goes forward.

A lock that strangers can turn is a weapon against the station behind it. So what is locked is a pair: an address
and the identity it claims. A pair that has once proven itself is never locked, whatever fails elsewhere or beside
it; guessing from there is bounded by the length of a password made by a machine, and raises an alarm.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeVar

import msgspec

FREE_FAILURES: Final = 5
WAIT_FIRST_S: Final = 2.0
WAIT_MAX_S: Final = 900.0
FORGET_AFTER_S: Final = 3_600.0
# One address may fail so often with any identities before its unproven ones wait: a scan, not a broken station.
SOURCE_FAILURES: Final = 30
SOURCE_REFILL_PER_S: Final = 0.5
ALARM_AFTER: Final = 20
REMEMBERED_MAX: Final = 50_000
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Failures(msgspec.Struct):
    count: int
    last_s: float


class _Bucket(msgspec.Struct):
    used: float
    last_s: float

    def level(self, now_s: float) -> float:
        return max(0.0, self.used - (now_s - self.last_s) * SOURCE_REFILL_PER_S)


class Throttle:
    """Bounded memory: what was longest not touched is forgotten first."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._sources: OrderedDict[str, _Bucket] = OrderedDict()
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._identities: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, source: str, identity: str, now_s: float) -> float:
        """How long this pair has to wait before it is looked at; 0 where it is looked at now."""
        pair = (source, identity)
        if pair in self._proven:
            return 0.0
        failures = self._pairs.get(pair)
        pair_wait_s = 0.0
        if failures is not None and failures.count >= FREE_FAILURES:
            doubled_s = WAIT_FIRST_S * 2.0 ** min(failures.count - FREE_FAILURES, 20)
            pair_wait_s = failures.last_s + min(doubled_s, WAIT_MAX_S) - now_s
        bucket = self._sources.get(source)
        over = 0.0 if bucket is None else bucket.level(now_s) - SOURCE_FAILURES
        return max(0.0, pair_wait_s, over / SOURCE_REFILL_PER_S)

    def failed(self, source: str, identity: str, now_s: float) -> bool:
        """Counts a failure; True when as many have come for this identity that a person should know."""
        _count(self._pairs, (source, identity), now_s)
        bucket = self._sources.setdefault(source, _Bucket(0.0, now_s))
        bucket.used, bucket.last_s = bucket.level(now_s) + 1, now_s
        self._sources.move_to_end(source)
        _bound(self._sources)
        return _count(self._identities, identity, now_s) == ALARM_AFTER

    def proven(self, source: str, identity: str) -> None:
        """The true station speaks from here."""
        pair = (source, identity)
        self._proven[pair] = None
        self._proven.move_to_end(pair)
        _bound(self._proven)
        self._pairs.pop(pair, None)


def _count(failures: OrderedDict[_K, _Failures], key: _K, now_s: float) -> int:
    known = failures.get(key)
    if known is None or now_s - known.last_s > FORGET_AFTER_S:
        known = failures[key] = _Failures(0, now_s)
    known.count, known.last_s = known.count + 1, now_s
    failures.move_to_end(key)
    _bound(failures)
    return known.count


def _bound(remembered: OrderedDict[_K, _V]) -> None:
    if len(remembered) > REMEMBERED_MAX:
        remembered.popitem(last=False)


class Pace:
    """A link's messages at so many a second, after a burst: what comes faster waits, and none is dropped."""

    __slots__ = ("_due_s", "_every_s", "_slack_s")

    def __init__(self, per_s: float, burst: int) -> None:
        self._every_s = 1.0 / per_s
        self._slack_s = burst / per_s
        self._due_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long to leave the socket unread after this message."""
        self._due_s = max(self._due_s, now_s) + self._every_s
        return max(0.0, self._due_s - now_s - self._slack_s)
