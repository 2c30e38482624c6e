"""Money that somebody wants to give back: at once within a limit, above it once a second person agrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import Forbidden, InvalidInput, NotFound, Refused
from wattledger.core.kernel.money import Money
from wattledger.core.ledger.accounts import wallet_account
from wattledger.core.ledger.books import wallet_journal
from wattledger.core.payments.facts import Dispute
from wattledger.core.payments.refunds import PAID_AHEAD, REASONS, Given, judge_refund, needs_second
from wattledger.core.payments.states import OPEN, OperationKind
from wattledger.flows.change_payment import ask_refund_operations, lock_payment
from wattledger.flows.invoice_debt import debtor_of
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import PaymentRecord
from wattledger.flows.ports.refunds import Movement, RefundRow
from wattledger.flows.ports.staff import AuditRecord
from wattledger.flows.wallets import open_wallet

CREDIT_JOB: Final = "credit_refund"
_NOTE_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class RefundAsk:
    """``amount_minor`` None gives back all that is left; ``customer_no`` sends it to that customer's wallet."""

    amount_minor: int | None
    reason: str
    asked_by: str
    note: str = ""
    customer_no: str | None = None


async def ask_refund(ports: PaymentPorts, tenant_id: int, payment_id: UUID, ask: RefundAsk) -> RefundRow:
    """The refund is on its way, or waits for a second person; who asked stands in the audit trail.

    Raises NotFound ``payment_unknown``, ``customer_unknown``; InvalidInput ``refund_reason_unknown``,
    ``note_too_long``; Forbidden ``refund_to_oneself``; Refused ``refund_above_captured``,
    ``amount_not_positive``, ``payment_disputed``, ``operation_in_progress``.
    """
    if ask.reason not in REASONS and ask.reason != PAID_AHEAD:
        raise InvalidInput("refund_reason_unknown", f"The reason must be one of {', '.join(REASONS)}.")
    if len(ask.note) > _NOTE_CHARACTERS_MAX:
        raise InvalidInput("note_too_long", f"A note has at most {_NOTE_CHARACTERS_MAX} characters.")
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, payment_id)
        if record.row.driver_email is not None and record.row.driver_email.lower() == ask.asked_by.lower():
            raise Forbidden("refund_to_oneself", "This payment is your own: somebody else must give it back.")
        earlier = await work.refunds.of_payment(payment_id)
        given = given_of(record, earlier)
        amount_minor = given.left_minor if ask.amount_minor is None else ask.amount_minor
        _check(record, amount_minor, given)
        row = await _row(ports, work, record, ask, amount_minor=amount_minor, earlier=earlier, now=now)
        if row.needs_second:
            await work.refunds.add(row)
        else:
            row = await _send(ports, work, record, row, now)
            await work.refunds.add(row)
            await _follow_up(work, row, now)
        await _audit(ports, work, row, ask.asked_by, "refund_requested" if row.needs_second else "refund_asked")
    await ports.hints.nudge("payments", str(payment_id))
    return row


async def decide_refund(
    ports: PaymentPorts, tenant_id: int, refund_id: UUID, *, decided_by: str, is_approved: bool
) -> RefundRow:
    """The waiting refund is on its way, or declined, by a person who did not ask for it.

    Raises NotFound ``refund_unknown``; Forbidden ``refund_needs_second_person``; Refused ``refund_decided``, and
    what ``ask_refund`` raises; then it waits as before.
    """
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        known = await work.refunds.get(refund_id)
        if known is None:
            raise NotFound("refund_unknown", "There is no such refund.")
        record = await lock_payment(work, known.payment_id)  # payments before their refunds, always
        row = await work.refunds.get(refund_id, for_update=True)
        assert row is not None
        if row.state != "waiting":
            raise Refused("refund_decided", "Somebody decided this refund already.")
        if is_approved and decided_by == row.asked_by:
            raise Forbidden("refund_needs_second_person", "Whoever asked for a refund cannot approve it.")
        if is_approved:
            others = [one for one in await work.refunds.of_payment(row.payment_id) if one.refund_id != refund_id]
            _check(record, row.amount_minor, given_of(record, others))
            row = await _send(ports, work, record, row, now)
        state = "sent" if is_approved else "declined"
        row = msgspec.structs.replace(row, state=state, decided_by=decided_by, decided_at=now)
        await work.refunds.decide(row)
        if is_approved:
            await _follow_up(work, row, now)
        await _audit(ports, work, row, decided_by, "refund_approved" if is_approved else "refund_declined")
    await ports.hints.nudge("payments", str(row.payment_id))
    return row


def given_of(record: PaymentRecord, requests: list[RefundRow]) -> Given:
    """What of the payment is gone or promised already."""
    refunds = [one for one in record.operations if one.kind == OperationKind.REFUND]
    return Given(
        captured_minor=record.row.captured_minor,
        refunded_minor=record.row.refunded_minor,
        on_its_way_minor=sum(one.amount_minor for one in refunds if one.state in OPEN),
        to_wallet_minor=sum(
            one.amount_minor for one in requests if (one.destination, one.state) == ("wallet", "sent")
        ),
        waiting_minor=sum(one.amount_minor for one in requests if one.state == "waiting"),
    )


def _check(record: PaymentRecord, amount_minor: int, given: Given) -> None:
    disputes = {one.facts.dispute for one in record.fold.attempts if one.facts is not None}
    if disputes & {Dispute.OPEN, Dispute.LOST}:
        raise Refused("payment_disputed", "A disputed payment is given back by the bank, not by a refund.")
    refusal = judge_refund(amount_minor, given)
    if refusal is not None:
        raise Refused(refusal.code, refusal.message)


async def _row(
    ports: PaymentPorts,
    work: Work,
    record: PaymentRecord,
    ask: RefundAsk,
    *,
    amount_minor: int,
    earlier: list[RefundRow],
    now: datetime,
) -> RefundRow:
    customer_id = None
    if ask.customer_no is not None:
        customer_id = await work.catalog.customer_id(ask.customer_no)
        if customer_id is None:
            raise NotFound("customer_unknown", f"There is no customer {ask.customer_no[:20]}.")
    alone_minor = sum(one.amount_minor for one in earlier if one.state == "sent" and not one.needs_second)
    is_above = needs_second(amount_minor, alone_minor, record.row.currency, await work.refunds.alone_units_max())
    return RefundRow(
        refund_id=ports.ids.new(),
        payment_id=record.row.payment_id,
        amount_minor=amount_minor,
        currency=record.row.currency,
        destination="method" if customer_id is None else "wallet",
        customer_id=customer_id,
        reason_code=ask.reason,
        note=ask.note.strip(),
        needs_second=is_above,
        state="waiting" if is_above else "sent",
        asked_by=ask.asked_by,
        asked_at=now,
        decided_by=None if is_above else ask.asked_by,
        decided_at=None if is_above else now,
    )


async def _send(
    ports: PaymentPorts, work: Work, record: PaymentRecord, row: RefundRow, now: datetime
) -> RefundRow:
    if row.customer_id is not None:
        await _to_wallet(ports, work, record, row, now)
        return row
    request = msgspec.json.encode({"reason": row.reason_code, "asked_by": row.asked_by})
    parts = await ask_refund_operations(work, ports.ids, record, row.amount_minor, now=now, request=request)
    await work.payments.save(record, changed_at=now)
    others = tuple(one.operation_id for one in parts[1:])
    return msgspec.structs.replace(row, operation_id=parts[0].operation_id, other_operation_ids=others)


async def _to_wallet(
    ports: PaymentPorts, work: Work, record: PaymentRecord, row: RefundRow, now: datetime
) -> None:
    """What the debtor paid is owed again, and is in the customer's wallet: one movement, one journal."""
    assert row.customer_id is not None
    customer = await work.catalog.customer(row.customer_id)
    assert customer is not None
    await open_wallet(work, customer, row.currency, at=now)
    await work.refunds.wallet(row.customer_id, row.currency, for_update=True)
    movement = Movement(
        ports.ids.new(), row.customer_id, row.currency, row.amount_minor, "refund", row.refund_id, now
    )
    if not await work.refunds.move(movement):
        return
    journal = wallet_journal(
        source_id=movement.movement_id,
        wallet_code=wallet_account(customer.customer_no),
        debtor_code=await debtor_of(work, record),
        currency=row.currency,
        amount_minor=row.amount_minor,
        happened_at=now,
        payment_id=record.row.payment_id,
        session_id=record.row.session_id,
    )
    await work.books.post([journal], posted_at=now)


async def _follow_up(work: Work, row: RefundRow, now: datetime) -> None:
    await work.jobs.add(CREDIT_JOB, row.refund_id, due_at=now, at=now)


async def _audit(ports: PaymentPorts, work: Work, row: RefundRow, actor: str, action: str) -> None:
    where = "a wallet" if row.customer_id is not None else "the card"
    detail = f"{Money(row.amount_minor, row.currency)} to {where}: {row.reason_code.replace('_', ' ')}"
    record = AuditRecord(ports.ids.new(), ports.clock.now(), actor, action, "payment", row.payment_id, detail)
    await work.staff.insert_audit(record)
