"""A person decides about a credit that fits no invoice: which one it pays, or that it is not to be booked."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

from wattledger.core.billing.bank_match import MatchRule
from wattledger.core.billing.invoice import InvoiceState
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from wattledger.flows.import_statement import receive_credit
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.collecting import BankEntry
from wattledger.flows.ports.staff import AuditRecord

REASON_LENGTH_MIN: Final = 5
REASON_LENGTH_MAX: Final = 500


class Aside(StrEnum):
    """Why a credit pays nothing here."""

    RETURNED = "returned"  # the tenant's bank sends it back
    NOT_OURS = "not_ours"  # no customer's money


_SAID: Final = {Aside.RETURNED: "Sent back to the payer.", Aside.NOT_OURS: "Not a customer's payment."}


async def assign_bank_entry(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, entry_id: UUID, *, invoice_id: UUID, actor: str
) -> InvoiceState:
    """The parked credit pays the invoice, its review item is closed, and the trail says who decided it.

    Raises NotFound ``bank_entry_unknown``; Refused ``bank_entry_decided``, ``invoice_not_owed``,
    ``currency_differs`` or ``above_what_is_owed``.
    """
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        entry = await _parked(work, entry_id)
        tenant = await work.catalog.tenant()
        assert tenant is not None
        owed = {one.invoice_id: one for one in await work.collecting.owed_invoices()}.get(invoice_id)
        if owed is None:
            raise Refused("invoice_not_owed", "Nothing is owed on this invoice.")
        if owed.currency != entry.currency:
            raise Refused(
                "currency_differs", f"The invoice is in {owed.currency}, the credit in {entry.currency}."
            )
        if entry.amount_minor > owed.gross_minor - owed.paid_minor:
            raise Refused("above_what_is_owed", "The credit is more than what is left of this invoice.")
        assert await work.collecting.match_bank_entry(entry_id, invoice_id, MatchRule.DECIDED)
        state = InvoiceState((await receive_credit(work, entry, owed, tenant.time_zone, now)).state)
        said = f"Pays invoice {owed.series}-{owed.number:06d}."
        trail = AuditRecord(ids.new(), now, actor, "bank_entry_assigned", "bank_entry", entry_id, said)
        await _close(work, entry_id, said, trail)
        return state


async def set_aside_bank_entry(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    entry_id: UUID,
    *,
    decision: str,
    reason: str,
    actor: str,
) -> None:
    """The parked credit pays nothing and is not booked; its review item is closed with the reason.

    Raises InvalidInput ``decision_unknown``, ``reason_missing`` or ``reason_too_long``; NotFound
    ``bank_entry_unknown``; Refused ``bank_entry_decided``.
    """
    try:
        aside = Aside(decision)
    except ValueError:
        raise InvalidInput("decision_unknown", f"{decision[:40]!r} is not a decision.") from None
    said = reason.strip()
    if len(said) < REASON_LENGTH_MIN:
        raise InvalidInput("reason_missing", "Say in a few words why: it stays in the audit trail.")
    if len(said) > REASON_LENGTH_MAX:
        raise InvalidInput("reason_too_long", f"A reason may have {REASON_LENGTH_MAX} characters.")
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        await _parked(work, entry_id)
        assert await work.collecting.set_aside_bank_entry(entry_id, aside)
        trail = AuditRecord(ids.new(), now, actor, f"bank_entry_{aside}", "bank_entry", entry_id, said)
        await _close(work, entry_id, f"{_SAID[aside]} {said}", trail)


async def _parked(work: Work, entry_id: UUID) -> BankEntry:
    """The entry, locked until the transaction ends."""
    entry = await work.collecting.bank_entry(entry_id)
    if entry is None:
        raise NotFound("bank_entry_unknown", "There is no such entry.")
    if entry.state != "parked":
        raise Refused("bank_entry_decided", "Somebody has decided about this credit already.")
    return entry


async def _close(work: Work, entry_id: UUID, resolution: str, trail: AuditRecord) -> None:
    for item in await work.desk.reviews(state="open", subject_ids=[entry_id]):
        await work.desk.resolve_review(
            item.review_item_id, resolution=resolution, resolved_by=trail.actor, resolved_at=trail.at
        )
    await work.staff.insert_audit(trail)
