"""The generator with which other servers were measured runs against ours as it is, in both versions."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from provisioned import PASSWORD
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.flows.provision import provision
from world import OpenSecrets
from yard import Yard, open_yard

TOOL = Path(__file__).resolve().parents[4] / "shared" / "tools" / "ocpp_load.py"
STATIONS, SESSIONS = 20, 2
# What `wattledger provision` says that six kWh cost.
COST = "1.79"

pytestmark = [
    pytest.mark.database,
    pytest.mark.sockets,
    pytest.mark.skipif(not TOOL.exists(), reason="the load generator is missing (../shared/tools/ocpp_load.py)"),
]


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    """The tool's stations have the time of the system."""
    async with open_yard(database, database_dsn, SystemClock()) as opened:
        yield opened


async def run_tool(yard: Yard, folder: Path, *words: str) -> dict[str, Any]:
    """The figures of one run, as the tool writes them."""
    await provision(
        yard.database, yard.database, yard.clock, SystemIds(), OpenSecrets(),
        stations=STATIONS, prefix="LOAD", password=PASSWORD, token_pattern="DE{i:06d}",
    )  # fmt: skip
    figures = folder / "figures.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(TOOL), f"{yard.url}/ocpp/{{id}}", "-n", str(STATIONS), "-t", str(SESSIONS),
        "--auth", "basic", "--password", PASSWORD, "--token", "DE{i:06d}", "--json", str(figures), *words,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, told
    run: dict[str, Any] = json.loads(figures.read_text().splitlines()[0])
    return run


class TestTheLoadGenerator:
    @pytest.mark.parametrize("more", [(), ("--ended-token",), ("--rich-meter",), ("--no-authorize",)])
    async def test_of_2_0_1_meets_no_error_and_is_told_every_cost(
        self, yard: Yard, tmp_path: Path, more: tuple[str, ...]
    ) -> None:
        run = await run_tool(yard, tmp_path, "-V", "2.0.1", "--expect-cost", COST, *more)
        assert (run["errors"], run["up"]) == ({}, STATIONS)
        assert run["cost"] == {"ok": STATIONS * SESSIONS, "wrong": 0, "missing": 0}
        assert await yard.count("bill") == STATIONS * SESSIONS

    async def test_of_1_6_meets_no_error_and_is_billed(self, yard: Yard, tmp_path: Path) -> None:
        run = await run_tool(yard, tmp_path, "-V", "1.6")
        assert (run["errors"], run["transactions"]) == ({}, STATIONS * SESSIONS)
        bills = await yard.rows("select gross_minor from bill")
        assert [bill["gross_minor"] for bill in bills] == [179] * STATIONS * SESSIONS
