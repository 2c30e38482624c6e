"""Hints arrive, and losing them loses nothing but time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import asyncpg
import pytest

from waiting import PATIENCE_S, soon
from wattledger.adapters.station_bus.ears import Ears
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.adapters.station_bus.postgres import PostgresBus


async def next_word(words: AsyncIterator[str]) -> str:
    return await soon(anext(words))


async def nudged_until_heard(bus: PostgresBus, words: AsyncIterator[str], word: str) -> str:
    """A hint may be lost while its sender has not yet noticed that its connection is gone."""
    heard = asyncio.ensure_future(next_word(words))
    while not heard.done():
        await bus.nudge("commands", word)
        await asyncio.wait({heard}, timeout=0.1)
    return heard.result()


class TestWithinOneProcess:
    async def test_every_listener_of_the_topic_hears_the_word(self) -> None:
        bus = LocalBus()
        one, two, other = bus.listen("commands"), bus.listen("commands"), bus.listen("sessions")
        await bus.nudge("commands", "7")
        await bus.nudge("sessions", "8")
        assert [await next_word(one), await next_word(two), await next_word(other)] == ["7", "7", "8"]

    async def test_a_reader_that_fell_behind_finds_one_word_to_read_everything(self) -> None:
        bus = LocalBus()
        words = bus.listen("sessions")
        for number in range(1_001):
            await bus.nudge("sessions", str(number))
        assert await next_word(words) == ""

    def test_a_dropped_listener_is_forgotten(self) -> None:
        ears = Ears()
        for _ in range(100):
            ears.open("sessions")
        gc.collect()
        assert len(ears._ears) == 0


@pytest.fixture
async def buses(database_dsn: str) -> AsyncIterator[tuple[PostgresBus, PostgresBus]]:
    here, there = PostgresBus(database_dsn), PostgresBus(database_dsn)
    await here.open(timeout_s=PATIENCE_S)
    await there.open(timeout_s=PATIENCE_S)
    yield here, there
    await here.close()
    await there.close()


@pytest.mark.database
class TestBetweenProcesses:
    async def test_a_word_reaches_the_other_side_and_our_own(self, buses: tuple[PostgresBus, PostgresBus]) -> None:
        here, there = buses
        words, own = there.listen("commands"), here.listen("commands")
        await here.nudge("commands", "station 7")
        assert await next_word(words) == "station 7"
        assert await next_word(own) == "station 7"

    async def test_a_word_too_long_to_send_becomes_the_empty_one(
        self, buses: tuple[PostgresBus, PostgresBus]
    ) -> None:
        words = buses[1].listen("sessions")
        await buses[0].nudge("sessions", "x" * 9_000)
        assert await next_word(words) == ""

    async def test_the_same_word_many_times_at_once_is_sent_once(
        self, buses: tuple[PostgresBus, PostgresBus]
    ) -> None:
        words = buses[1].listen("sessions")
        for word in ["a"] * 50 + ["b"]:
            await buses[0].nudge("sessions", word)
        assert [await next_word(words), await next_word(words)] == ["a", "b"]

    async def test_after_a_lost_connection_everybody_reads_again_and_words_flow(
        self, buses: tuple[PostgresBus, PostgresBus], database_dsn: str
    ) -> None:
        words = buses[1].listen("commands")
        admin = await asyncpg.connect(database_dsn)
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await admin.close()
        assert await next_word(words) == ""
        assert await nudged_until_heard(buses[0], words, "9") == "9"

    async def test_without_a_server_opening_says_so(self) -> None:
        bus = PostgresBus("postgresql://nobody@/none?host=/nonexistent")
        with pytest.raises(TimeoutError):
            await bus.open(timeout_s=0.3)
        await bus.close()
