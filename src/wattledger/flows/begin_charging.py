"""A driver agreed to a price and a hold: the payment is opened for exactly that, or nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import NotFound, Refused
from wattledger.core.rating.price_terms import agreed_terms
from wattledger.flows.hold_payment import Held, HoldAsk, hold_payment
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.base import Directory
from wattledger.flows.price_terms import offered_terms
from wattledger.flows.show_connector import Arrival, Availability, arrival, tariff_of

# How long a page's price stands: somebody may read it, walk to the car and come back.
SHOWN_FOR: Final = timedelta(minutes=30)
_CLOSED: Final = {
    Availability.IN_USE: ("connector_in_use", "Another car is charging at this connector."),
    Availability.RESERVED: ("connector_reserved", "This connector is reserved for somebody else."),
    Availability.FAULTED: ("connector_faulted", "This connector is out of order."),
    Availability.CLOSED: ("connector_closed", "This connector is not in service."),
    Availability.OFFLINE: ("station_offline", "The station is offline and cannot start a paid session."),
    Availability.UNPRICED: ("connector_unpriced", "Nobody can pay at this connector yet."),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the page showed when the driver pressed the button: the price, the hold, and at which instant.

    ``is_renewable``: the driver ticked that the hold may be renewed on the same card if the session outlasts it.
    """

    public_id: str
    tariff_version_id: UUID
    hold_minor: int
    shown_at: datetime
    locale: str | None = None
    email: str | None = None
    is_renewable: bool = False


async def begin_charging(ports: PaymentPorts, directory: Directory, agreement: Agreement) -> Held:
    """A payment exists and its hosted page is open; the price is frozen as it was shown.

    Raises NotFound ``connector_unknown``, Refused ``price_changed`` when the page no longer tells the truth,
    Refused with the connector's obstacle, and what ``hold_payment`` raises. Then nothing is held.
    """
    found = await directory.find("connector", agreement.public_id)
    if found is None:
        raise NotFound("connector_unknown", "No connector has this number.")
    tenant_id, connector_id = found
    now = ports.clock.now()
    # The hold follows from the instant of arrival (a tariff may change at 20:00): judge by the page's.
    is_recent = timedelta(0) <= now - agreement.shown_at <= SHOWN_FOR
    judged_at = agreement.shown_at if is_recent else now
    async with ports.uow.begin_read(tenant_id) as work:
        facts = await work.driver.connector(connector_id, now)
        if facts is None:
            raise NotFound("connector_unknown", "No connector has this number.")
        terms = await offered_terms(work, connector_id, judged_at, tariff=tariff_of(facts))
    seen = arrival(tenant_id, facts, ports.gateways, judged_at, terms)
    _refuse_obstacle(seen)
    if not is_recent or not _is_as_shown(seen, agreement):
        raise Refused("price_changed", "The price changed since this page was shown. Please look at it again.")
    assert facts.gateway is not None
    assert seen.tariff is not None
    ask = HoldAsk(
        gateway=facts.gateway,
        connector_id=connector_id,
        tariff_version_id=agreement.tariff_version_id,
        amount_minor=seen.hold_minor,
        currency=seen.tariff.currency,
        description=f"Charging at {facts.site_name}, {facts.public_id}",
        locale=agreement.locale,
        email=agreement.email,
        is_renewable=agreement.is_renewable and seen.can_renew,
        terms=agreed_terms(seen.terms),
    )
    return await hold_payment(ports, tenant_id, ask)


def _refuse_obstacle(seen: Arrival) -> None:
    if not seen.availability.is_open:
        raise Refused(*_CLOSED[seen.availability])


def _is_as_shown(seen: Arrival, agreement: Agreement) -> bool:
    return (seen.facts.tariff_version_id, seen.hold_minor) == (agreement.tariff_version_id, agreement.hold_minor)
