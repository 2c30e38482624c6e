"""Statements of a bank account as tests upload them, of an invoice that the world's customer owes."""

from __future__ import annotations

from datetime import date
from typing import Any

from wattledger.adapters.statements import FileStatements
from wattledger.core.billing.page import Page
from wattledger.core.billing.payment_reference import payment_reference
from wattledger.flows.import_statement import Imported, import_statement
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.ports.invoices import Issued


class PlainDocuments:
    """Sets no type: what is printed is not looked at here."""

    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


async def issued_invoice(place: Any, month_on: date = date(2026, 11, 1)) -> Issued:
    """The invoice of the world's contract; ``place`` is a scene, a till or a lab with sessions in it."""
    world, ids = place.world, getattr(place, "ids", None) or place.ports.ids
    ports = (place.database, PlainDocuments(), place.clock, ids, world.tenant_id)
    issued = await issue_invoice(*ports, contract_id=world.contract_id, month_on=month_on)
    assert issued is not None
    return issued


def credit_line(amount_minor: int, text: str, payer: str = "Mara Lind", day: str = "2026-11-20") -> str:
    return f"{day};{amount_minor // 100}.{amount_minor % 100:02d};{text};{payer}"


def statement(*lines: str) -> bytes:
    """A CSV statement of these credits."""
    return "\n".join(["date;amount;reference;payer", *lines]).encode()


def reference_of(issued: Issued) -> str:
    return payment_reference(issued.series, issued.number)


async def receive(place: Any, *lines: str, file_name: str = "", actor: str = "ada@desk") -> Imported:
    """The statement is imported, as at the desk."""
    ids = getattr(place, "ids", None) or place.ports.ids
    ports = (place.database, FileStatements(), place.clock, ids, place.world.tenant_id)
    return await import_statement(*ports, raw=statement(*lines), file_name=file_name, actor=actor)
