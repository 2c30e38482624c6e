"""Mailing documents to those they are for."""

from __future__ import annotations

from uuid import UUID

import pytest

from billed_sessions import Lab
from wattledger.adapters.postgres.database import Database
from wattledger.core.billing.page import Page
from wattledger.core.kernel.errors import NotFound
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.issue_receipt import issue_receipt
from wattledger.flows.mail_document import mail_document
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.ports.mailer import Mail
from world import small_world


class PlainDocuments:
    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


class PostBox(Lab):
    __slots__ = ("mails",)
    mails: list[Mail]

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    async def receipt(self, email: str | None) -> UUID:
        payment_id = await self.paid_session(email=email)
        ports = (self.database, PlainDocuments(), self.clock, self.ids, self.world.tenant_id)
        issued = await issue_receipt(*ports, payment_id, public_url="https://pay.example")
        return issued.invoice_id

    async def invoice(self) -> UUID:
        ports = (self.database, PlainDocuments(), self.clock, self.ids, self.world.tenant_id)
        issued = await issue_invoice(*ports, contract_id=self.world.contract_id)
        assert issued is not None
        return issued.invoice_id

    async def mail(self, invoice_id: UUID) -> bool:
        return await mail_document(self.database, self, self.world.tenant_id, invoice_id)


@pytest.fixture
async def post(database: Database, clock: Clock, ids: Ids) -> PostBox:
    box = PostBox(database, await small_world(database, clock=clock, ids=ids), clock, ids)
    object.__setattr__(box, "mails", [])
    return box


class TestAReceiptByMail:
    async def test_goes_to_the_address_the_driver_gave(self, post: PostBox) -> None:
        assert await post.mail(await post.receipt("lea@driver.example"))
        (mail,) = post.mails
        assert (mail.to, mail.attachment_name) == ("lea@driver.example", "R2026-000001.pdf")
        assert mail.attachment == b"%PDF R2026-000001"

    async def test_says_the_total_and_where_it_is_online(self, post: PostBox) -> None:
        await post.mail(await post.receipt("lea@driver.example"))
        assert "Total: 5.00 EUR" in post.mails[0].text
        assert "https://pay.example/p/k7vq-linkcode" in post.mails[0].text

    async def test_is_not_sent_without_an_address(self, post: PostBox) -> None:
        assert not await post.mail(await post.receipt(None))
        assert post.mails == []

    async def test_has_the_same_key_when_it_is_sent_again(self, post: PostBox) -> None:
        invoice_id = await post.receipt("lea@driver.example")
        await post.mail(invoice_id)
        await post.mail(invoice_id)
        assert len({mail.key for mail in post.mails}) == 1


class TestAnInvoiceByMail:
    async def test_goes_to_the_customer_and_says_when_to_pay(self, post: PostBox) -> None:
        await post.mail(await post.invoice())
        assert post.mails[0].to == "mara@driver.example"
        assert "by 6 Dec 2026" in post.mails[0].text


class TestNothingToMail:
    async def test_is_refused(self, post: PostBox, ids: Ids) -> None:
        with pytest.raises(NotFound, match="document_unknown"):
            await post.mail(ids.new())
