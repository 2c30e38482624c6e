"""The bank account: statements are uploaded, credits matched with invoices, and what fits none is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.card_guard import STRIKES
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import asked, found, id_of
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.flows.decide_bank_entry import assign_bank_entry, set_aside_bank_entry
from wattledger.flows.import_statement import Imported, import_statement
from wattledger.flows.ports.desk_collecting import BankEntryRow, OwedRow

# Larger ones are a year's: the command line takes them (wattledger bank import).
STATEMENT_BYTES_MAX: Final = 5 * 1024 * 1024
_FORM_BYTES: Final = 64 * 1024
_IMPORTS_SHOWN: Final = 8
_OWED_SHOWN: Final = 300
STATES: Final = (
    ("", "All credits"),
    ("parked", "Fits no invoice"),
    ("matched", "Pays an invoice"),
    ("returned", "Sent back"),
    ("not_ours", "Not a payment"),
)
Count = Annotated[int | None, QueryParameter(ge=0, le=1_000_000)]


class AssignForm(Struct):
    invoice: str = ""


class AsideForm(Struct):
    decision: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An invoice that a credit may pay; ``hint`` says why it is likely, or why it cannot be."""

    row: OwedRow
    hint: str
    can_take: bool


@get("/bank", include_in_schema=False)
async def bank(
    request: Request[Any, Any, Any], desk: AtDesk, matched: Count = None, parked: Count = None, known: Count = None
) -> Response[str]:
    done = None if matched is None else Imported(matched, parked or 0, known or 0)
    return await _page(request, desk, done=done)


@post(
    "/bank",
    include_in_schema=False,
    status_code=303,
    opt={STRIKES: True},  # people write card numbers into remittances: the flow strikes them out
    request_max_body_size=STATEMENT_BYTES_MAX + _FORM_BYTES,
)
async def upload_statement(request: Request[Any, Any, Any], desk: AtDesk) -> Response[Any]:
    """Every credit of the file is stored once; the page then says how many were matched, parked, known."""
    desk.require_acting()
    container = desk.container
    try:
        file = (await request.form()).get("statement")
        raw = await file.read() if isinstance(file, UploadFile) else b""
        if not isinstance(file, UploadFile) or not raw:
            raise InvalidInput("file_missing", "Choose a file first: camt.053 (XML) or CSV.")
        if len(raw) > STATEMENT_BYTES_MAX:
            raise InvalidInput("statement_too_large", "A statement uploaded here may have 5 megabytes.")
        done = await import_statement(
            container.database,
            container.statements,
            container.clock,
            container.ids,
            desk.tenant_id,
            raw=raw,
            file_name=file.filename or "",
            actor=desk.actor,
        )
    except WattledgerError as error:
        return await _page(request, desk, error=error)
    return Redirect(
        f"/desk/bank?matched={done.matched}&parked={done.parked}&known={done.known}#credits", status_code=303
    )


@get("/bank/{entry_id:uuid}", include_in_schema=False)
async def entry_page(desk: AtDesk, entry_id: FromPath[UUID]) -> Response[str]:
    return await _entry(desk, entry_id)


@post("/bank/{entry_id:uuid}/assign", include_in_schema=False, status_code=303)
async def assign_entry(desk: AtDesk, entry_id: FromPath[UUID], data: URLEncodedBody[AssignForm]) -> Response[Any]:
    """The credit pays the chosen invoice."""
    desk.require_acting()
    container = desk.container
    try:
        invoice_id = id_of(data.invoice)
        if invoice_id is None:
            raise InvalidInput("invoice_missing", "Choose the invoice that this credit pays.")
        await assign_bank_entry(
            container.database,
            container.clock,
            container.ids,
            desk.tenant_id,
            entry_id,
            invoice_id=invoice_id,
            actor=desk.actor,
        )
    except WattledgerError as error:
        return await _entry(desk, entry_id, error=error)
    return Redirect(f"/desk/bank/{entry_id}", status_code=303)


@post("/bank/{entry_id:uuid}/aside", include_in_schema=False, status_code=303)
async def set_entry_aside(
    desk: AtDesk, entry_id: FromPath[UUID], data: URLEncodedBody[AsideForm]
) -> Response[Any]:
    """The credit pays nothing here, and the trail says why."""
    desk.require_acting()
    container = desk.container
    try:
        await set_aside_bank_entry(
            container.database,
            container.clock,
            container.ids,
            desk.tenant_id,
            entry_id,
            decision=data.decision,
            reason=data.reason,
            actor=desk.actor,
        )
    except WattledgerError as error:
        return await _entry(desk, entry_id, error=error, form=data)
    return Redirect(f"/desk/bank/{entry_id}", status_code=303)


async def _page(
    request: Request[Any, Any, Any],
    desk: Desk,
    *,
    error: WattledgerError | None = None,
    done: Imported | None = None,
) -> Response[str]:
    view = asked(request, desk.shown.zone)
    query = view.query
    state = view["state"] if view["state"] in dict(STATES) else ""
    async with desk.read() as work:
        rows = await work.desk.bank_entries(state or None, query.text, limit=query.limit, offset=query.offset)
        count = await work.desk.bank_entry_count(state or None, query.text)
        parked_count = await work.desk.bank_entry_count("parked", None)
        imports = await work.desk.bank_imports(_IMPORTS_SHOWN)
    return desk.page(
        "bank.html",
        here="/desk/bank",
        status_code=200 if error is None else error.http_status,
        view=view,
        states=STATES,
        rows=rows,
        pager=view.pager(count),
        parked_count=parked_count,
        imports=imports,
        done=done,
        error=error,
    )


async def _entry(
    desk: Desk, entry_id: UUID, *, error: WattledgerError | None = None, form: AsideForm | None = None
) -> Response[str]:
    async with desk.read() as work:
        entry: BankEntryRow = found(await work.desk.bank_entry(entry_id), "bank_entry")
        owed = await work.desk.owed(entry.currency, limit=_OWED_SHOWN) if entry.state == "parked" else []
        audits = await work.staff.audits_of(entry_id)
    return desk.page(
        "bank_entry.html",
        here="/desk/bank",
        status_code=200 if error is None else error.http_status,
        entry=entry,
        candidates=sorted((_candidate(entry, one) for one in owed), key=_likely_first),
        audits=audits,
        form=form or AsideForm(),
        error=error,
    )


def _candidate(entry: BankEntryRow, row: OwedRow) -> Candidate:
    if row.left_minor == entry.amount_minor:
        return Candidate(row, "the same sum", can_take=True)
    if row.left_minor < entry.amount_minor:
        return Candidate(row, "less than the credit", can_take=False)
    return Candidate(row, "paid in part", can_take=True)


def _likely_first(one: Candidate) -> tuple[bool, bool]:
    return not one.can_take, one.hint != "the same sum"
