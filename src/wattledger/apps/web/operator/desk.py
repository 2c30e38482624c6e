"""Who sits at the desk: every page of it is asked for by somebody signed in, and shows their tenant alone."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect

from wattledger.apps.web.failures import WORDS, answer_refusal, wants_page
from wattledger.apps.web.operator import care_words, words
from wattledger.apps.web.operator.shown import Shown
from wattledger.apps.web.pages import House, page
from wattledger.core.kernel.errors import Forbidden, Unauthorized, WattledgerError
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.sign_in import LASTS, Recognised, SignInDesk, recognise

COOKIE: Final = "wattledger_desk"
RAIL: Final = (
    ("/desk", "Today", "today"),
    ("/desk/live", "Live", "bolt"),
    ("/desk/sessions", "Sessions", "session"),
    ("/desk/stations", "Stations", "station"),
    ("/desk/tariffs", "Tariffs", "tariff"),
    ("/desk/customers", "Customers", "customer"),
    ("/desk/payments", "Payments", "card"),
    ("/desk/invoices", "Invoices", "invoice"),
    ("/desk/bank", "Bank", "bank"),
    ("/desk/reports", "Reports", "report"),
    ("/desk/reviews", "Reviews", "alert"),
)


class Desk:
    """One request of a signed-in person: their tenant's data, and how pages show it."""

    def __init__(self, container: Any, at_desk: Recognised, secret: str) -> None:
        self.container = container
        self.tenant = at_desk.tenant
        self.login = at_desk.login
        self.secret = secret
        self.open_review_count = at_desk.open_review_count
        self.shown = Shown(at_desk.tenant.time_zone, container.clock.now())

    @property
    def tenant_id(self) -> int:
        return self.tenant.tenant_id

    @property
    def actor(self) -> str:
        return self.login.email

    @property
    def may_act(self) -> bool:
        return self.login.role != "viewer"

    def read(self) -> AbstractAsyncContextManager[Work]:
        """One consistent moment of the tenant's data, and of no other's."""
        reading: AbstractAsyncContextManager[Work] = self.container.database.begin_read(self.tenant_id)
        return reading

    def begin(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that may change something. Raises Forbidden ``role_may_only_look`` for viewers."""
        self.require_acting()
        working: AbstractAsyncContextManager[Work] = self.container.database.begin(self.tenant_id)
        return working

    def require_acting(self) -> None:
        if not self.may_act:
            raise Forbidden("role_may_only_look", "Your role may look at everything and change nothing.")

    def audit(self, action: str, subject_kind: str, subject_id: UUID, detail: str | None = None) -> AuditRecord:
        """What the person does now, to be written in the transaction that does it."""
        ids, clock = self.container.ids, self.container.clock
        return AuditRecord(ids.new(), clock.now(), self.actor, action, subject_kind, subject_id, detail)

    def page(self, template: str, *, here: str, status_code: int = 200, **facts: object) -> Response[str]:
        """A page of the desk within its rail; ``here`` is the rail's current path."""
        rail = [
            {"path": path, "word": word, "icon": icon, "count": self._count(path)} for path, word, icon in RAIL
        ]
        return page(
            f"operator/{template}",
            status_code=status_code,
            headers=None,
            house=House(self.tenant.name),
            rail=rail,
            here=here,
            who=self.login.name,
            desk=self,
            tenant=self.tenant,
            shown=self.shown,
            words=words,
            care_words=care_words,
            **facts,
        )

    def _count(self, path: str) -> int | None:
        return self.open_review_count or None if path == "/desk/reviews" else None


AtDesk = NamedDependency[SkipValidation[Desk]]  # how a handler asks for the desk


def sign_in_desk(container: Any) -> SignInDesk:
    """The ports that signing in needs, of the running container."""
    return SignInDesk(
        unit_of_work=container.database,
        directory=container.database,
        clock=container.clock,
        ids=container.ids,
        secrets=container.secrets,
        passwords=container.passwords,
    )


def cookie_of(container: Any, tenant_id: int, secret: str) -> Cookie:
    """What the browser keeps of a login: script cannot read it, other sites cannot send it along with a form."""
    return Cookie(
        key=COOKIE,
        value=f"{tenant_id}.{secret}",
        path="/",
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=container.settings.public_url.startswith("https:"),
    )


def credential(text: str | None) -> tuple[int, str]:
    """The tenant and the secret of a cookie or bearer token. Raises Unauthorized ``signed_out``."""
    tenant, _, secret = (text or "").partition(".")
    if not secret or not tenant.isascii() or not tenant.isdecimal() or len(tenant) > 18:
        raise Unauthorized("signed_out", "You are signed out. Sign in to go on.")
    return int(tenant), secret


async def open_desk(connection: ASGIConnection[Any, Any, Any, Any], text: str | None, *, is_active: bool) -> Desk:
    """The desk of who shows that credential. Raises Unauthorized ``signed_out``."""
    container = connection.app.state.container
    tenant_id, secret = credential(text)
    at_desk = await recognise(sign_in_desk(container), tenant_id=tenant_id, secret=secret, is_active=is_active)
    return Desk(container, at_desk, secret)


async def require_desk(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Runs before every handler of the desk: who is not signed in gets no further than the sign-in page."""
    is_stream = bool(request.route_handler.opt.get("is_stream"))
    try:
        request.state.desk = await open_desk(request, request.cookies.get(COOKIE), is_active=not is_stream)
    except Unauthorized:
        if request.method != "GET" or is_stream:
            raise
        query = f"?{request.url.query}" if request.url.query else ""
        there = quote(f"{request.url.path}{query}", safe="")
        return Redirect(f"/desk/sign-in?next={there}", status_code=303)
    return None


def answer_in_desk(request: Request[Any, Any, Any], error: WattledgerError) -> Response[Any]:
    """A refusal within the desk's own frame, where somebody is signed in and a page was asked for."""
    desk = request.state.get("desk")
    if desk is None or not wants_page(request):
        return answer_refusal(request, error)
    title, advice = WORDS.get(error.http_status, WORDS[500])
    answer: Response[Any] = desk.page(
        "failure.html",
        here="",
        status_code=error.http_status,
        title=title,
        advice=advice,
        message=error.message,
        code=error.code,
    )
    return answer


def provide_desk(request: Request[Any, Any, Any]) -> Desk:
    """The desk that ``require_desk`` opened."""
    desk: Desk = request.state.desk
    return desk
