"""Publishes what a customer, a plan's customers or everybody has: member prices, discounts, free quantities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.kernel.instants import utc
from wattledger.core.tariffs.adjustments import Adjustment, Voucher
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.price_terms import AdjustmentPublication
from wattledger.flows.ports.staff import AuditRecord

NAME_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Whose:
    """One customer by number, the customers of a plan by its name, or with neither everybody."""

    customer_no: str | None = None
    plan: str | None = None


async def publish_adjustment(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    whose: Whose,
    adjustment: Adjustment,
    valid_from: datetime | None = None,
    by: str,
) -> None:
    """Sessions that start from ``valid_from`` (now, if None) on have it, in place of what bore the same name.

    What began before keeps what it began with. Raises InvalidInput ``adjustment_not_offered``,
    ``adjustment_malformed`` or ``valid_from_past``, NotFound ``customer_unknown`` or ``plan_unknown``.
    """
    if isinstance(adjustment, Voucher):
        raise InvalidInput("adjustment_not_offered", "A voucher is redeemed, and cannot be had by standing order.")
    await _publish(
        uow, clock, ids, tenant_id, whose=whose, name=adjustment.name, adjustment=adjustment,
        valid_from=valid_from, by=by,
    )  # fmt: skip


async def end_adjustment(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    whose: Whose,
    name: str,
    valid_from: datetime | None = None,
    by: str,
) -> None:
    """Sessions that start from ``valid_from`` (now, if None) on no longer have what bears ``name``.

    Raises what ``publish_adjustment`` raises, and NotFound ``adjustment_unknown``.
    """
    await _publish(
        uow, clock, ids, tenant_id, whose=whose, name=name, adjustment=None, valid_from=valid_from, by=by
    )


async def _publish(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    whose: Whose,
    name: str,
    adjustment: Adjustment | None,
    valid_from: datetime | None,
    by: str,
) -> None:
    now = clock.now()
    starts_at = utc(valid_from) if valid_from else now
    if starts_at < now:
        raise InvalidInput("valid_from_past", "It can hold from now on or later: what began keeps its price.")
    if not 0 < len(name.strip()) <= NAME_LENGTH_MAX or not name.isprintable():
        wanted = f"Customers read its name: give it 1 to {NAME_LENGTH_MAX} letters."
        raise InvalidInput("adjustment_malformed", wanted)
    async with uow.begin(tenant_id) as work:
        customer_id, plan_id = await _subject(work, whose)
        if adjustment is None:
            await _must_know(work, whose, name)
        publication = AdjustmentPublication(
            adjustment_publication_id=ids.new(),
            name=name,
            customer_id=customer_id,
            plan_id=plan_id,
            adjustment=adjustment,
            valid_from=starts_at,
            published_at=now,
            published_by=by,
        )
        await work.price_terms.publish_adjustment(publication)
        action = "adjustment_ended" if adjustment is None else "adjustment_published"
        subject_id = publication.adjustment_publication_id
        await work.staff.insert_audit(AuditRecord(ids.new(), now, by, action, "adjustment", subject_id, name))


async def _must_know(work: Work, whose: Whose, name: str) -> None:
    known = await work.price_terms.adjustment_publications()
    if (name, whose.customer_no, whose.plan) not in {(one.name, one.customer_no, one.plan_name) for one in known}:
        raise NotFound("adjustment_unknown", f"They have nothing named {name[:60]!r}.")


async def _subject(work: Work, whose: Whose) -> tuple[UUID | None, UUID | None]:
    if whose.customer_no is not None and whose.plan is not None:
        raise InvalidInput("adjustment_malformed", "Name a customer or a plan, not both.")
    if whose.customer_no is not None:
        customer_id = await work.catalog.customer_id(whose.customer_no)
        if customer_id is None:
            raise NotFound("customer_unknown", f"There is no customer {whose.customer_no[:40]!r}.")
        return customer_id, None
    if whose.plan is not None:
        plan_id = await work.price_terms.plan_id(whose.plan)
        if plan_id is None:
            raise NotFound("plan_unknown", f"There is no plan named {whose.plan[:60]!r}.")
        return None, plan_id
    return None, None
