"""Fiscal documents: receipts, invoices and credit notes, as they were issued."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.apps.web.operator.lists import Column, asked, found

COLUMNS: Final = (
    Column("number", "Number", is_sortable=True),
    Column("kind", "Kind"),
    Column("customer", "For", is_sortable=True),
    Column("issued", "Issued", is_sortable=True),
    Column("due", "Due", is_sortable=True),
    Column("state", "State"),
    Column("net", "Net", is_number=True),
    Column("tax", "Tax", is_number=True),
    Column("gross", "Total", is_number=True, is_sortable=True),
    Column("pdf", "Document"),
)
KINDS: Final = (
    ("", "Any kind"),
    ("receipt", "Receipts"),
    ("invoice", "Invoices"),
    ("credit_note", "Credit notes"),
)


@get("/invoices", include_in_schema=False)
async def invoices(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone)
    async with desk.read() as work:
        rows = await work.desk.invoices(view.query)
        count = await work.desk.invoice_count(view.query)
    return desk.page(
        "invoices.html",
        here="/desk/invoices",
        view=view,
        columns=COLUMNS,
        kinds=KINDS,
        rows=rows,
        pager=view.pager(count),
    )


@get("/invoices/{invoice_id:uuid}/pdf", include_in_schema=False)
async def invoice_pdf(desk: AtDesk, invoice_id: FromPath[UUID]) -> Response[bytes]:
    async with desk.read() as work:
        number, pdf = found(await work.desk.invoice_pdf(invoice_id), "invoice")
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{number}.pdf"', "Cache-Control": "private, no-store"},
    )
