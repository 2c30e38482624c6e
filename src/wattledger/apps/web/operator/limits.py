"""Limits of a card or a contract: what it may do, in words on the customer's page, and the form to change it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath
from litestar.response import Redirect

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import found
from wattledger.apps.web.operator.payments import amount_of
from wattledger.apps.web.operator.shown import Shown
from wattledger.core.kernel.errors import InvalidInput, NotFound, WattledgerError
from wattledger.core.kernel.money import Money
from wattledger.core.stations.limits import ChargingLimit
from wattledger.flows.ports.desk_rows import SiteRow
from wattledger.flows.set_limit import set_limit

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SPANS: Final = (("session", "a session"), ("day", "a day"), ("month", "a month"))
_PATH: Final = "/limits/{subject_kind:str}/{customer_id:uuid}/{subject_id:uuid}"
_KINDS: Final = {"contracts": "contract", "tokens": "token"}
_MILLIWH_PER_KWH: Final = 1_000_000
_TEXT_MAX: Final = 20


@get(_PATH, include_in_schema=False)
async def limit_page(
    desk: AtDesk, customer_id: FromPath[UUID], subject_kind: FromPath[str], subject_id: FromPath[UUID]
) -> Response[str]:
    return await _page(desk, customer_id, subject_kind, subject_id)


@post(_PATH, include_in_schema=False, status_code=303)
async def limit_form(
    request: Request[Any, Any, Any],
    desk: AtDesk,
    customer_id: FromPath[UUID],
    subject_kind: FromPath[str],
    subject_id: FromPath[UUID],
) -> Response[Any]:
    """The limit is as the form says; what is left empty is no limit."""
    desk.require_acting()
    await _name_of(desk, customer_id, subject_kind, subject_id)
    form = await request.form()
    fields = {name: str(form[name]).strip() for name in form if name not in ("site", "day")}
    try:
        limit = limit_of(fields, form.getall("site", []), form.getall("day", []), desk.tenant.currency)
        await set_limit(
            desk.container.database,
            desk.container.clock,
            desk.container.ids,
            desk.tenant_id,
            subject_id=subject_id,
            subject_kind=_KINDS[subject_kind],
            limit=limit,
            by=desk.actor,
        )
    except WattledgerError as error:
        return await _page(desk, customer_id, subject_kind, subject_id, error=error, typed=fields, form=form)
    return Redirect(f"/desk/customers/{customer_id}#{subject_kind}", status_code=303)


async def _name_of(desk: Desk, customer_id: UUID, subject_kind: str, subject_id: UUID) -> str:
    """What the page calls the subject. Raises NotFound where it is not this customer's."""
    async with desk.read() as work:
        if subject_kind == "contracts":
            contracts = await work.desk.contracts(customer_id, month_start=desk.shown.now)
            names = {one.contract_id: f"contract {one.plan_name or 'without a plan'}" for one in contracts}
        elif subject_kind == "tokens":
            names = {one.token_id: f"card {one.uid}" for one in await work.desk.tokens(customer_id)}
        else:
            names = {}
    if subject_id not in names:
        raise NotFound("subject_unknown", "This customer has no such card or contract.")
    return names[subject_id]


async def _page(
    desk: Desk,
    customer_id: UUID,
    subject_kind: str,
    subject_id: UUID,
    *,
    error: WattledgerError | None = None,
    typed: dict[str, str] | None = None,
    form: FormMultiDict | None = None,
) -> Response[str]:
    name = await _name_of(desk, customer_id, subject_kind, subject_id)
    async with desk.read() as work:
        customer = found(await work.desk.customer(customer_id), "customer")
        sites = await work.desk.sites()
        limits = await work.limits.limits([subject_id])
    limit, currency = limits.get(subject_id, ChargingLimit()), desk.tenant.currency
    chosen = [*(limit.site_ids or ()), *(limit.weekdays or ())]
    if form is not None:
        chosen = [*form.getall("site", []), *form.getall("day", [])]
    return desk.page(
        "limit.html",
        here="/desk/customers",
        status_code=200 if error is None else error.http_status,
        error=error,
        customer=customer,
        name=name,
        sites=sites,
        chosen={str(one) for one in chosen},
        typed=written(limit, currency) if typed is None else written(ChargingLimit(), currency) | typed,
        days=DAYS,
        spans=SPANS,
        currency=currency,
    )


def limit_of(fields: dict[str, str], sites: list[Any], days: list[Any], currency: str) -> ChargingLimit:
    """What was typed, as a limit. Raises InvalidInput ``amount_malformed`` or ``limit_malformed``."""
    amounts: dict[str, int | None] = {}
    for span, _ in SPANS:
        amounts[f"{span}_milliwh_max"] = _milliwh(fields.get(f"{span}_kwh", ""))
        text = fields.get(f"{span}_money", "")
        amounts[f"{span}_minor_max"] = amount_of(text, currency).amount_minor if text else None
    try:
        site_ids = tuple(UUID(str(one)) for one in sites)
        weekdays = tuple(sorted({int(str(one)) for one in days}))
        at_once = fields.get("at_once", "")
        return ChargingLimit(
            site_ids=site_ids or None,
            weekdays=weekdays if 0 < len(weekdays) < len(DAYS) else None,
            minute_from=_minute(fields.get("from", "")),
            minute_to=_minute(fields.get("to", "")),
            sessions_at_once_max=int(at_once) if at_once else None,
            **amounts,
        )
    except ValueError:
        raise InvalidInput("limit_malformed", "Write numbers as 20 or 12.5, and times as 08:00.") from None


def written(limit: ChargingLimit, currency: str) -> dict[str, str]:
    """The limit as the form's fields show it."""
    fields = {"from": _clock(limit.minute_from), "to": _clock(limit.minute_to)}
    fields["at_once"] = str(limit.sessions_at_once_max or "")
    for span, _ in SPANS:
        milliwh, minor = getattr(limit, f"{span}_milliwh_max"), getattr(limit, f"{span}_minor_max")
        fields[f"{span}_kwh"] = "" if milliwh is None else f"{(Decimal(milliwh) / _MILLIWH_PER_KWH).normalize():f}"
        fields[f"{span}_money"] = "" if minor is None else f"{Money(minor, currency).decimal():f}"
    return fields


def limit_words(limit: ChargingLimit | None, sites: list[SiteRow], shown: Shown, currency: str) -> list[str]:
    """The limit in short words; none where there is none."""
    if limit is None:
        return []
    words = []
    if limit.site_ids is not None:
        names = [site.name for site in sites if site.site_id in limit.site_ids]
        words.append(f"only at {', '.join(names) or 'sites that are gone'}")
    if limit.weekdays is not None:
        words.append(" ".join(DAYS[day - 1] for day in limit.weekdays))
    if limit.minute_from is not None:
        words.append(f"{_clock(limit.minute_from)} to {_clock(limit.minute_to)}")
    for span, said in SPANS:
        milliwh, minor = getattr(limit, f"{span}_milliwh_max"), getattr(limit, f"{span}_minor_max")
        if milliwh is not None:
            words.append(f"{shown.kwh(milliwh)} kWh {said}")
        if minor is not None:
            words.append(f"{shown.money(minor, currency)} {said}")
    if limit.sessions_at_once_max is not None:
        count = limit.sessions_at_once_max
        words.append("one session at a time" if count == 1 else f"{count} sessions at a time")
    return words


def _milliwh(text: str) -> int | None:
    if not text:
        return None
    try:
        kwh = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise InvalidInput("limit_malformed", f"{text[:_TEXT_MAX]!r} is no number of kWh.") from None
    if not kwh.is_finite() or abs(kwh.adjusted()) > _TEXT_MAX:
        raise InvalidInput("limit_malformed", f"{text[:_TEXT_MAX]!r} is no number of kWh.")
    return int(kwh * _MILLIWH_PER_KWH)


def _minute(text: str) -> int | None:
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
