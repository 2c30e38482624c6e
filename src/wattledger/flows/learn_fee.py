"""Ask a gateway again what it knows of a captured payment: its fee is often settled later than the capture."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Unavailable
from wattledger.flows.absorb_facts import absorb_facts
from wattledger.flows.change_payment import lock_payment
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.gateway import GatewayRefused, GatewayUnreached, GatewayUnsure
from wattledger.flows.view_attempt import view_attempt


async def learn_fee(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> None:
    """The fee of the payment's capture is booked. Raises NotFound ``payment_unknown``, Unavailable
    ``fee_unknown`` while the gateway does not say.
    """
    async with ports.uow.begin_read(tenant_id) as work:
        record = await work.payments.get(payment_id)
        if record is None:
            raise NotFound("payment_unknown", "No such payment.")
        access = await open_access(ports, work, record.row.gateway)
        live = record.fold.live
        attempt = None if live is None else record.attempts[live.attempt_no - 1]
        view = None if attempt is None else await view_attempt(work, record, attempt, now=ports.clock.now())
    if attempt is None or view is None:
        raise NotFound("payment_unknown", "The payment never reached a gateway.")
    try:
        facts = await ports.gateway(record.row.gateway).fetch(access, view)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure) as error:
        raise Unavailable("fee_unknown", f"The gateway did not answer: {error}") from None
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        await absorb_facts(ports, work, record, record.attempts[attempt.attempt_no - 1], facts)
    if facts.fee_minor is None:
        raise Unavailable("fee_unknown", "The gateway has not settled its fee yet.")
