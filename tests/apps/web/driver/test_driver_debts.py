"""The page of what is owed: whoever has its link sees how it stands, pays it, and finds the paper."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from bank_statements import credit_line, issued_invoice, receive, reference_of
from billed_sessions import Lab
from driver_scenes import LINK, Scenes
from wattledger.bootstrap import Container
from wattledger.core.billing.bank_account import read_iban
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.debt_links import DebtKind, DebtName, debt_token
from wattledger.flows.ports.debts import CollectingPolicy
from wattledger.flows.ports.invoices import Issued
from web_house import QuietGateway
from world import World

IBAN = "DE02120300000000202051"
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
async def owed(scenes: Scenes) -> Issued:
    await Lab(scenes.database, scenes.world, scenes.clock, scenes.ids).session(kwh=10)
    return await issued_invoice(scenes)


@pytest.fixture
def path(container: Container, world: World, owed: Issued) -> str:
    name = DebtName(DebtKind.INVOICE, world.tenant_id, owed.invoice_id)
    return f"/p/pay/{debt_token(container.secrets, container.clock, name)}"


async def offer_transfer(scenes: Scenes) -> None:
    async with scenes.database.begin(scenes.world.tenant_id) as work:
        await work.debts.put_policy(CollectingPolicy(iban=IBAN), at=scenes.clock.now())


class TestAnInvoicesPage:
    async def test_says_what_is_owed_and_until_when(self, client: AsyncClient, path: str, owed: Issued) -> None:
        page = (await client.get(path)).text
        assert "Invoice I2026-000001" in page
        assert "Please pay €9.99" in page
        assert "Due 6 December 2026" in page

    async def test_speaks_the_readers_language(self, client: AsyncClient, path: str) -> None:
        page = (await client.get(path, headers=GERMAN)).text
        assert '<html lang="de">' in page
        assert "Bitte zahlen Sie 9,99\xa0€" in page
        assert "Rechnung herunterladen" in page

    async def test_leads_to_the_gateways_page_for_exactly_that(
        self, client: AsyncClient, path: str, gateway: QuietGateway
    ) -> None:
        answer = await client.post(path, data={"method": "card"})
        assert (answer.status_code, answer.headers["location"]) == (303, "https://pay.example/1")
        (ask,) = gateway.asked
        assert (ask.amount_minor, ask.is_sale, ask.payer_key) == (999, True, None)

    async def test_pressed_twice_leads_to_the_same_page(
        self, client: AsyncClient, path: str, gateway: QuietGateway
    ) -> None:
        first = await client.post(path, data={"method": "card"})
        again = await client.post(path, data={"method": "card"})
        assert again.headers["location"] == first.headers["location"]
        assert len(gateway.asked) == 1

    async def test_is_where_the_gateway_sends_the_payer_back_to(
        self, client: AsyncClient, path: str, gateway: QuietGateway
    ) -> None:
        await client.post(path, data={"method": "card"})
        back = await client.get(gateway.asked[0].return_url)
        assert re.fullmatch(r"/p/pay/1\.\S+\?back=1", back.headers["location"])
        left = await client.get(gateway.asked[0].cancel_url)
        page = (await client.get(left.headers["location"])).text
        assert "You left the payment page. Nothing was charged" in page
        assert "https://pay.example/1" in page

    async def test_takes_no_method_that_the_gateway_does_not(self, client: AsyncClient, path: str) -> None:
        answer = await client.post(path, data={"method": "sepa_debit"})
        assert answer.status_code == 409
        assert "That did not work" in answer.text

    async def test_shows_what_is_left_after_a_part(
        self, client: AsyncClient, path: str, scenes: Scenes, owed: Issued
    ) -> None:
        await receive(scenes, credit_line(400, reference_of(owed)))
        page = (await client.get(path)).text
        assert "Please pay €5.99" in page
        assert "Paid so far" in page

    async def test_is_paid_once_the_bank_says_so(
        self, client: AsyncClient, path: str, scenes: Scenes, owed: Issued
    ) -> None:
        await receive(scenes, credit_line(owed.gross_minor, reference_of(owed)))
        page = (await client.get(path)).text
        assert "Paid. Thank you." in page
        assert "pay-button" not in page

    async def test_has_the_invoice_itself(self, client: AsyncClient, path: str) -> None:
        answer = await client.get(f"{path}/document.pdf")
        assert answer.content == b"%PDF I2026-000001"
        assert 'filename="I2026-000001.pdf"' in answer.headers["content-disposition"]


class TestABankTransfer:
    async def test_is_offered_with_account_reference_and_code(
        self, client: AsyncClient, path: str, scenes: Scenes, owed: Issued
    ) -> None:
        await offer_transfer(scenes)
        page = (await client.get(path)).text
        assert "DE02 1203 0000 0000 2020 51" in page
        assert reference_of(owed)[:4] in page
        code = await client.get(f"{path}/transfer.svg")
        assert code.headers["content-type"].startswith("image/svg+xml")

    async def test_is_not_offered_without_an_account(self, client: AsyncClient, path: str) -> None:
        assert "transfer" not in (await client.get(path)).text.lower()
        assert (await client.get(f"{path}/transfer.svg")).status_code == 404

    def test_goes_to_an_account_whose_check_digits_fit(self) -> None:
        assert read_iban("de02 1203 0000 0000 2020 51") == IBAN
        for typed in ("DE03120300000000202051", "DE02", "12345", "DE02120300000000202015"):
            with pytest.raises(InvalidInput, match="iban_malformed"):
                read_iban(typed)


class TestTheRestOfASession:
    @pytest.fixture
    async def left(self, scenes: Scenes) -> UUID:
        """A session whose driver was charged 1 EUR too little; the payment's id."""
        payment_id = await scenes.done()
        async with scenes.database.begin(scenes.world.tenant_id) as work:
            await work.connection.execute(
                "update payment set captured_minor = captured_minor - 100 where tenant_id = $1", work.tenant_id
            )
            await work.connection.execute(
                "update attempt set gateway_ref = 'theirs' where tenant_id = $1", work.tenant_id
            )
            await work.sessions.open_review(
                scenes.ids.new(),
                reason_code="bill_above_hold",
                subject_kind="payment",
                subject_id=payment_id,
                summary="",
                opened_at=scenes.clock.now(),
            )
        return payment_id

    async def test_is_on_the_sessions_page_and_leads_to_its_own(
        self, client: AsyncClient, left: UUID, gateway: QuietGateway
    ) -> None:
        page = (await client.get(f"/p/{LINK}")).text
        assert "€1.00 is still to be paid" in page
        there = await client.get(f"/p/{LINK}/rest")
        own = await client.get(there.headers["location"])
        assert "This pays exactly the rest" in own.text
        answer = await client.post(there.headers["location"], data={"method": "card"})
        assert answer.headers["location"] == "https://pay.example/1"
        assert gateway.asked[0].amount_minor == 100

    async def test_has_its_receipt_and_its_session_at_hand(self, client: AsyncClient, left: UUID) -> None:
        there = (await client.get(f"/p/{LINK}/rest")).headers["location"]
        page = (await client.get(there)).text
        assert f'href="/p/{LINK}"' in page
        assert (await client.get(f"{there}/document.pdf")).status_code == 404  # no bill stands on a document here


class TestALinkThatIsNone:
    @pytest.mark.parametrize("token", ["nonsense", "1.2611.invoice.99999999999.x.AAAAAAAAAAAAAAAAAAAAAA"])
    async def test_is_told_so(self, client: AsyncClient, token: str) -> None:
        assert (await client.get(f"/p/pay/{token}")).status_code == 404
        assert (await client.post(f"/p/pay/{token}", data={})).status_code == 404

    async def test_is_over_after_90_days(self, client: AsyncClient, path: str, scenes: Scenes) -> None:
        clock: Any = scenes.clock
        clock.set(clock.now() + timedelta(days=90))
        assert (await client.get(path)).status_code == 410

    async def test_of_one_kind_opens_no_other(self, client: AsyncClient, path: str) -> None:
        assert (await client.get(path.replace(".invoice.", ".rest."))).status_code == 404
