"""Who gets into the desk, what they see there, and what nobody can do from outside."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from conftest import CountingIds, SettableClock
from desk_house import fill
from desk_scene import Scene
from wattledger.adapters.postgres.database import Database
from wattledger.apps.web.operator.signing import own_path
from world import STAFF_PASSWORD, World, small_world

NOBODY = "00000000-0000-7000-8000-000000000000"


def routes(app: Litestar) -> list[tuple[str, str]]:
    """Every (method, path) of the desk and the API that is not public by its own word."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            is_ours = route.path.startswith(("/desk", "/api/v1"))
            if is_ours and not handler.opt.get("is_public"):
                found += [(method, route.path) for method in handler.http_methods if method != "OPTIONS"]
    return sorted(found)


def filled(path: str, thing: UUID | str = NOBODY) -> str:
    path = re.sub(r"\{\w+:uuid\}", str(thing), path)
    return path.replace("{deed:str}", "block").replace("{name:str}", "spot")


class TestAStranger:
    async def test_reaches_no_page_and_no_action(self, app: Litestar, stranger: Any) -> None:
        asked = routes(app)
        assert len(asked) > 30
        for method, path in asked:
            answer = await stranger.request(method, filled(path), headers={"Sec-Fetch-Site": "same-origin"})
            is_led_to_the_door = answer.headers.get("location", "").startswith("/desk/sign-in")
            assert answer.status_code == 401 or (answer.status_code == 303 and is_led_to_the_door), (method, path)

    async def test_is_led_back_to_where_they_wanted_to_go(self, stranger: Any, world: World) -> None:
        answer = await stranger.get("/desk/payments?state=held")
        assert answer.headers["location"] == "/desk/sign-in?next=%2Fdesk%2Fpayments%3Fstate%3Dheld"
        answer = await stranger.send_form(
            "/desk/sign-in", email=world.staff_email, password=STAFF_PASSWORD, next="/desk/payments?state=held"
        )
        assert answer.headers["location"] == "/desk/payments?state=held"

    @pytest.mark.parametrize(
        "address", ["https://evil.example/desk", "//evil.example", "/\\evil.example", "/p/x", "javascript:x", ""]
    )
    def test_is_led_nowhere_else(self, address: str) -> None:
        assert own_path(address) == "/desk"

    async def test_cannot_use_a_made_up_cookie(self, stranger: Any, world: World) -> None:
        for value in (f"{world.tenant_id}.guess", "x.y", f"{world.tenant_id}.", "9" * 40 + ".x"):
            stranger.cookies.set("wattledger_desk", value)
            assert (await stranger.get("/desk")).status_code == 303


@pytest.fixture
async def islander(database: Database, clock: SettableClock, ids: CountingIds) -> World:
    """Another operator in the same database."""
    return await small_world(database, clock=clock, ids=ids, slug="island")


# What has to be asked well before it can be found or not.
PARAMETERS = {
    "/api/v1/price-series/{name:str}/prices": {"begin": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"}
}


class TestSomebodyOfAnotherTenant:
    async def test_finds_nothing_of_ours_on_any_page(
        self, app: Litestar, stranger: Any, scene: Scene, islander: World
    ) -> None:
        found = await fill(scene)
        assert (await stranger.sign_in(islander.staff_email)).status_code == 303
        pages = [path for method, path in routes(app) if method == "GET" and "{" in path]
        for path in pages:
            for thing in found.values():
                answer = await stranger.get(filled(path, thing), params=PARAMETERS.get(path))
                assert answer.status_code == 404, path

    async def test_sees_none_of_our_rows_in_any_list(self, stranger: Any, scene: Scene, islander: World) -> None:
        await fill(scene)
        await stranger.sign_in(islander.staff_email)
        for name in ("", "/live", "/sessions", "/stations", "/payments", "/reports", "/reviews", "/sessions.csv"):
            assert "HARBOUR" not in await stranger.read(f"/desk{name}")

    async def test_can_do_nothing_to_ours(self, stranger: Any, scene: Scene, islander: World) -> None:
        found = await fill(scene)
        await stranger.sign_in(islander.staff_email)
        deeds = (
            f"/desk/sessions/{found['running']}/stop",
            f"/desk/payments/{found['held']}/release",
            f"/desk/payments/{found['payment']}/refund",
            f"/desk/reviews/{found['review']}",
            f"/desk/customers/{found['customer']}/tokens/{scene.world.token_id}/block",
            f"/desk/customers/{found['customer']}/contracts/{scene.world.contract_id}/invoice",
        )
        for path in deeds:
            answer = await stranger.send_form(path, decision="charge_nothing", reason="goodwill")
            assert answer.status_code == 404, path


class TestAForeignSite:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {},
        ],
    )
    async def test_cannot_send_a_form_for_a_signed_in_person(
        self, owner: Any, scene: Scene, headers: dict[str, str]
    ) -> None:
        world = scene.world
        path = f"/desk/customers/{world.customer_id}/tokens/{world.token_id}/block"
        answer = await owner.post(path, headers=headers)
        assert answer.status_code == 403
        async with scene.database.begin_read(world.tenant_id) as work:
            (token,) = await work.desk.tokens(world.customer_id)
        assert token.state == "active"

    async def test_cannot_read_the_cookie_by_script_or_have_it_sent_along(
        self, stranger: Any, world: World
    ) -> None:
        cookie = (await stranger.sign_in(world.staff_email)).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie  # this site is plain http on loopback

    async def test_gets_no_cookie_that_travels_unencrypted_over_https(
        self, container: Any, stranger: Any, world: World
    ) -> None:
        container.settings.public_url = "https://desk.example"
        assert "; secure" in (await stranger.sign_in(world.staff_email)).headers["set-cookie"].lower()


class TestALogin:
    async def test_ends_after_15_idle_minutes(self, owner: Any, clock: SettableClock) -> None:
        for _ in range(3):
            clock.forward(minutes=14)
            assert (await owner.get("/desk")).status_code == 200
        clock.forward(minutes=15, seconds=1)
        assert (await owner.get("/desk")).status_code == 303

    async def test_ends_after_12_hours_however_busy(self, owner: Any, clock: SettableClock) -> None:
        for _ in range(51):
            clock.forward(minutes=14)
            assert (await owner.get("/desk/sessions")).status_code == 200
        clock.forward(minutes=10)
        assert (await owner.get("/desk/sessions")).status_code == 303

    async def test_ends_with_sign_out_for_every_copy_of_its_cookie(self, owner: Any) -> None:
        copied = owner.cookies["wattledger_desk"]
        assert (await owner.send_form("/desk/sign-out")).status_code == 303
        owner.cookies.set("wattledger_desk", copied)
        assert (await owner.get("/desk")).status_code == 303


class TestAViewer:
    async def test_sees_everything_and_changes_nothing(self, stranger: Any, scene: Scene) -> None:
        found = await fill(scene)
        await scene.execute("update staff set role = 'viewer' where tenant_id = $1")
        await stranger.sign_in(scene.world.staff_email)
        assert "Stop charging" not in await stranger.read(f"/desk/sessions/{found['running']}")
        for path in (
            f"/desk/sessions/{found['running']}/stop",
            f"/desk/payments/{found['held']}/release",
            f"/desk/reviews/{found['review']}",
        ):
            answer = await stranger.send_form(path, decision="charge_nothing", reason="because I can")
            assert answer.status_code == 403, path


class TestTheApi:
    async def test_gives_a_token_that_opens_the_callers_own_tenant(self, stranger: Any, scene: Scene) -> None:
        await scene.session(started_at=scene.clock.now() - timedelta(hours=1))
        headers = await bearer(stranger, scene.world)
        (row,) = (await stranger.get("/api/v1/sessions", headers=headers)).json()["items"]
        detail = (await stranger.get(f"/api/v1/sessions/{row['session_id']}", headers=headers)).json()
        assert detail["bill"]["gross_minor"] == row["gross_minor"]
        assert sum(line["gross_minor"] for line in detail["bill"]["lines"]) == row["gross_minor"]

    async def test_answers_every_list(self, stranger: Any, scene: Scene) -> None:
        await fill(scene)
        headers = await bearer(stranger, scene.world)
        for path in ("sessions", "stations", "payments", "reviews", "reports/days"):
            answer = await stranger.get(f"/api/v1/{path}", headers=headers)
            assert answer.status_code == 200, answer.text

    async def test_refuses_wrong_words_with_a_code(self, stranger: Any, world: World) -> None:
        answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": "wrong"})
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
        answer = await stranger.get("/api/v1/sessions", headers={"Authorization": "Basic abc"})
        assert (answer.status_code, answer.json()["code"]) == (401, "bearer_malformed")

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("from=yesterday", "date_malformed"),
            ("site=everywhere", "id_malformed"),
            ("page=-1", "page_malformed"),
            ("page=99999999999999", "page_malformed"),
        ],
    )
    async def test_refuses_a_malformed_question_with_a_code(
        self, stranger: Any, world: World, query: str, code: str
    ) -> None:
        headers = await bearer(stranger, world)
        answer = await stranger.get(f"/api/v1/sessions?{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def bearer(client: httpx.AsyncClient, world: World) -> dict[str, str]:
    answer = await client.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}
