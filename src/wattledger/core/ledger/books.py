"""Which transfers follow from what happened. Everything that moves money is written down here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from wattledger.core.ledger import accounts
from wattledger.core.ledger.transfers import Journal, JournalKind, Transfer


def bill_journal(
    *,
    bill_id: UUID,
    session_id: UUID,
    payment_id: UUID | None,
    debtor_code: str,
    currency: str,
    net_by_revenue: Mapping[str, int],
    tax_minor: int,
    happened_at: datetime,
) -> Journal | None:
    """The debtor owes the net amounts to the revenue accounts and the tax to its own; None if all is zero."""
    amounts = [*net_by_revenue.items(), (accounts.TAX, tax_minor)]
    transfers = tuple(
        Transfer(debtor_code, code, currency, amount_minor) for code, amount_minor in amounts if amount_minor
    )
    if not transfers:
        return None
    return Journal(bill_id, JournalKind.BILL, happened_at, transfers, session_id, payment_id)


def correction_journal(
    *,
    bill_id: UUID,
    session_id: UUID,
    payment_id: UUID | None,
    debtor_code: str,
    currency: str,
    before: Mapping[str, int],
    after: Mapping[str, int],
    happened_at: datetime,
) -> Journal | None:
    """What a bill's next revision (``bill_id``) changes: the difference by account, either way; None if nothing.

    ``before`` and ``after`` are amounts owed by credit account, tax among them.
    """
    transfers = []
    for code in sorted({*before, *after}):
        more_minor = after.get(code, 0) - before.get(code, 0)
        if more_minor > 0:
            transfers.append(Transfer(debtor_code, code, currency, more_minor))
        elif more_minor < 0:
            transfers.append(Transfer(code, debtor_code, currency, -more_minor))
    if not transfers:
        return None
    return Journal(bill_id, JournalKind.CORRECTION, happened_at, tuple(transfers), session_id, payment_id)


def capture_journal(
    *,
    operation_id: UUID,
    payment_id: UUID,
    session_id: UUID | None,
    gateway: str,
    creditor_code: str,
    currency: str,
    amount_minor: int,
    happened_at: datetime,
) -> Journal:
    """The gateway holds for us what the debtor (``creditor_code``'s account) owed."""
    transfer = Transfer(accounts.clearing_account(gateway), creditor_code, currency, amount_minor)
    return Journal(operation_id, JournalKind.CAPTURE, happened_at, (transfer,), session_id, payment_id)


def fee_journal(
    *,
    operation_id: UUID,
    payment_id: UUID,
    session_id: UUID | None,
    gateway: str,
    currency: str,
    fee_minor: int,
    happened_at: datetime,
) -> Journal | None:
    """The gateway keeps its fee out of what it holds for us; None if it takes none."""
    if not fee_minor:
        return None
    transfer = Transfer(accounts.GATEWAY_FEES, accounts.clearing_account(gateway), currency, fee_minor)
    return Journal(operation_id, JournalKind.FEE, happened_at, (transfer,), session_id, payment_id)


def refund_journal(
    *,
    operation_id: UUID,
    payment_id: UUID,
    session_id: UUID | None,
    gateway: str,
    debtor_code: str,
    currency: str,
    amount_minor: int,
    happened_at: datetime,
) -> Journal:
    """The gateway gives back to the driver: what it holds falls, what the driver owes rises again."""
    transfer = Transfer(debtor_code, accounts.clearing_account(gateway), currency, amount_minor)
    return Journal(operation_id, JournalKind.REFUND, happened_at, (transfer,), session_id, payment_id)


def plan_fee_journal(
    *, source_id: UUID, debtor_code: str, currency: str, net_minor: int, tax_minor: int, happened_at: datetime
) -> Journal | None:
    """The customer owes a plan's monthly fee and its tax; None for a free plan."""
    amounts = ((accounts.REVENUE_PLANS, net_minor), (accounts.TAX, tax_minor))
    transfers = tuple(Transfer(debtor_code, code, currency, amount) for code, amount in amounts if amount)
    if not transfers:
        return None
    return Journal(source_id, JournalKind.PLAN_FEE, happened_at, transfers)


def write_off_journal(
    *,
    source_id: UUID,
    payment_id: UUID | None,
    session_id: UUID | None,
    debtor_code: str,
    currency: str,
    amount_minor: int,
    happened_at: datetime,
) -> Journal:
    """What a debtor owed and will not pay (above the hold, say) becomes the tenant's expense."""
    transfer = Transfer(accounts.WRITTEN_OFF, debtor_code, currency, amount_minor)
    return Journal(source_id, JournalKind.WRITE_OFF, happened_at, (transfer,), session_id, payment_id)


def recovery_journal(
    *, source_id: UUID, payment_id: UUID, session_id: UUID, currency: str, amount_minor: int, happened_at: datetime
) -> Journal:
    """What was written off of a session is owed by its driver again, because it is being paid after all."""
    transfer = Transfer(accounts.DRIVERS, accounts.WRITTEN_OFF, currency, amount_minor)
    return Journal(source_id, JournalKind.CORRECTION, happened_at, (transfer,), session_id, payment_id)


def credit_note_journal(
    *, source_id: UUID, taken_back: Iterable[Transfer], happened_at: datetime
) -> Journal | None:
    """Everything that a document's bills and fees had moved goes back; None if nothing had moved."""
    back = tuple(
        Transfer(transfer.credit_code, transfer.debit_code, transfer.currency, transfer.amount_minor)
        for transfer in taken_back
    )
    return Journal(source_id, JournalKind.CORRECTION, happened_at, back) if back else None


def bank_receipt_journal(
    *, source_id: UUID, debtor_code: str, currency: str, amount_minor: int, happened_at: datetime
) -> Journal:
    """A customer paid what it owed into the tenant's bank account."""
    transfer = Transfer(accounts.BANK, debtor_code, currency, amount_minor)
    return Journal(source_id, JournalKind.SETTLEMENT, happened_at, (transfer,))


def wallet_journal(
    *,
    source_id: UUID,
    wallet_code: str,
    debtor_code: str,
    currency: str,
    amount_minor: int,
    happened_at: datetime,
    payment_id: UUID | None = None,
    session_id: UUID | None = None,
) -> Journal:
    """``amount_minor`` > 0 goes from the debtor's account into the wallet; < 0 pays what the debtor owes."""
    if amount_minor > 0:
        transfer = Transfer(debtor_code, wallet_code, currency, amount_minor)
    else:
        transfer = Transfer(wallet_code, debtor_code, currency, -amount_minor)
    return Journal(source_id, JournalKind.SETTLEMENT, happened_at, (transfer,), session_id, payment_id)
