"""What payment flows need of the world, and how a tenant reaches its gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.payments.facts import Payee
from wattledger.flows.manage_catalog import GATEWAY_SECRETS_FIELD
from wattledger.flows.ports.base import Clock, Hints, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.gateway import Gateway, GatewayAccess, Gateways

_TEXTS: Final = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class PaymentPorts:
    """The ports of every flow that moves money; ``public_url`` is where drivers and gateways reach us."""

    uow: UnitOfWork
    gateways: Gateways
    secrets: Secrets
    clock: Clock
    ids: Ids
    hints: Hints
    public_url: str

    def gateway(self, name: str) -> Gateway:
        """Raises NotFound ``gateway_unknown``."""
        try:
            return self.gateways[name]
        except KeyError:
            raise NotFound("gateway_unknown", f"There is no gateway {name!r}.") from None


async def payee_of(ports: PaymentPorts, work: Work, gateway: str) -> Payee:
    """Who must be paid by the tenant's account at ``gateway``; what was never learned is empty."""
    account = await work.catalog.gateway_account(gateway)
    if account is None:
        return Payee()
    return ports.gateway(gateway).account_shape.payee(_TEXTS.decode(account.settings))


async def open_access(ports: PaymentPorts, work: Work, gateway: str) -> GatewayAccess:
    """The tenant's settings and opened secrets for ``gateway``.

    Raises NotFound ``gateway_account_unknown``, Refused ``gateway_disabled``.
    """
    account = await work.catalog.gateway_account(gateway)
    if account is None:
        raise NotFound("gateway_account_unknown", f"This tenant has no account at {gateway!r}.")
    if not account.is_enabled:
        raise Refused("gateway_disabled", f"Payments through {gateway} are switched off.")
    opened = ports.secrets.open(account.secrets, tenant_id=work.tenant_id, field=GATEWAY_SECRETS_FIELD)
    return GatewayAccess(
        tenant_id=work.tenant_id,
        gateway=gateway,
        endpoint_key=account.endpoint_key,
        settings=_TEXTS.decode(account.settings),
        secrets=_TEXTS.decode(opened),
    )
