"""What the desk lets people say of limits and offline policies, and what it says of sessions that wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.web.operator.conftest import Browser
from conftest import SettableClock
from desk_scene import Scene
from wattledger.adapters.postgres.database import Database
from wattledger.core.stations.limits import ChargingLimit
from wattledger.flows.ports.waits import WaitRow
from world import World

pytestmark = pytest.mark.database


async def limit_of(database: Database, world: World, subject_id: Any) -> ChargingLimit | None:
    async with database.begin_read(world.tenant_id) as work:
        return (await work.limits.limits([subject_id])).get(subject_id)


class TestTheFormOfLimits:
    async def test_sets_what_was_typed_and_shows_it_in_words(
        self, owner: Browser, database: Database, world: World
    ) -> None:
        path = f"/desk/limits/tokens/{world.customer_id}/{world.token_id}"
        answer = await owner.post(
            path,
            data={
                "site": [str(world.site_id)],
                "day": ["1", "5"],
                "from": "22:00",
                "to": "06:30",
                "day_kwh": "12,5",
                "month_money": "200",
                "at_once": "1",
            },
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == 303
        assert await limit_of(database, world, world.token_id) == ChargingLimit(
            site_ids=(world.site_id,),
            weekdays=(1, 5),
            minute_from=1320,
            minute_to=390,
            day_milliwh_max=12_500_000,
            month_minor_max=20_000,
            sessions_at_once_max=1,
        )
        page = await owner.read(f"/desk/customers/{world.customer_id}")
        for words in ("only at Harbour Street", "Mon Fri", "22:00 to 06:30", "a day", "one session at a time"):
            assert words in page
        form = await owner.read(path)
        assert 'value="12.5"' in form
        assert 'value="200.00"' in form

    async def test_takes_a_limit_away_when_all_is_left_empty(
        self, owner: Browser, database: Database, world: World
    ) -> None:
        path = f"/desk/limits/contracts/{world.customer_id}/{world.contract_id}"
        await owner.send_form(path, session_kwh="30")
        assert await limit_of(database, world, world.contract_id) == ChargingLimit(session_milliwh_max=30_000_000)
        await owner.send_form(path, session_kwh="")
        assert await limit_of(database, world, world.contract_id) is None

    @pytest.mark.parametrize(
        "fields",
        [{"day_kwh": "much"}, {"day_kwh": "-1"}, {"month_money": "1.234"}, {"from": "08:00"}, {"at_once": "0"}],
    )
    async def test_refuses_what_no_limit_can_mean_and_keeps_what_was_typed(
        self, owner: Browser, database: Database, world: World, fields: dict[str, str]
    ) -> None:
        path = f"/desk/limits/tokens/{world.customer_id}/{world.token_id}"
        answer = await owner.send_form(path, **{"session_kwh": "7.25"} | fields)
        assert answer.status_code == 422
        assert 'value="7.25"' in answer.text
        assert await limit_of(database, world, world.token_id) is None

    async def test_is_not_there_for_another_customer_s_card(self, owner: Browser, world: World) -> None:
        path = f"/desk/limits/tokens/{world.customer_id}/{world.contract_id}"
        assert (await owner.send_form(path, day_kwh="5")).status_code == 404


class TestASite:
    async def test_takes_an_offline_policy_and_says_who_chose_it(self, owner: Browser, world: World) -> None:
        path = f"/desk/sites/{world.site_id}"
        assert "As each station is set up" in await owner.read(path)
        assert (await owner.send_form(f"{path}/offline", policy="listed")).status_code == 303
        page = await owner.read(path)
        assert "Offline policy set (listed)" in page
        assert "when it is linked" in page

    async def test_refuses_a_policy_that_there_is_not(self, owner: Browser, world: World) -> None:
        assert (await owner.send_form(f"/desk/sites/{world.site_id}/offline", policy="some")).status_code == 422


class TestASessionThatWaits:
    async def test_says_why_and_until_when(
        self, owner: Browser, scene: Scene, database: Database, clock: SettableClock
    ) -> None:
        session_id = await scene.session(started_at=clock.now() - timedelta(hours=1), minutes=60, is_ended=False)
        wait = WaitRow("silent", clock.now(), clock.now(), 1, clock.now() + timedelta(hours=4), None)
        async with database.begin(scene.world.tenant_id) as work:
            await work.waits.put(session_id, wait)
        page = await owner.read(f"/desk/sessions/{session_id}")
        assert "It waits: its station is linked, and says nothing of it" in page
        assert "15:00" in page
        assert "for the 2. time" in page

    async def test_says_nothing_any_more_once_it_was_decided_upon(
        self, owner: Browser, scene: Scene, database: Database, clock: SettableClock
    ) -> None:
        session_id = await scene.session(started_at=clock.now() - timedelta(hours=1), minutes=60, is_ended=False)
        wait = WaitRow("silent", clock.now(), None, 8, clock.now(), clock.now())
        async with database.begin(scene.world.tenant_id) as work:
            await work.waits.put(session_id, wait)
        assert "It waits" not in await owner.read(f"/desk/sessions/{session_id}")
