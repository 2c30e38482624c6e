"""A station without a link lets in whom its site's policy says: settings, and a list of tokens with versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from charger import Charger, Json
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.sync_lists import set_offline_policy, sync_lists

pytestmark = [pytest.mark.database, pytest.mark.sockets]


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


async def choose(patience: Patience, policy: str) -> None:
    world = patience.yard.world
    await set_offline_policy(
        patience.yard.database,
        patience.clock,
        SystemIds(),
        world.tenant_id,
        world.site_id,
        policy=policy,
        by="Ole",
    )


async def sync(patience: Patience) -> int:
    yard = patience.yard
    return await sync_lists(yard.database, yard.bus, patience.clock, SystemIds(), yard.world.tenant_id)


async def take_settings(patience: Patience, charger: Charger) -> dict[str, str]:
    """The three settings that the station is asked to take."""
    action = "ChangeConfiguration" if charger.version == "1.6" else "SetVariables"
    taken: dict[str, str] = {}
    for _ in range(3):
        await patience.yard.bus.nudge("commands")
        asked = await charger.answer(action, {"status": "Accepted"} if charger.version == "1.6" else _taken())
        if charger.version == "1.6":
            taken[asked["key"]] = asked["value"]
        else:
            (one,) = asked["setVariableData"]
            taken[one["variable"]["name"]] = one["attributeValue"]
    return taken


def _taken() -> Json:
    part = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "LocalAuthorizeOffline"}}
    return {"setVariableResult": [{"attributeStatus": "Accepted"} | part]}


async def listed(patience: Patience, charger: Charger, status: str = "Accepted") -> Json:
    assert await sync(patience)
    return await patience.answer(charger, "SendLocalList", {"status": status})


async def list_row(patience: Patience) -> dict[str, Any]:
    (row,) = await patience.yard.rows("select * from station_list")
    return row


class TestAPolicy:
    async def test_of_nobody_shuts_the_station_while_it_has_no_link(self, patience: Patience) -> None:
        ac = await patience.yard.ac()
        await choose(patience, "nobody")
        assert await sync(patience)
        assert await take_settings(patience, ac) == {
            "LocalAuthorizeOffline": "false",
            "AllowOfflineTxForUnknownId": "false",
            "LocalAuthListEnabled": "false",
        }
        assert not await sync(patience)

    async def test_of_a_list_is_told_in_the_words_of_2_0_1(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        await choose(patience, "listed")
        assert await sync(patience)
        assert await take_settings(patience, dc) == {
            "LocalAuthorizeOffline": "true",
            "OfflineTxForUnknownIdEnabled": "false",
            "Enabled": "true",
        }

    async def test_of_no_site_leaves_stations_as_they_are(self, patience: Patience) -> None:
        await patience.yard.ac()
        assert not await sync(patience)
        assert await patience.yard.count("station_command") == 0

    async def test_that_is_no_policy_is_refused(self, patience: Patience) -> None:
        with pytest.raises(InvalidInput, match="offline_policy_unknown"):
            await choose(patience, "friends")


class TestAList:
    async def with_list(self, patience: Patience) -> Charger:
        ac = await patience.yard.ac()
        await choose(patience, "listed")
        await sync(patience)
        await take_settings(patience, ac)
        return ac

    async def test_is_sent_whole_first_and_not_again_when_nothing_changed(self, patience: Patience) -> None:
        ac = await self.with_list(patience)
        assert await listed(patience, ac) == {
            "listVersion": 1,
            "updateType": "Full",
            "localAuthorizationList": [
                {"idTag": patience.yard.world.token_uid, "idTagInfo": {"status": "Accepted"}}
            ],
        }
        assert not await sync(patience)
        assert not await sync(patience)
        assert (await list_row(patience))["version_no"] == 1

    async def test_loses_a_blocked_card_by_a_difference_with_the_next_version(self, patience: Patience) -> None:
        ac = await self.with_list(patience)
        await listed(patience, ac)
        await sync(patience)
        await patience.yard.owner.execute("update token set state = 'blocked'")
        assert await listed(patience, ac) == {
            "listVersion": 2,
            "updateType": "Differential",
            "localAuthorizationList": [{"idTag": patience.yard.world.token_uid}],
        }

    @pytest.mark.parametrize("status", ["VersionMismatch", "Failed"])
    async def test_that_was_not_taken_is_sent_whole_under_a_new_version(
        self, patience: Patience, status: str
    ) -> None:
        ac = await self.with_list(patience)
        await listed(patience, ac)
        await sync(patience)
        await patience.yard.owner.execute("update token set group_uid = 'FLEET'")
        assert (await listed(patience, ac, status))["updateType"] == "Differential"
        await sync(patience)
        again = await listed(patience, ac)
        assert (again["updateType"], again["listVersion"]) == ("Full", 3)
        assert again["localAuthorizationList"][0]["idTagInfo"]["parentIdTag"] == "FLEET"

    async def test_is_not_forced_upon_a_station_that_keeps_none(self, patience: Patience) -> None:
        ac = await self.with_list(patience)
        for _ in range(3):
            await listed(patience, ac, "NotSupported")
            await sync(patience)
        assert not await sync(patience)
        assert (await list_row(patience))["failed_count"] == 3

    async def test_leaves_off_who_may_not_charge_here_or_only_so_much(self, patience: Patience) -> None:
        world = patience.yard.world
        await patience.yard.owner.execute(
            "insert into charging_limit (tenant_id, subject_id, subject_kind, day_milliwh_max, changed_at) "
            "values ($1, $2, 'token', 1, $3)",
            world.tenant_id,
            world.token_id,
            patience.clock.now(),
        )
        ac = await self.with_list(patience)
        assert (await listed(patience, ac))["localAuthorizationList"] == []
