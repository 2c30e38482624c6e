"""Money, numbers, dates, prices and bills as a reader's language writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from wattledger.apps.present.terms import TERMS
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import Money, exponent_of
from wattledger.core.rating.explain import PriceRow, explain_text, price_table
from wattledger.core.rating.rated import Rated
from wattledger.core.rating.why import Rejected, why_text
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.wording import Words, money_decimals, plain_number

LOCALES: Final = tuple(TERMS)
DEFAULT_LOCALE: Final = "en"


def language_of(locale: str) -> str:
    """The language of ``locale`` if it is one of LOCALES, else English: ``de-AT`` and ``de_CH`` are ``de``."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in TERMS else DEFAULT_LOCALE


def money_text(money: Money, locale: str = DEFAULT_LOCALE) -> str:
    """``12,37 €`` in German, ``€12.37`` in English, with the currency's own decimals."""
    return _money(money.decimal(), money.currency, 0, _babel(locale))


def price_text(amount: Decimal, currency: str, locale: str = DEFAULT_LOCALE, *, decimals: int = 4) -> str:
    """A unit price: at least the currency's decimals, at most ``decimals``."""
    return _money(amount, currency, decimals, _babel(locale))


def number_text(number: Decimal, locale: str = DEFAULT_LOCALE, *, decimals: int = 3) -> str:
    """A number with at most ``decimals`` decimals and no needless zeros."""
    return _number(number, decimals, _babel(locale))


def date_text(day: date, locale: str = DEFAULT_LOCALE) -> str:
    return str(format_date(day, "medium", locale=_babel(locale)))


def moment_text(instant: datetime, time_zone: str, locale: str = DEFAULT_LOCALE) -> str:
    """Date and time to the second at the site."""
    local = instant.astimezone(zone(time_zone))
    return str(format_datetime(local, "medium", tzinfo=zone(time_zone), locale=_babel(locale)))


def bill_text(
    rated: Rated,
    locale: str = DEFAULT_LOCALE,
    *,
    tariff: Tariff | None = None,
    why_not: Sequence[Sequence[Rejected]] = (),
) -> tuple[str, ...]:
    """A bill's lines, taxes and total in words; with the tariff, conditions too are told in the language."""
    tariffs = () if tariff is None else (tariff,)
    return explain_text(rated, words=words_for(locale), tariffs=tariffs, why_not=why_not)


def why_not_texts(rejected: Sequence[Rejected], locale: str = DEFAULT_LOCALE) -> tuple[str, ...]:
    """What did not hold for a line, a sentence a price; without those that only came later than what held."""
    return tuple(why_text(one, words_for(locale)) for one in rejected if one.reasons)


def tariff_rows(tariff: Tariff, locale: str = DEFAULT_LOCALE) -> tuple[PriceRow, ...]:
    """A tariff's prices with taxes, in the order the law wants: per kWh, per minute, per session, other."""
    return price_table(tariff, words=words_for(locale))


@lru_cache(maxsize=256)
def words_for(locale: str) -> Words:
    """The sentences of the language of ``locale``, with its region's way to write numbers, money and dates."""
    region = _babel(locale)
    return Words(
        locale=str(region),
        terms=TERMS[language_of(locale)],
        number=lambda number, decimals: _number(number, decimals, region),
        money=lambda amount, currency, decimals: _money(amount, currency, decimals, region),
        day=lambda day: str(format_date(day, "medium", locale=region)),
        moment=lambda local: str(format_datetime(local, "medium", tzinfo=local.tzinfo, locale=region)),
    )


@lru_cache(maxsize=256)
def _babel(locale: str) -> Locale:
    """The region asked for where its language is one of ours; else the language; else English."""
    language = language_of(locale)
    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale(language)
    return found if found.language == language else Locale(language)


def _money(amount: Decimal, currency: str, decimals: int, locale: Locale) -> str:
    places = money_decimals(amount, currency, decimals)
    exact = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    is_usual = places == exponent_of(currency)
    text = format_currency(exact, currency, locale=locale, currency_digits=is_usual, decimal_quantization=is_usual)
    # CLDR wants a space between a currency's letters and a digit; Babel leaves it out ("KWD1.500").
    return re.sub(r"^(-?[^\W\d_]+)(?=\d)", "\\1\N{NO-BREAK SPACE}", str(text))


def _number(number: Decimal, decimals: int, locale: Locale) -> str:
    return str(format_decimal(Decimal(plain_number(number, decimals)), locale=locale, decimal_quantization=False))
