"""What a tenant lets happen by itself with what is owed, and where customers may transfer it to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from wattledger.core.billing.bank_account import ACCOUNT_NAME_MAX, read_iban
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.kernel.instants import zone
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork
from wattledger.flows.ports.debts import CollectingPolicy
from wattledger.flows.ports.staff import AuditRecord

DAYS_MIN: Final = 1
DAYS_MAX: Final = 90


@dataclass(frozen=True, slots=True)
class CollectingWish:
    """As a person typed it; an empty ``iban`` offers no transfer."""

    charges: bool
    reminds: bool
    remind_after_days: str
    iban: str
    account_name: str


async def set_collecting(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, wish: CollectingWish, *, actor: str
) -> CollectingPolicy:
    """The policy holds from now on: what is switched on concerns invoices that fall due from today on.

    Raises InvalidInput ``days_malformed``, ``iban_malformed`` or ``account_name_too_long``.
    """
    days, iban = _days(wish.remind_after_days), wish.iban.strip()
    name = wish.account_name.strip() or None
    if name is not None and len(name) > ACCOUNT_NAME_MAX:
        raise InvalidInput("account_name_too_long", f"Banks take {ACCOUNT_NAME_MAX} characters of a name.")
    account = read_iban(iban) if iban else None
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        tenant = await work.catalog.tenant()
        if tenant is None:
            raise NotFound("tenant_unknown", "There is no such tenant.")
        today = now.astimezone(zone(tenant.time_zone)).date()
        before = await work.debts.policy()
        policy = CollectingPolicy(
            charges_from_on=_since(before.charges_from_on, is_on=wish.charges, today=today),
            reminds_from_on=_since(before.reminds_from_on, is_on=wish.reminds, today=today),
            remind_after_days=days,
            iban=account,
            account_name=name,
        )
        await work.debts.put_policy(policy, at=now)
        await work.staff.insert_audit(
            AuditRecord(ids.new(), now, actor, "collecting_set", "tenant", None, _said(policy))
        )
    return policy


def _days(text: str) -> int:
    plain = text.strip()
    if not plain.isascii() or not plain.isdigit() or not DAYS_MIN <= int(plain) <= DAYS_MAX:
        raise InvalidInput("days_malformed", f"The days are a whole number from {DAYS_MIN} to {DAYS_MAX}.")
    return int(plain)


def _since(before: date | None, *, is_on: bool, today: date) -> date | None:
    """What was on stays on since its day; what is switched on reaches back to nothing older than today."""
    return (before or today) if is_on else None


def _said(policy: CollectingPolicy) -> str:
    charges = f"charges from {policy.charges_from_on}" if policy.charges_from_on else "no charges"
    reminds = f"reminds from {policy.reminds_from_on}" if policy.reminds_from_on else "no reminders"
    to = f"transfers to …{policy.iban[-4:]}" if policy.iban else "no transfers"
    return f"{charges}; {reminds}, after {policy.remind_after_days} days; {to}"
