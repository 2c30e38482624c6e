"""Ask a gateway again what it knows of a captured payment: its fee is often settled later than the capture."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Unavailable
from wattledger.core.payments.attempts import Attempt
from wattledger.flows.absorb_facts import absorb_facts
from wattledger.flows.change_payment import lock_payment
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.gateway import (
    AttemptView,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
)
from wattledger.flows.view_attempt import view_attempt


async def learn_fee(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> None:
    """The fee of each of the payment's captures is booked. Raises NotFound ``payment_unknown``, Unavailable
    ``fee_unknown`` while the gateway does not say.
    """
    async with ports.uow.begin_read(tenant_id) as work:
        record = await work.payments.get(payment_id)
        if record is None:
            raise NotFound("payment_unknown", "No such payment.")
        access = await open_access(ports, work, record.row.gateway)
        taken = [one.attempt_no for one in record.fold.attempts if one.captured_minor and _is_open(one)]
        now = ports.clock.now()
        views = [await view_attempt(work, record, record.attempts[number - 1], now=now) for number in taken]
    for number, view in zip(taken, views, strict=True):
        if view is None:
            raise NotFound("payment_unknown", "The payment never reached a gateway.")
        await _learn(ports, access, payment_id, number, view)


def _is_open(attempt: Attempt) -> bool:
    return attempt.facts is None or attempt.facts.fee_minor is None


async def _learn(
    ports: PaymentPorts, access: GatewayAccess, payment_id: UUID, attempt_no: int, view: AttemptView
) -> None:
    try:
        facts = await ports.gateway(access.gateway).fetch(access, view)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure) as error:
        raise Unavailable("fee_unknown", f"The gateway did not answer: {error}") from None
    async with ports.uow.begin(access.tenant_id) as work:
        record = await lock_payment(work, payment_id)
        await absorb_facts(ports, work, record, record.attempts[attempt_no - 1], facts)
    if facts.fee_minor is None:
        raise Unavailable("fee_unknown", "The gateway has not settled its fee yet.")
