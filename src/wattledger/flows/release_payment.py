"""Give a hold back, or close a page that was not paid, with the reason the driver is told."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.payments.machine import Asked
from wattledger.core.payments.renewal import free_holds
from wattledger.core.payments.states import OperationKind
from wattledger.flows.change_payment import ask_operation, lock_payment
from wattledger.flows.open_access import PaymentPorts


async def release_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID, *, reason: str) -> None:
    """Every hold of the payment is being released. Raises NotFound ``payment_unknown``; Refused
    ``already_captured``, ``nothing_held`` or ``operation_in_progress``.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        numbers: list[int | None] = [one.attempt_no for one in free_holds(record.fold.attempts)]
        for attempt_no in numbers or [None]:
            asked = Asked(OperationKind.VOID, attempt_no=attempt_no)
            await ask_operation(work, ports.ids, record, asked, now=now)
        record.row.state_reason = reason
        record.row.start_deadline_at = None
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))
