"""Hold money for a session: written first, then opened at the gateway, whose page the driver is sent to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.core.kernel.ids import speakable_code
from wattledger.core.payments.holds import (
    Habit,
    HoldPolicy,
    expected_milliwh,
    hold_minor,
    idle_free,
    typical_session,
    usual_policy,
)
from wattledger.core.payments.machine import Asked, Payment
from wattledger.core.payments.states import OperationKind, OperationState, PaymentState
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, quote_by_terms
from wattledger.core.tariffs.model import Tariff
from wattledger.flows.change_payment import ask_operation, move_operation
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.ports.gateway import CheckoutAsk, Gateway, GatewayAccess
from wattledger.flows.ports.payments import AttemptRow, OperationRow, PaymentRecord, PaymentRow
from wattledger.flows.run_operation import LEASE, PAGE_OPEN, perform_operation

_HELD_MINOR_MAX: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class HoldAsk:
    """What a driver agreed to: the connector, the price (a tariff version) and the sum to hold (minor units).

    ``is_renewable``: and that the hold be renewed on the same card if the session outlasts it.
    """

    gateway: str
    connector_id: UUID
    tariff_version_id: UUID
    amount_minor: int
    currency: str
    description: str
    locale: str | None = None
    email: str | None = None
    terms: PriceTerms = NO_TERMS
    is_renewable: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """``checkout_url`` is None while the gateway's answer is unknown: the driver waits on ``/p/{link_code}``."""

    payment_id: UUID
    link_code: str
    checkout_url: str | None
    state: PaymentState


def plan_hold(
    tariff: Tariff,
    gateway: Gateway,
    *,
    power_max_w: int,
    current_kind: str,
    connector_type: str | None,
    time_zone: str,
    at: datetime,
    habit: Habit | None = None,
    policy: HoldPolicy | None = None,
    terms: PriceTerms = NO_TERMS,
) -> int:
    """The sum to hold by the published formula (core/payments/holds), in minor units of the tariff's currency."""
    usage = typical_session(
        power_max_w=power_max_w,
        current_kind=current_kind,
        connector_type=connector_type,
        time_zone=time_zone,
        at=at,
        energy_milliwh=expected_milliwh(current_kind, habit, can_grow=gateway.capabilities.can_increment),
        idle_free=idle_free(tariff),
    )
    quote_minor = quote_by_terms(usage, tariff, terms).gross_minor
    least_minor = gateway.least_minor(tariff.currency)
    return hold_minor(
        quote_minor, tariff.currency, policy or usual_policy(tariff.currency), gateway_min_minor=least_minor
    )


async def hold_payment(ports: PaymentPorts, tenant_id: int, ask: HoldAsk) -> Held:
    """A payment with its first operation exists; the gateway was asked once, without a transaction open.

    Raises InvalidInput ``hold_amount_absurd``, NotFound ``gateway_unknown`` or ``gateway_account_unknown``,
    Refused ``gateway_disabled`` or ``payment_refused`` when the gateway said no.
    """
    gateway = ports.gateway(ask.gateway)
    if not gateway.least_minor(ask.currency) <= ask.amount_minor <= _HELD_MINOR_MAX:
        raise InvalidInput("hold_amount_absurd", f"{ask.amount_minor} {ask.currency} cannot be held.")
    record, operation, access = await _write_intent(ports, tenant_id, ask)
    await perform_operation(ports, access, None, operation)
    async with ports.uow.begin_read(tenant_id) as work:
        after = await work.payments.get(record.row.payment_id)
    assert after is not None
    if after.fold.state is PaymentState.FAILED:
        raise Refused(
            "payment_refused", "The payment provider refused this payment.", reason=after.row.state_reason
        )
    return Held(after.row.payment_id, after.row.link_code, after.attempts[0].checkout_url, after.fold.state)


async def _write_intent(
    ports: PaymentPorts, tenant_id: int, ask: HoldAsk
) -> tuple[PaymentRecord, OperationRow, GatewayAccess]:
    now = ports.clock.now()
    payment_id, link_code = ports.ids.new(), speakable_code(ports.ids.secret())
    row = PaymentRow(
        payment_id=payment_id,
        purpose="session",
        gateway=ask.gateway,
        currency=ask.currency,
        asked_minor=ask.amount_minor,
        connector_id=ask.connector_id,
        tariff_version_id=ask.tariff_version_id,
        link_code=link_code,
        driver_email=ask.email,
        driver_locale=ask.locale,
        created_at=now,
        changed_at=now,
    )
    attempt = AttemptRow(payment_id=payment_id, attempt_no=1, gateway=ask.gateway, created_at=now)
    async with ports.uow.begin(tenant_id) as work:
        access = await open_access(ports, work, ask.gateway)
        await work.payments.add(row)
        await work.payments.add_attempt(attempt)
        await work.price_terms.fix("payment", payment_id, ask.terms, at=now)
        fold = Payment(str(payment_id), ask.currency, ask.amount_minor)
        record = PaymentRecord(row=row, attempts=[attempt], operations=[], fold=fold)
        checkout = _checkout(ports, access, ask, row, now)
        asked = Asked(OperationKind.AUTHORIZE, ask.amount_minor)
        request = msgspec.json.encode(checkout)
        operation = await ask_operation(work, ports.ids, record, asked, now=now, request=request)
        # Claimed by its writer: if this process dies now, the worker finds it when the lease ends.
        operation.lease_until, operation.try_count = now + LEASE, 1
        move_operation(record, operation, OperationState.CALLING, now=now)
        await work.payments.save(record, changed_at=now)
    return record, operation, access


def _checkout(
    ports: PaymentPorts, access: GatewayAccess, ask: HoldAsk, row: PaymentRow, now: datetime
) -> CheckoutAsk:
    base = ports.public_url.rstrip("/")
    return CheckoutAsk(
        reference=f"{row.payment_id}:1",
        amount_minor=ask.amount_minor,
        currency=ask.currency,
        description=ask.description,
        return_url=f"{base}/p/{row.link_code}",
        cancel_url=f"{base}/p/{row.link_code}?cancelled=1",
        notify_url=f"{base}/hooks/{ask.gateway}/{access.endpoint_key}",
        # Longer than we wait: gateways ask for half an hour at least, also of a repeated request.
        expires_at=now.replace(microsecond=0) + PAGE_OPEN + timedelta(minutes=10),
        locale=ask.locale,
        email=ask.email,
        payer_key=str(row.payment_id) if ask.is_renewable else None,
    )


async def hurry_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> None:
    """The gateway is asked soon how an open payment stands: for the page a driver comes back to."""
    async with ports.uow.begin(tenant_id) as work:
        await work.payments.hurry(payment_id, now=ports.clock.now())


async def find_payment(ports: PaymentPorts, tenant_id: int, payment_id: UUID) -> PaymentRecord:
    """Raises NotFound ``payment_unknown``."""
    async with ports.uow.begin_read(tenant_id) as work:
        record = await work.payments.get(payment_id)
    if record is None:
        raise NotFound("payment_unknown", "No such payment.")
    return record
