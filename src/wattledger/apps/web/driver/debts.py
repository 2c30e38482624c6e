"""The page of what is owed: an invoice, or the rest of a session's bill. Whoever has its link may pay it there."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, PathParameter, URLEncodedBody
from litestar.response import Redirect
from segno.helpers import make_epc_qr

from wattledger.apps.present.debts import Say, amount_in, day_in, moment_in, say_in, wanted_language
from wattledger.apps.web.driver.arrive import hosted_origins, payment_ports
from wattledger.apps.web.driver.words import card
from wattledger.apps.web.pages import House, page
from wattledger.apps.web.security import content_policy
from wattledger.apps.web.wired import Wired
from wattledger.core.billing.bank_account import printed_iban
from wattledger.core.billing.numbering import printed_number
from wattledger.core.billing.payment_reference import printed_reference
from wattledger.core.kernel.errors import (
    InvalidInput,
    NotFound,
    Refused,
    Unauthorized,
    Unavailable,
    WattledgerError,
)
from wattledger.core.kernel.instants import zone
from wattledger.core.payments.links import LENGTH_MAX
from wattledger.flows.debt_links import DebtKind, DebtName, debt_named, debt_token
from wattledger.flows.pay_debt import PayAsk, hurry_debt, pay_debt
from wattledger.flows.show_debt import Debt, DebtStage, document_of_debt, show_debt, wants_payer

Token = Annotated[str, PathParameter(max_length=LENGTH_MAX)]
_CODE: Final = 64
_DEBIT: Final = "sepa_debit"
_STATUS: Final = {"link_expired": 410, "link_invalid": 404}
_MEANINGS: Final = {
    DebtStage.OPEN: ("notice", "card"),
    DebtStage.WAITING: ("notice", "card"),
    DebtStage.ON_ITS_WAY: ("info", "clock"),
    DebtStage.PAID: ("good", "good"),
    DebtStage.PAID_BACK: ("info", "check"),
    DebtStage.CLOSED: ("", "check"),
}
# A page whose payment has just been made looks again by itself; later it changes by days.
_FRESH_FOR: Final = timedelta(minutes=10)


class PayForm(msgspec.Struct):
    method: str = "card"
    keep: str = ""


@get("/p/pay/{token:str}", include_in_schema=False)
async def debt_page(
    request: Request[Any, Any, Any],
    container: Wired,
    token: Token,
    back: FromQuery[int] = 0,
    left: FromQuery[int] = 0,
) -> Response[Any]:
    """What is owed, how its payment stands, and the button that pays it."""
    try:
        name = debt_named(container.secrets, container.clock, token)
    except (Refused, Unauthorized) as refusal:
        return _dead_link(refusal)
    if back:
        await hurry_debt(payment_ports(container), name)
    return await _page(request, container, token, name, is_back=bool(back), is_left=bool(left))


@post("/p/pay/{token:str}", include_in_schema=False)
async def pay_debt_form(
    request: Request[Any, Any, Any], container: Wired, token: Token, data: URLEncodedBody[PayForm]
) -> Response[Any]:
    """To the gateway's page, or back here, which then says how it is or why it did not work."""
    try:
        name = debt_named(container.secrets, container.clock, token)
    except (Refused, Unauthorized) as refusal:
        return _dead_link(refusal)
    language = wanted_language(request.headers.get("accept-language", ""))
    ask = PayAsk(method=data.method[:20], is_kept=data.keep == "on", locale=language)
    try:
        address = await pay_debt(payment_ports(container), name, ask)
    except (InvalidInput, Refused, Unavailable) as refusal:
        return await _page(request, container, token, name, problem=refusal)
    return Redirect(address or f"/p/pay/{token}?back=1", status_code=303)


@get("/p/pay/{token:str}/transfer.svg", include_in_schema=False, media_type="image/svg+xml")
async def transfer_code(container: Wired, token: Token) -> Response[bytes]:
    """What a bank's app reads to fill a transfer in (EPC069-12)."""
    debt = await show_debt(payment_ports(container), debt_named(container.secrets, container.clock, token))
    if debt.transfer is None or debt.currency != "EUR":
        raise NotFound("transfer_not_offered", "No bank transfer is offered here.")
    to, amount = debt.transfer, Decimal(debt.left_minor).scaleb(-2)
    code = make_epc_qr(to.name[:70], to.iban, amount, reference=to.reference)
    drawing = io.BytesIO()
    code.save(drawing, kind="svg", scale=5, border=4, light="#ffffff")
    headers = {"Cache-Control": "private, no-store"}
    return Response(drawing.getvalue(), media_type="image/svg+xml", headers=headers)


@get("/p/pay/{token:str}/document.pdf", include_in_schema=False, media_type="application/pdf")
async def debt_document(container: Wired, token: Token) -> Response[bytes]:
    """The invoice, or the session's receipt, byte for byte as it was issued."""
    name = debt_named(container.secrets, container.clock, token)
    row = await document_of_debt(payment_ports(container), name)
    headers = {
        "Content-Disposition": f'attachment; filename="{printed_number(row.series, row.number)}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(row.pdf, media_type="application/pdf", headers=headers)


@get("/p/{code:str}/rest", include_in_schema=False)
async def rest_page(container: Wired, code: Annotated[str, PathParameter(max_length=_CODE)]) -> Redirect:
    """From a session's own page to that of its rest, under a link of a week."""
    found = await container.database.find("link", code)
    if found is None:
        raise NotFound("link_unknown", "No charging session has this code.")
    name = DebtName(DebtKind.REST, *found)
    return Redirect(f"/p/pay/{debt_token(container.secrets, container.clock, name)}", status_code=303)


async def debt_of_code(container: Wired, code: str) -> DebtName | None:
    """What the payment of that code pays, where it is no charging."""
    found = await container.database.find("link", code)
    if found is None:
        return None
    tenant_id, payment_id = found
    async with container.database.begin_read(tenant_id) as work:
        debt = await work.debts.debt_of_payment(payment_id)
    return None if debt is None else DebtName(DebtKind(debt[0]), tenant_id, debt[1])


def back_to_debt(container: Wired, name: DebtName, *, is_cancelled: bool) -> Redirect:
    token = debt_token(container.secrets, container.clock, name)
    return Redirect(f"/p/pay/{token}?{'left' if is_cancelled else 'back'}=1", status_code=303)


async def _page(
    request: Request[Any, Any, Any],
    container: Wired,
    token: str,
    name: DebtName,
    *,
    is_back: bool = False,
    is_left: bool = False,
    problem: WattledgerError | None = None,
) -> Response[str]:
    debt = await show_debt(payment_ports(container), name)
    language = wanted_language(request.headers.get("accept-language", ""))
    origins = [] if debt.paying is None else hosted_origins(debt.paying.settings, debt.paying.pages)
    fresh = debt.payment is not None and container.clock.now() - debt.payment.changed_at < _FRESH_FOR
    is_moving = debt.stage is DebtStage.ON_ITS_WAY or (is_back and debt.stage is DebtStage.WAITING)
    return page(
        "driver/debt.html",
        status_code=200 if problem is None else problem.http_status,
        headers={"Content-Security-Policy": content_policy(origins)},
        house=House(debt.tenant.name, debt.tenant.help_phone),
        language=language,
        token=token,
        problem=problem,
        looks_again=is_moving and fresh,
        **_facts(debt, language, is_left=is_left),
    )


def _facts(debt: Debt, language: str, *, is_left: bool) -> dict[str, Any]:
    """Everything the template shows, as text in the reader's language."""
    say = say_in(language)
    amount = amount_in(language, debt.left_minor or debt.gross_minor, debt.currency)
    meaning, icon = _MEANINGS[debt.stage]
    can_pay = debt.paying is not None and debt.stage is DebtStage.OPEN
    return {
        "say": say,
        "stage": debt.stage.value,
        "chip": (say(f"chip_{debt.stage}"), meaning, icon),
        "title": say("rest") if debt.number is None else say("invoice", number=debt.number),
        "headline": say(debt.stage.value, amount=amount),
        "lead": _lead(debt, say, language, is_left=is_left),
        "about": _about(debt, say, language),
        "rows": _rows(debt, say, language),
        "amount": amount,
        "checkout_url": debt.payment.checkout_url if debt.payment and debt.stage is DebtStage.WAITING else None,
        "can_pay": can_pay,
        "can_debit": can_pay
        and debt.number is not None
        and debt.paying is not None
        and _DEBIT in debt.paying.debits,
        "can_keep": can_pay and debt.number is not None and debt.paying is not None and debt.paying.can_keep,
        "was_refused": debt.stage is DebtStage.OPEN
        and debt.payment is not None
        and debt.payment.state == "failed",
        "transfer": _transfer(debt, say, amount),
        "has_code": debt.transfer is not None and debt.currency == "EUR",
        "has_document": debt.has_document,
        "session_code": None if debt.rest is None else debt.rest.link_code,
    }


def _lead(debt: Debt, say: Say, language: str, *, is_left: bool) -> str:
    payment = debt.payment
    if debt.stage is DebtStage.WAITING:
        if is_left:
            return say("lead_left")
        return say("lead_confirm") if wants_payer(payment) else say("lead_waiting")
    if debt.stage is DebtStage.PAID and payment is not None and payment.captured_minor:
        paid_by = say("your_card") if payment.card_last4 is None else card(payment.card_brand, payment.card_last4)
        return say(
            "lead_paid_card", amount=amount_in(language, payment.captured_minor, debt.currency), card=paid_by
        )
    if debt.stage is not DebtStage.OPEN:
        return say(f"lead_{debt.stage}")
    if debt.rest is not None:
        gaps = {"total": debt.gross_minor, "taken": debt.rest.taken_minor}
        told = {name: amount_in(language, minor, debt.currency) for name, minor in gaps.items()}
        return say("lead_rest", **told)
    if debt.paying is None:
        return say("lead_offline")
    return say("lead_invoice") if debt.transfer is not None else say("lead_card")


def _about(debt: Debt, say: Say, language: str) -> str | None:
    if debt.rest is not None:
        ended = moment_in(language, debt.rest.ended_at, zone(debt.rest.time_zone))
        return say("where", site=debt.rest.site_name, moment=ended)
    if debt.due_on is None or debt.stage not in (DebtStage.OPEN, DebtStage.WAITING):
        return None
    return say("due", day=day_in(language, debt.due_on))


def _rows(debt: Debt, say: Say, language: str) -> list[tuple[str, str]]:
    """How the sum comes about, where it is not the whole."""
    already_minor = debt.gross_minor - debt.left_minor
    if debt.stage not in (DebtStage.OPEN, DebtStage.WAITING) or not already_minor:
        return []
    sums = (("total", debt.gross_minor), ("already", already_minor), ("left", debt.left_minor))
    return [(say(name), amount_in(language, minor, debt.currency)) for name, minor in sums]


def _transfer(debt: Debt, say: Say, amount: str) -> list[tuple[str, str]]:
    to = debt.transfer
    if to is None:
        return []
    return [
        (say("to"), to.name),
        (say("iban"), printed_iban(to.iban)),
        (say("reference"), printed_reference(to.reference)),
        (say("amount"), amount),
    ]


def _dead_link(refusal: WattledgerError) -> Response[str]:
    is_expired = refusal.code == "link_expired"
    return page("driver/dead_link.html", status_code=_STATUS[refusal.code], is_expired=is_expired)
