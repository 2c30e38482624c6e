"""Restrictions in plain English, with the values that decide: the ``matched`` text of a charge line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from wattledger.core.tariffs.model import Reservation, Restrictions

_RANGES = (
    ("energy", "energy_milliwh", Decimal(1_000_000), "kWh"),
    ("power", "power_w", Decimal(1_000), "kW"),
    ("current", "current_ma", Decimal(1_000), "A"),
    ("session", "duration_s", Decimal(60), "min"),
    ("charging", "charging_time_s", Decimal(60), "min"),
    ("idle", "idle_time_s", Decimal(60), "min"),
)


def restriction_text(restrictions: Restrictions) -> str:
    """``08:00-20:00, monday tuesday, energy from 10 kWh below 20 kWh``; empty where nothing restricts."""
    return ", ".join(_parts(restrictions))


def _parts(restrictions: Restrictions) -> Iterable[str]:
    if restrictions.reservation is not None:
        is_expired = restrictions.reservation is Reservation.EXPIRED
        yield "reservation expired" if is_expired else "reservation"
    if restrictions.time_from is not None or restrictions.time_until is not None:
        yield f"{restrictions.time_from or '00:00'}-{restrictions.time_until or '00:00'}"
    if restrictions.weekdays:
        yield " ".join(restrictions.weekdays)
    if restrictions.date_from is not None:
        yield f"from {restrictions.date_from}"
    if restrictions.date_until is not None:
        yield f"before {restrictions.date_until}"
    for word, name, divisor, unit in _RANGES:
        least, most = getattr(restrictions, f"{name}_min"), getattr(restrictions, f"{name}_max")
        if least is not None or most is not None:
            low = f" from {_number(least, divisor)} {unit}" if least is not None else ""
            high = f" below {_number(most, divisor)} {unit}" if most is not None else ""
            yield f"{word}{low}{high}"
    if restrictions.current_kind is not None:
        yield restrictions.current_kind
    yield from (
        " or ".join(names) for names in (restrictions.connector_types, restrictions.payment_brands) if names
    )
    if restrictions.payment_recognition is not None:
        yield restrictions.payment_recognition


def _number(value: int, divisor: Decimal) -> str:
    number = round(value / divisor, 6)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
