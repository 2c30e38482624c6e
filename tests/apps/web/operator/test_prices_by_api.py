"""Programs publish over the API what sessions are priced by beside their tariff."""

from __future__ import annotations

from typing import Any

import pytest

from world import STAFF_PASSWORD, World

pytestmark = pytest.mark.database

RULES = {"taxes": [{"tax": {"name": "VAT", "rate_ppm": 190_000}}]}


@pytest.fixture
async def api(stranger: Any, world: World) -> Any:
    """A signed-in program."""
    answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger


class TestTaxes:
    async def test_are_published_once_and_listed(self, api: Any) -> None:
        for is_new in (True, False):
            answer = await api.post("/api/v1/taxes", json={"country": "DE", "rules": RULES})
            assert (answer.status_code, answer.json()) == (200, {"is_new": is_new})
        (listed,) = (await api.get("/api/v1/taxes")).json()
        assert (listed["country"], listed["rules"]) == ("DE", RULES)

    async def test_that_cannot_be_are_refused_with_a_code(self, api: Any) -> None:
        answer = await api.post("/api/v1/taxes", json={"country": "FR", "rules": RULES})
        assert (answer.status_code, answer.json()["code"]) == (422, "tax_place_malformed")
        absurd = {"taxes": [{"tax": {"name": "VAT", "rate_ppm": -1}}]}
        answer = await api.post("/api/v1/taxes", json={"country": "DE", "rules": absurd})
        assert 400 <= answer.status_code < 500
        assert (await api.get("/api/v1/taxes")).json() == []

    async def test_need_a_token_that_no_browser_sends_by_itself(self, api: Any) -> None:
        token = api.headers.pop("Authorization")
        assert (await api.post("/api/v1/taxes", json={"country": "DE", "rules": RULES})).status_code == 401
        api.headers["Authorization"] = token
