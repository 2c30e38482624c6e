"""A person or a program asks something of a station: kept first, once a key, within what a role may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import Forbidden, InvalidInput, NotFound, Refused
from wattledger.flows.ask_by_hand import ask_by_hand
from world import World, small_world

pytestmark = pytest.mark.database
RESET = b'{"is_immediate":true}'
ROOT = b'{"use":"csms","certificate":"PEM"}'
CALLED_ROOT = (
    b'{"version":"ocpp2.0.1","action":"InstallCertificate",'
    b'"payload":{"certificateType":"CSMSRootCertificate","certificate":"PEM"}}'
)


@pytest.fixture
async def world(database: Database) -> World:
    world = await small_world(database)
    async with database.begin(world.tenant_id) as work:
        for station, version in ((world.dc, "ocpp2.0.1"), (world.ac, "ocpp1.6")):
            await work.connection.execute(
                "update station set ocpp_version = $1 where station_id = $2", version, station.station_id
            )
    return world


async def asked(database: Database, world: World, kind: str, body: bytes, **of: Any) -> UUID:
    settings: dict[str, Any] = {"station_id": world.dc.station_id, "role": "staff", "key": None} | of
    async with database.begin(world.tenant_id) as work:
        return await ask_by_hand(
            work, SystemIds(), SystemClock(), kind=kind, body=body, asked_by="ann@cpo.example", **settings
        )


async def commands(database: Database, world: World) -> list[str]:
    async with database.begin_read(world.tenant_id) as work:
        return [one.kind for one in await work.commands.commands(world.dc.station_id, limit=10)]


class TestWhatIsAsked:
    async def test_waits_for_whoever_holds_the_link(self, database: Database, world: World) -> None:
        command_id = await asked(database, world, "reset", RESET)
        async with database.begin_read(world.tenant_id) as work:
            command = await work.commands.command(command_id)
        assert command is not None
        assert (command.kind, command.state, command.is_open) == ("reset", "queued", True)

    async def test_is_in_the_audit_trail(self, database: Database, world: World) -> None:
        await asked(database, world, "reset", RESET)
        async with database.begin_read(world.tenant_id) as work:
            (audit, *_) = await work.staff.audits_of(world.dc.station_id)
        assert (audit.action, audit.detail, audit.actor) == ("station_asked", "reset", "ann@cpo.example")


class TestAnIdempotencyKey:
    async def test_asks_once_however_often_it_is_used(self, database: Database, world: World) -> None:
        first = await asked(database, world, "reset", RESET, key="k1")
        assert await asked(database, world, "reset", RESET, key="k1") == first
        assert await commands(database, world) == ["reset"]

    async def test_may_not_be_used_for_something_else(self, database: Database, world: World) -> None:
        await asked(database, world, "reset", RESET, key="k1")
        with pytest.raises(Refused) as refusal:
            await asked(database, world, "reset", b"{}", key="k1")
        assert refusal.value.code == "idempotency_key_reused"

    async def test_of_a_report_asks_once_too(self, database: Database, world: World) -> None:
        first = await asked(database, world, "read_configuration", b"{}", key="k2")
        assert await asked(database, world, "read_configuration", b"{}", key="k2") == first


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("kind", "body", "code"),
        [
            ("make_coffee", b"{}", "command_unknown"),
            ("reset", b'{"is_immediate":"yes"}', "command_malformed"),
            ("give_certificate", b'{"chain":"PEM"}', "command_not_by_hand"),
            ("update_firmware", b"{}", "command_malformed"),
            ("change_configuration", b'{"name":"AuthorizationKey","value":"x"}', "secret_not_by_hand"),
            ("change_configuration", b'{"name":"NoDot","value":"x"}', "variable_malformed"),
            ("call_action", b'{"version":"ocpp1.6","action":"Reset","payload":{}}', "version_differs"),
            ("call_action", b'{"version":"ocpp2.0.1","action":"Nope","payload":{}}', "action_unknown"),
            ("call_action", b'{"version":"ocpp2.0.1","action":"CostUpdated","payload":{}}', "action_not_by_hand"),
            ("call_action", b'{"version":"ocpp2.0.1","action":"Reset","payload":{}}', "command_malformed"),
        ],
    )
    async def test_has_a_code_and_leaves_nothing(
        self, database: Database, world: World, kind: str, body: bytes, code: str
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            await asked(database, world, kind, body)
        assert refusal.value.code == code
        assert await commands(database, world) == []

    async def test_of_a_1_6_station_is_what_its_version_cannot_say(self, database: Database, world: World) -> None:
        with pytest.raises(InvalidInput) as refusal:
            await asked(
                database, world, "show_message", b'{"message_no":1,"text":"Hi"}', station_id=world.ac.station_id
            )
        assert refusal.value.code == "not_in_this_version"

    async def test_is_a_station_of_nobody(self, database: Database, world: World) -> None:
        with pytest.raises(NotFound) as refusal:
            await asked(database, world, "reset", RESET, station_id=SystemIds().new())
        assert refusal.value.code == "station_unknown"

    async def test_is_a_station_that_never_linked(self, database: Database, world: World) -> None:
        async with database.begin(world.tenant_id) as work:
            await work.connection.execute("update station set ocpp_version = null")
        with pytest.raises(Refused) as refusal:
            await asked(database, world, "reset", RESET)
        assert refusal.value.code == "station_never_linked"


class TestWhomAStationTrusts:
    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("install_root", ROOT),
            ("call_action", CALLED_ROOT),
        ],
    )
    async def test_is_the_owners_to_say(self, database: Database, world: World, kind: str, body: bytes) -> None:
        with pytest.raises(Forbidden) as refusal:
            await asked(database, world, kind, body)
        assert refusal.value.code == "role_not_owner"
        assert await asked(database, world, kind, body, role="owner")
