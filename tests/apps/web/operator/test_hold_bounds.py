"""The bounds of holds at the desk and over the API: an owner's affair."""

from __future__ import annotations

from typing import Any

import pytest

from apps.web.operator.conftest import Browser
from world import STAFF_PASSWORD, World


@pytest.fixture
async def api(stranger: Any, world: World) -> Any:
    """A signed-in program."""
    answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger


class TestAtTheDesk:
    async def test_are_set_shown_and_taken_back(self, owner: Browser) -> None:
        assert "10 to 100 EUR" in await owner.read("/desk/holds")
        answer = await owner.send_form("/desk/holds", currency="eur", least="20", greatest="150")
        assert answer.status_code == 303, answer.text
        assert "20 to 150 EUR" in await owner.read("/desk/holds")
        await owner.send_form("/desk/holds", currency="EUR", least="", greatest="")
        assert "10 to 100 EUR" in await owner.read("/desk/holds")

    @pytest.mark.parametrize("bounds", [("x", "100"), ("20", ""), ("150", "20"), ("1", "999999999"), ("²", "3")])
    async def test_that_make_no_sense_come_back_with_what_was_typed(
        self, owner: Browser, bounds: tuple[str, str]
    ) -> None:
        answer = await owner.send_form("/desk/holds", currency="EUR", least=bounds[0], greatest=bounds[1])
        assert answer.status_code == 422
        assert "Nothing was changed" in answer.text
        assert "10 to 100 EUR" in await owner.read("/desk/holds")

    async def test_are_an_owners_affair(self, owner: Browser, world: World, database: Any) -> None:
        async with database.begin(world.tenant_id) as work:
            await work.connection.execute("update staff set role = 'staff'")
        answer = await owner.send_form("/desk/holds", currency="EUR", least="20", greatest="150")
        assert answer.status_code == 403


@pytest.mark.database
class TestByTheApi:
    async def test_are_put_listed_and_deleted(self, api: Any) -> None:
        answer = await api.put("/api/v1/holds/EUR", json={"least": 20, "greatest": 150})
        assert (answer.status_code, answer.json()) == (200, {"least": 20, "greatest": 150})
        assert (await api.get("/api/v1/holds")).json() == {"EUR": {"least": 20, "greatest": 150}}
        assert (await api.delete("/api/v1/holds/EUR")).json() == {"least": 10, "greatest": 100}
        assert (await api.get("/api/v1/holds")).json() == {}

    async def test_that_make_no_sense_are_refused_with_a_code(self, api: Any) -> None:
        answer = await api.put("/api/v1/holds/EUR", json={"least": 0, "greatest": 150})
        assert (answer.status_code, answer.json()["code"]) == (422, "hold_bounds_absurd")
        answer = await api.put("/api/v1/holds/QQQ", json={"least": 10, "greatest": 150})
        assert (answer.status_code, answer.json()["code"]) == (422, "currency_unknown")
        answer = await api.put("/api/v1/holds/EUR", json={"least": 10, "greatest": 150, "more": 1})
        assert answer.status_code == 400
        assert (await api.get("/api/v1/holds")).json() == {}
