"""The total that a CDR states, beside the one that follows from its tariff."""

from __future__ import annotations

from fractions import Fraction

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import exponent_of
from wattledger.core.rating.rated import Rated
from wattledger.core.roaming.ocpi_json import Json, number, objects
from wattledger.core.roaming.ocpi_totals import exact_text


def stated_total(source: Json) -> tuple[Fraction, Fraction | None] | None:
    """``total_cost`` as net and gross: OCPI 2.2.1's Price, 2.3.0's with taxes, 2.1.1's number; None if absent.

    Raises InvalidInput ``ocpi_number_malformed`` or ``ocpi_list_malformed``.
    """
    total = source.get("total_cost")
    if total is None:
        return None
    if not isinstance(total, dict):
        return Fraction(number(total, "total_cost")), None
    if total.get("before_taxes") is not None:
        net = Fraction(number(total["before_taxes"], "total_cost"))
        taxes = [number(tax.get("amount"), "total_cost, tax") for tax in objects(total.get("taxes"), "taxes")]
        return net, net + sum((Fraction(tax) for tax in taxes), Fraction(0))
    gross = total.get("incl_vat")
    return (
        Fraction(number(total.get("excl_vat"), "total_cost")),
        None if gross is None else Fraction(number(gross, "total_cost")),
    )


def comparison(source: Json, rated: Rated) -> Json | None:
    """What the CDR states, how far that is from the price, and whether rounding explains it.

    A difference of less than one minor unit is rounding. None where the CDR states no total that can be read.
    """
    try:
        stated = stated_total(source)
    except InvalidInput:
        return None
    if stated is None:
        return None
    exact = rated.exact()
    unit = Fraction(1, 10 ** exponent_of(rated.currency))
    pairs = [(name, one, ours) for name, one, ours in zip(("excl_vat", "incl_vat"), stated, exact, strict=True)]
    known = [(name, one, ours) for name, one, ours in pairs if one is not None]
    return {
        "total_cost": {name: exact_text(one, 2) for name, one, _ in known},
        "difference": {name: exact_text(one - ours) for name, one, ours in known},
        "agrees": all(abs(one - ours) < unit for _, one, ours in known),
    }
