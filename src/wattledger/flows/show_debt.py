"""What is owed, as its page shows it: an invoice, or the rest of a session's bill, and how its payment stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.billing.numbering import DocumentKind, printed_number
from wattledger.core.billing.payment_reference import payment_reference
from wattledger.core.kernel.errors import NotFound, WattledgerError
from wattledger.core.payments.states import GONE, PaymentState
from wattledger.flows.debt_links import DebtKind, DebtName
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.catalog import Tenant
from wattledger.flows.ports.debts import DebtPayment, RestFacts
from wattledger.flows.ports.invoices import InvoiceRow
from wattledger.flows.rest_debt import rest_of


class DebtStage(StrEnum):
    OPEN = "open"  # nothing is under way
    WAITING = "waiting"  # a page at the gateway waits for its payer
    ON_ITS_WAY = "on_its_way"  # the bank or the gateway works on it
    PAID = "paid"
    PAID_BACK = "paid_back"
    CLOSED = "closed"  # taken back, written off, or decided not to be asked for


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """Where it may be transferred to; ``reference`` is ISO 11649."""

    name: str
    iban: str
    reference: str


@dataclass(frozen=True, slots=True)
class Paying:
    """The gateway that takes new payments; ``pages`` are its hosted pages' origins, where always the same.

    ``can_keep``: it keeps a method for later charges, with the payer's consent.
    """

    gateway: str
    settings: bytes
    debits: tuple[str, ...]
    pages: tuple[str, ...]
    can_keep: bool


@dataclass(frozen=True, slots=True)
class Debt:
    """One thing owed. ``number`` and ``due_on`` are an invoice's; ``rest`` is of a session.

    ``paying`` is None where no page can be opened: no gateway, or too small a sum.
    """

    name: DebtName
    stage: DebtStage
    tenant: Tenant
    currency: str
    gross_minor: int
    left_minor: int
    payment: DebtPayment | None
    paying: Paying | None
    transfer: BankTransfer | None
    has_document: bool
    number: str | None = None
    due_on: date | None = None
    rest: RestFacts | None = None
    document_id: UUID | None = None


_OPEN: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.PARTLY_PAID, InvoiceState.OVERDUE})
_WANTS_PAYER: Final = "authentication_required"


async def show_debt(ports: PaymentPorts, name: DebtName) -> Debt:
    """The debt at this moment. Raises NotFound ``debt_unknown``."""
    async with ports.uow.begin_read(name.tenant_id) as work:
        tenant = await work.catalog.tenant()
        if tenant is None:
            raise _unknown()
        if name.kind is DebtKind.INVOICE:
            return await _invoice(ports, work, name, tenant)
        return await _rest(ports, work, name, tenant)


async def document_of_debt(ports: PaymentPorts, name: DebtName) -> InvoiceRow:
    """The invoice itself, or the receipt on which the session's bill stands. Raises NotFound ``debt_unknown`` or
    ``receipt_not_issued``.
    """
    async with ports.uow.begin_read(name.tenant_id) as work:
        if name.kind is DebtKind.INVOICE:
            row = await work.invoices.document(name.subject_id)
        else:
            row = await _receipt(work, await rest_of(work, name.subject_id))
            if row is None:
                raise NotFound("receipt_not_issued", "The receipt is not written yet. It follows the payment.")
    if row is None:
        raise _unknown()
    return row


async def _invoice(ports: PaymentPorts, work: Work, name: DebtName, tenant: Tenant) -> Debt:
    row = await work.invoices.document(name.subject_id)
    if row is None or row.kind != DocumentKind.INVOICE:
        raise _unknown()
    payment = await work.debts.payment_of_invoice(row.invoice_id)
    state = InvoiceState(row.state)
    left_minor = await work.debts.left_minor(row.invoice_id) if state in _OPEN else 0
    stage = _stage(payment, is_owed=state in _OPEN, is_paid=state is InvoiceState.PAID)
    return Debt(
        name=name,
        stage=stage,
        tenant=tenant,
        currency=row.currency,
        gross_minor=row.gross_minor,
        left_minor=left_minor,
        payment=payment,
        paying=await _paying(ports, work, row.currency, left_minor),
        transfer=await _transfer(work, tenant, row) if stage is DebtStage.OPEN else None,
        has_document=True,
        number=printed_number(row.series, row.number),
        due_on=row.due_on,
        document_id=row.invoice_id,
    )


async def _rest(ports: PaymentPorts, work: Work, name: DebtName, tenant: Tenant) -> Debt:
    rest = await rest_of(work, name.subject_id)
    if rest is None:
        raise _unknown()
    payment = await work.debts.payment_of_rest(rest.session_id)
    receipt = await _receipt(work, rest)
    return Debt(
        name=name,
        stage=_stage(payment, is_owed=rest.left_minor > 0, is_paid=rest.rest_taken_minor > 0),
        tenant=tenant,
        currency=rest.currency,
        gross_minor=rest.gross_minor,
        left_minor=rest.left_minor,
        payment=payment,
        paying=await _paying(ports, work, rest.currency, rest.left_minor),
        transfer=None,
        has_document=receipt is not None,
        rest=rest,
        document_id=None if receipt is None else receipt.invoice_id,
    )


def _stage(payment: DebtPayment | None, *, is_owed: bool, is_paid: bool) -> DebtStage:
    if is_paid:
        is_back = payment is not None and 0 < payment.captured_minor <= payment.refunded_minor
        return DebtStage.PAID_BACK if is_back else DebtStage.PAID
    if not is_owed:
        return DebtStage.CLOSED
    if payment is None or PaymentState(payment.state) in GONE:
        return DebtStage.OPEN
    is_page = payment.state == PaymentState.REQUIRES_ACTION and payment.checkout_url is not None
    return DebtStage.WAITING if is_page else DebtStage.ON_ITS_WAY


async def _paying(ports: PaymentPorts, work: Work, currency: str, left_minor: int) -> Paying | None:
    chosen = await work.debts.chosen_gateway()
    if chosen is None:
        return None
    try:
        gateway = ports.gateway(chosen[0])
    except WattledgerError:
        return None
    if left_minor < gateway.least_minor(currency):
        return None
    able = gateway.capabilities
    return Paying(*chosen, able.debit_methods, gateway.account_shape.pages, able.can_charge_saved)


async def _transfer(work: Work, tenant: Tenant, row: InvoiceRow) -> BankTransfer | None:
    policy = await work.debts.policy()
    if policy.iban is None:
        return None
    name = policy.account_name or tenant.legal_name
    return BankTransfer(name, policy.iban, payment_reference(row.series, row.number))


async def _receipt(work: Work, rest: RestFacts | None) -> InvoiceRow | None:
    bill = None if rest is None else await work.invoices.bill_of_session(rest.session_id)
    return None if bill is None else await work.invoices.document_of(bill.bill_id)


def _unknown() -> NotFound:
    return NotFound("debt_unknown", "There is nothing to pay under this link.")


def wants_payer(payment: DebtPayment | None) -> bool:
    """Whether a kept method was charged and its bank wants to see the payer."""
    return payment is not None and payment.state_reason == _WANTS_PAYER
