"""Give captured money back, in full or in part, to the card it came from."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.payments.refunds import REASONS
from wattledger.flows.change_payment import ask_refund_operations, lock_payment
from wattledger.flows.open_access import PaymentPorts


async def refund_payment(
    ports: PaymentPorts, tenant_id: int, payment_id: UUID, *, amount_minor: int | None, reason: str, asked_by: str
) -> UUID:
    """A refund of ``amount_minor`` (None: all that is left) is on its way; its first operation's id is returned.

    Raises NotFound ``payment_unknown``; InvalidInput ``refund_reason_unknown``; Refused
    ``refund_above_captured``, ``payment_disputed``, ``operation_in_progress`` or ``amount_not_positive``.
    """
    if reason not in REASONS:
        raise InvalidInput("refund_reason_unknown", f"The reason must be one of {', '.join(REASONS)}.")
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        left_minor = record.row.captured_minor - record.row.refunded_minor
        wanted_minor = left_minor if amount_minor is None else amount_minor
        request = msgspec.json.encode({"reason": reason, "asked_by": asked_by})
        operations = await ask_refund_operations(work, ports.ids, record, wanted_minor, now=now, request=request)
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))
    return operations[0].operation_id
