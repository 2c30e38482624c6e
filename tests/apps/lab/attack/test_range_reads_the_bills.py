"""With a login to the API the range looks at what was billed, and at what is said of stations cared for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from apps.web.conftest import site
from ports import free_port
from waiting import soon
from wattledger.adapters.advisories import shipped_advisories
from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.postgres.database import Database
from wattledger.apps.lab.attack import faults
from wattledger.apps.lab.attack.books import Charged, judge
from wattledger.apps.lab.attack.kit import Breached, NotTried, Place
from wattledger.apps.lab.attack.upkeep import be_cared_for
from wattledger.apps.lab.stations.faults import HARMLESS, Fault
from wattledger.apps.lab.stations.upkeep import UpkeepFault
from wattledger.apps.web.api import api_routes
from wattledger.apps.web.main import create_app
from wattledger.apps.worker.run_jobs import run_job
from wattledger.bootstrap import Container
from world import STAFF_PASSWORD, STATION_PASSWORD, OpenSecrets
from yard import Yard, open_yard

KWH = 1_000_000


class TestAVerdict:
    @pytest.mark.parametrize("billed", [(10 * KWH,), (10 * KWH - 1_999,), (10 * KWH + 1_999,)])
    def test_is_good_of_one_bill_of_what_was_delivered(self, billed: tuple[int, ...]) -> None:
        assert "Billed" in judge(Charged(billed, ("billed",)), 10 * KWH, is_harmless=True)

    @pytest.mark.parametrize(
        ("billed", "is_harmless", "why"),
        [
            ((10 * KWH, 10 * KWH), False, "2 bills"),
            ((11 * KWH,), False, "Billed too much"),
            ((9 * KWH,), True, "Not billed as delivered"),
            ((), True, "Not billed as delivered"),
        ],
    )
    def test_is_breached_of_anything_else(self, billed: tuple[int, ...], is_harmless: bool, why: str) -> None:
        with pytest.raises(Breached, match=why):
            judge(Charged(billed, ("billed",)), 10 * KWH, is_harmless=is_harmless)

    @pytest.mark.parametrize("states", [(), ("active",), ("under_review",)])
    def test_of_spoilt_evidence_may_be_no_bill_at_all(self, states: tuple[str, ...]) -> None:
        assert "Every message" in judge(Charged((), states), 10 * KWH, is_harmless=False)


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn, SystemClock()) as opened:
        yield opened


@pytest.fixture
async def place(yard: Yard) -> AsyncIterator[Place]:
    """The yard's station, and the API of the same installation, with a worker that does what is due."""
    container: Any = SimpleNamespace(
        settings=SimpleNamespace(public_url="http://127.0.0.1:9"), clock=yard.clock, ids=SystemIds(),
        secrets=OpenSecrets(), passwords=ArgonPasswords(), database=yard.database, hints=yard.bus, gateways={},
        documents=None, advisories=shipped_advisories(),
    )  # fmt: skip
    working = asyncio.create_task(work(yard, container))
    async with site(create_app(container, routes=api_routes), free_port()) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            who = {"email": yard.world.staff_email, "password": STAFF_PASSWORD}
            token = (await client.post("/api/v1/logins", json=who)).json()["token"]
        world = yard.world
        yield Place(
            f"{yard.url}/ocpp", "2.0.1", None, world.dc.identity, STATION_PASSWORD, world.token_uid, url, token
        )
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def work(yard: Yard, container: Any) -> None:
    while True:
        async with yard.database.begin(yard.world.tenant_id) as unit:  # the test has the owner's connection
            await unit.connection.execute(
                "update job set due_at = $1 where kind = 'advance_campaign'", yard.clock.now()
            )
        while await run_job(cast("Container", container), yard.world.tenant_id):
            pass
        await asyncio.sleep(0.05)


@pytest.mark.database
@pytest.mark.sockets
class TestAFault:
    async def test_that_is_harmless_was_billed_as_delivered_and_one_that_is_not_never_too_much(
        self, place: Place
    ) -> None:
        assert Fault.RESEND_NEW_ID in HARMLESS
        assert "Billed" in await faults.live_through(place, Fault.RESEND_NEW_ID, seed=1)
        assert Fault.METER_BACKWARDS not in HARMLESS
        told = await faults.live_through(place, Fault.METER_BACKWARDS, seed=2)
        assert told == "Every message was answered: under_review."

    async def test_is_breached_where_the_installation_bills_too_little(self, place: Place, yard: Yard) -> None:
        await yard.owner.execute("update connector set power_max_w = 1")  # nothing is plausible there
        yard_was_told = faults.live_through(place, Fault.RESEND_NEW_ID, seed=1)
        with pytest.raises(Breached, match="Not billed as delivered"):
            await soon(yard_was_told)


@pytest.mark.database
@pytest.mark.sockets
class TestAStationThatIsCaredFor:
    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            (UpkeepFault.SETTINGS_REFUSED, "refused"),
            (UpkeepFault.LOG_UPLOAD_FAILS, "failed"),
            (UpkeepFault.FIRMWARE_REFUSED, "(refused)"),
            (UpkeepFault.FIRMWARE_SIGNATURE_WRONG, "(InvalidSignature)"),
        ],
    )
    async def test_has_its_failure_told_as_what_it_is(self, place: Place, fault: UpkeepFault, told: str) -> None:
        assert told in await be_cared_for(place, fault)

    async def test_is_not_tried_without_a_login(self) -> None:
        place = Place("ws://127.0.0.1:9/ocpp", station="S", password="p")
        with pytest.raises(NotTried, match="--api-token"):
            await be_cared_for(place, UpkeepFault.SETTINGS_REFUSED)
