"""``wattledger firmware`` and ``wattledger baseline``: stations are cared for from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from commands import build_house, run_command
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from world import World

pytestmark = pytest.mark.database
NAME = "OCPPCommCtrlr.HeartbeatInterval"


class Terminal:
    """Runs commands on the test's database."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, *words: str) -> str:
        return run_command(*words).strip()

    def release(self) -> str:
        return self.run("firmware", "add", "Test", "T2", "2.0", "https://fw.example/t2.bin")

    def started(self, *more: str) -> str:
        return self.run("firmware", "start", self.release(), "Autumn", "--unsigned", *more)


@pytest.fixture
def terminal(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    world = build_house(database_dsn, tmp_path, monkeypatch)

    async def prepare() -> None:
        connection = await asyncpg.connect(database_dsn)
        await connection.execute("update station set vendor = 'Test', model = 'T2', ocpp_version = 'ocpp2.0.1'")
        await connection.execute(
            "insert into station_variable (tenant_id, station_id, name, value, is_readonly, told_at) "
            "select tenant_id, station_id, $1, '60', false, created_at from station where station_id = $2",
            NAME,
            world.dc.station_id,
        )
        await connection.close()

    asyncio.run(prepare())
    return Terminal(world)


class TestFirmware:
    def test_is_registered_brought_out_and_followed(self, terminal: Terminal) -> None:
        campaign = terminal.started("--waves", "50,100", "--soak-minutes", "5")
        assert "Test T2 2.0" in terminal.run("firmware", "releases")
        assert "Autumn: Test T2 2.0, running, wave 1 of 2" in terminal.run("firmware", "list")
        shown = json.loads(terminal.run("firmware", "show", campaign, "--json"))
        assert (shown["campaign"]["created_by"], len(shown["stations"])) == ("command line", 2)
        for step, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
            terminal.run("firmware", step, campaign)
            assert f", {state}, " in terminal.run("firmware", "show", campaign)

    def test_goes_to_the_stations_that_were_named(self, terminal: Terminal) -> None:
        identity = terminal.world.ac.identity
        campaign = terminal.started("--station", identity)
        shown = json.loads(terminal.run("firmware", "show", campaign, "--json"))
        assert [one["identity"] for one in shown["stations"]] == [identity]

    def test_without_a_signature_goes_nowhere_unless_that_is_meant(self, terminal: Terminal) -> None:
        release = terminal.release()
        with pytest.raises(InvalidInput, match="firmware_unsigned"):
            terminal.run("firmware", "start", release, "Autumn")
        with pytest.raises(InvalidInput, match="waves_malformed"):
            terminal.run("firmware", "start", release, "Autumn", "--waves", "some")
        assert terminal.run("firmware", "list") == "No campaign yet."

    def test_is_not_for_two_campaigns_at_once(self, terminal: Terminal) -> None:
        terminal.started()
        with pytest.raises(Refused, match="no_station_fits"):
            terminal.started()


class TestABaseline:
    def test_is_said_compared_applied_and_retired(self, terminal: Terminal) -> None:
        baseline = terminal.run("baseline", "add", "Beats", "--value", f"{NAME}=300", "--vendor", "Test")
        assert f"{NAME}=300" in terminal.run("baseline", "list")
        assert f"{NAME}: 60, wanted 300" in terminal.run("baseline", "drift")
        assert terminal.run("baseline", "apply", terminal.world.dc.identity) == "2 commands wait for it."
        terminal.run("baseline", "retire", baseline)
        assert terminal.run("baseline", "list") == "No baseline yet."
        assert terminal.run("baseline", "drift") == "0 of 0 stations differ."

    @pytest.mark.parametrize(
        ("value", "code"),
        [("HeartbeatInterval", "baseline_malformed"), ("SecurityCtrlr.BasicAuthPassword=x", "baseline_secret")],
    )
    def test_that_makes_no_sense_is_refused(self, terminal: Terminal, value: str, code: str) -> None:
        with pytest.raises(InvalidInput, match=code):
            terminal.run("baseline", "add", "Beats", "--value", value)

    def test_is_applied_to_stations_of_one_s_own_only(self, terminal: Terminal) -> None:
        with pytest.raises(NotFound, match="station_unknown"):
            terminal.run("baseline", "apply", "NOBODY-1")
