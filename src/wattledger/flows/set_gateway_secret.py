"""A gateway's secrets are set and replaced, never read back: what is shown is the end of a fingerprint."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.learn_payee import with_payee
from wattledger.flows.manage_catalog import GATEWAY_SECRETS_FIELD
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Secrets
from wattledger.flows.ports.catalog import GatewayAccount
from wattledger.flows.ports.gateway import MODE_SETTING, GatewayAccess
from wattledger.flows.ports.staff import AuditRecord

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
_VALUE_CHARACTERS_MAX: Final = 4_096
_TEXTS: Final = msgspec.json.Decoder(dict[str, str])
_HINT_CHARACTERS: Final = 4
_SIGNS: Final = "webhook_"


async def set_gateway_secret(
    ports: PaymentPorts, tenant_id: int, *, gateway: str, name: str, value: str, actor: str
) -> str:
    """The secret of that name is ``value`` from now on, or gone where that is empty; its hint is returned.

    A key that opens another account than is to be paid is not taken. Raises NotFound ``gateway_account_unknown``;
    InvalidInput ``secret_name_malformed``, ``secret_malformed``; Refused ``gateway_payee_differs``.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput("secret_name_malformed", "A secret's name is small letters, digits and underscores.")
    if len(value) > _VALUE_CHARACTERS_MAX or any(not sign.isprintable() and sign != "\n" for sign in value):
        raise InvalidInput("secret_malformed", "A secret is printable text of at most 4096 characters.")
    payee = await _payee_with(ports, tenant_id, gateway, name, value)
    async with ports.uow.begin(tenant_id) as work:
        await work.sealed.all()  # locked: of two who set secrets at once, the second adds to the first's
        account = await work.catalog.gateway_account(gateway)
        if account is None:
            raise NotFound("gateway_account_unknown", f"This tenant has no account at {gateway[:20]!r}.")
        known = _opened(ports.secrets, tenant_id, account)
        known.pop(name, None)
        if value:
            known[name] = value
        sealed = ports.secrets.seal(msgspec.json.encode(known), tenant_id=tenant_id, field=GATEWAY_SECRETS_FIELD)
        settings = msgspec.json.encode({**_TEXTS.decode(account.settings), **payee})
        changed = dataclasses.replace(account, settings=settings, secrets=sealed)
        now = ports.clock.now()
        await work.catalog.put_gateway_account(changed, at=now)
        hint = hint_of(ports.secrets, tenant_id, gateway, name, value) if value else "removed"
        detail = f"{gateway} {name}: {hint}"
        audit = AuditRecord(ports.ids.new(), now, actor, "gateway_secret_set", "gateway_account", None, detail)
        await work.staff.insert_audit(audit)
    return hint


async def _payee_with(ports: PaymentPorts, tenant_id: int, gateway: str, name: str, value: str) -> dict[str, str]:
    """The settings that say whom the account pays once it has this secret; none where it signs messages only."""
    known = ports.gateways.get(gateway)
    if known is None or not value or name.startswith(_SIGNS):
        return {}
    async with ports.uow.begin_read(tenant_id) as work:
        account = await work.catalog.gateway_account(gateway)
    if account is None:
        return {}
    secrets = {**_opened(ports.secrets, tenant_id, account), name: value}
    access = GatewayAccess(tenant_id, gateway, account.endpoint_key, _TEXTS.decode(account.settings), secrets)
    settings = await with_payee(ports, access)
    return {one: settings[one] for one in (known.account_shape.payee_setting, MODE_SETTING) if one in settings}


def hint_of(secrets: Secrets, tenant_id: int, gateway: str, name: str, value: str) -> str:
    """Four signs by which two people can tell that they mean the same secret, and nobody can learn it."""
    digest = secrets.fingerprint(value, purpose=f"hint:{tenant_id}:{gateway}:{name}")
    return digest.hex()[-_HINT_CHARACTERS:]


def hints_of(secrets: Secrets, tenant_id: int, account: GatewayAccount) -> dict[str, str]:
    """Each secret's name with its hint. Raises Refused ``secret_unreadable``."""
    opened = _opened(secrets, tenant_id, account)
    return {
        name: hint_of(secrets, tenant_id, account.gateway, name, value) for name, value in sorted(opened.items())
    }


def _opened(secrets: Secrets, tenant_id: int, account: GatewayAccount) -> dict[str, str]:
    return _TEXTS.decode(secrets.open(account.secrets, tenant_id=tenant_id, field=GATEWAY_SECRETS_FIELD))
