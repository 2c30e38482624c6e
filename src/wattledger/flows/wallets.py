"""A customer's wallet: what the tenant owes in advance, spent on invoices before any card is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.accounts import Account, AccountKind, wallet_account
from wattledger.core.ledger.books import wallet_journal
from wattledger.flows.invoice_debt import note_invoice_paid, owed_invoice
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.catalog import Customer
from wattledger.flows.ports.refunds import Movement, Wallet

SPEND_JOB: Final = "spend_wallet"
_OWED: Final = frozenset({InvoiceState.FINALIZED, InvoiceState.OVERDUE})


async def open_wallet(work: Work, customer: Customer, currency: str, *, at: datetime) -> None:
    """The customer has a wallet in that currency, and the books an account for it; an old one stays as it is."""
    if await work.refunds.wallet(customer.customer_id, currency) is not None:
        return
    account = Account(wallet_account(customer.customer_no), currency, AccountKind.LIABILITY)
    await work.catalog.add_accounts([account], at=at, customer_id=customer.customer_id)
    await work.refunds.open_wallet(Wallet(customer.customer_id, currency, 0, 0, at))


async def spend_wallet(uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, invoice_id: UUID) -> bool:
    """Whether the invoice was paid by its customer's wallet now; asked again, nothing moves.

    Only a wallet that holds the whole sum pays; then nothing is left to ask a card or a bank for. An invoice
    that is being paid otherwise, or is not owed, is left alone.
    """
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        try:
            row, document, debtor_code = await owed_invoice(work, invoice_id)
        except Refused:
            return False
        if row.customer_id is None or InvoiceState(row.state) not in _OWED:
            return False
        wallet = await work.refunds.wallet(row.customer_id, row.currency, for_update=True)
        if wallet is None or wallet.balance_minor + wallet.limit_minor < row.gross_minor:
            return False
        if await work.refunds.is_being_paid(invoice_id):
            return False
        movement = Movement(ids.new(), row.customer_id, row.currency, -row.gross_minor, "invoice", invoice_id, now)
        if not await work.refunds.move(movement):
            return False
        assert document.buyer is not None
        assert document.buyer.customer_no is not None
        journal = wallet_journal(
            source_id=movement.movement_id,
            wallet_code=wallet_account(document.buyer.customer_no),
            debtor_code=debtor_code,
            currency=row.currency,
            amount_minor=-row.gross_minor,
            happened_at=now,
        )
        await work.books.post([journal], posted_at=now)
        await note_invoice_paid(work, invoice_id, now)
        return True
