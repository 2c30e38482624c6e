"""Gateways' secrets at the desk: they go in and never come out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.web.operator.conftest import Browser
from wattledger.adapters.gateways.sandbox.client import SandboxGateway
from world import World


@pytest.fixture
def container(container: Any) -> Any:
    container.gateways = {"sandbox": SandboxGateway()}
    return container


class TestASecret:
    async def test_is_set_and_shown_by_four_signs_only(self, owner: Browser) -> None:
        secret = "sk_test_never_shown_again"
        answer = await owner.send_form("/desk/gateways/sandbox/secrets", name="webhook_secret_next", value=secret)
        assert answer.status_code == 303, answer.text
        page = await owner.read("/desk/gateways")
        assert "Webhook secret next" in page
        assert secret not in page
        assert "sandbox-key" not in page

    async def test_is_never_echoed_when_it_is_refused(self, owner: Browser) -> None:
        answer = await owner.send_form("/desk/gateways/sandbox/secrets", name="Bad Name", value="sk_test_refused")
        assert answer.status_code == 422
        assert "sk_test_refused" not in answer.text

    async def test_is_an_owners_affair(self, owner: Browser, world: World, database: Any) -> None:
        async with database.begin(world.tenant_id) as work:
            await work.connection.execute("update staff set role = 'staff'")
        answer = await owner.send_form("/desk/gateways/sandbox/secrets", name="api_key", value="x")
        assert answer.status_code == 403

    async def test_is_in_no_answer_of_the_api(self, owner: Browser) -> None:
        for path in ("/api/v1/payments", "/api/v1/reviews"):
            assert "sandbox-hook-secret" not in (await owner.get(path)).text
