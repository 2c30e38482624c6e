"""A tax as a price carries it: a name, an exact rate, and what it is levied upon."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from wattledger.core.kernel.errors import InvalidInput

PPM = 1_000_000


class Tax(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A tax of ``rate_ppm`` millionths (20 % is 200 000; Quebec's 9.975 % is 99 750).

    ``stack`` is OCPP 2.1's: taxes of level 0 are levied on the net price, those of a higher level on the net
    price plus all taxes of lower levels. Raises InvalidInput ``tax_rate_absurd`` beyond 0 to 100 %.
    """

    name: str
    rate_ppm: int
    stack: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rate_ppm <= PPM or not 0 <= self.stack <= 9:
            raise InvalidInput("tax_rate_absurd", f"{self.name!r}: {self.rate_ppm} ppm at level {self.stack}.")

    @property
    def rate_bp(self) -> int:
        """The rate in hundredths of a percent, rounded down: for display, never for sums."""
        return self.rate_ppm // 100


def tax_shares(taxes: tuple[Tax, ...]) -> tuple[tuple[Tax, Fraction], ...]:
    """Each tax with its exact amount per unit of net price, lower levels first.

    Two taxes of 10 % stacked make 0.1 and 0.11 (OCPP 2.1, TaxRateType.stack).
    """
    shares: list[tuple[Tax, Fraction]] = []
    base, level = Fraction(1), 0
    for tax in sorted(taxes, key=lambda tax: tax.stack):
        if tax.stack != level:
            base, level = 1 + sum((share for _, share in shares), Fraction(0)), tax.stack
        shares.append((tax, base * Fraction(tax.rate_ppm, PPM)))
    return tuple(shares)
