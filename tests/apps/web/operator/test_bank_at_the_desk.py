"""The bank's room at the desk: a statement is uploaded, what fits no invoice is decided, and all of it is kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from apps.web.operator.conftest import Browser
from bank_statements import credit_line, issued_invoice, reference_of, statement
from desk_scene import Scene
from wattledger.flows.ports.invoices import Issued
from world import World


@pytest.fixture
async def owed(scene: Scene) -> Issued:
    await scene.session(started_at=scene.clock.now() - timedelta(hours=5))
    return await issued_invoice(scene)


async def entries(scene: Scene) -> dict[str, UUID]:
    """Each credit's id by its state."""
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        return {row.state: row.entry_id for row in await work.desk.bank_entries(None, None, limit=9, offset=0)}


class TestAnUploadedStatement:
    async def test_says_what_came_of_it_and_lists_the_credits(
        self, owner: Browser, owed: Issued, world: World
    ) -> None:
        raw = statement(credit_line(100, reference_of(owed)), credit_line(250, "for the car", "Bob"))
        answer = await owner.send_file("/desk/bank", "november.csv", raw)
        assert answer.status_code == 303, answer.text
        page = await owner.read(answer.headers["location"])
        assert "1 credit pays its invoice, 1 fits no invoice" in page
        assert "november.csv" in page
        assert world.staff_email in page
        assert "by its reference" in page

    async def test_again_adds_nothing(self, owner: Browser, owed: Issued) -> None:
        raw = statement(credit_line(100, reference_of(owed)))
        await owner.send_file("/desk/bank", "november.csv", raw)
        again = await owner.send_file("/desk/bank", "november.csv", raw)
        assert "Nothing new in this file" in await owner.read(again.headers["location"])

    @pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"<Document/>", b"date;amount;reference\n2026-11-20;x;y"])
    async def test_that_is_none_is_refused_with_a_sentence(self, owner: Browser, scene: Scene, raw: bytes) -> None:
        answer = await owner.send_file("/desk/bank", "holiday.jpg", raw)
        assert answer.status_code == 422
        assert "That was not imported" in answer.text
        assert not await entries(scene)

    async def test_beyond_the_limit_is_not_read(self, owner: Browser) -> None:
        answer = await owner.send_file("/desk/bank", "year.xml", b"<" + b" " * (5 * 1024 * 1024 + 100_000))
        assert answer.status_code == 413

    async def test_with_a_card_number_in_it_is_taken_without_it(self, owner: Browser, owed: Issued) -> None:
        raw = statement(credit_line(250, "card 4111 1111 1111 1111"))
        assert (await owner.send_file("/desk/bank", "november.csv", raw)).status_code == 303
        assert "4111 1111" not in await owner.read("/desk/bank")


class TestACreditThatFitsNoInvoice:
    @pytest.fixture
    async def credit(self, owner: Browser, owed: Issued, scene: Scene) -> UUID:
        await owner.send_file("/desk/bank", "november.csv", statement(credit_line(250, "for the car", "Bob")))
        return (await entries(scene))["parked"]

    async def test_is_shown_with_the_invoices_that_it_may_pay(
        self, owner: Browser, owed: Issued, credit: UUID
    ) -> None:
        page = await owner.read(f"/desk/bank/{credit}")
        assert f"{owed.series}-000001" in page
        assert "paid in part" in page

    async def test_pays_the_one_that_a_person_chooses(self, owner: Browser, owed: Issued, credit: UUID) -> None:
        answer = await owner.send_form(f"/desk/bank/{credit}/assign", invoice=str(owed.invoice_id))
        assert answer.status_code == 303, answer.text
        page = await owner.read(f"/desk/bank/{credit}")
        assert "Bank entry assigned" in page
        assert "Partly paid" in await owner.read("/desk/invoices")
        again = await owner.send_form(f"/desk/bank/{credit}/assign", invoice=str(owed.invoice_id))
        assert again.status_code == 409

    async def test_is_set_aside_with_a_reason(self, owner: Browser, credit: UUID) -> None:
        refused = await owner.send_form(f"/desk/bank/{credit}/aside", decision="returned", reason="")
        assert refused.status_code == 422
        await owner.send_form(f"/desk/bank/{credit}/aside", decision="returned", reason="He paid us by mistake")
        assert "He paid us by mistake" in await owner.read(f"/desk/bank/{credit}")

    async def test_is_reached_from_its_review_item(self, owner: Browser, scene: Scene, credit: UUID) -> None:
        async with scene.database.begin_read(scene.world.tenant_id) as work:
            (item,) = await work.desk.reviews(subject_ids=[credit])
        assert f"/desk/bank/{credit}" in await owner.read(f"/desk/reviews/{item.review_item_id}")

    async def test_is_only_looked_at_by_a_viewer(
        self, owner: Browser, scene: Scene, owed: Issued, credit: UUID
    ) -> None:
        await scene.execute("update staff set role = 'viewer' where tenant_id = $1")
        assert "It pays this invoice" not in await owner.read(f"/desk/bank/{credit}")
        form = {"invoice": str(owed.invoice_id)}
        assert (await owner.send_form(f"/desk/bank/{credit}/assign", **form)).status_code == 403
        assert (await owner.send_file("/desk/bank", "a.csv", statement(credit_line(1, "x")))).status_code == 403

    async def test_of_another_house_is_not_there(self, stranger: Browser, owner: Browser, credit: UUID) -> None:
        assert (await owner.get(f"/desk/bank/{UUID(int=7)}")).status_code == 404
        assert (await stranger.send_form(f"/desk/bank/{credit}/assign", invoice="")).status_code == 401
