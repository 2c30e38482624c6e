"""Give a hold back, or close a page that was not paid, with the reason the driver is told."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.payments.machine import Asked
from wattledger.core.payments.states import OperationKind
from wattledger.flows.change_payment import ask_operation, lock_payment
from wattledger.flows.open_access import PaymentPorts


async def release_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID, *, reason: str) -> None:
    """A void is on its way. Raises NotFound ``payment_unknown``; Refused ``already_captured``,
    ``nothing_held`` or ``operation_in_progress``.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        await ask_operation(work, ports.ids, record, Asked(OperationKind.VOID), now=now)
        record.row.state_reason = reason
        record.row.start_deadline_at = None
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))
