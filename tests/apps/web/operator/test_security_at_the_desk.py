"""How stations prove themselves is changed at the desk, by owners: passwords, the way up, certificates."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from desk_scene import Scene
from wattledger.flows.manage_catalog import station_password_purpose
from wattledger.flows.ports.credentials import StationCertificate
from world import OpenSecrets, World

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def tls(container: Any) -> None:
    container.settings.station_public_url = "wss://csms.example/ocpp"
    container.issuing_ca = None


def path(world: World, deed: str = "") -> str:
    return f"/desk/stations/{world.dc.station_id}/security{deed}"


async def station(scene: Scene) -> dict[str, Any]:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        row = await work.connection.fetchrow(
            "select * from station where station_id = $1", scene.world.dc.station_id
        )
    return dict(row)


async def certified(scene: Scene) -> UUID:
    """The station has a certificate in use."""
    now, certificate_id = scene.clock.now(), scene.ids.new()
    async with scene.database.begin(scene.world.tenant_id) as work:
        await work.credentials.add_certificate(
            StationCertificate(
                certificate_id, scene.world.dc.station_id, scene.world.dc.identity, b"f" * 32, "4711",
                "-----BEGIN CERTIFICATE-----", "active", now, now + timedelta(days=90), now,
            )
        )  # fmt: skip
    return certificate_id


class TestAPassword:
    async def test_is_told_over_the_link_and_shown_only_where_that_was_asked(
        self, owner: Any, scene: Scene, world: World
    ) -> None:
        answer = await owner.send_form(path(world, "/password"))
        assert answer.status_code == 303
        shown = await owner.send_form(path(world, "/password"), show="yes")
        (password,) = re.findall(r"\b[0-9a-f]{40}\b", shown.text)
        purpose = station_password_purpose(world.dc.identity)
        kept = (await station(scene))["next_password_hash"]
        assert kept == OpenSecrets().fingerprint(password, purpose=purpose)
        page = await owner.read(path(world))
        assert password not in page
        assert "A new one waits to be used" in page
        assert "Password rotated" in page
        assert world.staff_email in page


class TestTheWayUp:
    async def test_is_asked_for_and_shows_its_steps(self, owner: Any, scene: Scene, world: World) -> None:
        await scene.execute("update station set ocpp_version = 'ocpp2.0.1' where tenant_id = $1")
        assert (await owner.send_form(path(world, "/walk-up"), profile="3")).status_code == 303
        assert (await station(scene))["wanted_profile"] == 3
        page = await owner.read(path(world))
        for step in ("It asks for its certificate", "It is told the new way to connect", "It comes back"):
            assert step in page

    async def test_that_leads_nowhere_is_refused_with_its_reason(
        self, owner: Any, world: World, container: Any
    ) -> None:
        refused = await owner.send_form(path(world, "/walk-up"), profile="1")
        assert refused.status_code == 422
        assert "walked up to security profile 2 or 3" in refused.text
        container.settings.station_public_url = "ws://csms.example/ocpp"
        refused = await owner.send_form(path(world, "/walk-up"), profile="2")
        assert refused.status_code == 409
        assert "WATTLEDGER_STATION_PUBLIC_URL" in refused.text


class TestAProfileSetByHand:
    async def test_goes_down_only_where_that_is_meant(self, owner: Any, scene: Scene, world: World) -> None:
        assert (await owner.send_form(path(world, "/profile"), profile="2")).status_code == 303
        lower = await owner.send_form(path(world, "/profile"), profile="1")
        assert lower.status_code == 409
        assert "Say that it is meant" in lower.text
        assert (await station(scene))["security_profile"] == 2
        assert (await owner.send_form(path(world, "/profile"), profile="1", lower="yes")).status_code == 303
        assert (await station(scene))["security_profile"] == 1


class TestACertificate:
    async def test_is_listed_and_revoked_once(self, owner: Any, scene: Scene, world: World) -> None:
        certificate_id = await certified(scene)
        assert "4711" in await owner.read(path(world))
        revoke = path(world, f"/certificates/{certificate_id}/revoke")
        assert (await owner.send_form(revoke)).status_code == 303
        assert "Revoked" in await owner.read(path(world))
        assert (await owner.send_form(revoke)).status_code == 409


class TestWhoIsNoOwner:
    async def test_looks_and_changes_nothing(self, owner: Any, scene: Scene, world: World) -> None:
        certificate_id = await certified(scene)
        await scene.execute("update staff set role = 'staff' where tenant_id = $1")
        page = await owner.read(path(world))
        assert '<form method="post" action="/desk/stations' not in page
        before = await station(scene)
        for deed in ("/password", "/walk-up", "/profile", f"/certificates/{certificate_id}/revoke"):
            answer = await owner.send_form(path(world, deed), profile="3")
            assert answer.status_code == 403
            assert "Only an owner" in answer.text
        assert await station(scene) == before
