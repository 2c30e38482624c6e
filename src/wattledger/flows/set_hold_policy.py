"""The least and the greatest hold of a tenant's sessions, by currency."""

from __future__ import annotations

from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.holds import HoldPolicy, usual_policy
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.staff import AuditRecord

# A slip of the finger is more likely than a hold of twenty times the usual.
_TIMES_USUAL_MAX: Final = 20


async def set_hold_policy(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    currency: str,
    policy: HoldPolicy | None,
    by: str,
) -> HoldPolicy:
    """Holds in that currency keep to ``policy`` from the next driver on (None: the usual bounds), and the audit
    trail says who set them. What is in force then is returned.

    Raises InvalidInput ``currency_unknown`` or ``hold_bounds_absurd``; then nothing changed.
    """
    usual = usual_policy(currency)
    if policy is not None:
        _check(currency, policy, usual)
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        await work.payments.set_hold_policy(currency, policy, at=now)
        said = "usual" if policy is None else f"{policy.units_min} to {policy.units_max}"
        await work.staff.insert_audit(
            AuditRecord(ids.new(), now, by, "hold_bounds_set", "tenant", None, f"{said} {currency}")
        )
    return policy or usual


def _check(currency: str, policy: HoldPolicy, usual: HoldPolicy) -> None:
    most = usual.units_max * _TIMES_USUAL_MAX
    if not 1 <= policy.units_min <= policy.units_max <= most:
        raise InvalidInput(
            "hold_bounds_absurd",
            f"The least hold is at least 1 {currency}, and the greatest between it and {most} {currency}.",
        )


async def policy_of(work: Work, currency: str) -> HoldPolicy:
    """The bounds in force: the tenant's, else the usual ones. Raises InvalidInput ``currency_unknown``."""
    exponent_of(currency)
    return await work.payments.hold_policy(currency) or usual_policy(currency)
