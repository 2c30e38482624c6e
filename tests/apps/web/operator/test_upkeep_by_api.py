"""Programs bring firmware to stations and say how these shall be configured, under the rules of the desk."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from desk_scene import Scene
from wattledger.core.stations.talk import ConfigurationValue
from world import STAFF_PASSWORD, World

pytestmark = pytest.mark.database
RELEASE = {"vendor": "Test", "model": "T2", "version": "2.0", "location": "https://fw.example/t2.bin"}
BASELINE = {"name": "Beats", "ocpp_version": "ocpp2.0.1", "values": {"OCPPCommCtrlr.HeartbeatInterval": "300"}}


@pytest.fixture
async def api(stranger: Any, scene: Scene, world: World) -> Any:
    """A signed-in program, and two stations of the model."""
    await scene.execute(
        "update station set vendor = 'Test', model = 'T2', ocpp_version = 'ocpp2.0.1' where tenant_id = $1"
    )
    answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger


async def campaign(api: Any, **of: Any) -> Any:
    release_id = (await api.post("/api/v1/firmware/releases", json=RELEASE)).json()["release_id"]
    wish = {"release_id": release_id, "name": "Autumn", "is_unsigned_allowed": True} | of
    return await api.post("/api/v1/firmware/campaigns", json=wish)


class TestACampaign:
    async def test_is_started_paused_resumed_and_stopped(self, api: Any) -> None:
        started = await campaign(api, waves=[50, 100], soak_s=60)
        assert started.status_code == 201, started.text
        path = f"/api/v1/firmware/campaigns/{started.json()['campaign_id']}"
        for step, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
            assert (await api.post(f"{path}/{step}")).status_code == 204
            assert (await api.get(path)).json()["campaign"]["state"] == state
        assert len((await api.get(path)).json()["stations"]) == 2
        over = await api.post(f"{path}/resume")
        assert (over.status_code, over.json()["code"]) == (409, "campaign_over")
        assert (await api.post(f"{path}/burn")).json()["code"] == "step_unknown"

    async def test_is_for_the_stations_that_were_named(self, api: Any, world: World) -> None:
        started = await campaign(api, station_ids=[str(world.dc.station_id)])
        path = f"/api/v1/firmware/campaigns/{started.json()['campaign_id']}"
        (one,) = (await api.get(path)).json()["stations"]
        assert one["station_id"] == str(world.dc.station_id)

    @pytest.mark.parametrize(
        ("of", "status", "code"),
        [
            ({"is_unsigned_allowed": False}, 422, "firmware_unsigned"),
            ({"waves": [100, 5]}, 422, "waves_malformed"),
            ({"release_id": str(uuid4())}, 404, "release_unknown"),
            ({"is_unsinged_allowed": True}, 400, "http_400"),
        ],
    )
    async def test_that_makes_no_sense_is_refused_with_its_reason(
        self, api: Any, of: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await campaign(api, **of)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await api.get("/api/v1/firmware/campaigns")).json() == []


class TestABaseline:
    async def test_holds_is_compared_applied_and_retired(self, api: Any, scene: Scene, world: World) -> None:
        answer = await api.post("/api/v1/baselines", json=BASELINE)
        assert answer.status_code == 201, answer.text
        baseline_id = answer.json()["baseline_id"]
        (row,) = (await api.get("/api/v1/baselines")).json()
        assert (row["name"], row["values"]) == ("Beats", ["300"])
        told = ConfigurationValue("OCPPCommCtrlr.HeartbeatInterval", "60", is_readonly=False)
        async with scene.database.begin(world.tenant_id) as work:
            await work.care.put_variables(world.dc.station_id, [told], told_at=scene.clock.now())
        drift = (await api.get("/api/v1/drift")).json()
        assert [(one["is_told"], len(one["differences"])) for one in drift] == [(True, 1), (False, 0)]
        asked = await api.post(f"/api/v1/stations/{world.dc.station_id}/baseline")
        assert asked.status_code == 202
        commands = (await api.get(f"/api/v1/stations/{world.dc.station_id}/commands")).json()
        assert {one["command_id"] for one in commands} == set(asked.json()["command_ids"])
        assert [one["kind"] for one in commands] == ["read_configuration", "change_configuration"]
        assert (await api.post(f"/api/v1/baselines/{baseline_id}/retire")).status_code == 204
        assert (await api.get("/api/v1/drift")).json() == []

    async def test_with_a_secret_is_refused(self, api: Any) -> None:
        secret = BASELINE | {"values": {"SecurityCtrlr.BasicAuthPassword": "x"}}
        answer = await api.post("/api/v1/baselines", json=secret)
        assert (answer.status_code, answer.json()["code"]) == (422, "baseline_secret")


class TestWhoMayNot:
    PATHS = ("firmware/releases", "baselines")

    async def test_a_cookie_alone_changes_nothing(self, owner: Any) -> None:
        for path, body in zip(self.PATHS, (RELEASE, BASELINE), strict=True):
            answer = await owner.post(f"/api/v1/{path}", json=body)
            assert answer.status_code in (401, 403)

    async def test_a_viewer_changes_nothing(self, api: Any, scene: Scene) -> None:
        await scene.execute("update staff set role = 'viewer' where tenant_id = $1")
        for path, body in zip(self.PATHS, (RELEASE, BASELINE), strict=True):
            answer = await api.post(f"/api/v1/{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "role_may_only_look")
