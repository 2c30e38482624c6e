"""Stripe's minor units are not always ISO's (docs.stripe.com/currencies)."""

from __future__ import annotations

from typing import Final

from wattledger.core.kernel.money import exponent_of
from wattledger.flows.ports.gateway import GatewayRefused

# Without decimals in ISO 4217, but written with two at Stripe.
_HUNDREDFOLD: Final = frozenset({"ISK", "UGX"})
# Stripe's least charges, 2026; what is not listed follows from half a unit.
_LEAST: Final = {
    "AED": 200, "BGN": 100, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "JPY": 50,
    "MXN": 1000, "MYR": 200, "NOK": 300, "PLN": 200, "RON": 200, "SEK": 300, "THB": 1000, "USD": 50,
}  # fmt: skip


def to_wire(amount_minor: int, currency: str) -> int:
    """Our minor units as Stripe wants them. Raises GatewayRefused ``amount_not_supported`` where it cannot be."""
    if currency in _HUNDREDFOLD:
        return amount_minor * 100
    if exponent_of(currency) == 3 and amount_minor % 10:
        raise GatewayRefused("amount_not_supported", f"Stripe takes {currency} in steps of ten.")
    return amount_minor


def from_wire(amount: int, currency: str) -> int:
    if currency in _HUNDREDFOLD:
        return amount // 100
    return amount


def least_minor(currency: str) -> int:
    whole: int = 10 ** exponent_of(currency)
    return _LEAST.get(currency, -(-whole // 2))
