"""The desk asks stations, brings out firmware and wants settings: by forms that say what happens."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from desk_house import fill
from desk_scene import Scene
from wattledger.adapters.postgres.database import Database
from wattledger.apps.web.operator import asking
from wattledger.core.stations.commands import KINDS
from world import World

pytestmark = pytest.mark.database
# What a person types where a form offers nothing.
TYPED = {
    "token_uid": "CARD0001",
    "name": "OCPPCommCtrlr.HeartbeatInterval",
    "value": "300",
    "text": "Out of order on Sunday",
    "action": "ClearCache",
    "names": "",
    "location": "",
}


async def speak(database: Database, world: World, version: str) -> None:
    async with database.begin(world.tenant_id) as work:
        await work.connection.execute("update station set ocpp_version = $1", version)


async def asked(database: Database, world: World) -> list[str]:
    async with database.begin_read(world.tenant_id) as work:
        return [one.kind for one in await work.commands.commands(world.dc.station_id, limit=50)]


def filled(form: asking.Form) -> dict[str, str]:
    return {
        field.name: field.options[0][0] if field.options else field.value or TYPED.get(field.name, "")
        for field in form.fields
    }


class TestEveryForm:
    @pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
    async def test_asks_what_it_says(self, owner: Any, database: Database, world: World, version: str) -> None:
        await speak(database, world, version)
        async with database.begin_read(world.tenant_id) as work:
            connectors = await work.desk.connectors(station_id=world.dc.station_id)
        forms = asking.forms(version, connectors)
        for form in forms:
            path = f"/desk/stations/{world.dc.station_id}/ask/{form.kind}"
            answer = await owner.send_form(path, **filled(form))
            assert answer.status_code == 303, (form.kind, re.findall(r"<p>[^<]*", answer.text))
        assert sorted(await asked(database, world)) == sorted(form.kind for form in forms)

    async def test_is_titled_for_every_kind_of_command(self) -> None:
        assert not [kind for kind in KINDS if kind not in asking.TITLES]


class TestAForm:
    async def test_that_asks_nonsense_comes_back_with_what_was_typed(
        self, owner: Any, database: Database, world: World
    ) -> None:
        await speak(database, world, "ocpp2.0.1")
        path = f"/desk/stations/{world.dc.station_id}/ask/change_configuration"
        answer = await owner.send_form(path, name="NoDotInHere", value="300")
        assert answer.status_code == 422
        assert "NoDotInHere" in answer.text
        assert "not written as Component.Variable" in html.unescape(answer.text)
        assert await asked(database, world) == []

    async def test_of_another_kind_is_refused(self, owner: Any, database: Database, world: World) -> None:
        await speak(database, world, "ocpp2.0.1")
        answer = await owner.send_form(f"/desk/stations/{world.dc.station_id}/ask/give_certificate", chain="x")
        assert answer.status_code == 422
        assert await asked(database, world) == []

    async def test_waits_for_the_first_link(self, owner: Any, world: World) -> None:
        answer = await owner.send_form(f"/desk/stations/{world.dc.station_id}/ask/reset")
        assert answer.status_code == 409
        assert "never connected" in answer.text


RELEASE = {"vendor": "Virtual", "model": "Pole 150", "version": "5.0", "location": "https://fw.example/5.bin"}


class TestFirmware:
    async def test_is_registered_brought_out_paused_and_stopped(self, owner: Any, scene: Scene) -> None:
        found = await fill(scene)
        old = f"/desk/stations/firmware/{found['campaign']}"
        assert (await owner.send_form(f"{old}/stop")).status_code == 303
        assert (await owner.send_form("/desk/stations/firmware/releases", **RELEASE)).status_code == 303
        page = await owner.read("/desk/stations/firmware")
        release = re.search(r'<option value="([^"]+)"[^>]*>Virtual Pole 150 5\.0', page)
        assert release is not None
        form = {"name": "Winter", "release": release[1], "waves": "50, 100", "failures": "10", "soak_minutes": "5"}
        refused = await owner.send_form("/desk/stations/firmware/campaigns", **form)
        assert refused.status_code == 422
        assert "not signed" in refused.text
        answer = await owner.send_form("/desk/stations/firmware/campaigns", **form, unsigned="yes")
        campaign = answer.headers["location"]
        assert "Old Town 1" in await owner.read(campaign)
        for deed, state in (("pause", "Paused"), ("resume", "Running"), ("stop", "Stopped")):
            assert (await owner.send_form(f"{campaign}/{deed}")).status_code == 303
            assert state in await owner.read(campaign)
        assert (await owner.send_form(f"{campaign}/resume")).status_code == 409

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"location": "file:///etc/passwd"}, "A location is an address"),
            ({"signature": "c2ln"}, "A signature goes with its certificate"),
            ({"signature": "c2ln", "signing_certificate": "PEM"}, "no certificate in PEM"),
            ({"version": " "}, "has a vendor, a model and a version"),
        ],
    )
    async def test_that_makes_no_sense_is_refused(self, owner: Any, wrong: dict[str, str], said: str) -> None:
        answer = await owner.send_form("/desk/stations/firmware/releases", **RELEASE | wrong)
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)

    @pytest.mark.parametrize("waves", ["", "a, b", "50", "100, 50"])
    async def test_goes_out_in_waves_that_make_sense(self, owner: Any, scene: Scene, waves: str) -> None:
        await owner.send_form("/desk/stations/firmware/releases", **RELEASE)
        page = await owner.read("/desk/stations/firmware")
        release = re.search(r'<option value="([^"]+)"', page)
        assert release is not None
        form = {"name": "W", "release": release[1], "waves": waves, "unsigned": "yes"}
        assert (await owner.send_form("/desk/stations/firmware/campaigns", **form)).status_code == 422


class TestABaseline:
    async def test_is_written_applied_and_retired(self, owner: Any, scene: Scene) -> None:
        await fill(scene)
        form = {"name": "Quick", "ocpp_version": "ocpp2.0.1", "values": "OCPPCommCtrlr.HeartbeatInterval = 30\n"}
        assert (await owner.send_form("/desk/stations/configuration", **form)).status_code == 303
        assert "Quick" in await owner.read("/desk/stations/configuration")
        station = scene.world.dc.station_id
        assert (await owner.send_form(f"/desk/stations/{station}/baseline")).status_code == 303
        kinds = await asked(scene.database, scene.world)
        assert kinds[:2] == ["read_configuration", "change_configuration"]
        page = await owner.read("/desk/stations/configuration")
        for path in re.findall(r'action="(/desk/stations/configuration/[^"]+/retire)"', page):
            assert (await owner.send_form(path)).status_code == 303
        assert "Nothing is wanted yet" in await owner.read("/desk/stations/configuration")

    @pytest.mark.parametrize("values", ["", "no equals sign", "AuthorizationKey = x"])
    async def test_that_makes_no_sense_comes_back(self, owner: Any, values: str) -> None:
        form = {"name": "Quick", "ocpp_version": "ocpp1.6", "values": values}
        assert (await owner.send_form("/desk/stations/configuration", **form)).status_code == 422
