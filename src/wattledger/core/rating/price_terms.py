"""The terms a session is priced by, beside its tariff: one value that every path passes on, and a bill keeps.

Quote, running cost, bill, correction and explanation differ in how they come by these terms, never in what they
do with them (docs/decisions/0030-one-value-of-price-terms.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.instants import zone
from wattledger.core.metering.usage import MonthUsage, Usage
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.policy import PLAIN, RatingPolicy
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.adjustments import Adjustment, MemberPrice, member_tariff
from wattledger.core.tariffs.model import Element, PriceComponent, Tariff, TaxTreatment, TierSpan
from wattledger.core.tariffs.spot import PriceSeries
from wattledger.core.tariffs.versions import canonical_json
from wattledger.core.tax.rules import TaxRules, Treatment


class PriceTerms(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """``tax_rules`` and ``adjustments`` are fixed when a session begins, as its tariff is.

    ``market`` holds the prices of the session's time, ``month`` what its customer had used before it in the
    calendar month; both are known at its end, and fixed by its bill.
    """

    tax_rules: TaxRules | None = None
    adjustments: tuple[Adjustment, ...] = ()
    market: tuple[PriceSeries, ...] = ()
    month: MonthUsage | None = None


NO_TERMS: Final = PriceTerms()
_DECODER: Final = msgspec.json.Decoder(PriceTerms)
# What a bill waits for, rather than for a person: the prices may still come.
AWAITED: Final = "spot_price_missing"


def rate_by_terms(
    usage: Usage, tariff: Tariff | CompiledTariff, terms: PriceTerms = NO_TERMS, *, policy: RatingPolicy = PLAIN
) -> Rated:
    """What ``usage`` costs under ``tariff`` and ``terms``. Raises what ``rate`` raises."""
    if terms.month is not None:
        usage = replace(usage, month=terms.month)
    return rate(
        usage,
        tariff,
        policy=policy,
        tax_rules=terms.tax_rules,
        adjustments=terms.adjustments,
        market=terms.market,
    )


def quote_by_terms(usage: Usage, tariff: Tariff, terms: PriceTerms = NO_TERMS) -> Rated:
    """What a session that nobody had yet would cost; at list prices for hours that the market is still to price.

    A guest has used nothing in the month. Raises what ``rate`` raises, but for prices that are missing.
    """
    known = msgspec.structs.replace(terms, month=terms.month or MonthUsage())
    try:
        return rate_by_terms(usage, tariff, known)
    except InvalidInput as refusal:
        if refusal.code != AWAITED:
            raise
        return rate_by_terms(usage, listed_tariff(tariff), known)


def agreed_terms(terms: PriceTerms) -> PriceTerms:
    """Of ``terms`` what is fixed at a session's start; market and month are as they turn out."""
    return PriceTerms(tax_rules=terms.tax_rules, adjustments=terms.adjustments)


@lru_cache(maxsize=4096)
def named_terms(terms: PriceTerms) -> tuple[UUID, bytes]:
    """The name that ``terms`` have by their content, and that content: the same on every machine."""
    body = canonical_json(terms)
    return content_id("price_terms", body), body


@lru_cache(maxsize=4096)
def decode_terms(body: bytes) -> PriceTerms:
    """The terms that ``named_terms`` wrote. Raises InvalidInput ``price_terms_malformed``."""
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput("price_terms_malformed", f"Not the terms of a price: {error}") from None


def series_of(tariff: Tariff) -> frozenset[str]:
    """The price series that the tariff follows."""
    return frozenset(one.spot.series for one in _components(tariff) if one.spot is not None)


def has_month_tiers(tariff: Tariff) -> bool:
    """Whether the tariff asks what a customer used in the month."""
    return any(one.tiers and one.tier_span is TierSpan.MONTH for one in _components(tariff))


def needs_more(tariff: Tariff) -> bool:
    """Whether a price under the tariff needs what is known only at a session's end."""
    return has_month_tiers(tariff) or bool(series_of(tariff))


@lru_cache(maxsize=4096)
def is_priced_later(tariff: CompiledTariff) -> bool:
    """Whether only the worker can price sessions of the tariff: see ``needs_more``."""
    return any(needs_more(one) for one in tariff.tariffs)


def listed_tariff(tariff: Tariff) -> Tariff:
    """The tariff at its list prices: for quotes of hours that no market has a price for yet."""
    return _changed(tariff, lambda one: msgspec.structs.replace(one, spot=None))


def taxed_tariff(tariff: Tariff, terms: PriceTerms, *, time_zone: str, at: datetime) -> Tariff:
    """The tariff as it must be shown at ``at``: at member prices, with the taxes of that day there."""
    prices = [one for one in terms.adjustments if isinstance(one, MemberPrice)]
    if prices:
        tariff = member_tariff(tariff, prices)
    if terms.tax_rules is None:
        return tariff
    return taxed_on(tariff, terms.tax_rules, at.astimezone(zone(time_zone)).date())


def taxed_on(tariff: Tariff, rules: TaxRules, on: date) -> Tariff:
    """The tariff with the taxes that each component bears on that day."""
    if tariff.tax_treatment is TaxTreatment.NOT_APPLICABLE:
        return tariff
    regime = rules.regime(on)
    is_charged = regime.treatment is Treatment.STANDARD

    def taxed(one: PriceComponent) -> PriceComponent:
        taxes = regime.taxes_on(one.dimension, one.taxes) if is_charged else ()
        return msgspec.structs.replace(one, taxes=taxes)

    return _changed(tariff, taxed)


def _components(tariff: Tariff) -> Iterator[PriceComponent]:
    return (component for element in tariff.elements for component in element.components)


def _changed(tariff: Tariff, change: Callable[[PriceComponent], PriceComponent]) -> Tariff:
    elements = tuple(_element(element, change) for element in tariff.elements)
    return msgspec.structs.replace(tariff, elements=elements)


def _element(element: Element, change: Callable[[PriceComponent], PriceComponent]) -> Element:
    return msgspec.structs.replace(element, components=tuple(change(one) for one in element.components))
