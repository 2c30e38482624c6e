"""Once a session is billed: take what it costs out of the hold, or give the hold back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.kernel.errors import Unavailable
from wattledger.core.ledger import accounts, books
from wattledger.core.payments.holds import Settlement, SettleReason, settle
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.states import GONE, HELD, OPEN, OperationKind
from wattledger.flows.change_payment import ask_operation, lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import PaymentRecord
from wattledger.flows.ports.sessions import BillRow
from wattledger.flows.rest_debt import ask_for_rest


async def settle_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> None:
    """A capture or a void of the payment's hold is on its way; what cannot be collected is written off.

    Doing it again changes nothing. Raises NotFound ``payment_unknown``, Unavailable ``bill_missing`` while the
    session has no bill, and Unavailable ``payment_unsettled`` while it is not known whether money is held.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        bill = await _bill(work, record)
        if bill is None:
            raise Unavailable("bill_missing", "The payment's session has no bill yet.")
        if record.row.session_id is None:
            record.row.session_id = bill.session_id
        record.row.start_deadline_at = None
        await _settle(ports, work, record, bill, now)
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))


async def _bill(work: Work, record: PaymentRecord) -> BillRow | None:
    session_id = record.row.session_id
    if session_id is None:
        session = await work.sessions.active_session_of(record.row.payment_id)
        session_id = None if session is None else session.session_id
    return None if session_id is None else await work.sessions.bill(session_id)


async def _settle(ports: PaymentPorts, work: Work, record: PaymentRecord, bill: BillRow, now: datetime) -> None:
    live, state = record.fold.live, record.fold.state
    if live is None or live.with_state(OperationKind.CAPTURE, *OPEN) or live.with_state(OperationKind.VOID, *OPEN):
        return
    if live.captured_minor:
        if bill.gross_minor != live.captured_minor - live.refunded_minor:
            summary = f"Billed {bill.gross_minor}, captured {live.captured_minor} {bill.currency}."
            await review_payment(work, ports.ids, record, "captured_differs_from_bill", summary, now=now)
            await ask_for_rest(work, record.row.payment_id, now)
        return
    if state in GONE:
        if bill.gross_minor:
            summary = f"{bill.gross_minor} {bill.currency} are billed, but the payment is {state}."
            await review_payment(work, ports.ids, record, "billed_without_hold", summary, now=now)
            await ask_for_rest(work, record.row.payment_id, now)
        return
    if state not in HELD:
        raise Unavailable("payment_unsettled", f"The payment is {state}.")
    least_minor = ports.gateway(record.row.gateway).least_minor(record.row.currency)
    decision = settle(bill.gross_minor, live.authorized_minor, gateway_min_minor=least_minor)
    if decision.capture_minor:
        asked = Asked(OperationKind.CAPTURE, decision.capture_minor)
    else:
        asked = Asked(OperationKind.VOID)
        record.row.state_reason = decision.reason.value
    await ask_operation(work, ports.ids, record, asked, now=now)
    if decision.write_off_minor:
        await _write_off(ports, work, record, bill, decision)


async def _write_off(
    ports: PaymentPorts, work: Work, record: PaymentRecord, bill: BillRow, decision: Settlement
) -> None:
    now = ports.clock.now()
    journal = books.write_off_journal(
        source_id=bill.bill_id,
        payment_id=record.row.payment_id,
        session_id=bill.session_id,
        debtor_code=accounts.DRIVERS,
        currency=bill.currency,
        amount_minor=decision.write_off_minor,
        happened_at=now,
    )
    await work.books.post([journal], posted_at=now)
    if decision.reason is SettleReason.ABOVE_HOLD:
        summary = f"{decision.write_off_minor} {bill.currency} were billed above the hold and written off."
        await review_payment(work, ports.ids, record, "bill_above_hold", summary, now=now)
        await ask_for_rest(work, record.row.payment_id, now)
