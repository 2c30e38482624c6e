"""A debt is paid at once, without a hold before: the payment is written, then asked of its gateway."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from wattledger.core.kernel.errors import Refused
from wattledger.core.kernel.ids import speakable_code
from wattledger.core.payments.facts import Method
from wattledger.core.payments.machine import Asked, Payment
from wattledger.core.payments.states import GONE, OperationKind, OperationState
from wattledger.flows.change_payment import ask_operation, move_operation
from wattledger.flows.hold_payment import Held
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.collecting import KeptMethod
from wattledger.flows.ports.gateway import CheckoutAsk, GatewayAccess, SavedAsk
from wattledger.flows.ports.payments import AttemptRow, OperationRow, PaymentRecord, PaymentRow
from wattledger.flows.run_operation import LEASE, perform_operation
from wattledger.flows.stored_asks import encode_ask

# Stripe closes a page after a day at the latest.
PAGE_OPEN: Final = timedelta(hours=23)


class SaleAsk(msgspec.Struct, frozen=True):
    """How a page asks for money: ``method`` is what it offers; ``payer_key`` keeps it there with consent."""

    description: str
    method: str = "card"
    payer_key: str | None = None
    locale: str | None = None
    email: str | None = None


class OpenSale(msgspec.Struct, frozen=True):
    """A sale that is written and claimed, and not yet asked of its gateway."""

    record: PaymentRecord
    operation: OperationRow
    access: GatewayAccess


def require_able(ports: PaymentPorts, gateway: str, *, method: str, owed_minor: int, currency: str) -> None:
    """Raises Refused ``method_not_taken`` or ``below_least_sum``."""
    known = ports.gateway(gateway)
    if method != "card" and method not in known.capabilities.debit_methods:
        raise Refused("method_not_taken", f"{gateway} takes no {method} here.")
    if owed_minor < known.least_minor(currency):
        raise Refused("below_least_sum", f"{gateway} takes no sum as small as {owed_minor} minor units.")


def refuse_second(record: PaymentRecord | None) -> None:
    """Raises Refused ``payment_in_progress`` unless the earlier payment came to nothing."""
    if record is not None and record.fold.state not in GONE:
        raise Refused("payment_in_progress", f"A payment of this is {record.fold.state}.")


def sale_row(ports: PaymentPorts, gateway: str, purpose: str, ask: SaleAsk, now: datetime) -> PaymentRow:
    """The row of a new sale; what it is for, its sum and its currency are filled in by the caller."""
    return PaymentRow(
        payment_id=ports.ids.new(),
        purpose=purpose,
        gateway=gateway,
        currency="",
        asked_minor=0,
        link_code=speakable_code(ports.ids.secret()),
        driver_email=ask.email,
        driver_locale=ask.locale,
        created_at=now,
        changed_at=now,
    )


async def write_sale(
    ports: PaymentPorts,
    work: Work,
    access: GatewayAccess,
    row: PaymentRow,
    *,
    ask: SaleAsk,
    kept: KeptMethod | None,
) -> OpenSale:
    """The payment with its one call, claimed by its writer: if this process dies, the worker finds it."""
    now = row.created_at
    attempt = AttemptRow(payment_id=row.payment_id, attempt_no=1, gateway=row.gateway, created_at=now)
    await work.payments.add(row)
    await work.payments.add_attempt(attempt)
    fold = Payment(str(row.payment_id), row.currency, row.asked_minor)
    record = PaymentRecord(row=row, attempts=[attempt], operations=[], fold=fold)
    page = _page(ports, access, row, ask)
    request = encode_ask(page if kept is None else _saved(page, kept))
    asked = Asked(OperationKind.CAPTURE, row.asked_minor, is_sale=True)
    operation = await ask_operation(work, ports.ids, record, asked, now=now, request=request)
    operation.lease_until, operation.try_count = now + LEASE, 1
    move_operation(record, operation, OperationState.CALLING, now=now)
    await work.payments.save(record, changed_at=now)
    return OpenSale(record, operation, access)


async def perform_sale(ports: PaymentPorts, tenant_id: int, sale: OpenSale) -> Held:
    """The gateway was asked once, without a transaction open."""
    await perform_operation(ports, sale.access, None, sale.operation)
    async with ports.uow.begin_read(tenant_id) as work:
        after = await work.payments.get(sale.record.row.payment_id)
    assert after is not None
    return Held(after.row.payment_id, after.row.link_code, after.attempts[-1].checkout_url, after.fold.state)


def _page(ports: PaymentPorts, access: GatewayAccess, row: PaymentRow, ask: SaleAsk) -> CheckoutAsk:
    base = ports.public_url.rstrip("/")
    return CheckoutAsk(
        reference=f"{row.payment_id}:1",
        amount_minor=row.asked_minor,
        currency=row.currency,
        description=ask.description,
        return_url=f"{base}/p/{row.link_code}",
        cancel_url=f"{base}/p/{row.link_code}?cancelled=1",
        notify_url=f"{base}/hooks/{row.gateway}/{access.endpoint_key}",
        expires_at=row.created_at.replace(microsecond=0) + PAGE_OPEN,
        locale=ask.locale,
        email=ask.email,
        is_sale=True,
        payer_key=ask.payer_key,
        method=ask.method,
    )


def _saved(page: CheckoutAsk, kept: KeptMethod) -> SavedAsk:
    return SavedAsk(
        reference=page.reference,
        amount_minor=page.amount_minor,
        currency=page.currency,
        description=page.description,
        notify_url=page.notify_url,
        method=Method(kept.method_ref, kept.payer_ref, kept.kind, kept.mandate_ref),
        page=page,
    )
