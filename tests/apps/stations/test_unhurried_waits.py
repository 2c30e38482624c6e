"""A station is given its time, and a stall of our own is not taken out of it."""

from __future__ import annotations

import asyncio
import time

import pytest

from wattledger.apps.stations.unhurried import answers_within


class TestAWaitForAnAnswer:
    async def test_ends_with_the_answer(self) -> None:
        assert await answers_within(3600, asyncio.sleep(0))

    async def test_ends_without_one_when_the_time_is_over(self) -> None:
        assert not await answers_within(0.01, asyncio.Event().wait())

    async def test_takes_no_stall_of_ours_for_silence(self) -> None:
        async def answer() -> None:
            time.sleep(0.6)  # the whole process stands still, for longer than the answer may take
            for _ in range(3):
                await asyncio.sleep(0)

        assert await answers_within(0.5, answer())

    async def test_raises_what_the_answer_raises(self) -> None:
        async def broken() -> None:
            raise ConnectionError("gone")

        with pytest.raises(ConnectionError):
            await answers_within(3600, broken())
