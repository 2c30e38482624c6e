"""No route takes a card number, by whatever way it is sent; and none is left in the database or the log."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
import structlog
from litestar import Litestar

from card_traces import rows_with_card_numbers
from conftest import CountingIds, SettableClock
from till import API_KEY, Till, open_till
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.postgres.database import Database
from wattledger.apps.logs import configure_logging
from wattledger.apps.web.api import api_routes
from wattledger.apps.web.driver import driver_routes
from wattledger.apps.web.hooks import hook_routes
from wattledger.apps.web.main import create_app
from wattledger.apps.web.operator import operator_routes
from wattledger.core.kernel.card_numbers import has_card_number
from wattledger.core.payments.signatures import sign
from web_house import PUBLIC_URL, web_container
from world import STAFF_PASSWORD, World, small_world

CARD = "4111 1111 1111 1111"
PLAIN = CARD.replace(" ", "")
NOBODY = "00000000-0000-7000-8000-000000000000"
ESCAPED = "".join(f"\\u{ord(digit):04x}" for digit in PLAIN)

# How a card number may come in a body: (content type, bytes).
BODIES = {
    "form": ("application/x-www-form-urlencoded", f"reason=goodwill&note={CARD.replace(' ', '+')}".encode()),
    "form with percent signs": ("application/x-www-form-urlencoded", b"note=" + quote(CARD).encode()),
    "json": ("application/json", json.dumps({"deep": [{"er": f"pay with {CARD}"}]}).encode()),
    "json number": ("application/json", f'{{"amount": {PLAIN}}}'.encode()),
    "json name": ("application/json", json.dumps({PLAIN: 1}).encode()),
    "json escapes": ("application/json", f'{{"note": "{ESCAPED}"}}'.encode()),
    "multipart": (
        "multipart/form-data; boundary=zz",
        b'--zz\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\n'
        + f"1;{CARD};2\r\n--zz--\r\n".encode(),
    ),
    "xml": ("application/xml", f"<Stmt><Nm>{PLAIN}</Nm></Stmt>".encode()),
    "text without a type": ("text/plain", CARD.encode("utf-8")),
}


@pytest.fixture
async def world(database: Database, clock: SettableClock, ids: CountingIds) -> World:
    return await small_world(database, clock=clock, ids=ids)


@pytest.fixture
def app(database: Database, clock: SettableClock, ids: CountingIds) -> Litestar:
    container: Any = web_container(database, clock, ids)
    container.passwords = ArgonPasswords()
    return create_app(container, routes=[*driver_routes, *operator_routes, *api_routes, *hook_routes])


@pytest.fixture
async def client(app: Litestar, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The owner, signed in: what is refused here is refused for its card number and nothing else."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
        form = {"email": world.staff_email, "password": STAFF_PASSWORD}
        assert (await client.post("/desk/sign-in", data=form)).status_code == 303
        yield client


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(log_format="json", level="debug", process="test", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def routes(app: Litestar) -> list[tuple[str, str, bool]]:
    """Every (method, path, whether its bodies are searched at the door) of the whole site."""
    found = [
        (method, route.path, not handler.opt.get("strikes_card_numbers"))
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method != "OPTIONS" and not route.path.startswith("/api/schema")
    ]
    return sorted(found)


def filled(path: str, text: str = "abc") -> str:
    return re.sub(r"\{\w+:path\}", text, re.sub(r"\{\w+:str\}", text, re.sub(r"\{\w+:uuid\}", NOBODY, path)))


def assert_refused(answer: httpx.Response, what: object) -> None:
    assert answer.status_code == 422, (what, answer.status_code, answer.text[:200])
    assert answer.json()["code"] == "card_number_refused", what
    assert not has_card_number(answer.text), what


class TestEveryRoute:
    async def test_refuses_one_in_the_query_in_the_headers_and_in_the_path(
        self, app: Litestar, client: httpx.AsyncClient
    ) -> None:
        asked = routes(app)
        assert len(asked) > 50
        for method, path, _ in asked:
            for query in (quote(CARD), CARD.replace(" ", "+"), PLAIN):
                assert_refused(await client.request(method, f"{filled(path)}?q={query}"), (method, path))
            for name in ("User-Agent", "Referer", "X-Anything", "Cookie"):
                answer = await client.request(method, filled(path), headers={name: f"is={CARD}"})
                assert_refused(answer, (method, path, name))
            if ":str}" in path or ":path}" in path:
                assert_refused(await client.request(method, filled(path, quote(CARD))), (method, path))

    @pytest.mark.parametrize("kind", BODIES)
    async def test_refuses_one_in_the_body(self, app: Litestar, client: httpx.AsyncClient, kind: str) -> None:
        content_type, body = BODIES[kind]
        for method, path, is_searched in routes(app):
            if is_searched:
                answer = await client.request(
                    method, filled(path), content=body, headers={"Content-Type": content_type}
                )
                assert_refused(answer, (method, path))

    async def test_keeps_none_in_a_table_or_a_log(
        self, app: Litestar, client: httpx.AsyncClient, log: io.StringIO, database_dsn: str
    ) -> None:
        for method, path, _ in routes(app):
            for content_type, body in BODIES.values():
                where = f"{filled(path, quote(CARD))}?q={quote(CARD)}"
                await client.request(method, where, content=body, headers={"Content-Type": content_type})
        assert await rows_with_card_numbers(database_dsn) == []
        assert not has_card_number(log.getvalue())

    async def test_is_answered_as_ever_without_one(self, app: Litestar, client: httpx.AsyncClient) -> None:
        for method, path, _ in routes(app):
            if path.endswith(("/live", "/stream")) and "{" not in path:
                continue  # it would go on for ever
            answer = await client.request(method, filled(path), content=b'{"note": "4111 1111"}')
            assert "card_number_refused" not in answer.text, (method, path)

    async def test_a_person_is_shown_a_page_that_says_where_cards_belong(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/c?number={PLAIN}", headers={"Accept": "text/html"})
        assert answer.status_code == 422
        assert "payment provider&#39;s page" in answer.text
        assert PLAIN not in answer.text

    async def test_proxies_may_number_requests_as_they_like(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/", headers={"X-Request-Id": PLAIN, "X-Cloud-Trace-Context": f"ab/{PLAIN};o=1"})
        assert answer.status_code == 200


class TestAWebhook:
    @pytest.fixture
    async def till(self, database: Database, clock: SettableClock, ids: CountingIds) -> Till:
        return await open_till(database, clock, ids)

    async def test_is_taken_and_kept_without_the_card_number_in_it(self, till: Till, database_dsn: str) -> None:
        data = {"id": "pay_1", "reference": "none", "card_number": CARD}
        raw = json.dumps({"id": "evt_1", "type": "payment.authorized", "data": data}).encode()
        signature = sign(raw, _hook_secret(till), int(till.clock.now().timestamp()))
        assert (await till.post_webhook(raw, signature)).status_code == 200
        (row,) = await till.rows("select raw from webhook_event")
        assert b"XXXX XXXX XXXX 1111" in row["raw"]
        assert await rows_with_card_numbers(database_dsn) == []


def _hook_secret(till: Till) -> str:
    from wattledger.adapters.gateways.sandbox.webhook import live_secrets
    from wattledger.flows.ports.gateway import GatewayAccess

    (secret,) = live_secrets(GatewayAccess(till.tenant_id, "sandbox", "", {}, {"api_key": API_KEY}))
    return secret


class TestTheSearchOfTables:
    async def test_finds_what_is_planted(self, world: World, database_dsn: str) -> None:
        owner = await asyncpg.connect(database_dsn)
        try:
            await owner.execute("update site set name = $1", f"card {CARD}")
            await owner.execute("update gateway_account set settings = $1", PLAIN.encode())
        finally:
            await owner.close()
        assert sorted(await rows_with_card_numbers(database_dsn)) == ["gateway_account.settings", "site.name"]
