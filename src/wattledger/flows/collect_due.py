"""What falls due is collected: kept methods are charged on the day, a friendly reminder goes some days later."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.kernel.instants import zone
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Work

CHARGE: Final = "charge"
REMIND: Final = "remind"
REMINDER_JOB: Final = "mail_reminder"
_BY: Final = "worker"


async def collect_due(ports: PaymentPorts, tenant_id: int) -> tuple[int, int]:
    """(charged, reminded): how many invoices were asked for now, as the tenant's policy says.

    Each step is taken once an invoice, in the transaction that makes it happen: the charge with its payment, the
    reminder with its job. An invoice whose gateway refuses to be asked is tried again at the next run.
    """
    async with ports.uow.begin(tenant_id) as work:
        tenant = await work.catalog.tenant()
        if tenant is None:
            return 0, 0
        policy = await work.debts.policy()
        now = ports.clock.now()
        today = now.astimezone(zone(tenant.time_zone)).date()
        to_charge = []
        if policy.charges_from_on is not None:
            to_charge = await work.debts.to_charge(policy.charges_from_on, today)
        reminded = 0
        if policy.reminds_from_on is not None:
            until = today - timedelta(days=policy.remind_after_days)
            for invoice_id in await work.debts.to_remind(policy.reminds_from_on, until):
                reminded += await _remind(ports, work, invoice_id)
    charged = sum([await _charge(ports, tenant_id, invoice_id, gateway) for invoice_id, gateway in to_charge])
    return charged, reminded


async def _remind(ports: PaymentPorts, work: Work, invoice_id: UUID) -> bool:
    now = ports.clock.now()
    if not await work.debts.take_step(invoice_id, REMIND, by=_BY, at=now):
        return False
    await work.jobs.add(REMINDER_JOB, invoice_id, due_at=now, at=now)
    return True


async def _charge(ports: PaymentPorts, tenant_id: int, invoice_id: UUID, gateway: str) -> bool:
    try:
        await collect_invoice(ports, tenant_id, invoice_id, CollectAsk(gateway, is_kept_only=True, step=CHARGE))
    except WattledgerError:
        return False  # paid, asked for by somebody else, or not to be had now: the next run looks again
    return True
