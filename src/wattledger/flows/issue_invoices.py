"""Issues invoices of contracts: one a calendar month, of the bills on no document yet and the plan's fee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from wattledger.core.billing.document import Party
from wattledger.core.billing.invoice import InvoiceState, invoice, state_after
from wattledger.core.billing.numbering import DocumentKind
from wattledger.core.billing.plan_fee import PlanFee, month_ends_at, month_of, owes_fee, plan_fee
from wattledger.core.kernel.errors import NotFound
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money
from wattledger.core.ledger.accounts import customer_account
from wattledger.core.ledger.books import plan_fee_journal
from wattledger.core.rating.rated import decode_rated
from wattledger.flows.issue_document import Draft, issue, seller_of, session_of
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.catalog import Contract, Customer, Tenant
from wattledger.flows.ports.documents import Documents
from wattledger.flows.ports.invoices import Issued


async def issue_invoice(
    uow: UnitOfWork,
    documents: Documents,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    contract_id: UUID,
    month_on: date | None = None,
) -> Issued | None:
    """The contract's invoice of a calendar month (the one that runs now, if None), issued now.

    It holds the month's plan fee and every bill of a session that ended before the month's end and is on no
    document yet, so what ends after an early invoice comes with the next month's. Asked again it is the same
    invoice; None where there is nothing to invoice. Raises NotFound ``contract_unknown``.
    """
    async with uow.begin_read(tenant_id) as work:
        parties = await _parties(work, contract_id)
        month = month_of(month_on or clock.now().astimezone(zone(parties.tenant.time_zone)).date())
        known = await work.invoices.find(DocumentKind.INVOICE, contract_id, month)
        draft = None if known else await _draft(work, clock, ids, parties, month)
    if draft is None:
        return known
    return await issue(uow, documents, tenant_id, draft)


async def close_month(
    uow: UnitOfWork, documents: Documents, clock: Clock, ids: Ids, tenant_id: int, *, month_on: date
) -> list[Issued]:
    """Every contract with something to invoice has its invoice of that month; those issued now are returned."""
    async with uow.begin_read(tenant_id) as work:
        contract_ids = await work.invoices.contracts_without_invoice(month_of(month_on))
    issued = []
    for contract_id in contract_ids:
        one = await issue_invoice(
            uow, documents, clock, ids, tenant_id, contract_id=contract_id, month_on=month_on
        )
        if one is not None:
            issued.append(one)
    return issued


async def close_past_month(
    uow: UnitOfWork, documents: Documents, clock: Clock, ids: Ids, tenant_id: int
) -> list[Issued]:
    """As ``close_month``, for the month that is over on the tenant's calendar; to be called daily."""
    async with uow.begin_read(tenant_id) as work:
        tenant = await work.catalog.tenant()
    if tenant is None:
        return []
    today = clock.now().astimezone(zone(tenant.time_zone)).date()
    past = month_of(today) - timedelta(days=1)
    return await close_month(uow, documents, clock, ids, tenant_id, month_on=past)


async def mark_overdue(uow: UnitOfWork, clock: Clock, tenant_id: int) -> int:
    """Invoices past their due date on the tenant's calendar are marked so; how many were."""
    async with uow.begin(tenant_id) as work:
        tenant = await work.catalog.tenant()
        if tenant is None:
            return 0
        today = clock.now().astimezone(zone(tenant.time_zone)).date()
        late = await work.invoices.open_invoices_due(today)
        for one in late:
            assert one.due_on is not None
            known = InvoiceState(one.state)
            state = state_after(known, owed_minor=one.gross_minor, paid_minor=0, due_on=one.due_on, today=today)
            await work.invoices.set_state(one.invoice_id, known=known, state=state)
        return len(late)


@dataclass(frozen=True, slots=True)
class _Parties:
    tenant: Tenant
    contract: Contract
    customer: Customer


async def _parties(work: Work, contract_id: UUID) -> _Parties:
    tenant = await work.catalog.tenant()
    contract = await work.catalog.contract(contract_id)
    customer = await work.catalog.customer(contract.customer_id) if contract else None
    if tenant is None or contract is None or customer is None:
        raise NotFound("contract_unknown", "There is no such contract.")
    return _Parties(tenant, contract, customer)


async def _draft(work: Work, clock: Clock, ids: Ids, parties: _Parties, month: date) -> Draft | None:
    tenant, contract, customer = parties.tenant, parties.contract, parties.customer
    ends_at = month_ends_at(month, tenant.time_zone)
    bills = await work.invoices.bills_to_invoice(contract.contract_id, ended_before=ends_at)
    fee = await _fee(work, contract, month)
    now = clock.now()
    document = invoice(
        seller=seller_of(tenant),
        buyer=_buyer(customer),
        currency=contract.currency,
        month_on=month,
        bills=[(session_of(bill), decode_rated(bill.rated)) for bill in bills],
        fee=fee,
        issued_at=now,
        time_zone=tenant.time_zone,
        link="",
    )
    if document is None:
        return None
    journal = None
    if fee is not None:
        journal = plan_fee_journal(
            source_id=ids.new(),
            debtor_code=customer_account(customer.customer_no),
            currency=contract.currency,
            net_minor=fee.net_minor,
            tax_minor=fee.tax_minor,
            happened_at=now,
        )
    return Draft(
        document=document,
        invoice_id=ids.new(),
        subject_id=contract.contract_id,
        state=InvoiceState.FINALIZED if document.gross_minor else InvoiceState.PAID,
        bills=tuple(bills),
        fee=journal,
        customer_id=customer.customer_id,
        has_mail=customer.email is not None,
    )


async def _fee(work: Work, contract: Contract, month: date) -> PlanFee | None:
    plan = await work.catalog.plan(contract.plan_id) if contract.plan_id else None
    if plan is None or not owes_fee(contract.started_on, contract.ended_on, month):
        return None
    return plan_fee(plan.name, Money(plan.monthly_fee_minor, plan.currency), plan.tax_rate_bp, month)


def _buyer(customer: Customer) -> Party:
    return Party(
        name=customer.name,
        address_lines=customer.address_lines,
        country=customer.country,
        vat_id=customer.vat_id,
        email=customer.email,
        customer_no=customer.customer_no,
    )
