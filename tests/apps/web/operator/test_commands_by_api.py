"""Programs ask of stations over the API, and stations send their logs to an address of ours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from conftest import CountingIds, SettableClock
from wattledger.adapters.postgres.database import Database
from wattledger.flows.fetch_log import ask_log
from world import STAFF_PASSWORD, OpenSecrets, World

pytestmark = pytest.mark.database


@pytest.fixture
async def api(stranger: Any, world: World, database: Database) -> Any:
    """A signed-in program: the browser with a bearer token, and stations whose version is known."""
    async with database.begin(world.tenant_id) as work:
        await work.connection.execute("update station set ocpp_version = 'ocpp2.0.1'")
    answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger


async def ask(api: Any, world: World, kind: str, body: dict[str, Any], **headers: str) -> Any:
    path = f"/api/v1/stations/{world.dc.station_id}/commands"
    return await api.post(path, json={"kind": kind, "body": body}, headers=headers)


class TestAProgram:
    async def test_asks_and_sees_the_command(self, api: Any, world: World) -> None:
        answer = await ask(api, world, "reset", {"is_immediate": True})
        assert answer.status_code == 202
        command = answer.json()
        assert (command["kind"], command["state"], command["body"]["is_immediate"]) == ("reset", "queued", True)
        path = f"/api/v1/stations/{world.dc.station_id}/commands"
        assert (await api.get(f"{path}/{command['command_id']}")).json() == command
        assert (await api.get(path)).json() == [command]

    async def test_asks_once_with_one_key(self, api: Any, world: World) -> None:
        key = {"Idempotency-Key": "k1"}
        first = (await ask(api, world, "clear_cache", {}, **key)).json()
        assert (await ask(api, world, "clear_cache", {}, **key)).json() == first
        assert (await ask(api, world, "reset", {}, **key)).status_code == 409

    async def test_passes_a_charging_profile_through(self, api: Any, world: World) -> None:
        period = {"startPeriod": 0, "limit": 11000}
        schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [schedule],
        }
        wish = {
            "version": "ocpp2.0.1",
            "action": "SetChargingProfile",
            "payload": {"evseId": 1, "chargingProfile": profile},
        }
        assert (await ask(api, world, "call_action", wish)).status_code == 202
        profile["chargingProfileKind"] = "Sometimes"
        answer = await ask(api, world, "call_action", wish)
        assert (answer.status_code, answer.json()["code"]) == (422, "command_malformed")

    async def test_starts_a_session_for_a_token(self, api: Any, world: World) -> None:
        path = f"/api/v1/connectors/{world.dc.connector_id}/start"
        answer = await api.post(path, json={"token_uid": world.token_uid.lower()})
        assert answer.status_code == 202
        assert answer.json()["body"]["token_uid"] == world.token_uid

    async def test_learns_what_a_station_can_be_asked(self, api: Any, world: World) -> None:
        rows = (await api.get(f"/api/v1/stations/{world.dc.station_id}/actions")).json()
        found = {row["action"]: (row["profile"], row["sender"]) for row in rows}
        assert len(found) == 40
        assert found["InstallCertificate"] == ("Security", "owner")
        assert found["RequestStartTransaction"] == ("RemoteControl", "program")

    @pytest.mark.parametrize("what", ["configuration", "drift", "events", "logs"])
    async def test_reads_what_a_station_told_of_itself(self, api: Any, world: World, what: str) -> None:
        assert (await api.get(f"/api/v1/stations/{world.dc.station_id}/{what}")).status_code == 200
        assert (await api.get(f"/api/v1/stations/{world.site_id}/{what}")).status_code == 404

    async def test_is_refused_in_words_and_code(self, api: Any, world: World) -> None:
        answer = await ask(api, world, "make_coffee", {})
        assert (answer.status_code, answer.json()["code"]) == (422, "command_unknown")

    async def test_needs_more_than_a_cookie(self, owner: Any, world: World) -> None:
        answer = await ask(owner, world, "reset", {})
        assert (answer.status_code, answer.json()["code"]) == (401, "bearer_needed")


class TestALogFile:
    @pytest.fixture
    async def place(
        self, database: Database, world: World, clock: SettableClock, ids: CountingIds, api: Any
    ) -> tuple[UUID, str]:
        """A log that a station was asked for, and the path it was told."""
        del api
        async with database.begin(world.tenant_id) as work:
            log_id = await ask_log(
                work, ids, clock, OpenSecrets(), station_id=world.dc.station_id, kind="diagnostics",
                public_url="http://desk.test", own_location=None, asked_by="test",
            )  # fmt: skip
            (command,) = await work.commands.commands(world.dc.station_id, limit=1)
        path = command.body.decode().split("http://desk.test")[1].split('"')[0]
        return log_id, path

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    async def test_is_sent_by_the_station_and_read_at_the_desk(
        self, api: Any, world: World, place: tuple[UUID, str], method: str
    ) -> None:
        log_id, path = place
        assert (await api.request(method, f"{path}/log.txt", content=b"all is well")).status_code == 201
        answer = await api.get(f"/api/v1/stations/{world.dc.station_id}/logs/{log_id}/file")
        assert answer.content == b"all is well"
        assert answer.headers["content-disposition"] == 'attachment; filename="log.txt"'

    async def test_may_come_as_a_form(self, api: Any, world: World, place: tuple[UUID, str]) -> None:
        log_id, path = place
        assert (await api.post(path, files={"file": ("../x.zip", b"PK")})).status_code == 201
        answer = await api.get(f"/api/v1/stations/{world.dc.station_id}/logs/{log_id}/file")
        assert answer.content == b"PK"
        assert "/" not in answer.headers["content-disposition"].split("filename=")[1]

    async def test_is_taken_for_nothing_without_the_secret(self, api: Any, place: tuple[UUID, str]) -> None:
        guessed = place[1].rsplit("/", 1)[0] + "/guessed"
        assert (await api.put(guessed, content=b"x")).status_code == 404

    async def test_loses_a_card_number_it_overheard(self, api: Any, world: World, place: tuple[UUID, str]) -> None:
        log_id, path = place
        assert (await api.put(path, content=b"pan 4111 1111 1111 1111 ok")).status_code == 201
        answer = await api.get(f"/api/v1/stations/{world.dc.station_id}/logs/{log_id}/file")
        assert b"4111 1111" not in answer.content

    async def test_comes_too_late_after_a_day(
        self, api: Any, place: tuple[UUID, str], clock: SettableClock
    ) -> None:
        clock.forward(hours=25)
        answer = await api.put(place[1], content=b"x")
        assert answer.status_code == 409
        assert "log_too_late" in answer.text
