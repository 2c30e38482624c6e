"""Whose account a gateway pays for us: asked at setup, kept in the account's settings, compared ever after."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput, Refused, WattledgerError
from wattledger.core.payments.facts import Mode, Payee
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.gateway import (
    MODE_SETTING,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
)

_TEXTS: Final = msgspec.json.Decoder(dict[str, str])


async def with_payee(ports: PaymentPorts, access: GatewayAccess) -> dict[str, str]:
    """The settings with who will be paid, as the gateway says; what it does not say stays as it was.

    Call it outside a transaction. Raises Refused ``gateway_payee_differs`` where the secrets open another account
    than the settings name; InvalidInput ``gateway_setting_malformed`` for a mode that is none.
    """
    shape = ports.gateway(access.gateway).account_shape
    expected = shape.payee(access.settings)
    if expected.mode and expected.mode not in set(Mode):
        raise InvalidInput("gateway_setting_malformed", f"{MODE_SETTING} is {' or '.join(Mode)}.")
    told = await _ask(ports, access)
    if told.differs_from(expected):
        raise Refused(
            "gateway_payee_differs",
            f"This key is of {told.account} {told.mode}; {expected.account} {expected.mode} is to be paid. "
            f"If that is meant to change, set {shape.payee_setting} and {MODE_SETTING} with it, or empty them.",
        )
    learned = {shape.payee_setting: told.account, MODE_SETTING: told.mode}
    return {**access.settings, **{name: str(value) for name, value in learned.items() if value}}


async def _ask(ports: PaymentPorts, access: GatewayAccess) -> Payee:
    try:
        return await ports.gateway(access.gateway).ask_payee(access)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure):
        return Payee()


async def learn_payees(ports: PaymentPorts, tenant_id: int) -> int:
    """Accounts whose payee was never learned name it from now on, where their gateway says; how many."""
    async with ports.uow.begin_read(tenant_id) as work:
        accesses = []
        for account in await work.catalog.gateway_accounts():
            if account.is_enabled and _lacks_payee(ports, account.gateway, _TEXTS.decode(account.settings)):
                try:
                    accesses.append(await open_access(ports, work, account.gateway))
                except WattledgerError:
                    continue
    return sum([await _learn(ports, access) for access in accesses])


def _lacks_payee(ports: PaymentPorts, gateway: str, settings: Mapping[str, str]) -> bool:
    known = ports.gateways.get(gateway)
    if known is None:
        return False
    payee = known.account_shape.payee(settings)
    return not (payee.account and payee.mode)


async def _learn(ports: PaymentPorts, access: GatewayAccess) -> bool:
    try:
        settings = await with_payee(ports, access)
    except WattledgerError:
        return False
    if settings == dict(access.settings):
        return False
    async with ports.uow.begin(access.tenant_id) as work:
        await work.sealed.all()  # locked: nobody changes the account meanwhile
        account = await work.catalog.gateway_account(access.gateway)
        if account is None or _TEXTS.decode(account.settings) != dict(access.settings):
            return False
        changed = dataclasses.replace(account, settings=msgspec.json.encode(settings))
        await work.catalog.put_gateway_account(changed, at=ports.clock.now())
    return True
