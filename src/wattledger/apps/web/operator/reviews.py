"""Review items: what the house would not decide by itself, and what people decided."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import asked, found
from wattledger.apps.web.operator.sessions import driver_of
from wattledger.core.billing.decided_bill import Decision
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.flows.resolve_review import ReviewPorts, resolve_review

STATES: Final = (("open", "Open"), ("resolved", "Resolved"), ("all", "All"))
SUBJECTS: Final = {
    "session": "/desk/sessions/{}",
    "payment": "/desk/payments/{}",
    "station": "/desk/stations/{}",
    "parked_message": "/desk/parked/{}",
    "webhook_event": "/desk/webhooks/{}",
    "invoice": "/desk/invoices/{}",
    "bank_entry": "/desk/bank/{}",
}
_CHARGES: Final = (
    {
        "value": Decision.BILL_METER.value,
        "word": "Bill what the meter says",
        "hint": "The register's end less its start, at the session's own tariff. The hold is captured.",
    },
    {
        "value": Decision.CHARGE_NOTHING.value,
        "word": "Charge nothing",
        "hint": "A bill of zero is written and the whole hold is released.",
    },
)
_NOTE: Final = (
    {
        "value": Decision.NOTE.value,
        "word": "Settled: no money moves by this",
        "hint": "The item is closed with your reason. Refunds and releases are made on the payment's page.",
    },
)


class DecisionForm(Struct):
    decision: str = ""
    reason: str = ""


@get("/reviews", include_in_schema=False)
async def reviews(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone)
    state = view["state"] or "open"
    async with desk.read() as work:
        rows = await work.desk.reviews(state=None if state == "all" else state)
    return desk.page(
        "reviews.html", here="/desk/reviews", view=view, state=state, states=STATES, rows=rows, subjects=SUBJECTS
    )


@get("/reviews/{review_item_id:uuid}", include_in_schema=False)
async def review_page(desk: AtDesk, review_item_id: FromPath[UUID]) -> Response[str]:
    return await _page(desk, review_item_id)


@post("/reviews/{review_item_id:uuid}", include_in_schema=False, status_code=303)
async def review_form(
    desk: AtDesk,
    review_item_id: FromPath[UUID],
    data: URLEncodedBody[DecisionForm],
) -> Response[Any]:
    desk.require_acting()
    container = desk.container
    ports = ReviewPorts(container.database, container.clock, container.ids)
    try:
        await resolve_review(
            ports,
            desk.tenant_id,
            review_item_id,
            decision=data.decision,
            reason=data.reason,
            decided_by=desk.actor,
        )
    except (InvalidInput, Refused) as error:
        return await _page(desk, review_item_id, form=data, error=error)
    return Redirect("/desk/reviews", status_code=303)


async def _page(
    desk: Desk, review_item_id: UUID, *, form: DecisionForm | None = None, error: Any = None
) -> Response[str]:
    async with desk.read() as work:
        review = found(await work.desk.review(review_item_id), "review")
        session = await work.desk.session(review.subject_id) if review.subject_kind == "session" else None
        is_billed = await work.sessions.bill(review.subject_id) is not None
    # An ended session without a bill needs one by the decision; everything else takes a note.
    options = _CHARGES if session is not None and session[0].ended_at is not None and not is_billed else _NOTE
    return desk.page(
        "review.html",
        here="/desk/reviews",
        status_code=200 if error is None else error.http_status,
        review=review,
        subject=SUBJECTS[review.subject_kind].format(review.subject_id),
        session=session,
        driver_of=driver_of,
        options=options,
        form=form or DecisionForm(decision=str(options[0]["value"]) if len(options) == 1 else ""),
        error=error,
    )
