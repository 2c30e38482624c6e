"""Links for a while, and the way to a receipt for a guest who has nothing but a bank statement."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from conftest import SettableClock
from driver_scenes import Scenes
from wattledger.bootstrap import Container
from wattledger.core.payments.links import Purpose
from wattledger.flows.find_receipt import TRIES_A_CARD_MAX
from wattledger.flows.short_links import make_link
from world import World, small_world

LAST4, DAY = "4242", "2026-11-22"


@pytest.fixture
async def amount(scenes: Scenes) -> str:
    """A session charged, paid, and with its receipt: what the bank shows of it."""
    await scenes.connector()
    await scenes.done()
    async with scenes.database.begin_read(scenes.world.tenant_id) as work:
        minor = await work.connection.fetchval("select captured_minor from payment")
    return f"{minor / 100:.2f}"


async def look(client: AsyncClient, **form: str) -> Any:
    return await client.post("/receipts", data={"last4": LAST4, "day": DAY} | form)


class TestAGuest:
    async def test_finds_the_receipt_by_card_amount_and_day(self, client: AsyncClient, amount: str) -> None:
        answer = await look(client, amount=amount)
        assert answer.status_code == 303, answer.text
        page = await client.get(answer.headers["location"])
        assert page.status_code == 200
        assert "Receipt" in page.text
        pdf = await client.get(f"{answer.headers['location']}/receipt.pdf")
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.headers["cache-control"] == "private, no-store"

    async def test_may_write_the_amount_as_at_home(self, client: AsyncClient, amount: str) -> None:
        assert (await look(client, amount=amount.replace(".", ","))).status_code == 303

    @pytest.mark.parametrize("wrong", [{"last4": "4243"}, {"day": "2026-11-20"}, {"amount": "0.01"}])
    async def test_is_told_the_same_of_whatever_does_not_fit(
        self, client: AsyncClient, amount: str, wrong: dict[str, str]
    ) -> None:
        answer = await look(client, **{"amount": amount} | wrong)
        assert answer.status_code == 404
        assert "No single receipt fits this" in answer.text

    async def test_is_shown_none_where_two_fit(self, client: AsyncClient, scenes: Scenes, amount: str) -> None:
        async with scenes.database.begin(scenes.world.tenant_id) as work:
            connection = work.connection
            await connection.execute(
                "insert into payment select tenant_id, '00000000-0000-7000-8000-0000000000aa', purpose, gateway, "
                "currency, asked_minor, held_minor, captured_minor, refunded_minor, state, state_reason, "
                "connector_id, token_id, session_id, invoice_id, tariff_version_id, 'OTHERLINKCODE123', "
                "card_brand, card_last4, card_fingerprint, driver_email, driver_locale, "
                "capture_before, start_deadline_at, "
                "version, created_at, changed_at from payment"
            )
            await connection.execute(
                "insert into invoice select tenant_id, '00000000-0000-7000-8000-0000000000bb', kind, series, "
                "number + 1, '00000000-0000-7000-8000-0000000000aa', period_on, customer_id, session_id, "
                "currency, net_minor, tax_minor, gross_minor, issued_at, issued_on, due_on, body, pdf, "
                "pdf_sha256, state "
                "from invoice"
            )
        answer = await look(client, amount=amount)
        assert answer.status_code == 404
        assert "No single receipt fits this" in answer.text

    @pytest.mark.parametrize("wrong", [{"last4": "42"}, {"day": "today"}, {"amount": "much"}])
    async def test_is_helped_with_what_was_mistyped(
        self, client: AsyncClient, amount: str, wrong: dict[str, str]
    ) -> None:
        assert (await look(client, **{"amount": amount} | wrong)).status_code == 422

    async def test_who_goes_through_amounts_gets_nowhere(
        self, client: AsyncClient, amount: str, clock: SettableClock
    ) -> None:
        for number in range(TRIES_A_CARD_MAX):
            assert (await look(client, amount=f"1.{number:02d}")).status_code == 404
        answer = await look(client, amount=amount)
        assert answer.status_code == 429
        assert "Too many tries" in answer.text
        clock.forward(hours=1)
        assert (await look(client, amount=amount)).status_code == 303

    async def test_leaves_neither_digits_nor_an_address_behind(
        self, client: AsyncClient, scenes: Scenes, amount: str
    ) -> None:
        await look(client, amount=amount)
        async with scenes.database.begin_read(scenes.world.tenant_id) as work:
            rows = await work.connection.fetch("select key from lookup_try")
        assert len(rows) == 3
        assert all(len(row["key"]) == 32 and b"4242" not in row["key"] for row in rows)

    async def test_says_which_operator_where_there_are_several(
        self, client: AsyncClient, scenes: Scenes, amount: str
    ) -> None:
        other = await small_world(scenes.database, slug="other", clock=scenes.clock, ids=scenes.ids)
        assert (await look(client, amount=amount)).status_code == 422
        assert (await look(client, amount=amount, number=other.dc.public_id)).status_code == 404
        assert (await look(client, amount=amount, number=scenes.world.dc.public_id)).status_code == 303


class TestALinkToAReceipt:
    async def test_leads_nowhere_after_half_an_hour(
        self, client: AsyncClient, clock: SettableClock, amount: str
    ) -> None:
        place = (await look(client, amount=amount)).headers["location"]
        clock.forward(minutes=30)
        for path in (place, f"{place}/receipt.pdf"):
            answer = await client.get(path)
            assert answer.status_code == 410
            assert "This link has expired" in answer.text

    async def test_does_not_lead_to_the_session(self, client: AsyncClient, amount: str) -> None:
        """Whoever knows a bank statement may read the receipt, and steer nothing."""
        place = (await look(client, amount=amount)).headers["location"]
        assert "/p/" not in (await client.get(place)).text


class TestALinkToPay:
    @pytest.fixture
    def token(self, container: Container, world: World) -> str:
        return make_link(container.secrets, container.clock, Purpose.START, world.dc.public_id)[0]

    async def test_leads_to_its_connector(self, client: AsyncClient, scenes: Scenes, token: str) -> None:
        answer = await client.get(f"/s/{token}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{scenes.world.dc.public_id}")

    async def test_is_over_after_a_quarter_of_an_hour(
        self, client: AsyncClient, clock: SettableClock, token: str
    ) -> None:
        clock.forward(minutes=15)
        answer = await client.get(f"/s/{token}")
        assert answer.status_code == 410
        assert "Nothing was charged" in answer.text

    async def test_that_was_made_up_is_none(self, client: AsyncClient, token: str) -> None:
        for text in (token[:-1], f"{token}x", "1.2611.start.1.abc.def", "nothing"):
            assert (await client.get(f"/s/{text}")).status_code == 404

    async def test_opens_no_receipt(self, client: AsyncClient, token: str) -> None:
        assert (await client.get(f"/r/{token}")).status_code == 404
