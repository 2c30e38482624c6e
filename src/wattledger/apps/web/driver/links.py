"""Links that last for a short while, and the way to a receipt for who has nothing but a bank statement."""

from __future__ import annotations

import io
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.params import PathParameter, URLEncodedBody
from litestar.response import Redirect

from wattledger.apps.web.pages import page
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused, Unauthorized, WattledgerError
from wattledger.core.payments.links import LENGTH_MAX, Purpose
from wattledger.flows.find_receipt import Finding, ReceiptQuestion, find_receipt, receipt_subject
from wattledger.flows.short_links import open_link

Token = Annotated[str, PathParameter(max_length=LENGTH_MAX)]
_STATUS: Final = {"link_expired": 410, "link_invalid": 404, "receipt_tries_used_up": 429}
_PRIVATE: Final = {"Cache-Control": "private, no-store"}


class ReceiptForm(msgspec.Struct):
    last4: str = ""
    amount: str = ""
    day: str = ""
    number: str = ""


@get("/s/{token:str}", include_in_schema=False)
async def start_by_link(container: Wired, token: Token) -> Response[Any]:
    """To the connector that the link was made for; a page that helps on where its time is over."""
    try:
        public_id = open_link(container.secrets, container.clock, Purpose.START, token)
    except (Refused, Unauthorized) as refusal:
        return _dead_link(refusal)
    return Redirect(f"/c/{quote(public_id, safe='*')}", status_code=303)


@get("/receipts", include_in_schema=False)
async def receipt_form(container: Wired) -> Response[str]:
    return await _form_page(container, ReceiptForm(), None)


@post("/receipts", include_in_schema=False)
async def look_for_receipt(
    request: Request[Any, Any, Any], container: Wired, data: URLEncodedBody[ReceiptForm]
) -> Response[Any]:
    """To the one receipt that fits what the bank shows; the same words for none and for several."""
    guest = request.client.host if request.client else ""
    question = ReceiptQuestion(data.last4, data.amount, data.day, guest, data.number)
    try:
        token = await find_receipt(_finding(container), question)
    except (InvalidInput, NotFound, Refused) as refusal:
        return await _form_page(container, data, refusal)
    return Redirect(f"/r/{token}", status_code=303)


@get("/r/{token:str}", include_in_schema=False)
async def receipt_by_link(container: Wired, token: Token) -> Response[Any]:
    """The receipt that a link leads to, to read and to take along; nothing else of the session."""
    try:
        tenant_id, payment_id = _subject(container, token)
    except (Refused, Unauthorized) as refusal:
        return _dead_link(refusal)
    async with container.database.begin_read(tenant_id) as work:
        receipt = await work.driver.receipt(payment_id)
        tenant = await work.catalog.tenant()
    if receipt is None or tenant is None:
        raise NotFound("receipt_not_issued", "The receipt is not written yet. It follows the final amount.")
    return page("driver/found.html", number=receipt.number, seller=tenant.name, token=token, headers=_PRIVATE)


@get("/r/{token:str}/receipt.pdf", include_in_schema=False, media_type="application/pdf")
async def receipt_file_by_link(container: Wired, token: Token) -> Response[Any]:
    try:
        tenant_id, payment_id = _subject(container, token)
    except (Refused, Unauthorized) as refusal:
        return _dead_link(refusal)
    async with container.database.begin_read(tenant_id) as work:
        receipt = await work.driver.receipt(payment_id)
    if receipt is None:
        raise NotFound("receipt_not_issued", "The receipt is not written yet. It follows the final amount.")
    disposition = {"Content-Disposition": f'attachment; filename="receipt-{receipt.number}.pdf"'}
    return Response(receipt.pdf, media_type="application/pdf", headers=_PRIVATE | disposition)


def qr_of(address: str) -> bytes:
    """The address as a QR code in SVG, with the quiet zone that readers want."""
    drawing = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", scale=6, border=4, light="#ffffff")
    return drawing.getvalue()


def _finding(container: Wired) -> Finding:
    return Finding(container.database, container.database, container.secrets, container.clock)


def _subject(container: Wired, token: str) -> tuple[int, Any]:
    return receipt_subject(open_link(container.secrets, container.clock, Purpose.RECEIPT, token))


def _dead_link(refusal: WattledgerError) -> Response[str]:
    is_expired = refusal.code == "link_expired"
    return page("driver/dead_link.html", status_code=_STATUS[refusal.code], is_expired=is_expired)


async def _form_page(container: Wired, form: ReceiptForm, refusal: WattledgerError | None) -> Response[str]:
    status_code = 200 if refusal is None else _STATUS.get(refusal.code, refusal.http_status)
    has_several = len(await container.database.tenants()) != 1
    problem = None if refusal is None else refusal.message
    return page(
        "driver/receipts.html", status_code=status_code, form=form, problem=problem, has_several=has_several
    )
