"""The page a driver is sent to: it says clearly that no money moves, and a card number is never typed."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import FromPath
from litestar.response import Redirect

from wattledger.apps.lab.provider import rules
from wattledger.apps.lab.provider.desk import Desk
from wattledger.apps.lab.provider.rules import RuleBroken, SandboxPayment, Status
from wattledger.core.kernel.money import exponent_of

_HOLDER_COOKIE: Final = "sandbox_wallet"
_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}
_DONE: Final = {
    Status.AUTHORIZED: ("Payment approved", "The money is held. You can close this page."),
    Status.CAPTURED: ("Payment complete", "This payment was taken."),
    Status.VOIDED: ("Hold released", "Nothing was taken."),
    Status.EXPIRED: ("Hold expired", "Nothing was taken."),
    Status.DECLINED: ("Payment declined", "Nothing was held."),
    Status.CLOSED: ("Page closed", "This payment can no longer be made. Nothing was held."),
}
Asked = Request[Any, Any, State]


@cache
def _environment() -> Environment:
    return Environment(autoescape=True)


def _asset(name: str) -> str:
    return (files("wattledger.apps.lab.provider") / "assets" / name).read_text("utf-8")


def amount_text(amount_minor: int, currency: str) -> str:
    exponent = exponent_of(currency)
    amount = Decimal(amount_minor).scaleb(-exponent)
    return f"{_SIGNS[currency]}{amount:,}" if currency in _SIGNS else f"{amount:,} {currency}"


def _render(payment: SandboxPayment, status_code: int = 200) -> Response[str]:
    target = urlsplit(payment.return_url)
    text = (
        _environment()
        .from_string(_asset("page.html"))
        .render(
            payment=payment,
            amount=amount_text(payment.amount_minor, payment.currency),
            half=amount_text(payment.amount_minor // 2, payment.currency),
            done=_DONE.get(payment.status),
            back_url=payment.return_url,
        )
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; "
        f"form-action 'self' {target.scheme}://{target.netloc}",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, media_type="text/html", headers=headers, status_code=status_code)


@get("/pay/style.css", sync_to_thread=False)
def style() -> Response[str]:
    return Response(_asset("style.css"), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@get("/pay/{payment_id:str}")
async def show_page(request: Asked, payment_id: FromPath[str]) -> Response[str]:
    desk: Desk = request.app.state.desk
    try:
        with desk.store.transaction():
            payment = desk.change(payment_id, None, lambda _: None)
    except RuleBroken:
        return Response("There is no such payment.", status_code=404, media_type="text/plain")
    return _render(payment)


@post("/pay/{payment_id:str}", status_code=200)
async def press(request: Asked, payment_id: FromPath[str]) -> Response[str] | Redirect:
    """One of the page's buttons; afterwards the driver goes back to where they came from."""
    desk: Desk = request.app.state.desk
    form = await request.form()
    button = str(form.get("button", ""))
    holder = request.cookies.get(_HOLDER_COOKIE) or secrets.token_hex(12)

    def change(payment: SandboxPayment) -> str:
        if button in rules.CARDS:
            return rules.pay(payment, button, holder, desk.now())
        if button in {"confirm", "reject"}:
            return rules.answer_challenge(payment, is_passed=button == "confirm", now=desk.now())
        if button == "cancel":
            return rules.void(payment)
        raise RuleBroken("button_unknown")

    try:
        with desk.store.transaction():
            payment = desk.change(payment_id, None, change)
    except RuleBroken:
        payment_now = desk.store.payment(payment_id)
        if payment_now is None:
            return Response("There is no such payment.", status_code=404, media_type="text/plain")
        return _render(payment_now, 409)
    cookie = Cookie(
        key=_HOLDER_COOKIE, value=holder, httponly=True, samesite="lax", max_age=31_536_000, path="/pay"
    )
    if payment.status is Status.CHALLENGE:
        return Redirect(f"/pay/{payment_id}", status_code=303, cookies=[cookie])
    back_url = payment.cancel_url if button == "cancel" else payment.return_url
    return Redirect(back_url, status_code=303, cookies=[cookie])


ROUTES: Final = [style, show_page, press]
