"""Refunds at the desk: asked for by one person, agreed to by another, seen by both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from apps.web.operator.conftest import Browser
from desk_house import fill
from desk_scene import Scene
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.flows.manage_catalog import add_staff
from world import STAFF_PASSWORD, World

SECOND = "second@harbour.example"


@pytest.fixture
async def paid(scene: Scene, container: Any) -> UUID:
    found = await fill(scene)
    async with scene.database.begin(scene.world.tenant_id) as work:
        await work.refunds.set_alone_units_max(1)
    return found["payment"]


class TestARefundAboveTheLimit:
    async def test_waits_for_somebody_else(self, owner: Browser, paid: UUID) -> None:
        answer = await owner.send_form(
            f"/desk/payments/{paid}/refund", amount="2,00", reason="goodwill", note="Rain"
        )
        assert answer.status_code == 303, answer.text
        page = await owner.read("/desk/refunds")
        assert "A second person must agree" in page
        assert "Rain" in page
        assert "Approve" not in page

    async def test_cannot_be_approved_by_who_asked(self, owner: Browser, scene: Scene, paid: UUID) -> None:
        await owner.send_form(f"/desk/payments/{paid}/refund", amount="2", reason="goodwill")
        (row,) = await waiting(scene)
        answer = await owner.send_form(f"/desk/refunds/{row}/approve")
        assert answer.status_code == 403
        assert "cannot approve" in answer.text

    async def test_goes_once_a_colleague_agreed(
        self, app: Any, owner: Browser, scene: Scene, world: World, paid: UUID
    ) -> None:
        form = {"amount": "2", "reason": "goodwill", "customer_no": world.customer_no}
        await owner.send_form(f"/desk/payments/{paid}/refund", **form)
        (row,) = await waiting(scene)
        await second_person(scene)
        async with Browser(app) as colleague:
            await colleague.sign_in(SECOND)
            assert "Approve" in await colleague.read("/desk/refunds")
            assert (await colleague.send_form(f"/desk/refunds/{row}/approve")).status_code == 303
            page = await colleague.read(f"/desk/payments/{paid}")
            customer = await colleague.read(f"/desk/customers/{world.customer_id}")
        assert "In the wallet" in page
        assert SECOND in page
        assert "pays the next invoice first" in customer

    async def test_is_refused_with_a_sentence_where_it_is_too_much(self, owner: Browser, paid: UUID) -> None:
        answer = await owner.send_form(f"/desk/payments/{paid}/refund", amount="9999", reason="goodwill")
        assert answer.status_code == 409
        assert "can still be refunded" in answer.text


class TestTheLimit:
    async def test_is_set_by_an_owner_and_stands_in_the_trail(
        self, owner: Browser, scene: Scene, paid: UUID
    ) -> None:
        assert (await owner.send_form("/desk/refunds/limit", units="25")).status_code == 303
        assert "Up to 25 EUR" in await owner.read("/desk/refunds")
        assert (await owner.send_form("/desk/refunds/limit", units="-1")).status_code == 422


async def waiting(scene: Scene) -> list[UUID]:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        return [row.refund_id for row in await work.refunds.latest(10) if row.state == "waiting"]


async def second_person(scene: Scene) -> None:
    await add_staff(
        scene.database,
        scene.clock,
        scene.ids,
        ArgonPasswords(),
        scene.world.tenant_id,
        email=SECOND,
        name="Ada",
        role="staff",
        password=STAFF_PASSWORD,
    )
