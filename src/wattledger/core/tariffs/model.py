"""A tariff: elements in order, each with price components and the restrictions under which they hold.

The model is a superset of OCPI 2.2.1 and 2.3.0 tariffs and OCPP 2.1's TariffType. A value of this model is a
tariff *version*: it never changes, and ``tariff_version_id`` names it by its content.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.taxes import Tax


class Dimension(StrEnum):
    """What a component prices: kWh, hours of charging, hours of idling, or the session as a whole.

    TIME and FLAT under a ``reservation`` restriction price the reservation (OCPI ReservationRestrictionType).
    """

    ENERGY = "energy"
    TIME = "time"
    IDLE = "idle"
    FLAT = "flat"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS: Final = tuple(Weekday)  # index = datetime.weekday()


class Reservation(StrEnum):
    """An element that prices a reservation, or one that let its time pass unused."""

    RESERVED = "reserved"
    EXPIRED = "expired"


class TaxTreatment(StrEnum):
    """Whether the prices of a tariff hold their taxes (OCPI 2.3.0 TaxIncluded: NO, YES, N/A)."""

    EXCLUDED = "excluded"
    INCLUDED = "included"
    NOT_APPLICABLE = "not_applicable"


class Tiering(StrEnum):
    """GRADUATED: each part of the quantity at its tier's price. VOLUME: all of it at the price of its total."""

    GRADUATED = "graduated"
    VOLUME = "volume"


class TierSpan(StrEnum):
    """Whether tiers count a session's quantity, or the customer's in the calendar month so far."""

    SESSION = "session"
    MONTH = "month"


class _Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all parts of a tariff share: immutable, compared by value, strict about unknown fields."""


class Tier(_Value, frozen=True):
    """``price`` holds for a quantity up to ``until`` (inclusive): Wh for ENERGY, seconds for TIME and IDLE."""

    until: int
    price: Decimal


class Spot(_Value, frozen=True):
    """A price that follows the series ``series``: ``factor`` times its price plus ``margin``, a kWh.

    The result is rounded to six decimals and kept within ``price_min``, never below zero, and ``price_max``.
    """

    series: str
    margin: Decimal = Decimal(0)
    factor: Decimal = Decimal(1)
    price_min: Decimal = Decimal(0)
    price_max: Decimal | None = None


class PriceComponent(_Value, frozen=True):
    """``price`` major units per kWh (ENERGY), per hour (TIME, IDLE) or once (FLAT).

    ``step_size`` is in Wh or seconds; 0 bills the exact quantity. The first ``grace_s`` seconds of the
    session's charging or idling are free. ``cap`` is the most this component may cost in a session, in the
    sense of ``price`` (with taxes where the tariff's prices hold them). With ``tiers``, ``price`` is that of
    quantities beyond the last one; with ``spot``, it is what a price list shows, and the series decides.
    """

    dimension: Dimension
    price: Decimal
    step_size: int = 0
    taxes: tuple[Tax, ...] = ()
    grace_s: int = 0
    cap: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = Tiering.GRADUATED
    tier_span: TierSpan = TierSpan.SESSION
    spot: Spot | None = None


class Restrictions(_Value, frozen=True):
    """All that are set must hold. Minimums are inclusive, maximums exclusive, times are the site's wall clock.

    ``time_from``/``time_until`` are "HH:MM"; an end not after its start wraps over midnight, and 00:00 as an
    end is the end of the day (OCPI TariffRestrictions). ``duration_s`` counts from the start of the session,
    ``charging_time_s`` and ``idle_time_s`` only the session's charging or idling (OCPP 2.1
    TariffConditionsType). Power and current are those of the moment, not the session's extremes.
    """

    time_from: str | None = None
    time_until: str | None = None
    weekdays: tuple[Weekday, ...] = ()
    date_from: date | None = None
    date_until: date | None = None
    energy_milliwh_min: int | None = None
    energy_milliwh_max: int | None = None
    power_w_min: int | None = None
    power_w_max: int | None = None
    current_ma_min: int | None = None
    current_ma_max: int | None = None
    duration_s_min: int | None = None
    duration_s_max: int | None = None
    charging_time_s_min: int | None = None
    charging_time_s_max: int | None = None
    idle_time_s_min: int | None = None
    idle_time_s_max: int | None = None
    current_kind: str | None = None
    connector_types: tuple[str, ...] = ()
    payment_brands: tuple[str, ...] = ()
    payment_recognition: str | None = None
    reservation: Reservation | None = None


UNRESTRICTED: Final = Restrictions()


class Element(_Value, frozen=True):
    """Price components that hold under the same restrictions."""

    components: tuple[PriceComponent, ...]
    restrictions: Restrictions = UNRESTRICTED


class PriceLimit(_Value, frozen=True):
    """A least or greatest price of a session; where both are given, both apply (OCPI Tariff, NOTE)."""

    before_taxes: Decimal | None = None
    after_taxes: Decimal | None = None


class LocalText(_Value, frozen=True):
    language: str
    text: str


class Tariff(_Value, frozen=True):
    """Prices and conditions. Per dimension the first element whose restrictions hold gives the price."""

    currency: str
    elements: tuple[Element, ...]
    name: str = ""
    tax_treatment: TaxTreatment = TaxTreatment.EXCLUDED
    price_min: PriceLimit | None = None
    price_max: PriceLimit | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    kind: str | None = None
    texts: tuple[LocalText, ...] = ()
    url: str | None = None
