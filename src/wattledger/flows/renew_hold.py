"""A hold that is about to end gets a successor, and one of the two is let go once both stand.

The new hold is placed first. Whatever happens between two steps, the next look at what is stored finds the way on:
two holds that stand are handed over, a session that is billed takes what it costs and releases every other hold.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from wattledger.core.payments.facts import Method
from wattledger.core.payments.hold_guard import (
    END_MARGIN,
    STOP_LEAD,
    Renew,
    RenewBy,
    RunningHold,
    ahead_minor,
)
from wattledger.core.payments.machine import Asked
from wattledger.core.payments.renewal import (
    HandOver,
    ReleaseNew,
    ReleaseOld,
    committed_minor,
    free_holds,
    hand_over,
)
from wattledger.core.payments.states import OperationKind
from wattledger.flows.change_payment import ask_operation
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.gateway import CheckoutAsk, SavedAsk
from wattledger.flows.ports.payments import AttemptRow, PaymentRecord
from wattledger.flows.run_operation import PAGE_OPEN_MIN
from wattledger.flows.running_cost import Running
from wattledger.flows.stored_asks import decode_ask, encode_ask

# Gateways keep a page open for a day at the most.
_PAGE_OPEN_MAX: Final = timedelta(hours=23)


def first_ask(record: PaymentRecord) -> CheckoutAsk | None:
    """What the driver agreed to on the page where the payment began."""
    opening = next((one for one in record.operations if (one.attempt_no, one.operation_no) == (1, 1)), None)
    ask = None if opening is None or opening.request is None else decode_ask(opening.request)
    return ask if isinstance(ask, CheckoutAsk) else None


def kept_method(record: PaymentRecord) -> Method | None:
    """The method of this very payment, where its driver agreed that it be asked again; the newest hold's."""
    ask, live = first_ask(record), record.fold.live
    if ask is None or ask.payer_key is None or live is None:
        return None
    if live.facts is not None and live.facts.method is not None:
        return live.facts.method
    opening = next(one for one in record.operations if (one.attempt_no, one.operation_no) == (live.attempt_no, 1))
    opened_by = decode_ask(opening.request)
    return opened_by.method if isinstance(opened_by, SavedAsk) else None


def renew_by(ports: PaymentPorts, record: PaymentRecord) -> RenewBy:
    """How another hold can be had for this payment, by what its gateway can do and its driver agreed to."""
    if first_ask(record) is None:
        return RenewBy.NOTHING
    can_charge = ports.gateway(record.row.gateway).capabilities.can_hold_saved
    return RenewBy.METHOD if can_charge and kept_method(record) is not None else RenewBy.PAGE


async def open_renewal(
    ports: PaymentPorts, work: Work, record: PaymentRecord, renew: Renew, *, now: datetime
) -> bool:
    """The next attempt is written and due at once; False where its page could not be open long enough.

    Raises Refused where the payment is no longer as it was. The caller saves ``record``.
    """
    page = page_of_renewal(record, renew.amount_minor, now)
    if page is None and renew.by is RenewBy.PAGE:
        return False
    ask: CheckoutAsk | SavedAsk | None = page
    if renew.by is RenewBy.METHOD:
        ask = _saved(record, renew.amount_minor, page)
    assert ask is not None
    await add_renewal(ports, work, record, ask, now=now)
    return True


async def add_renewal(
    ports: PaymentPorts, work: Work, record: PaymentRecord, ask: CheckoutAsk | SavedAsk, *, now: datetime
) -> None:
    """An attempt that holds ``ask``'s amount while another hold stands. Raises Refused as the machine does."""
    number = len(record.attempts) + 1
    attempt = AttemptRow(
        payment_id=record.row.payment_id, attempt_no=number, gateway=record.row.gateway, created_at=now
    )
    await work.payments.add_attempt(attempt)
    record.attempts.append(attempt)
    asked = Asked(OperationKind.AUTHORIZE, ask.amount_minor, is_renewal=True)
    await ask_operation(work, ports.ids, record, asked, now=now, request=encode_ask(ask))


def page_of_renewal(record: PaymentRecord, amount_minor: int, now: datetime) -> CheckoutAsk | None:
    """The page on which the driver confirms another hold, open until the session must stop; None if too late."""
    first = first_ask(record)
    if first is None or record.row.capture_before is None:
        return None
    stop_at = record.row.capture_before - END_MARGIN
    if stop_at < now + PAGE_OPEN_MIN:
        return None
    return msgspec.structs.replace(
        first,
        reference=_next_reference(record),
        amount_minor=amount_minor,
        expires_at=min(now + _PAGE_OPEN_MAX, stop_at).replace(microsecond=0),
    )


def _saved(record: PaymentRecord, amount_minor: int, page: CheckoutAsk | None) -> SavedAsk:
    first, method = first_ask(record), kept_method(record)
    assert first is not None
    assert method is not None
    return SavedAsk(
        reference=_next_reference(record),
        amount_minor=amount_minor,
        currency=record.row.currency,
        description=first.description,
        notify_url=first.notify_url,
        method=method,
        page=page,
        is_hold=True,
    )


def _next_reference(record: PaymentRecord) -> str:
    return f"{record.row.payment_id}:{len(record.attempts) + 1}"


async def hand_over_holds(
    ports: PaymentPorts, work: Work, record: PaymentRecord, hold: RunningHold, running: Running, *, now: datetime
) -> None:
    """Of the two newest holds that stand one is being let go: released, or captured for what is due.

    A capture carries what it rests on: the cost, and the reading by which it is proven. The caller saves.
    """
    free = free_holds(record.fold.attempts)
    new, old = free[0], free[1]
    decision = hand_over(
        HandOver(
            old_minor=old.authorized_minor,
            new_minor=new.authorized_minor,
            due_minor=max(0, hold.cost_minor - committed_minor(record.fold.attempts)),
            ahead_minor=hold.reserve_minor + ahead_minor(hold, STOP_LEAD),
            # Nothing is taken by an estimate: a market's price that is not known yet proves no cost.
            least_minor=hold.least_minor if running.rated is not None else old.authorized_minor + 1,
        )
    )
    request = None
    if isinstance(decision, ReleaseOld):
        asked = Asked(OperationKind.VOID, attempt_no=old.attempt_no)
    elif isinstance(decision, ReleaseNew):
        asked = Asked(OperationKind.VOID, attempt_no=new.attempt_no)
    else:
        asked = Asked(OperationKind.CAPTURE, decision.amount_minor, attempt_no=old.attempt_no)
        request = _evidence(record, running)
    await ask_operation(work, ports.ids, record, asked, now=now, request=request)


def _evidence(record: PaymentRecord, running: Running) -> bytes:
    """What a capture before the bill rests on."""
    told_at = running.curve[-1].at if running.curve else running.started_at
    return msgspec.json.encode(
        {
            "session_id": record.row.session_id,
            "cost_minor": 0 if running.rated is None else running.rated.gross_minor,
            "energy_milliwh": running.energy_milliwh,
            "told_at": told_at,
        }
    )
