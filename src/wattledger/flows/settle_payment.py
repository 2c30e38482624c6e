"""Once a session is billed: take what it costs out of the holds, and give back every other hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.core.ledger import accounts, books
from wattledger.core.payments.attempts import Attempt
from wattledger.core.payments.holds import SettleReason
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.refunds import PAID_AHEAD
from wattledger.core.payments.renewal import Share, Shares, committed_minor, free_holds, share
from wattledger.core.payments.states import GONE, OperationKind, PaymentState
from wattledger.flows.ask_refund import RefundAsk, ask_refund, given_of
from wattledger.flows.change_payment import ask_operation, lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import PaymentRecord
from wattledger.flows.ports.sessions import BillRow
from wattledger.flows.rest_debt import ask_for_rest

ASKED_BY: Final = "wattledger"


async def settle_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> None:
    """The bill is being taken, all in all; every other hold is being released, and what cannot be collected is
    written off. What was taken ahead of the bill, and is above it, is on its way back.

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
        over_minor = await _over_minor(work, record, bill)
        await work.payments.save(record, changed_at=now)
    await ports.hints.nudge("payments", str(payment_id))
    if over_minor > 0:
        await _give_back(ports, tenant_id, payment_id, over_minor)


async def _bill(work: Work, record: PaymentRecord) -> BillRow | None:
    session_id = record.row.session_id
    if session_id is None:
        session = await work.sessions.active_session_of(record.row.payment_id)
        session_id = None if session is None else session.session_id
    return None if session_id is None else await work.sessions.bill(session_id)


async def _settle(ports: PaymentPorts, work: Work, record: PaymentRecord, bill: BillRow, now: datetime) -> None:
    """What is being taken just now counts as taken: if that fails, its hold still stands and is settled again."""
    attempts = record.fold.attempts
    rest_minor = bill.gross_minor - (committed_minor(attempts) - record.fold.refunded_minor)
    await _close_pages(ports, work, record, now)
    if free := free_holds(attempts):
        await _take(ports, work, record, bill, free, rest_minor=max(0, rest_minor), now=now)
        return
    if record.fold.live is None or any(_is_decided(one) for one in attempts):
        return
    if record.fold.captured_minor:
        await work.jobs.add("issue_receipt", record.row.payment_id, due_at=now, at=now)
        if rest_minor > 0:
            summary = f"Billed {bill.gross_minor}, captured {record.fold.captured_minor} {bill.currency}."
            await review_payment(work, ports.ids, record, "captured_differs_from_bill", summary, now=now)
            await ask_for_rest(work, record.row.payment_id, now)
        return
    state = record.fold.state
    if state not in GONE:
        raise Unavailable("payment_unsettled", f"The payment is {state}.")
    if bill.gross_minor:
        summary = f"{bill.gross_minor} {bill.currency} are billed, but the payment is {state}."
        await review_payment(work, ports.ids, record, "billed_without_hold", summary, now=now)
        await ask_for_rest(work, record.row.payment_id, now)


def _is_decided(attempt: Attempt) -> bool:
    """A hold is being taken or released."""
    is_asked = attempt.is_under_way(OperationKind.CAPTURE) or attempt.is_under_way(OperationKind.VOID)
    return is_asked and attempt.authorized_minor > 0 and not attempt.captured_minor


async def _close_pages(ports: PaymentPorts, work: Work, record: PaymentRecord, now: datetime) -> None:
    """Nobody need confirm another hold any more."""
    for attempt in record.fold.attempts:
        is_open = attempt.state is PaymentState.REQUIRES_ACTION and not attempt.is_under_way(OperationKind.VOID)
        if is_open and attempt.attempt_no > 1:
            asked = Asked(OperationKind.VOID, attempt_no=attempt.attempt_no)
            await ask_operation(work, ports.ids, record, asked, now=now)


async def _take(
    ports: PaymentPorts,
    work: Work,
    record: PaymentRecord,
    bill: BillRow,
    free: Sequence[Attempt],
    *,
    rest_minor: int,
    now: datetime,
) -> None:
    least_minor = ports.gateway(record.row.gateway).least_minor(record.row.currency)
    holds = [Share(one.attempt_no, one.authorized_minor) for one in free]
    shares = share(rest_minor, holds, least_minor=least_minor)
    amounts = {one.attempt_no: one.amount_minor for one in shares.captures}
    for hold in free:
        kind = OperationKind.CAPTURE if hold.attempt_no in amounts else OperationKind.VOID
        asked = Asked(kind, amounts.get(hold.attempt_no, 0), attempt_no=hold.attempt_no)
        await ask_operation(work, ports.ids, record, asked, now=now)
    if not committed_minor(record.fold.attempts):
        reason = SettleReason.BELOW_MINIMUM if rest_minor else SettleReason.ZERO_BILL
        record.row.state_reason = reason.value
    if record.fold.captured_minor and not shares.captures:
        await work.jobs.add("issue_receipt", record.row.payment_id, due_at=now, at=now)
    if shares.write_off_minor:
        await _write_off(ports, work, record, bill, shares)


async def _write_off(
    ports: PaymentPorts, work: Work, record: PaymentRecord, bill: BillRow, shares: Shares
) -> None:
    now = ports.clock.now()
    journal = books.write_off_journal(
        source_id=bill.bill_id,
        payment_id=record.row.payment_id,
        session_id=bill.session_id,
        debtor_code=accounts.DRIVERS,
        currency=bill.currency,
        amount_minor=shares.write_off_minor,
        happened_at=now,
    )
    await work.books.post([journal], posted_at=now)
    if shares.captures:
        summary = f"{shares.write_off_minor} {bill.currency} were billed above the hold and written off."
        await review_payment(work, ports.ids, record, "bill_above_hold", summary, now=now)
        await ask_for_rest(work, record.row.payment_id, now)


async def _over_minor(work: Work, record: PaymentRecord, bill: BillRow) -> int:
    """By how much more than the bill was captured and is not on its way back."""
    if record.fold.captured_minor <= bill.gross_minor:
        return 0
    given = given_of(record, await work.refunds.of_payment(record.row.payment_id))
    return given.left_minor - bill.gross_minor


async def _give_back(ports: PaymentPorts, tenant_id: int, payment_id: UUID, over_minor: int) -> None:
    """No document is corrected: the bill never said more. Above the refund limit a second person must agree."""
    try:
        await ask_refund(ports, tenant_id, payment_id, RefundAsk(over_minor, PAID_AHEAD, ASKED_BY))
    except Refused as refusal:
        summary = f"{over_minor} minor units were taken too much: {refusal.message}"
        raise Unavailable("payment_unsettled", summary) from refusal
