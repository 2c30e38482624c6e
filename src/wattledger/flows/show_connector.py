"""What a driver sees on arriving at a connector: whether it is free, what it costs, what will be held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wattledger.core.kernel.errors import NotFound
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.payments.holds import Habit, HoldPolicy, expected_milliwh, typical_session, usual_policy
from wattledger.core.rating.price_terms import NO_TERMS, PriceTerms, quote_by_terms, taxed_tariff
from wattledger.core.stations.talk import ConnectorStatus
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.hold_payment import plan_hold
from wattledger.flows.ports.base import Clock, Directory, UnitOfWork
from wattledger.flows.ports.driver import ConnectorFacts
from wattledger.flows.ports.gateway import Gateways
from wattledger.flows.price_terms import offered_terms

EXAMPLE_ENERGY_MILLIWH: Final = 20_000_000
# Vehicles take about this much of a connector's greatest power; the example is rounded up to 5 minutes.
_MEAN_POWER_PERCENT: Final = 60
_EXAMPLE_STEP_S: Final = 300


class Availability(StrEnum):
    FREE = "free"
    PLUGGED_IN = "plugged_in"  # a cable is in and nobody charges: most likely the reader's own car
    IN_USE = "in_use"
    RESERVED = "reserved"
    FAULTED = "faulted"
    CLOSED = "closed"
    OFFLINE = "offline"
    UNPRICED = "unpriced"  # no tariff, or no gateway to pay at

    @property
    def is_open(self) -> bool:
        """Whether a driver may pay and start now."""
        return self in (Availability.FREE, Availability.PLUGGED_IN)


@dataclass(frozen=True, slots=True)
class Example:
    """So much energy in so much time costs so much, taxes included, if begun now."""

    energy_milliwh: int
    duration_s: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One connector at one moment; ``hold_minor`` is exactly what begin_charging will ask for.

    ``pages`` are the origins of the gateway's hosted pages, where they are always the same. ``can_renew``: with
    the driver's consent the gateway can hold on their card again, without them.
    """

    tenant_id: int
    at: datetime
    facts: ConnectorFacts
    availability: Availability
    tariff: Tariff | None
    example: Example | None
    hold_minor: int
    hold_energy_milliwh: int = 0
    pages: tuple[str, ...] = ()
    can_renew: bool = False
    terms: PriceTerms = NO_TERMS

    @property
    def shown_tariff(self) -> Tariff | None:
        """The tariff with the taxes that it bears here and now."""
        if self.tariff is None:
            return None
        return taxed_tariff(self.tariff, self.terms, time_zone=self.facts.time_zone, at=self.at)


async def show_connector(
    uow: UnitOfWork, directory: Directory, clock: Clock, gateways: Gateways, public_id: str
) -> Arrival:
    """The connector of that public id, as it stands now. Raises NotFound ``connector_unknown``."""
    found = await directory.find("connector", public_id)
    if found is None:
        raise NotFound("connector_unknown", "No connector has this number.")
    tenant_id, connector_id = found
    now = clock.now().replace(microsecond=0)  # the page sends this instant back in whole seconds
    async with uow.begin_read(tenant_id) as work:
        facts = await work.driver.connector(connector_id, now)
        if facts is None:
            raise NotFound("connector_unknown", "No connector has this number.")
        terms = await offered_terms(work, connector_id, now, tariff=tariff_of(facts))
    return arrival(tenant_id, facts, gateways, now, terms)


def arrival(
    tenant_id: int, facts: ConnectorFacts, gateways: Gateways, now: datetime, terms: PriceTerms = NO_TERMS
) -> Arrival:
    """What these facts mean for a driver who arrives at ``now`` and is offered ``terms``."""
    tariff = tariff_of(facts)
    gateway = None if facts.gateway is None else gateways.get(facts.gateway)
    if tariff is None or gateway is None:
        return Arrival(tenant_id, now, facts, Availability.UNPRICED, tariff, None, 0, terms=terms)
    return Arrival(
        tenant_id=tenant_id,
        at=now,
        pages=gateway.account_shape.pages,
        can_renew=gateway.capabilities.can_hold_saved,
        facts=facts,
        availability=availability(facts),
        tariff=tariff,
        terms=terms,
        example=example(facts, tariff, now, terms),
        hold_minor=plan_hold(
            tariff,
            gateway,
            power_max_w=facts.power_max_w,
            current_kind=facts.current_kind,
            connector_type=facts.plug_type,
            time_zone=facts.time_zone,
            at=now,
            habit=_habit(facts),
            policy=_policy(facts, tariff.currency),
            terms=terms,
        ),
        hold_energy_milliwh=typical_session(
            power_max_w=facts.power_max_w,
            current_kind=facts.current_kind,
            connector_type=facts.plug_type,
            time_zone=facts.time_zone,
            at=now,
            energy_milliwh=expected_milliwh(
                facts.current_kind, _habit(facts), can_grow=gateway.capabilities.can_increment
            ),
        ).energy_milliwh,
    )


def _policy(facts: ConnectorFacts, currency: str) -> HoldPolicy:
    if facts.hold_units_min is None or facts.hold_units_max is None or facts.currency != currency:
        return usual_policy(currency)
    return HoldPolicy(facts.hold_units_min, facts.hold_units_max)


def tariff_of(facts: ConnectorFacts) -> Tariff | None:
    """The tariff in force at the connector."""
    return None if facts.tariff_body is None else decode_tariff(facts.tariff_body)


def _habit(facts: ConnectorFacts) -> Habit | None:
    if facts.habit_count is None or facts.habit_p75_milliwh is None or facts.habit_p95_milliwh is None:
        return None
    return Habit(facts.habit_count, facts.habit_p75_milliwh, facts.habit_p95_milliwh)


def availability(facts: ConnectorFacts) -> Availability:
    """Whether the connector can be used, the strongest obstacle first."""
    if facts.is_disabled:
        return Availability.CLOSED
    if not facts.is_connected:
        return Availability.OFFLINE
    if facts.session_count:
        return Availability.IN_USE
    return {
        ConnectorStatus.AVAILABLE: Availability.FREE,
        ConnectorStatus.OCCUPIED: Availability.PLUGGED_IN,
        ConnectorStatus.RESERVED: Availability.RESERVED,
        ConnectorStatus.FAULTED: Availability.FAULTED,
    }.get(ConnectorStatus(facts.status), Availability.CLOSED)


def example(facts: ConnectorFacts, tariff: Tariff, now: datetime, terms: PriceTerms = NO_TERMS) -> Example:
    """What 20 kWh would cost here, at the power that vehicles usually take."""
    mean_power_w = max(1, facts.power_max_w * _MEAN_POWER_PERCENT // 100)
    exact_s = -(-EXAMPLE_ENERGY_MILLIWH * 36 // (mean_power_w * 10))
    duration_s = -(-exact_s // _EXAMPLE_STEP_S) * _EXAMPLE_STEP_S
    period = Period(now, now + timedelta(seconds=duration_s), EXAMPLE_ENERGY_MILLIWH)
    usage = Usage((period,), facts.time_zone, facts.current_kind, facts.plug_type)
    priced = quote_by_terms(usage, tariff, terms)
    return Example(EXAMPLE_ENERGY_MILLIWH, duration_s, priced.gross_minor)
