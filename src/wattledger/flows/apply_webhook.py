"""What gateways tell us: verified, stored once, answered, and worked on later as a hint to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.card_numbers import has_card_number, strike_card_numbers, strike_in
from wattledger.core.kernel.errors import InvalidInput, NotFound, WattledgerError
from wattledger.core.payments.facts import GatewayFacts, Payee
from wattledger.flows.absorb_facts import OTHER_PAYEE, Absorbed, absorb_facts
from wattledger.flows.change_payment import lock_payment, review_payment
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.base import Directory, Work
from wattledger.flows.ports.gateway import (
    AttemptView,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
    WebhookHint,
)
from wattledger.flows.ports.payments import AttemptRow, PaymentRecord, WebhookEventRow
from wattledger.flows.view_attempt import view_attempt

RAW_BYTES_MAX: Final = 256 * 1024
LEASE: Final = timedelta(seconds=60)
# Names that gateways give to things, some of them sixteen digits (Adyen's older references, and what it keeps a
# method by, begin with 81 or 82 as cards do): a changed one would be another thing.
_GATEWAYS_NUMBERS: Final = frozenset(
    {
        "id", "object", "reference", "eventId", "payment_intent", "latest_charge", "customer", "payment_method",
        "pspReference", "originalReference", "merchantReference", "paymentPspReference",
        "modificationPspReference", "disputePspReference", "captureMerchantReference", "sepadirectdebit.mandateId",
        "tokenization.storedPaymentMethodId", "tokenization.shopperReference",
        "recurring.recurringDetailReference", "recurring.shopperReference",
    }
)  # fmt: skip
# An event may overtake the answer of the very call it is about: an unknown object is looked for again.
PARK_FOR: Final = timedelta(minutes=15)
_AGAIN_S: Final = (2, 5, 15, 60, 240)


async def take_webhook(
    ports: PaymentPorts,
    directory: Directory,
    *,
    gateway: str,
    endpoint_key: str,
    headers: Mapping[str, str],
    raw: bytes,
) -> int:
    """Every verified item of the message is stored, once; the number of new ones is returned.

    One about somebody else's account is parked where it names a payment of ours, and a person is asked; others
    of that kind are none of our business, and are not kept.
    Raises InvalidInput ``webhook_too_large`` or ``webhook_malformed``, NotFound ``endpoint_unknown``,
    Unauthorized when signature or time are wrong; then nothing was stored.
    """
    if len(raw) > RAW_BYTES_MAX:
        raise InvalidInput("webhook_too_large", f"A message may have {RAW_BYTES_MAX} bytes.")
    found = await directory.find("webhook", f"{gateway}/{endpoint_key}")
    if found is None:
        raise NotFound("endpoint_unknown", "No such webhook endpoint.")
    tenant_id = found[0]
    async with ports.uow.begin_read(tenant_id) as work:
        access = await open_access(ports, work, gateway)
    now = ports.clock.now()
    hints = ports.gateway(gateway).verify_webhook(access, headers, raw, now)
    payee = ports.gateway(gateway).account_shape.payee(access.settings)
    async with ports.uow.begin(tenant_id) as work:
        stored = 0
        for hint in hints:
            event = _event(ports, gateway, hint, raw, now)
            if hint.payee is not None and hint.payee.differs_from(payee):
                stored += await _park_stranger(ports, work, event, hint.payee, now)
            else:
                stored += await work.payments.add_webhook_event(event)
    return stored


async def _park_stranger(
    ports: PaymentPorts, work: Work, event: WebhookEventRow, payee: Payee, now: datetime
) -> bool:
    """The event is kept for a person to look at, and never worked on; whether it was new."""
    target = await _target(work, event)
    if target is None:
        return False
    parked = msgspec.structs.replace(event, state="parked", note=OTHER_PAYEE, due_at=None)
    is_new = await work.payments.add_webhook_event(parked)
    if is_new:
        told = f"{event.gateway} told {event.kind} of the account {payee.account} {payee.mode}".strip()
        await review_payment(work, ports.ids, target[0], OTHER_PAYEE, f"{told}.", now=now)
    return is_new


def _event(ports: PaymentPorts, gateway: str, hint: WebhookHint, raw: bytes, now: datetime) -> WebhookEventRow:
    return WebhookEventRow(
        webhook_event_id=ports.ids.new(),
        gateway=gateway,
        event_ref=hint.event_ref,
        object_ref=hint.reference or hint.object_ref,
        kind=hint.kind,
        raw=_kept(raw),
        state="received",
        note=None,
        received_at=now,
        due_at=now,
        try_count=0,
    )


def _kept(raw: bytes) -> bytes:
    """The message, verified as it came, without a card number that must never be kept; most stay as they are."""
    text = raw.decode(errors="replace")
    if not has_card_number(text) and "\\u00" not in text:
        return raw
    try:
        return msgspec.json.encode(strike_in(msgspec.json.decode(raw), _GATEWAYS_NUMBERS))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return strike_card_numbers(text).encode()


async def apply_webhook(ports: PaymentPorts, tenant_id: int) -> bool:
    """Whether a due event was found; its payment then stands as the gateway says, or the event waits."""
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        event = await work.payments.claim_webhook_event(now, now + LEASE)
        if event is None:
            return False
        target = await _target(work, event)
        if target is None or target[1].gateway_ref is None:
            await _park(ports, work, event, now)
            return True
        record, attempt = target
        view = await view_attempt(work, record, attempt, now=now)
        assert view is not None
        try:
            access = await open_access(ports, work, event.gateway)
        except WattledgerError:
            await _park(ports, work, event, now)
            return True
    facts = await _fetch(ports, access, view)
    absorbed = Absorbed()
    async with ports.uow.begin(tenant_id) as work:
        if facts is None:
            again_at = now + timedelta(seconds=_AGAIN_S[min(event.try_count, len(_AGAIN_S)) - 1])
            note = "the gateway did not answer"
            await work.payments.set_webhook_event(event, state="received", note=note, due_at=again_at)
        else:
            record = await lock_payment(work, record.row.payment_id)
            absorbed = await absorb_facts(ports, work, record, record.attempts[attempt.attempt_no - 1], facts)
            state = "parked" if absorbed.refusal else "processed"
            await work.payments.set_webhook_event(event, state=state, note=absorbed.refusal, due_at=None)
    await ports.hints.nudge("payments", str(record.row.payment_id))
    if absorbed.has_command:
        await ports.hints.nudge("commands")
    return True


async def _fetch(ports: PaymentPorts, access: GatewayAccess, view: AttemptView) -> GatewayFacts | None:
    try:
        return await ports.gateway(access.gateway).fetch(access, view)
    except (GatewayRefused, GatewayUnreached, GatewayUnsure):
        return None


async def _target(work: Work, event: WebhookEventRow) -> tuple[PaymentRecord, AttemptRow] | None:
    """The attempt an event is about: by our reference (``payment_id:attempt_no``), else by the gateway's."""
    name = event.object_ref or ""
    payment_id = _payment_id(name) or await work.payments.find_by_ref(event.gateway, name)
    record = None if payment_id is None else await work.payments.get(payment_id)
    if record is None:
        return None
    for attempt in record.attempts:
        if name in {f"{attempt.payment_id}:{attempt.attempt_no}", attempt.gateway_ref}:
            return (record, attempt) if attempt.gateway == event.gateway else None
    for operation in record.operations:
        if operation.gateway_ref == name:
            return record, record.attempts[operation.attempt_no - 1]
    return None


def _payment_id(name: str) -> UUID | None:
    try:
        return UUID(name.split(":", 1)[0]) if ":" in name else None
    except ValueError:
        return None


async def _park(ports: PaymentPorts, work: Work, event: WebhookEventRow, now: datetime) -> None:
    if now < event.received_at + PARK_FOR:
        again_at = now + timedelta(seconds=_AGAIN_S[min(event.try_count, len(_AGAIN_S)) - 1])
        await work.payments.set_webhook_event(event, state="received", note="object unknown", due_at=again_at)
        return
    await work.payments.set_webhook_event(event, state="parked", note="object unknown", due_at=None)
    await work.sessions.open_review(
        ports.ids.new(),
        reason_code="webhook_object_unknown",
        subject_kind="webhook_event",
        subject_id=event.webhook_event_id,
        summary=f"{event.gateway} told {event.kind} of {event.object_ref}, which is not known here.",
        opened_at=now,
    )
