"""Money: an integer count of a currency's smallest unit. Never a float, never a bare number."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from wattledger.core.kernel.errors import InvalidInput

_NO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_TWO_DECIMALS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR
    ZMW ZWG
"""
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
# ISO 4217. A currency that is not listed is refused, never guessed.
_EXPONENTS: Final = {
    code: exponent
    for exponent, codes in ((0, _NO_DECIMALS), (2, _TWO_DECIMALS), (3, _THREE_DECIMALS))
    for code in codes.split()
}


def exponent_of(currency: str) -> int:
    """The number of decimals of ``currency`` (ISO 4217): 0, 2 or 3.

    Raises InvalidInput ``currency_unknown``.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise InvalidInput("currency_unknown", f"{currency[:40]!r} is not a currency Wattledger knows.") from None


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """``amount_minor`` units of ``currency``; may be negative only inside a calculation, never in a bill."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.amount_minor) is int, self.amount_minor
        exponent_of(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other)

    def decimal(self) -> Decimal:
        """The exact amount in major units: Money(1237, "EUR") is Decimal("12.37")."""
        return Decimal(self.amount_minor).scaleb(-exponent_of(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InvalidInput("currency_mixed", f"{self.currency} and {other.currency} do not add up.")
        return other.amount_minor


def money_from_decimal(amount: Decimal, currency: str) -> Money:
    """Money from an exact major-unit amount; refuses what does not fit the currency's decimals.

    Raises InvalidInput ``amount_not_representable`` (12.345 EUR, NaN) or ``currency_unknown``.
    """
    exponent = exponent_of(currency)
    if not amount.is_finite() or amount != amount.quantize(Decimal(1).scaleb(-exponent)):
        raise InvalidInput("amount_not_representable", f"{amount} does not fit {currency}'s {exponent} decimals.")
    return Money(int(amount.scaleb(exponent)), currency)
