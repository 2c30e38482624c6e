"""What payment flows need, out of a process's container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattledger.flows.open_access import PaymentPorts

if TYPE_CHECKING:
    from wattledger.bootstrap import Container


def payment_ports(container: Container) -> PaymentPorts:
    return PaymentPorts(
        uow=container.database,
        gateways=container.gateways,
        secrets=container.secrets,
        clock=container.clock,
        ids=container.ids,
        hints=container.hints,
        public_url=container.settings.public_url,
    )
