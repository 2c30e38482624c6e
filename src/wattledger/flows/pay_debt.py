"""Whoever has the link of a debt pays it: on the page that waits already, or on a new one."""

from __future__ import annotations

import msgspec

from wattledger.core.kernel.errors import Refused
from wattledger.flows.collect_invoice import CollectAsk, collect_invoice
from wattledger.flows.collect_rest import collect_rest
from wattledger.flows.debt_links import DebtKind, DebtName
from wattledger.flows.hold_payment import Held, hurry_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.show_debt import DebtStage, show_debt


class PayAsk(msgspec.Struct, frozen=True):
    """``method``: card, or a direct debit; ``is_kept``: the payer agrees that it be charged for later invoices."""

    method: str = "card"
    is_kept: bool = False
    locale: str | None = None


async def pay_debt(ports: PaymentPorts, name: DebtName, ask: PayAsk) -> str | None:
    """The address of the gateway's page; None where there is none (yet): the debt's own page then says how it is.

    Raises NotFound ``debt_unknown``; Refused ``nothing_owed``, ``gateway_missing``, or what collecting refuses.
    """
    debt = await show_debt(ports, name)
    if debt.stage is DebtStage.WAITING and debt.payment is not None:
        return debt.payment.checkout_url
    if debt.stage is DebtStage.ON_ITS_WAY:
        return None
    if debt.stage is not DebtStage.OPEN:
        raise Refused("nothing_owed", "Nothing is to be paid here any more.")
    if debt.paying is None:
        raise Refused("gateway_missing", "This cannot be paid online just now.")
    try:
        return (await _open(ports, name, ask, debt.paying.gateway)).checkout_url
    except Refused as refusal:
        if refusal.code != "payment_in_progress":
            raise
        # Pressed twice, or on two phones: the first one's page takes the money.
        again = await show_debt(ports, name)
        return None if again.payment is None else again.payment.checkout_url


async def _open(ports: PaymentPorts, name: DebtName, ask: PayAsk, gateway: str) -> Held:
    if name.kind is DebtKind.REST:
        return await collect_rest(ports, name.tenant_id, name.subject_id, gateway=gateway, locale=ask.locale)
    collect = CollectAsk(gateway, is_by_page=True, method=ask.method, is_kept=ask.is_kept, locale=ask.locale)
    return await collect_invoice(ports, name.tenant_id, name.subject_id, collect)


async def hurry_debt(ports: PaymentPorts, name: DebtName) -> None:
    """The gateway is asked soon how an open payment stands: for a payer who comes back from its page."""
    debt = await show_debt(ports, name)
    if debt.payment is not None and debt.stage in (DebtStage.WAITING, DebtStage.ON_ITS_WAY):
        await hurry_payment(ports, name.tenant_id, debt.payment.payment_id)
