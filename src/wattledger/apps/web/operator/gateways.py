"""Gateways: which are set up, and their secrets, which go in and never come out again."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec import Struct

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.payments import payment_ports
from wattledger.core.kernel.errors import Forbidden, WattledgerError
from wattledger.flows.ports.catalog import GatewayAccount
from wattledger.flows.set_gateway_secret import hints_of, set_gateway_secret

# What a form offers beside what is set already: two that may sign webhooks, so that one can replace the other.
_USUAL: Final = ("api_key", "webhook_secret", "webhook_secret_next")
_TEXTS: Final = msgspec.json.Decoder(dict[str, str])


class SecretForm(Struct):
    name: str = ""
    value: str = ""


class Shown(Struct, frozen=True):
    """One account as the page shows it; ``hints`` is None where the secrets do not open with our keys."""

    gateway: str
    is_enabled: bool
    webhook_url: str
    settings: dict[str, str]
    hints: dict[str, str] | None
    names: list[tuple[str, str]]


@get("/gateways", include_in_schema=False)
async def gateways(desk: AtDesk) -> Response[str]:
    return await _page(desk)


@post("/gateways/{gateway:str}/secrets", include_in_schema=False, status_code=303)
async def put_secret(desk: AtDesk, gateway: FromPath[str], data: URLEncodedBody[SecretForm]) -> Response[Any]:
    """The secret is set, or taken away by an empty value. Owners only."""
    try:
        if desk.login.role != "owner":
            raise Forbidden("owner_only", "Only an owner changes secrets.")
        await set_gateway_secret(
            payment_ports(desk),
            desk.tenant_id,
            gateway=gateway[:40],
            name=data.name.strip(),
            value=data.value.strip(),
            actor=desk.actor,
        )
    except WattledgerError as error:
        return await _page(desk, error=error)
    return Redirect("/desk/gateways", status_code=303)


async def _page(desk: Desk, *, error: WattledgerError | None = None) -> Response[str]:
    accounts = []
    async with desk.read() as work:
        for name in sorted(desk.container.gateways):
            account = await work.catalog.gateway_account(name)
            if account is not None:
                accounts.append(_shown(desk, account))
    return desk.page(
        "gateways.html",
        here="/desk/payments",
        status_code=200 if error is None else error.http_status,
        accounts=accounts,
        error=error,
    )


def _shown(desk: Desk, account: GatewayAccount) -> Shown:
    try:
        hints = hints_of(desk.container.secrets, desk.tenant_id, account)
    except WattledgerError:
        hints = None
    known = desk.container.gateways[account.gateway].account_shape.secrets
    names = sorted({*(known or _USUAL), *(hints or {})})
    return Shown(
        gateway=account.gateway,
        is_enabled=account.is_enabled,
        webhook_url=f"{desk.container.settings.public_url}/hooks/{account.gateway}/{account.endpoint_key}",
        settings=_TEXTS.decode(account.settings),
        hints=hints,
        names=[(name, name) for name in names],
    )
