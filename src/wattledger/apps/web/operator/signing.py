"""The desk's door: signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import COOKIE, AtDesk, cookie_of, sign_in_desk
from wattledger.apps.web.pages import page
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import Unauthorized
from wattledger.flows.sign_in import sign_in, sign_out


class SignInForm(Struct):
    email: str = ""
    password: str = ""
    next: str = ""


@get("/desk/sign-in", include_in_schema=False, opt={"is_public": True})
async def sign_in_page(next: FromQuery[str] = "") -> Response[str]:  # noqa: A002 (the query's own name)
    return page("operator/sign_in.html", email="", error=None, next=own_path(next))


@post("/desk/sign-in", include_in_schema=False, status_code=200, opt={"is_public": True})
async def sign_in_form(container: Wired, data: URLEncodedBody[SignInForm]) -> Response[Any]:
    try:
        signed_in = await sign_in(sign_in_desk(container), email=data.email, password=data.password)
    except Unauthorized as error:
        return page(
            "operator/sign_in.html",
            status_code=401,
            email=data.email[:254],
            error=error.message,
            next=own_path(data.next),
        )
    answer = Redirect(own_path(data.next), status_code=303)
    answer.set_cookie(cookie_of(container, signed_in.tenant_id, signed_in.secret))
    return answer


@post("/sign-out", include_in_schema=False, status_code=303)
async def sign_out_form(container: Wired, desk: AtDesk) -> Redirect:
    await sign_out(sign_in_desk(container), tenant_id=desk.tenant_id, secret=desk.secret, login=desk.login)
    answer = Redirect("/desk/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def own_path(address: str) -> str:
    """``address`` if it is a page of the desk, else the desk: nobody is led elsewhere by a link to the door."""
    parts = urlsplit(address)
    is_own = not parts.scheme and not parts.netloc and (parts.path == "/desk" or parts.path.startswith("/desk/"))
    if not is_own or "\\" in address or any(ord(sign) < 32 for sign in address):
        return "/desk"
    return address
