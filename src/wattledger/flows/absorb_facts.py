"""What follows, in the same transaction, from what a gateway told: books, a start, a receipt, a question."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.ledger import books
from wattledger.core.ledger.transfers import Journal, JournalKind, Transfer
from wattledger.core.payments.attempts import Attempt
from wattledger.core.payments.facts import Dispute, GatewayFacts, Payee, RefundState
from wattledger.core.payments.fraud import CardVelocity, judge_card
from wattledger.core.payments.machine import Asked, Payment, Told
from wattledger.core.payments.states import HELD, OPEN, OperationKind, OperationState
from wattledger.flows.ask_station import ANSWER_WITHIN, PLUG_IN_WITHIN, ask_start
from wattledger.flows.change_payment import apply_event, ask_operation, review_payment
from wattledger.flows.invoice_debt import debtor_of, left_of, note_invoice_paid
from wattledger.flows.keep_method import keep_method
from wattledger.flows.open_access import PaymentPorts, payee_of
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.payments import AttemptRow, OperationRow, PaymentRecord
from wattledger.flows.rest_debt import REST, note_rest_paid

# What a person is asked about where money went, or a message tells that it went, to somebody else's account.
OTHER_PAYEE: Final = "gateway_told_other_payee"
LEARN_FEE_AFTER: Final = timedelta(minutes=1)
# A prepaid card that grants less than this share of the hold cannot carry a session.
_PARTIAL_PERCENT_MIN: Final = 25


@dataclass(frozen=True, slots=True)
class Absorbed:
    """``refusal`` is the code if the facts were not believed; ``has_command``: nudge "commands" after commit."""

    refusal: str | None = None
    has_command: bool = False


async def absorb_facts(
    ports: PaymentPorts, work: Work, record: PaymentRecord, attempt: AttemptRow, facts: GatewayFacts
) -> Absorbed:
    """``record`` is saved with the facts and all that follows from them, once however often they are told.

    Facts of another amount, currency, payment or payee change nothing: a review item says so (attack A16).
    """
    now = ports.clock.now()
    refusal = _disbelief(record, attempt, facts, await payee_of(ports, work, attempt.gateway))
    if refusal is not None:
        await review_payment(work, ports.ids, record, refusal, f"{record.row.gateway} told {facts.ref}.", now=now)
        return Absorbed(refusal=refusal)
    before = record.fold
    states = {one.operation_id: one.state for one in record.operations}
    apply_event(record, Told(attempt.attempt_no, facts), now=now)
    _note_card(record)
    for operation in record.operations:
        if (operation.operation_no, operation.attempt_no) == (1, attempt.attempt_no) and facts.movement_ref:
            operation.gateway_ref = facts.movement_ref
    has_command = False
    if record.fold.held_minor and not before.held_minor:
        has_command = await _on_hold(ports, work, record, now)
    await _book(ports, work, record, before, now)
    await keep_method(work, record, attempt, facts, now)
    for code, summary in _questions(record, before, states, attempt.attempt_no):
        await review_payment(work, ports.ids, record, code, summary, now=now)
    await work.payments.save(record, changed_at=now)
    return Absorbed(has_command=has_command)


def _disbelief(record: PaymentRecord, attempt: AttemptRow, facts: GatewayFacts, payee: Payee) -> str | None:
    operations = [one for one in record.operations if one.attempt_no == attempt.attempt_no]
    asked = [one.amount_minor for one in operations if one.operation_no == 1 or one.kind == "increment"]
    taken = [one.amount_minor for one in operations if one.kind == "capture"]
    if facts.reference != f"{record.row.payment_id}:{attempt.attempt_no}" or facts.ref != attempt.gateway_ref:
        return "gateway_told_other_payment"
    if facts.payee is not None and facts.payee.differs_from(payee):
        return OTHER_PAYEE
    if facts.currency != record.row.currency:
        return "gateway_told_other_currency"
    if not asked or facts.asked_minor != asked[0] or facts.authorized_minor > max(asked):
        return "gateway_told_other_amount"
    if facts.captured_minor > max(taken, default=0):
        return "gateway_captured_unasked"
    if facts.refunded_minor > facts.captured_minor:
        return "gateway_refunded_too_much"
    return None


def _note_card(record: PaymentRecord) -> None:
    live = record.fold.live
    if live is None or live.facts is None:
        return
    row, facts = record.row, live.facts
    if facts.card is not None:
        row.card_brand = facts.card.brand or row.card_brand
        row.card_last4 = facts.card.last4 or row.card_last4
        row.card_fingerprint = facts.card.fingerprint or row.card_fingerprint
    row.capture_before = facts.capture_before
    if facts.decline_code and not row.state_reason:
        row.state_reason = facts.decline_code
    if record.fold.state not in HELD:
        row.start_deadline_at = None


async def _on_hold(ports: PaymentPorts, work: Work, record: PaymentRecord, now: datetime) -> bool:
    """Money is held for the first time: the session is asked for, or the hold is given back with a reason."""
    row = record.row
    if record.fold.state not in HELD or row.session_id is not None:
        return False
    if row.state_reason is not None and _is_voiding(record):
        return False
    row.state_reason = None
    refusal = await _refusal_to_start(work, record, now)
    if refusal is not None:
        row.state_reason = refusal
        await ask_operation(work, ports.ids, record, Asked(OperationKind.VOID), now=now)
        return False
    if row.connector_id is None:
        return False
    await ask_start(
        work,
        ports.ids,
        ports.clock,
        connector_id=row.connector_id,
        token_uid=_token_uid(ports.ids.secret()),
        payment_id=row.payment_id,
        asked_by="driver",
    )
    row.start_deadline_at = now + ANSWER_WITHIN + PLUG_IN_WITHIN
    return True


def _is_voiding(record: PaymentRecord) -> bool:
    live = record.fold.live
    return live is not None and live.with_state(OperationKind.VOID, *OPEN)


async def _refusal_to_start(work: Work, record: PaymentRecord, now: datetime) -> str | None:
    row = record.row
    if row.held_minor * 100 < row.asked_minor * _PARTIAL_PERCENT_MIN:
        return "partial_approval_too_small"
    tenant = await work.catalog.tenant()
    if tenant is None or not row.card_fingerprint:
        return None
    rule = CardVelocity(tenant.velocity_starts_max, timedelta(seconds=tenant.velocity_window_s))
    uses = await work.payments.card_uses(row.card_fingerprint, since=now - rule.window, but=row.payment_id)
    refusal = judge_card(uses, rule)
    return None if refusal is None else refusal.code


def _token_uid(secret: str) -> str:
    """20 characters that fit OCPP 1.6's idTag, and cannot be guessed."""
    return base64.b32encode(hashlib.sha256(secret.encode()).digest()).decode()[:20]


async def _book(ports: PaymentPorts, work: Work, record: PaymentRecord, before: Payment, now: datetime) -> None:
    row = record.row
    journals: list[Journal] = []
    for attempt in record.fold.attempts:
        if attempt.captured_minor:
            journals += await _attempt_journals(work, record, attempt, now)
    if journals:
        await work.books.post(journals, posted_at=now)
    if record.fold.captured_minor == before.captured_minor:
        return
    taken = [one for one in record.fold.attempts if one.captured_minor]
    is_fee_open = any(one.facts is not None and one.facts.fee_minor is None for one in taken)
    if is_fee_open and ports.gateway(row.gateway).capabilities.tells_fee:
        await work.jobs.add("learn_fee", row.payment_id, due_at=now + LEARN_FEE_AFTER, at=now)
    if row.purpose == REST:
        await note_rest_paid(work, record, now)
    elif row.invoice_id is not None:
        left_minor = await left_of(work, row.invoice_id)
        if record.fold.captured_minor > left_minor:
            sums = (
                f"{record.fold.captured_minor} {row.currency} came by {row.gateway}, {left_minor} were owed still."
            )
            await review_payment(work, ports.ids, record, "invoice_paid_twice", sums, now=now)
        await note_invoice_paid(work, row.invoice_id, now)
    elif await _is_final(work, record):
        await work.jobs.add("issue_receipt", row.payment_id, due_at=now, at=now)


async def _is_final(work: Work, record: PaymentRecord) -> bool:
    """Nothing more will be taken: a receipt says all that was. What is taken ahead waits for the bill."""
    is_taking = any(one.is_under_way(OperationKind.CAPTURE) for one in record.fold.attempts)
    session_id = record.row.session_id
    return not is_taking and (session_id is None or await work.sessions.bill(session_id) is not None)


async def _attempt_journals(work: Work, record: PaymentRecord, attempt: Attempt, now: datetime) -> list[Journal]:
    """What one hold gave and gave back, and what its gateway kept."""
    own = [one for one in record.operations if one.attempt_no == attempt.attempt_no]
    capture = next((one for one in own if _is_done(one, "capture")), None)
    if capture is None or attempt.facts is None:
        return []
    owed_by = await debtor_of(work, record)
    journals = [_capture(record, capture, owed_by, attempt.captured_minor, now)]
    if attempt.facts.fee_minor is not None and capture.fee_minor is None:
        capture.fee_minor = attempt.facts.fee_minor
        journals += _fee(record, capture, now)
    return journals + _refunds(record, own, owed_by, attempt.facts, now)


def _is_done(operation: OperationRow, kind: str) -> bool:
    return operation.kind == kind and operation.state == OperationState.SUCCEEDED


def _capture(
    record: PaymentRecord, capture: OperationRow, owed_by: str, amount_minor: int, now: datetime
) -> Journal:
    return books.capture_journal(
        operation_id=capture.operation_id,
        payment_id=record.row.payment_id,
        session_id=record.row.session_id,
        gateway=record.row.gateway,
        creditor_code=owed_by,
        currency=record.row.currency,
        amount_minor=amount_minor,
        happened_at=now,
    )


def _fee(record: PaymentRecord, capture: OperationRow, now: datetime) -> list[Journal]:
    assert capture.fee_minor is not None
    journal = books.fee_journal(
        operation_id=capture.operation_id,
        payment_id=record.row.payment_id,
        session_id=record.row.session_id,
        gateway=record.row.gateway,
        currency=record.row.currency,
        fee_minor=capture.fee_minor,
        happened_at=now,
    )
    return [] if journal is None else [journal]


def _refunds(
    record: PaymentRecord, own: Sequence[OperationRow], owed_by: str, facts: GatewayFacts, now: datetime
) -> list[Journal]:
    """A journal for each refund done, and its reversal if the bank returned it later."""
    journals = []
    states = {refund.key: refund.state for refund in facts.refunds if refund.key}
    for operation in own:
        if not _is_done(operation, "refund"):
            continue
        booked = books.refund_journal(
            operation_id=operation.operation_id,
            payment_id=record.row.payment_id,
            session_id=record.row.session_id,
            gateway=record.row.gateway,
            debtor_code=owed_by,
            currency=record.row.currency,
            amount_minor=operation.amount_minor,
            happened_at=now,
        )
        journals.append(booked)
        if states.get(operation.idempotency_key) is RefundState.FAILED:
            journals.append(_reversed(booked, now))
    return journals


def _reversed(journal: Journal, now: datetime) -> Journal:
    transfers = tuple(
        Transfer(one.credit_code, one.debit_code, one.currency, one.amount_minor) for one in journal.transfers
    )
    return Journal(
        journal.source_id, JournalKind.CORRECTION, now, transfers, journal.session_id, journal.payment_id
    )


def _questions(
    record: PaymentRecord, before: Payment, states: dict[UUID, str], attempt_no: int
) -> list[tuple[str, str]]:
    """What a person must look at because of what an attempt's gateway just told: (reason code, sentence)."""
    attempt, earlier = record.fold.attempts[attempt_no - 1], before.attempts[attempt_no - 1].facts
    facts = attempt.facts
    if facts is None:
        return []
    own = [one for one in record.operations if one.attempt_no == attempt_no]
    found: list[tuple[str, str]] = []
    if facts.dispute is not Dispute.NONE and (earlier is None or earlier.dispute is not facts.dispute):
        found.append(("payment_disputed", f"The card holder disputes the payment: {facts.dispute}."))
    if _is_lost(record, attempt):
        found.append(("hold_expired", "The hold ended before it was captured."))
    if facts.is_released and facts.authorized_minor and not (earlier and earlier.authorized_minor):
        found.append(("hold_after_release", "Money was held after the page was thought to be over."))
    if any(one.idempotency_key in facts.refused for one in own if _is_done(one, "capture")):
        found.append(("capture_returned", "The gateway took its capture back: the money will not come."))
    ours = {one.idempotency_key for one in own}
    if any(refund.key not in ours for refund in facts.refunds):
        found.append(("refund_not_ours", "The gateway shows a refund that nobody asked for here."))
    if any(refund.state is RefundState.FAILED for refund in facts.refunds):
        found.append(("refund_returned", "The bank did not take a refund: the driver must be paid otherwise."))
    for operation in own:
        changed = states.get(operation.operation_id) != operation.state
        if changed and operation.kind == "capture" and operation.state == OperationState.SUCCEEDED:
            operation.gateway_ref = operation.gateway_ref or facts.ref
            if operation.amount_minor != attempt.captured_minor:
                found.append(("captured_amount_differs", f"{attempt.captured_minor} instead of what was asked."))
    return found


def _is_lost(record: PaymentRecord, attempt: Attempt) -> bool:
    """A session's hold lapsed, and no other one stands or was taken in its place."""
    facts, live = attempt.facts, record.fold.live
    if facts is None or not facts.is_expired or attempt.captured_minor or not record.row.session_id:
        return False
    return attempt.authorized_minor > 0 and (live is None or live.attempt_no == attempt.attempt_no)
