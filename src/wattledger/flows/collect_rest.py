"""The unpaid rest of a billed session is paid on a page: exactly that, by whoever has the link."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.flows.hold_payment import Held
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.open_sale import (
    OpenSale,
    SaleAsk,
    perform_sale,
    refuse_second,
    require_able,
    sale_row,
    write_sale,
)
from wattledger.flows.rest_debt import REST, rest_of


async def collect_rest(
    ports: PaymentPorts, tenant_id: int, payment_id: UUID, *, gateway: str, locale: str | None = None
) -> Held:
    """A page is open that takes what is left of the bill of ``payment_id``'s session.

    Raises NotFound ``payment_unknown``, ``gateway_unknown`` or ``gateway_account_unknown``; Refused
    ``rest_not_owed``, ``gateway_disabled``, ``below_least_sum``, or ``payment_in_progress``.
    """
    sale = await _write_intent(ports, tenant_id, payment_id, gateway, locale)
    return await perform_sale(ports, tenant_id, sale)


async def _write_intent(
    ports: PaymentPorts, tenant_id: int, payment_id: UUID, gateway: str, locale: str | None
) -> OpenSale:
    now = ports.clock.now()
    async with ports.uow.begin(tenant_id) as work:
        # The session's own payment is locked, so that two cannot ask for its rest at once.
        if await work.payments.lock(payment_id) is None:
            raise NotFound("payment_unknown", "There is no such payment.")
        rest = await rest_of(work, payment_id)
        if rest is None or not rest.left_minor:
            raise Refused("rest_not_owed", "Nothing is left to pay of this session.")
        earlier = await work.debts.payment_of_rest(rest.session_id)
        refuse_second(None if earlier is None else await work.payments.lock(earlier.payment_id))
        require_able(ports, gateway, method="card", owed_minor=rest.left_minor, currency=rest.currency)
        access = await open_access(ports, work, gateway)
        ask = SaleAsk(f"Charging at {rest.site_name}, rest", locale=locale, email=rest.driver_email)
        row = sale_row(ports, gateway, REST, ask, now)
        row.currency, row.asked_minor, row.session_id = rest.currency, rest.left_minor, rest.session_id
        return await write_sale(ports, work, access, row, ask=ask, kept=None)
