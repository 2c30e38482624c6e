"""A connector in words: where it is, what it can, whether it is free, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wattledger.apps.present.figures import LOCALE, duration, energy_kwh, money, power_kw
from wattledger.apps.present.texts import price_text, tariff_rows
from wattledger.apps.web.driver.words import plug
from wattledger.apps.web.pages import House
from wattledger.core.kernel.instants import zone
from wattledger.core.rating.explain import PriceRow
from wattledger.core.tariffs.model import Tariff, TaxTreatment
from wattledger.flows.ports.driver import ConnectorFacts
from wattledger.flows.show_connector import Arrival, Availability

_UNITS: Final = {"kwh": "per kWh", "minute": "per minute", "session": "per session"}
# (word, meaning, icon) of the chip, and what the reader may do about it.
_CHIPS: Final = {
    Availability.FREE: ("Free", "good", "good"),
    Availability.PLUGGED_IN: ("Cable plugged in", "info", "plug"),
    Availability.IN_USE: ("In use", "notice", "bolt"),
    Availability.RESERVED: ("Reserved", "notice", "clock"),
    Availability.FAULTED: ("Out of order", "bad", "bad"),
    Availability.CLOSED: ("Not in service", "bad", "bad"),
    Availability.OFFLINE: ("Offline", "notice", "offline"),
    Availability.UNPRICED: ("No payment here yet", "notice", "alert"),
}
_OBSTACLES: Final = {
    Availability.IN_USE: (
        "Another car is charging here",
        "This page changes by itself when the connector is free. Is it your car? Then choose “Find my session”.",
    ),
    Availability.RESERVED: ("Somebody reserved this connector", "Please use another one."),
    Availability.FAULTED: ("This connector is out of order", "Please use another one; we know about it."),
    Availability.CLOSED: ("This connector is not in service", "Please use another one."),
    Availability.OFFLINE: (
        "This station has no connection just now",
        "It cannot start a paid session. This page changes by itself when the station is back.",
    ),
    Availability.UNPRICED: ("Nobody can pay here yet", "The operator has not finished setting up this connector."),
}


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One row of the price table, taxes inside; ``note`` says when the price holds."""

    word: str
    note: str | None
    price: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """The head of every driver's page."""

    site: str
    address: str
    connector: str
    public_id: str


def place_of(facts: ConnectorFacts) -> Place:
    """``Harbour Street`` and ``Connector 2, CCS, up to 150 kW``."""
    kind = f"{plug(facts.plug_type)} ({facts.current_kind})"
    return Place(
        site=facts.site_name,
        address=", ".join(facts.address_lines),
        connector=f"{facts.station_name}, connector {facts.connector_no}: {kind}, "
        f"up to {power_kw(facts.power_max_w)} kW",
        public_id=facts.public_id,
    )


def house_of(facts: ConnectorFacts) -> House:
    return House(facts.tenant_name, facts.help_phone)


def chip_of(arrival: Arrival) -> tuple[str, str, str]:
    return _CHIPS[arrival.availability]


def obstacle_of(arrival: Arrival) -> tuple[str, str] | None:
    """Headline and advice while nobody can start here; None when the connector is open."""
    return _OBSTACLES.get(arrival.availability)


def price_lines(tariff: Tariff) -> list[PriceLine]:
    """The tariff's prices in the lawful order: per kWh, per minute, per session, then others (AFIR Art. 5(4))."""
    return [_line(row) for row in tariff_rows(tariff, LOCALE)]


def excise_lines(arrival: Arrival) -> list[PriceLine]:
    """Taxes on each kWh that come on top of the tariff's prices."""
    if arrival.terms.tax_rules is None:
        return []
    facts = arrival.facts
    regime = arrival.terms.tax_rules.regime(arrival.at.astimezone(zone(facts.time_zone)).date())
    return [
        PriceLine(excise.name, "added to each kWh", price_text(excise.per_kwh, facts.currency, LOCALE), "per kWh")
        for excise in regime.excises
    ]


def price_caption(tariff: Tariff) -> str:
    return "Price" if tariff.tax_treatment is TaxTreatment.NOT_APPLICABLE else "Price, VAT included"


def example_line(arrival: Arrival) -> str | None:
    """``20 kWh in 15 min would cost €10.00.``"""
    example = arrival.example
    if example is None:
        return None
    energy = energy_kwh(example.energy_milliwh, decimals=0)
    cost = money(example.gross_minor, arrival.facts.currency)
    return f"For example, {energy} kWh in {duration(example.duration_s)} would cost {cost} if you begin now."


def _line(row: PriceRow) -> PriceLine:
    note = row.condition_text or None
    if not row.amount:
        return PriceLine(row.label, note, "Free", None)
    return PriceLine(row.label, note, price_text(row.amount, row.currency, LOCALE), _UNITS.get(row.unit))
