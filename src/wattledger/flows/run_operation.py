"""One due operation: claimed with a lease, called without a lock, its result written in a second transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.payments.facts import GatewayFacts
from wattledger.core.payments.machine import Asked, refusal_of
from wattledger.core.payments.states import GONE, OPEN, OperationKind, OperationState
from wattledger.flows.absorb_facts import absorb_facts
from wattledger.flows.change_payment import (
    ask_operation,
    find_operation,
    lock_payment,
    move_operation,
    review_payment,
)
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.gateway import (
    AttemptView,
    Checkout,
    CheckoutAsk,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
    SavedAsk,
)
from wattledger.flows.ports.payments import AttemptRow, OperationRow, PaymentRecord
from wattledger.flows.stored_asks import decode_ask, encode_ask
from wattledger.flows.view_attempt import view_attempt

LEASE: Final = timedelta(seconds=90)
# After an unknown outcome: query, then the same key; then a person is told, and the ladder's last rung repeats.
LADDER_S: Final = (5, 30, 120, 600, 3600)
# While the driver is on the provider's page: webhooks may be lost, so we look ourselves.
POLL_S: Final = (5, 5, 10, 10, 20, 30, 60)
# A customer has a day to pay an invoice on its page, and a direct debit takes days.
SALE_POLL_S: Final = (5, 10, 30, 60, 300, 900, 3600)
# The refusal of a charge without the payer that a page can still turn into a payment.
WANTS_PAYER: Final = "authentication_required"
# While the gateway works on a call that it took: its word comes by message, or we find it when we look.
WORD_S: Final = (15, 60, 300, 900, 3600)
_WORD_TRIES_MAX: Final = 8
PAGE_OPEN: Final = timedelta(minutes=30)
MAIL_RENEWAL_JOB: Final = "mail_renewal"
# Gateways keep a page open for half an hour at least.
PAGE_OPEN_MIN: Final = timedelta(minutes=40)
_PAGE_GRACE: Final = timedelta(minutes=2)
_REASON: Final = msgspec.json.Decoder(dict[str, str])

Answer = GatewayFacts | Checkout | GatewayRefused | GatewayUnreached | GatewayUnsure


async def run_operation(ports: PaymentPorts, tenant_id: int) -> bool:
    """Whether a due operation was found; it has then been moved on, or is due again later."""
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        operation = await work.payments.claim_operation(now, now + LEASE)
        if operation is None:
            return False
        record = await work.payments.get(operation.payment_id)
        assert record is not None
        access = await _access(ports, work, record)
        attempt = record.attempts[operation.attempt_no - 1]
        view = await view_attempt(work, record, attempt, now=now)
    if access is None:
        await _write(ports, tenant_id, operation, GatewayUnreached("no usable account"))
    elif operation.operation_no > 1 and record.fold.attempts[operation.attempt_no - 1].state in GONE:
        await _write(ports, tenant_id, operation, GatewayRefused("nothing_held"))
    else:
        await perform_operation(ports, access, view, operation)
    return True


async def _access(ports: PaymentPorts, work: Work, record: PaymentRecord) -> GatewayAccess | None:
    """None while the tenant's account is missing or switched off: the operation then waits."""
    try:
        return await open_access(ports, work, record.row.gateway)
    except WattledgerError:
        return None


async def perform_operation(
    ports: PaymentPorts, access: GatewayAccess, view: AttemptView | None, operation: OperationRow
) -> None:
    """The claimed operation is called, or first queried if it may have been called before."""
    is_first = operation.state == OperationState.CALLING and operation.try_count == 1
    if is_first or view is None:
        answer = await (_call if is_first else _call_again)(ports, access, view, operation)
        if isinstance(answer, Checkout) and answer.url is None:
            # Nobody need act: what came of it can be asked at once.
            await _write(ports, access.tenant_id, operation, answer)
            view = msgspec.structs.replace(_view_of(operation), ref=answer.ref)
            answer = await _query(ports, access, view)
    else:
        answer = await _query(ports, access, view)
        is_proven = isinstance(answer, GatewayFacts) and await _write(ports, access.tenant_id, operation, answer)
        if is_proven or operation.state == OperationState.REQUIRES_ACTION:
            if not is_proven:
                await _wait_for_driver(ports, access.tenant_id, operation)
            return
        if isinstance(answer, GatewayFacts):
            if operation.idempotency_key in answer.accepted:
                return
            answer = await _call_again(ports, access, view, operation)
    await _write(ports, access.tenant_id, operation, answer)


def _view_of(operation: OperationRow) -> AttemptView:
    reference = f"{operation.payment_id}:{operation.attempt_no}"
    return AttemptView("", reference, operation.currency, operation.amount_minor)


async def _call_again(
    ports: PaymentPorts, access: GatewayAccess, view: AttemptView | None, operation: OperationRow
) -> Answer:
    """The same key and bytes, as long as the gateway remembers the key; later that would be a new call."""
    able = ports.gateway(access.gateway).capabilities
    age_s = (ports.clock.now() - operation.created_at).total_seconds()
    is_found = able.finds_calls and operation.operation_no > 1
    if age_s >= able.key_lifetime_s and not is_found:
        return GatewayUnsure("key_forgotten")
    return await _call(ports, access, view, operation)


async def _call(
    ports: PaymentPorts, access: GatewayAccess, view: AttemptView | None, operation: OperationRow
) -> Answer:
    gateway, key, amount_minor = ports.gateway(access.gateway), operation.idempotency_key, operation.amount_minor
    try:
        if operation.operation_no == 1:
            ask = decode_ask(operation.request)
            if isinstance(ask, SavedAsk):
                return await gateway.charge_saved(access, ask, key=key)
            return await gateway.begin_checkout(access, ask, key=key)
        if view is None:
            return GatewayUnreached("The attempt has no name at the gateway yet.")
        match OperationKind(operation.kind):
            case OperationKind.INCREMENT:
                return await gateway.increment(access, view, total_minor=amount_minor, key=key)
            case OperationKind.CAPTURE:
                return await gateway.capture(access, view, amount_minor=amount_minor, key=key)
            case OperationKind.REFUND:
                reason = _REASON.decode(operation.request)["reason"] if operation.request else ""
                return await gateway.refund(access, view, amount_minor=amount_minor, key=key, reason=reason)
            case _:
                return await gateway.void(access, view, key=key)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure) as answer:
        return answer


async def _query(ports: PaymentPorts, access: GatewayAccess, view: AttemptView) -> Answer:
    try:
        return await ports.gateway(access.gateway).fetch(access, view)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure) as answer:
        # A query that fails says nothing about what is queried, a refusal of the query neither.
        return answer if isinstance(answer, GatewayUnreached) else GatewayUnsure(str(answer))


async def _write(ports: PaymentPorts, tenant_id: int, called: OperationRow, answer: Answer) -> bool:
    """The answer and all that follows from it are committed; whether the operation is settled by it."""
    has_command = False
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, called.payment_id)
        row = find_operation(record, called.attempt_no, called.operation_no)
        assert row is not None
        attempt = record.attempts[called.attempt_no - 1]
        if isinstance(answer, GatewayFacts):
            row.outcome = msgspec.json.encode(answer)
            row.lease_until = None
            row.due_at = None if row.due_at is None else ports.clock.now() + _rung(WORD_S, row.try_count)
            if row.due_at is not None and row.try_count > _WORD_TRIES_MAX:
                summary = f"{record.row.gateway} took this {row.kind} and has not said what became of it."
                await review_payment(
                    work, ports.ids, record, "operation_unanswered", summary, now=ports.clock.now()
                )
            absorbed = await absorb_facts(ports, work, record, attempt, answer)
            has_command = absorbed.has_command
        else:
            await _write_other(ports, work, record, row, answer)
    await ports.hints.nudge("payments", str(called.payment_id))
    if has_command:
        await ports.hints.nudge("commands")
    return OperationState(row.state) not in OPEN


async def _write_other(
    ports: PaymentPorts, work: Work, record: PaymentRecord, row: OperationRow, answer: Answer
) -> None:
    now = ports.clock.now()
    row.lease_until = None
    match answer:
        case Checkout():
            attempt = record.attempts[row.attempt_no - 1]
            attempt.gateway_ref, attempt.checkout_url = answer.ref, answer.url
            row.gateway_ref, row.due_at = answer.ref, now + timedelta(seconds=POLL_S[0])
            row.try_count = 1
            if answer.url is not None:
                move_operation(record, row, OperationState.REQUIRES_ACTION, now=now)
                if row.attempt_no > 1 and row.kind == OperationKind.AUTHORIZE and record.row.driver_email:
                    # Nobody sits before this page: its driver is charging, and learns of it by a letter.
                    await work.jobs.add(MAIL_RENEWAL_JOB, record.row.payment_id, due_at=now, at=now)
        case GatewayRefused():
            row.error_code = answer.code
            move_operation(record, row, OperationState.FAILED, now=now)
            if row.state == OperationState.FAILED:
                await _tell_of_failure(ports, work, record, row, now)
        case GatewayUnreached():
            row.due_at = now + _rung(LADDER_S, row.try_count)
        case _:
            row.error_code = "outcome_unknown"
            row.due_at = now + _rung(LADDER_S, row.try_count)
            move_operation(record, row, OperationState.UNKNOWN, now=now)
            if row.try_count > len(LADDER_S):
                summary = f"After {row.try_count} tries nobody knows whether this {row.kind} took effect."
                await review_payment(work, ports.ids, record, "operation_unknown", summary, now=now)
    await work.payments.save(record, changed_at=now)


async def _tell_of_failure(
    ports: PaymentPorts, work: Work, record: PaymentRecord, row: OperationRow, now: datetime
) -> None:
    code = row.error_code or "refused"
    if row.operation_no == 1:
        live = record.fold.live
        if live is None or live.attempt_no == row.attempt_no:
            record.row.state_reason = code
        if code == WANTS_PAYER:
            await _open_page_instead(ports, work, record, row, now)
        return
    if row.kind == OperationKind.VOID and record.fold.attempts[row.attempt_no - 1].state in GONE:
        return
    if row.kind == OperationKind.INCREMENT:
        return  # the hold stands as it was, and the session stops before it is used up
    summary = f"{record.row.gateway} refused to {row.kind} {row.amount_minor} {row.currency}: {code}."
    await review_payment(work, ports.ids, record, f"{row.kind}_failed", summary, now=now)


async def _open_page_instead(
    ports: PaymentPorts, work: Work, record: PaymentRecord, row: OperationRow, now: datetime
) -> None:
    """The payer's bank wants to see them: the same sum is asked for on a page, as another attempt."""
    ask = decode_ask(row.request)
    if not isinstance(ask, SavedAsk) or ask.page is None:
        return
    asked = Asked(OperationKind(row.kind), row.amount_minor, is_sale=not ask.is_hold, is_renewal=ask.is_hold)
    expires_at = now.replace(microsecond=0) + (ask.page.expires_at - row.created_at.replace(microsecond=0))
    if ask.is_hold:
        # A session must stop in time, whoever confirms what: its page ends when it was to end.
        expires_at = ask.page.expires_at
        if expires_at < now + PAGE_OPEN_MIN or refusal_of(record.fold, asked) is not None:
            return
    number = len(record.attempts) + 1
    page = msgspec.structs.replace(ask.page, reference=f"{record.row.payment_id}:{number}", expires_at=expires_at)
    attempt = AttemptRow(
        payment_id=record.row.payment_id, attempt_no=number, gateway=record.row.gateway, created_at=now
    )
    # One sale a payment, says the database: the failed one must be known as such before the next.
    await work.payments.save(record, changed_at=now)
    await work.payments.add_attempt(attempt)
    record.attempts.append(attempt)
    await ask_operation(work, ports.ids, record, asked, now=now, request=encode_ask(page))
    invoice_id = record.row.invoice_id
    if invoice_id is not None:
        # The payer is not there: they learn of it by a letter with the link.
        await work.debts.repeat_step(invoice_id, "confirm", by="worker", at=now)
        await work.jobs.add("mail_confirm", invoice_id, due_at=now, at=now)


async def _wait_for_driver(ports: PaymentPorts, tenant_id: int, operation: OperationRow) -> None:
    """The page is looked at again soon, or closed once its time is over."""
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        record = await lock_payment(work, operation.payment_id)
        row = find_operation(record, operation.attempt_no, operation.operation_no)
        assert row is not None
        row.lease_until = None
        if row.state == OperationState.REQUIRES_ACTION:
            is_patient = row.kind == OperationKind.CAPTURE or row.attempt_no > 1
            row.due_at = now + _rung(SALE_POLL_S if is_patient else POLL_S, operation.try_count - 1)
            attempt = record.fold.attempts[row.attempt_no - 1]
            if now >= _closes_at(row) and not attempt.is_under_way(OperationKind.VOID):
                if record.fold.live is attempt:
                    record.row.state_reason = record.row.state_reason or "page_left"
                asked = Asked(OperationKind.VOID, attempt_no=row.attempt_no)
                await ask_operation(work, ports.ids, record, asked, now=now)
        await work.payments.save(record, changed_at=now)


def _closes_at(row: OperationRow) -> datetime:
    """When a page that nobody paid is closed: a driver's first one soon, every other when its time is over."""
    ask = decode_ask(row.request)
    if isinstance(ask, CheckoutAsk) and (ask.is_sale or row.attempt_no > 1):
        return ask.expires_at
    return row.created_at + PAGE_OPEN + _PAGE_GRACE


def _rung(ladder_s: tuple[int, ...], try_count: int) -> timedelta:
    return timedelta(seconds=ladder_s[min(max(try_count, 1), len(ladder_s)) - 1])
