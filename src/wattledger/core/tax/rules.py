"""Tax law as dated data: which taxes a supply bears on a day, and who owes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax

_DIMENSIONS: Final = ("energy", "time", "idle", "flat")
_EXCISE_MAX: Final = Decimal(1_000_000)


class Treatment(StrEnum):
    """STANDARD: taxes are charged. REVERSE_CHARGE: the buyer owes them. EXEMPT: nobody does."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    EXEMPT = "exempt"


class Dated(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """In force from ``valid_from`` (inclusive) until ``valid_until`` (exclusive), dates at the site."""

    valid_from: date | None = None
    valid_until: date | None = None

    def is_in_force(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )


class DatedTax(Dated, frozen=True, kw_only=True):
    """A tax on ``dimensions`` ("energy", "time", "idle", "flat"); on all of them where none is named."""

    tax: Tax
    dimensions: tuple[str, ...] = ()


class Excise(Dated, frozen=True, kw_only=True):
    """``per_kwh`` major units for each kWh, on top of the price, by started steps of ``step_wh``.

    Kentucky takes 0.03 a kWh, Georgia by eleven kWh: ``step_wh`` 11 000 and a price per kWh to match.
    """

    name: str
    per_kwh: Decimal
    step_wh: int = 0

    def __post_init__(self) -> None:
        if not self.per_kwh.is_finite() or not 0 <= self.per_kwh <= _EXCISE_MAX or self.step_wh < 0:
            raise InvalidInput("excise_absurd", f"{self.name!r}: {self.per_kwh} a kWh.")


class Regime(msgspec.Struct, frozen=True, omit_defaults=True):
    """The law of one day: what remains of ``TaxRules`` once the date is known."""

    treatment: Treatment
    taxes: tuple[DatedTax, ...] = ()
    excises: tuple[Excise, ...] = ()
    is_replacing: bool = False

    def taxes_on(self, dimension: str, stated: tuple[Tax, ...]) -> tuple[Tax, ...]:
        """The taxes of one price component, given those that the tariff itself states."""
        if stated and not self.is_replacing:
            return stated
        found = tuple(dated.tax for dated in self.taxes if not dated.dimensions or dimension in dated.dimensions)
        return found or stated


class TaxRules(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Dated taxes and excises of a place and a customer.

    ``is_replacing`` lets them take the place of the rates a tariff states; else they fill in where the tariff
    states none (North American tariffs, OCPI 2.3.0 "taxes are not typically known beforehand").
    """

    taxes: tuple[DatedTax, ...] = ()
    excises: tuple[Excise, ...] = ()
    treatment: Treatment = Treatment.STANDARD
    is_replacing: bool = False

    def regime(self, on: date) -> Regime:
        """The law of the day ``on``."""
        return Regime(
            self.treatment,
            tuple(dated for dated in self.taxes if dated.is_in_force(on)),
            tuple(excise for excise in self.excises if excise.is_in_force(on)),
            self.is_replacing,
        )


AS_STATED: Final = Regime(Treatment.STANDARD)
_DECODER: Final = msgspec.json.Decoder(TaxRules)


def encode_tax_rules(rules: TaxRules) -> bytes:
    """JSON that ``decode_tax_rules`` turns back into equal rules; rates and prices are exact."""
    return msgspec.json.encode(rules, order="sorted")


def decode_tax_rules(raw: bytes | str) -> TaxRules:
    """Tax rules that somebody wrote. Raises InvalidInput ``tax_rules_malformed``, and what their parts raise."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("tax_rules_malformed", f"No tax rules: {error}") from None


def check_tax_rules(rules: TaxRules) -> TaxRules:
    """``rules``, if they can be charged by. Raises InvalidInput ``tax_rules_malformed``."""
    for dated in (*rules.taxes, *rules.excises):
        begin, end = dated.valid_from, dated.valid_until
        if begin is not None and end is not None and end <= begin:
            raise InvalidInput("tax_rules_malformed", f"A tax ends on {end}, not after it begins.")
    unknown = {name for dated in rules.taxes for name in dated.dimensions} - set(_DIMENSIONS)
    if unknown:
        names = ", ".join(_DIMENSIONS)
        raise InvalidInput("tax_rules_malformed", f"No component is named {min(unknown)!r}: {names}.")
    return rules
