"""Payments: what was held, captured and given back, and every call and webhook behind it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator import story
from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import Column, asked, found
from wattledger.apps.web.operator.session_page import readable
from wattledger.apps.web.operator.words import PAYMENT_STATES, sentence
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.core.kernel.money import Money, exponent_of, money_from_decimal
from wattledger.core.payments.refunds import ALONE_UNITS_MAX, REASONS
from wattledger.core.payments.states import OPEN
from wattledger.flows.ask_refund import RefundAsk, ask_refund
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.refunds import RefundRow
from wattledger.flows.release_payment import release_payment

COLUMNS: Final = (
    Column("created", "Created", is_sortable=True),
    Column("place", "For"),
    Column("card", "Card"),
    Column("gateway", "Gateway"),
    Column("state", "State", is_sortable=True),
    Column("held", "Held", is_number=True, is_sortable=True),
    Column("captured", "Captured", is_number=True, is_sortable=True),
    Column("refunded", "Refunded", is_number=True, is_sortable=True),
)
GROUPS: Final = {
    "held": ("authorized", "partially_authorized", "incremented", "capture_pending"),
    "taken": ("captured", "partially_captured"),
    "given_back": ("refund_pending", "partially_refunded", "refunded"),
    "nothing": ("voided", "expired", "abandoned", "failed"),
}
STATES: Final = (
    ("", "Any state"),
    ("held", "Held now"),
    ("taken", "Captured"),
    ("given_back", "Refunded"),
    ("nothing", "Nothing taken"),
    *((state, word.word) for state, word in PAYMENT_STATES.items() if state in ("failed", "disputed", "unknown")),
)


@get("/payments", include_in_schema=False)
async def payments(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view = asked(request, desk.shown.zone, groups=GROUPS)
    async with desk.read() as work:
        rows = await work.desk.payments(view.query)
        count = await work.desk.payment_count(view.query)
        sites = await work.desk.sites()
    return desk.page(
        "payments.html",
        here="/desk/payments",
        view=view,
        columns=COLUMNS,
        states=STATES,
        sites=sites,
        rows=rows,
        pager=view.pager(count),
    )


class RefundForm(Struct):
    amount: str = ""
    reason: str = ""
    note: str = ""
    customer_no: str = ""


@get("/payments/{payment_id:uuid}", include_in_schema=False)
async def payment_page(desk: AtDesk, payment_id: FromPath[UUID]) -> Response[str]:
    return await _page(desk, payment_id)


@post("/payments/{payment_id:uuid}/refund", include_in_schema=False, status_code=303)
async def refund(desk: AtDesk, payment_id: FromPath[UUID], data: URLEncodedBody[RefundForm]) -> Response[Any]:
    """The refund is on its way, or waits for a second person; an empty amount gives back all that is left."""
    desk.require_acting()
    async with desk.read() as work:
        payment = found(await work.desk.payment(payment_id), "payment")
    try:
        amount_minor = None if not data.amount.strip() else amount_of(data.amount, payment.currency).amount_minor
        ask = RefundAsk(amount_minor, data.reason, desk.actor, data.note, data.customer_no.strip() or None)
        await ask_refund(payment_ports(desk), desk.tenant_id, payment_id, ask)
    except WattledgerError as error:
        return await _page(desk, payment_id, form=data, error=error)
    return Redirect(f"/desk/payments/{payment_id}", status_code=303)


@post("/payments/{payment_id:uuid}/release", include_in_schema=False, status_code=303)
async def release(desk: AtDesk, payment_id: FromPath[UUID]) -> Response[Any]:
    """The hold is given back without a capture."""
    desk.require_acting()
    async with desk.read() as work:
        found(await work.desk.payment(payment_id), "payment")
    try:
        await release_payment(payment_ports(desk), desk.tenant_id, payment_id, reason="released_by_staff")
    except WattledgerError as error:
        return await _page(desk, payment_id, error=error)
    await _audit(desk, payment_id, "release_asked", None)
    return Redirect(f"/desk/payments/{payment_id}", status_code=303)


@get("/webhooks/{webhook_event_id:uuid}", include_in_schema=False)
async def webhook_page(desk: AtDesk, webhook_event_id: FromPath[UUID]) -> Response[str]:
    async with desk.read() as work:
        webhook = found(await work.desk.webhook(webhook_event_id), "webhook_event")
    return desk.page("webhook.html", here="/desk/payments", webhook=webhook, raw=readable(webhook.raw))


def payment_ports(desk: Desk) -> PaymentPorts:
    """The ports that moving money needs, of the running container."""
    container = desk.container
    return PaymentPorts(
        uow=container.database,
        gateways=container.gateways,
        secrets=container.secrets,
        clock=container.clock,
        ids=container.ids,
        hints=container.hints,
        public_url=container.settings.public_url,
    )


def amount_of(text: str, currency: str) -> Money:
    """What a person typed, ``12.34`` or ``12,34``. Raises InvalidInput ``amount_malformed``."""
    try:
        return money_from_decimal(Decimal(text.strip().replace(",", ".")), currency)
    except InvalidOperation:
        raise InvalidInput("amount_malformed", f"{text[:20]!r} is not an amount such as 12.34.") from None


def _promised_minor(refunds: list[RefundRow]) -> int:
    """What waits for a second person, went to a wallet, or is still under way to the gateway."""
    return sum(
        one.amount_minor
        for one in refunds
        if one.state == "waiting"
        or (one.state == "sent" and (one.destination == "wallet" or one.operation_state in OPEN))
    )


async def _audit(desk: Desk, payment_id: UUID, action: str, detail: str | None) -> None:
    async with desk.begin() as work:
        await work.staff.insert_audit(desk.audit(action, "payment", payment_id, detail))


async def _page(
    desk: Desk, payment_id: UUID, *, form: RefundForm | None = None, error: WattledgerError | None = None
) -> Response[str]:
    async with desk.read() as work:
        payment = found(await work.desk.payment(payment_id), "payment")
        attempts = await work.desk.attempts(payment_id)
        operations = await work.desk.operations(payment_id)
        webhooks = await work.desk.webhooks(payment_id)
        transfers = await work.desk.transfers(session_id=None, payment_id=payment_id)
        commands = await work.desk.commands(payment_id=payment_id)
        reviews = await work.desk.reviews(subject_ids=[payment_id])
        audits = await work.staff.audits_of(payment_id)
        refunds = await work.refunds.of_payment(payment_id)
        units = await work.refunds.alone_units_max()
    shown = desk.shown
    moments = [
        *story.paid(operations, shown),
        *story.heard_of_gateway(webhooks),
        *story.asked_of_station(commands),
        *story.decided(reviews, audits),
    ]
    return desk.page(
        "payment.html",
        here="/desk/payments",
        status_code=200 if error is None else error.http_status,
        payment=payment,
        attempts=attempts,
        operations=operations,
        webhooks=[(webhook, readable(webhook.raw)) for webhook in webhooks],
        transfers=transfers,
        timeline=story.entries(moments, shown, desk.tenant.time_zone),
        refunds=refunds,
        refundable_minor=payment.captured_minor - payment.refunded_minor - _promised_minor(refunds),
        alone_max=shown.money(
            (ALONE_UNITS_MAX if units is None else units) * 10 ** exponent_of(payment.currency), payment.currency
        ),
        is_held=payment.state in GROUPS["held"][:3],
        reasons=[(reason, sentence(reason)) for reason in REASONS],
        form=form or RefundForm(),
        error=error,
    )
