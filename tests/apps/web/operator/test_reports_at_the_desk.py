"""What stations reported is read at the desk and by programs; what tells of a driver, by owners only."""

from __future__ import annotations

from typing import Any

import pytest

from desk_care import report
from desk_scene import Scene
from world import STAFF_PASSWORD, World

pytestmark = pytest.mark.database
SECRET = "Mara Lind, CARD0001"


async def bearer(browser: Any, world: World) -> dict[str, str]:
    answer = await browser.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


class TestAnOwner:
    async def test_reads_every_report_with_what_it_answers(self, owner: Any, scene: Scene, world: World) -> None:
        await report(scene)
        page = await owner.read(f"/desk/stations/{world.dc.station_id}")
        assert "Closed on Sunday" in page
        assert "answers request 7, which was not ours" in page
        assert SECRET in page
        assert "personal data, gone" in page

    async def test_s_program_reads_them_too(self, stranger: Any, scene: Scene, world: World) -> None:
        await report(scene)
        path = f"/api/v1/stations/{world.dc.station_id}/reports"
        rows = (await stranger.get(path, headers=await bearer(stranger, world))).json()
        assert {row["action"]: row["request_no"] for row in rows} == {
            "NotifyDisplayMessages": 7,
            "NotifyCustomerInformation": 7,
        }
        assert SECRET in str(rows)


class TestAnybodyElse:
    async def test_reads_nothing_of_a_driver(self, owner: Any, scene: Scene, world: World) -> None:
        await report(scene)
        await scene.execute("update staff set role = 'staff' where tenant_id = $1")
        page = await owner.read(f"/desk/stations/{world.dc.station_id}")
        assert "Closed on Sunday" in page
        assert SECRET not in page
        assert "only an owner may read it" in page
        path = f"/api/v1/stations/{world.dc.station_id}/reports"
        rows = (await owner.get(path, headers=await bearer(owner, world))).json()
        assert len(rows) == 2
        assert SECRET not in str(rows)
