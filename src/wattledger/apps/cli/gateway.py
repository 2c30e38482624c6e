"""``wattledger gateway``: how a tenant is paid. Secrets come from a file or standard input, never from words."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from wattledger.apps.cli.tenants import AsJson, Tenant, read_file, with_tenant
from wattledger.apps.payment_ports import payment_ports
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.manage_gateways import (
    AccountShown,
    choose_gateway,
    list_gateways,
    set_gateway,
    switch_gateway,
)
from wattledger.flows.open_access import PaymentPorts

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_T = TypeVar("_T")
_Name = Annotated[str, typer.Argument(metavar="GATEWAY", help="stripe, adyen, mollie or sandbox.")]


@app.command("set")
def set_command(
    gateway: _Name,
    tenant: Tenant,
    setting: Annotated[list[str] | None, typer.Option(help="name=value, as often as needed.")] = None,
    secrets: Annotated[
        str | None, typer.Option(help="A JSON object of secrets: a file, or - for standard input.")
    ] = None,
) -> None:
    """Give a gateway's account settings and secrets; what is not named stays, an empty value is taken away."""
    settings = dict(_pair(one) for one in setting or [])
    hidden = _secrets(secrets) if secrets else {}
    shown = _with_ports(
        tenant, lambda ports, tenant_id: set_gateway(ports, tenant_id, gateway, settings=settings, secrets=hidden)
    )
    typer.echo(_text(shown))
    typer.echo(f"Have {gateway} send its webhooks to {shown.webhook_url}")


@app.command("list")
def list_command(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show a tenant's accounts, the one that takes new payments first; secrets by name only."""
    shown = _with_ports(tenant, list_gateways)
    if as_json:
        typer.echo(json.dumps([msgspec.to_builtins(one) for one in shown], indent=2))
        return
    typer.echo("\n".join(_text(one) for one in shown) or "No account at any gateway yet.")


@app.command("use")
def use_command(gateway: _Name, tenant: Tenant) -> None:
    """Send new payments there; what other gateways hold is still captured, released and refunded by them."""
    _with_ports(tenant, lambda ports, tenant_id: choose_gateway(ports, tenant_id, gateway))
    typer.echo(f"New payments go to {gateway}.")


@app.command("switch")
def switch_command(
    gateway: _Name, tenant: Tenant, on: Annotated[bool, typer.Option("--on/--off", help="On or off.")]
) -> None:
    """Switch an account on or off. Off also stops captures and refunds there, until it is on again."""
    _with_ports(tenant, lambda ports, tenant_id: switch_gateway(ports, tenant_id, gateway, is_enabled=on))
    typer.echo(f"{gateway} is {'on' if on else 'off'}.")


def _with_ports(tenant: str, act: Callable[[PaymentPorts, int], Awaitable[_T]]) -> _T:
    return with_tenant(tenant, lambda container, tenant_id: act(payment_ports(container), tenant_id))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise InvalidInput("gateway_setting_malformed", f"{text!r}: write it as name=value.")
    return name.strip(), value.strip()


def _secrets(source: str) -> dict[str, str]:
    try:
        found: dict[str, str] = msgspec.json.decode(read_file(source), type=dict[str, str])
    except msgspec.MsgspecError:
        raise InvalidInput(
            "gateway_setting_malformed", 'Secrets are one JSON object: {"api_key": "..."}'
        ) from None
    return found


def _text(shown: AccountShown) -> str:
    words: list[Any] = [shown.gateway, "on" if shown.is_enabled else "off"]
    if shown.is_chosen:
        words.append("takes new payments")
    words += [f"{name}={value}" for name, value in shown.settings.items()]
    words.append(f"secrets: {', '.join(shown.secret_names) or 'none'}")
    if shown.missing:
        words.append(f"missing: {', '.join(shown.missing)}")
    return "  ".join(words)
