"""What came into the tenant's bank account is matched with what is owed; the rest is shown to a person."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.billing.bank_account import is_another_account
from wattledger.core.billing.bank_match import Credit, Match, Owed, match_credit
from wattledger.core.billing.invoice import InvoiceState, state_after
from wattledger.core.kernel.card_numbers import strike_card_numbers
from wattledger.core.kernel.errors import NotFound
from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money
from wattledger.core.ledger.accounts import customer_account
from wattledger.core.ledger.books import bank_receipt_journal
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.collecting import BankEntry, BankImport, OwedInvoice
from wattledger.flows.ports.statements import Statements

_UNMATCHED: Final = "bank_entry_unmatched"
_ELSEWHERE: Final = "bank_entry_elsewhere"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held: ``known`` entries had been imported before."""

    matched: int
    parked: int
    known: int


async def import_statement(
    uow: UnitOfWork,
    statements: Statements,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    raw: bytes,
    file_name: str = "",
    actor: str = "command line",
) -> Imported:
    """Every credit of the file is stored once; one that names what is owed is booked, any other asks a person.

    So does every credit on another account than the tenant's own, whatever it names: that money is not here.
    The same file again, or another with the same days, adds nothing but a line in the list of imports. Raises
    InvalidInput ``statement_unreadable`` or ``statement_too_large``: then nothing was stored.
    """
    found = await asyncio.to_thread(statements.read, raw)
    now = clock.now()
    counts = {"matched": 0, "parked": 0, "known": 0}
    seen: Counter[UUID] = Counter()
    async with uow.begin(tenant_id) as work:
        tenant = await work.catalog.tenant()
        if tenant is None:
            raise NotFound("tenant_unknown", "There is no such tenant.")
        owed = {one.invoice_id: one for one in await work.collecting.owed_invoices()}
        own_iban = (await work.debts.policy()).iban
        for credit in found:
            entry_id = _entry_id(tenant_id, credit, seen)
            is_elsewhere = is_another_account(own_iban, credit.account_ref)
            match = None if is_elsewhere else match_credit(credit, [_open(one) for one in owed.values()])
            entry = _entry(entry_id, _struck(credit), match, now)
            if not await work.collecting.add_bank_entry(entry):
                counts["known"] += 1
            elif match is None:
                await _ask(work, ids, entry, now, reason_code=_ELSEWHERE if is_elsewhere else _UNMATCHED)
                counts["parked"] += 1
            else:
                paid = await receive_credit(work, entry, owed[match.invoice_id], tenant.time_zone, now)
                owed[match.invoice_id] = paid
                counts["matched"] += 1
        done = Imported(**counts)
        about = (strike_card_numbers(file_name[:200]), hashlib.sha256(raw).digest())
        counted = (done.matched, done.parked, done.known)
        await work.collecting.add_bank_import(BankImport(ids.new(), *about, *counted, actor, now))
    return done


def _entry_id(tenant_id: int, credit: Credit, seen: Counter[UUID]) -> UUID:
    """The same for the same credit in any file; two that are alike to the letter differ by their order."""
    parts = (credit.account_ref, str(credit.booked_on), str(credit.amount_minor), credit.currency)
    entry_id = content_id("bank_entry", str(tenant_id), *parts, credit.entry_ref, credit.remittance, credit.payer)
    seen[entry_id] += 1
    return entry_id if seen[entry_id] == 1 else content_id(entry_id.bytes, str(seen[entry_id]))


def _open(one: OwedInvoice) -> Owed:
    left_minor = one.gross_minor - one.paid_minor
    return Owed(one.invoice_id, one.series, one.number, one.currency, left_minor, one.customer_name)


def _struck(credit: Credit) -> Credit:
    """The credit as it may be kept: people write card numbers into remittances."""
    return replace(
        credit,
        account_ref=strike_card_numbers(credit.account_ref),
        entry_ref=strike_card_numbers(credit.entry_ref),
        remittance=strike_card_numbers(credit.remittance),
        payer=strike_card_numbers(credit.payer),
    )


def _entry(entry_id: UUID, credit: Credit, match: Match | None, now: datetime) -> BankEntry:
    return BankEntry(
        entry_id=entry_id,
        account_ref=credit.account_ref,
        booked_on=credit.booked_on,
        currency=credit.currency,
        amount_minor=credit.amount_minor,
        entry_ref=credit.entry_ref,
        remittance=credit.remittance,
        payer=credit.payer,
        state="parked" if match is None else "matched",
        match_rule=None if match is None else match.rule.value,
        invoice_id=None if match is None else match.invoice_id,
        imported_at=now,
    )


async def receive_credit(
    work: Work, entry: BankEntry, owed: OwedInvoice, time_zone: str, now: datetime
) -> OwedInvoice:
    """The customer owes so much less, and the invoice's state says so."""
    journal = bank_receipt_journal(
        source_id=entry.entry_id,
        debtor_code=customer_account(owed.customer_no),
        currency=entry.currency,
        amount_minor=entry.amount_minor,
        happened_at=now,
    )
    await work.books.post([journal], posted_at=now)
    paid_minor, known = owed.paid_minor + entry.amount_minor, InvoiceState(owed.state)
    today = now.astimezone(zone(time_zone)).date()
    state = state_after(known, owed_minor=owed.gross_minor, paid_minor=paid_minor, due_on=owed.due_on, today=today)
    if state is not known:
        await work.invoices.set_state(owed.invoice_id, known=known, state=state)
    return msgspec.structs.replace(owed, paid_minor=paid_minor, state=state.value)


async def _ask(work: Work, ids: Ids, entry: BankEntry, now: datetime, *, reason_code: str) -> None:
    amount = Money(entry.amount_minor, entry.currency)
    await work.sessions.open_review(
        ids.new(),
        reason_code=reason_code,
        subject_kind="bank_entry",
        subject_id=entry.entry_id,
        summary=f"{amount} came from {entry.payer or 'somebody'} on {entry.booked_on}: {entry.remittance[:200]}",
        opened_at=now,
    )
