"""How a tenant reaches its gateways: accounts are set, switched, and one is chosen for new payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.flows.learn_payee import with_payee
from wattledger.flows.manage_catalog import GATEWAY_SECRETS_FIELD, open_gateway_account
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.gateway import GatewayAccess

_TEXTS: Final = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account as it may be shown: the names of its secrets, never what they are."""

    gateway: str
    is_enabled: bool
    is_chosen: bool
    settings: Mapping[str, str]
    secret_names: tuple[str, ...]
    missing: tuple[str, ...]
    webhook_url: str


async def set_gateway(
    ports: PaymentPorts, tenant_id: int, gateway: str, *, settings: Mapping[str, str], secrets: Mapping[str, str]
) -> AccountShown:
    """The account has these settings and secrets beside those it had; an empty one is taken away.

    The tenant's first account takes new payments. Who is paid is asked of the gateway, and kept. Raises NotFound
    ``gateway_unknown``; InvalidInput ``gateway_setting_unknown``, ``gateway_setting_missing`` or
    ``gateway_setting_malformed``; Refused ``gateway_payee_differs``; then nothing is changed.
    """
    shape = ports.gateway(gateway).account_shape
    for given, known in ((settings, shape.settings), (secrets, shape.secrets)):
        for name in given:
            if name not in known:
                raise InvalidInput("gateway_setting_unknown", f"{gateway} has no {name!r}: {', '.join(known)}.")
    async with ports.uow.begin_read(tenant_id) as work:
        had_settings, had_secrets = await _had(ports, work, gateway)
    new_settings, new_secrets = _with(had_settings, settings), _with(had_secrets, secrets)
    missing = [name for name in shape.needed if name not in {*new_settings, *new_secrets}]
    if missing:
        raise InvalidInput("gateway_setting_missing", f"{gateway} still needs {', '.join(missing)}.")
    access = GatewayAccess(tenant_id, gateway, "", new_settings, new_secrets)
    new_settings = await with_payee(ports, access)
    async with ports.uow.begin(tenant_id) as work:
        await work.sealed.all()  # locked: of two who set an account at once, one is told
        if await _had(ports, work, gateway) != (had_settings, had_secrets):
            raise Refused("gateway_account_changed", "Somebody else changed this account just now: look again.")
        await open_gateway_account(
            work,
            ports.ids,
            ports.secrets,
            gateway=gateway,
            settings=msgspec.json.encode(new_settings),
            secrets=msgspec.json.encode(new_secrets),
            at=ports.clock.now(),
        )
    return next(one for one in await list_gateways(ports, tenant_id) if one.gateway == gateway)


async def _had(ports: PaymentPorts, work: Work, gateway: str) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and secrets of the account as it is."""
    account = await work.catalog.gateway_account(gateway)
    if account is None:
        return {}, {}
    opened = ports.secrets.open(account.secrets, tenant_id=work.tenant_id, field=GATEWAY_SECRETS_FIELD)
    return _TEXTS.decode(account.settings), _TEXTS.decode(opened)


async def list_gateways(ports: PaymentPorts, tenant_id: int) -> list[AccountShown]:
    """Every account of the tenant, the one that takes new payments first."""
    async with ports.uow.begin_read(tenant_id) as work:
        accounts = await work.catalog.gateway_accounts()
    shown = []
    for place, account in enumerate(sorted(accounts, key=lambda one: not one.is_enabled)):
        opened = ports.secrets.open(account.secrets, tenant_id=tenant_id, field=GATEWAY_SECRETS_FIELD)
        settings, secrets = _TEXTS.decode(account.settings), _TEXTS.decode(opened)
        known = ports.gateways.get(account.gateway)
        needed = known.account_shape.needed if known else ()
        shown.append(
            AccountShown(
                gateway=account.gateway,
                is_enabled=account.is_enabled,
                is_chosen=place == 0 and account.is_enabled,
                settings=settings,
                secret_names=tuple(sorted(secrets)),
                missing=tuple(name for name in needed if name not in {*settings, *secrets}),
                webhook_url=f"{ports.public_url.rstrip('/')}/hooks/{account.gateway}/{account.endpoint_key}",
            )
        )
    return shown


async def choose_gateway(ports: PaymentPorts, tenant_id: int, gateway: str) -> None:
    """New payments go to this gateway; what others hold stays with them.

    Raises NotFound ``gateway_unknown``, Refused ``gateway_account_unusable``.
    """
    ports.gateway(gateway)
    async with ports.uow.begin(tenant_id) as work:
        if not await work.catalog.choose_gateway(gateway, at=ports.clock.now()):
            raise Refused("gateway_account_unusable", f"The account at {gateway} is missing or switched off.")


async def switch_gateway(ports: PaymentPorts, tenant_id: int, gateway: str, *, is_enabled: bool) -> None:
    """On or off. Off stops captures and refunds there as well: they wait. Raises NotFound
    ``gateway_account_unknown``.
    """
    async with ports.uow.begin(tenant_id) as work:
        if not await work.catalog.switch_gateway(gateway, is_enabled=is_enabled):
            raise NotFound("gateway_account_unknown", f"This tenant has no account at {gateway!r}.")


def _with(had: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in {**had, **given}.items() if value}
