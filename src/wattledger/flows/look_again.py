"""Payments that nobody told us of for an hour are asked about: webhooks that were lost heal by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.payments.states import GONE
from wattledger.flows.absorb_facts import absorb_facts
from wattledger.flows.change_payment import lock_payment
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.gateway import GatewayRefused, GatewayUnreached, GatewayUnsure
from wattledger.flows.view_attempt import view_attempt

QUIET_FOR: Final = timedelta(hours=1)
# Money that was taken is looked at once a day, for as long as refunds and first disputes are usual.
TAKEN_QUIET_FOR: Final = timedelta(days=1)
TAKEN_FOR: Final = timedelta(days=14)
_AT_ONCE_MAX: Final = 200


async def look_again(ports: PaymentPorts, tenant_id: int) -> int:
    """Every payment that is under way and was quiet for an hour stands as its gateway says; how many were asked.

    The longest quiet come first, at most 200 a time. A gateway that does not answer is asked again next time.
    """
    now = ports.clock.now()
    async with ports.uow.begin_read(tenant_id) as work:
        quiet = await work.payments.quiet(
            now - QUIET_FOR, now - TAKEN_QUIET_FOR, taken_since=now - TAKEN_FOR, limit=_AT_ONCE_MAX
        )
    return sum([await _look(ports, tenant_id, payment_id) for payment_id in quiet])


async def _look(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> bool:
    """Whether the gateway of any hold of the payment that may still change was asked and answered."""
    async with ports.uow.begin_read(tenant_id) as work:
        record = await work.payments.get(payment_id)
    if record is None:
        return False
    live = record.fold.live
    numbers = [one.attempt_no for one in record.fold.attempts if one is live or one.state not in GONE]
    return any([await _look_at(ports, tenant_id, payment_id, number) for number in numbers])


async def _look_at(ports: PaymentPorts, tenant_id: int, payment_id: UUID, attempt_no: int) -> bool:
    async with ports.uow.begin_read(tenant_id) as work:
        record = await work.payments.get(payment_id)
        assert record is not None
        attempt = record.attempts[attempt_no - 1]
        view = await view_attempt(work, record, attempt, now=ports.clock.now())
        try:
            access = await open_access(ports, work, attempt.gateway)
        except WattledgerError:
            return False
    if view is None:
        return False
    try:
        facts = await ports.gateway(access.gateway).fetch(access, view)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure):
        return False
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        absorbed = await absorb_facts(ports, work, record, record.attempts[attempt_no - 1], facts)
    await ports.hints.nudge("payments", str(payment_id))
    if absorbed.has_command:
        await ports.hints.nudge("commands")
    return True
