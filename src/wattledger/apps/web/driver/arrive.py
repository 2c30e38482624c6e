"""Arriving at a connector: its page, its QR code, the button that opens the payment."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter, URLEncodedBody
from litestar.response import Redirect, ServerSentEvent

from wattledger.apps.present.figures import energy_kwh, money
from wattledger.apps.web.driver.place import (
    chip_of,
    example_line,
    excise_lines,
    house_of,
    obstacle_of,
    place_of,
    price_caption,
    price_lines,
)
from wattledger.apps.web.live import Moment, Streams, live
from wattledger.apps.web.pages import page, render
from wattledger.apps.web.security import content_policy, origin_of
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused, Unavailable
from wattledger.core.payments.holds import HISTORY_COUNT_MIN
from wattledger.flows.begin_charging import Agreement, begin_charging
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.show_connector import Arrival, show_connector

_STREAMS: Final = Streams(200)
_NUMBER_CHARACTERS_MAX: Final = 64
_LOCALE: Final = "en"
_UNKNOWN_NUMBER: Final = "No connector has this number. It stands near the plug and looks like DE*ABC*E12345*1."
Number = Annotated[str, PathParameter(max_length=_NUMBER_CHARACTERS_MAX)]
Word = Annotated[str, QueryParameter(max_length=_NUMBER_CHARACTERS_MAX)]


class AgreementForm(msgspec.Struct):
    """What the button sends: the page's price and hold, an address for the receipt if one was given, and whether
    the hold may be renewed on the same card.
    """

    price: UUID
    hold: int
    shown: int
    email: str = ""
    renew: str = ""


def payment_ports(container: Wired) -> PaymentPorts:
    return PaymentPorts(
        uow=container.database,
        gateways=container.gateways,
        secrets=container.secrets,
        clock=container.clock,
        ids=container.ids,
        hints=container.hints,
        public_url=container.settings.public_url,
    )


@get("/", include_in_schema=False)
async def welcome() -> Response[str]:
    return page("driver/welcome.html", number="", problem=None)


@get("/c", include_in_schema=False)
async def find_connector(container: Wired, number: Word = "") -> Response[str] | Redirect:
    """The page of a connector whose number was typed in, as it stands on the station."""
    typed = number.strip().upper()
    if await container.database.find("connector", typed) is not None:
        return Redirect(f"/c/{quote(typed, safe='*')}", status_code=303)
    problem = _UNKNOWN_NUMBER if typed else None
    return page("driver/welcome.html", status_code=404 if typed else 200, number=number, problem=problem)


@get("/c/{public_id:str}", include_in_schema=False)
async def connector_page(container: Wired, public_id: Number) -> Response[str]:
    return _arrival_page(await _arrival(container, public_id))


@get("/c/{public_id:str}/live", include_in_schema=False)
async def connector_live(
    request: Request[Any, Any, Any], container: Wired, public_id: Number, seen: Word = ""
) -> ServerSentEvent:
    """The chip and the button, whenever what they say changes; somebody may be typing an address meanwhile."""
    shown = await _arrival(container, public_id)
    is_as_seen = seen == _key(shown)

    async def moment() -> Moment:
        nonlocal shown
        now = await _arrival(container, public_id)
        if _key(now) != _key(shown):
            shown = now
        return Moment(_parts(shown))

    return live(request, moment, _STREAMS, known=_parts(shown) if is_as_seen else None)


@post("/c/{public_id:str}", include_in_schema=False)
async def pay(
    container: Wired,
    public_id: Number,
    data: URLEncodedBody[AgreementForm],
) -> Response[str] | Redirect:
    """To the provider's page with a hold of exactly what was shown; or back here, saying why not."""
    try:
        agreement = Agreement(
            public_id=public_id,
            tariff_version_id=data.price,
            hold_minor=data.hold,
            shown_at=_instant(data.shown),
            locale=_LOCALE,
            email=_email(data.email),
            is_renewable=data.renew == "yes",
        )
        held = await begin_charging(payment_ports(container), container.database, agreement)
    except (InvalidInput, Refused, Unavailable) as refusal:
        arrival = await _arrival(container, public_id)
        return _arrival_page(arrival, problem=refusal.message, status_code=refusal.http_status)
    return Redirect(held.checkout_url or f"/p/{held.link_code}", status_code=303)


@get("/c/{public_id:str}/qr.svg", include_in_schema=False, media_type="image/svg+xml")
async def qr_code(container: Wired, public_id: Number) -> Response[bytes]:
    """The address of the connector's page as a QR code, for a sticker or a station's display."""
    if await container.database.find("connector", public_id) is None:
        raise NotFound("connector_unknown", "No connector has this number.")
    drawing = io.BytesIO()
    address = f"{container.settings.public_url}/c/{quote(public_id, safe='*')}"
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", scale=8, border=4, light="#ffffff")
    return Response(
        drawing.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=3600"}
    )


async def _arrival(container: Wired, public_id: str) -> Arrival:
    return await show_connector(
        container.database, container.database, container.clock, container.gateways, public_id
    )


def _arrival_page(arrival: Arrival, *, problem: str | None = None, status_code: int = 200) -> Response[str]:
    policy = content_policy(checkout_sources(arrival))
    headers = {"Content-Security-Policy": policy}
    return page("driver/arrive.html", status_code=status_code, headers=headers, problem=problem, **_facts(arrival))


def checkout_sources(arrival: Arrival) -> list[str]:
    """Where the button may lead: the hosted pages of the tenant's gateway, as a policy names them.

    Browsers check a form's redirects too. An address among the account's settings says where its pages are.
    """
    facts = arrival.facts
    if facts.gateway is None or facts.gateway_settings is None:
        return []
    return hosted_origins(facts.gateway_settings, arrival.pages)


def hosted_origins(settings: bytes, pages: Sequence[str]) -> list[str]:
    """``pages`` where a gateway's are always the same; else what the account's settings name."""
    if pages:
        return list(pages)
    known = msgspec.json.decode(settings, type=dict[str, str])
    addresses = {origin_of(value) for value in known.values() if value.startswith(("https://", "http://"))}
    return sorted(addresses) or ["https:"]


def _key(arrival: Arrival) -> str:
    """What of an arrival makes its page look different."""
    return f"{arrival.availability}.{arrival.facts.tariff_version_id}.{arrival.hold_minor}"


def _parts(arrival: Arrival) -> dict[str, str]:
    facts = _facts(arrival)
    return {name: render(f"driver/{name}.html", **facts) for name in ("free", "pay")}


def _facts(arrival: Arrival) -> dict[str, Any]:
    """Everything the arrival's templates show."""
    facts, tariff = arrival.facts, arrival.shown_tariff
    return {
        "house": house_of(facts),
        "place": place_of(facts),
        "chip": chip_of(arrival),
        "obstacle": obstacle_of(arrival),
        "prices": [] if tariff is None else [*price_lines(tariff), *excise_lines(arrival)],
        "caption": "" if tariff is None else price_caption(tariff),
        "example": example_line(arrival),
        "hold": money(arrival.hold_minor, facts.currency),
        "hold_minor": arrival.hold_minor,
        "can_renew": arrival.can_renew,
        "hold_energy": energy_kwh(arrival.hold_energy_milliwh, decimals=0),
        "is_hold_by_habit": (facts.habit_count or 0) >= HISTORY_COUNT_MIN,
        "tariff_version_id": facts.tariff_version_id,
        "key": _key(arrival),
        "shown": int(arrival.at.timestamp()),
        "is_lab": facts.is_lab,
    }


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise InvalidInput("form_malformed", "The page was not sent whole. Please try again.") from None


def _email(text: str) -> str | None:
    """Raises InvalidInput ``email_malformed``; whether it exists, only a message can tell."""
    address = text.strip()
    if not address:
        return None
    name, at, host = address.rpartition("@")
    if not at or not name or "." not in host or len(address) > 254 or any(one.isspace() for one in address):
        raise InvalidInput("email_malformed", "The e-mail address does not look right.")
    return address
