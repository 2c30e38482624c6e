"""What a driver is told of prices at the station: its own words for each version, from the bill's own figures.

2.0.1 has CostUpdated. 1.6 has the Open Charge Alliance's extension "OCPP & California Pricing Requirements"
(vendorId org.openchargealliance.costmsg in DataTransfer: SetUserPrice, RunningCost, FinalCost).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Self

import msgspec

from wattledger.core.kernel.instants import format_instant, zone
from wattledger.core.kernel.money import Money
from wattledger.core.rating.compiled import CompiledTariff
from wattledger.core.rating.explain import gross_price, price_table
from wattledger.core.rating.price_terms import PriceTerms, taxed_on
from wattledger.core.rating.rated import LineKind, Rated
from wattledger.core.stations.commands import CallAction, ChangeConfiguration, Command, ShowMessage, TellCost
from wattledger.core.stations.reasons import LANGUAGES, language_of
from wattledger.core.stations.talk import Said
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.wording import ENGLISH, Words
from wattledger.core.tax.rules import TaxRules

WordsIn = Callable[[str], Words]
COST_VENDOR: Final = "org.openchargealliance.costmsg"
PRICE_TEXT_MAX: Final = 512
# Within the 500 characters of a 1.6 configuration value, in whatever letters.
DEFAULT_PRICE_TEXT_MAX: Final = 400
# The number under which our one message of prices is kept, and replaced.
BOARD_MESSAGE_NO: Final = 1
_PRICE_DECIMALS: Final = Decimal("0.00001")
_PRICE_WORDS: Final = {LineKind.ENERGY: "kWhPrice", LineKind.TIME: "hourPrice", LineKind.FLAT: "flatFee"}
_MILLIWH_PER_WH: Final = 1000
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class CostSoFar:
    """A session's price up to its last reading, at ``register_milliwh`` and ``at`` by the station's clock."""

    session_ref: str
    rated: Rated
    tariff: Tariff
    register_milliwh: int
    at: datetime
    is_idle: bool

    @property
    def total(self) -> Money:
        return Money(self.rated.gross_minor, self.rated.currency)


def english(_language: str) -> Words:
    """The words of one who speaks no other language."""
    return ENGLISH


def price_text(tariff: Tariff, words: Words = ENGLISH) -> str:
    """The tariff's prices with taxes in one line, as far as a display's text goes."""
    parts = [
        f"{row.label} {row.amount_text}{f' ({row.condition_text})' if row.condition_text else ''}"
        for row in price_table(tariff, words=words)
    ]
    return _cut("; ".join(parts), PRICE_TEXT_MAX)


def _cut(text: str, length_max: int) -> str:
    return text if len(text) <= length_max else f"{text[: length_max - 1]}…"


def price_board(tariffs: Sequence[Tariff], words: Words, *, is_v16: bool) -> Command:
    """What the display shows while nobody charges; a station whose connectors differ shows all its prices.

    2.0.1 has SetDisplayMessage, 1.6 the cost extension's configuration key DefaultPrice.
    """
    text = " / ".join(price_text(tariff, words) for tariff in tariffs)
    if is_v16:
        shown = {"priceText": _cut(text, DEFAULT_PRICE_TEXT_MAX)}
        return ChangeConfiguration(name="DefaultPrice", value=_encode(shown).decode())
    return ShowMessage(message_no=BOARD_MESSAGE_NO, text=_cut(text, PRICE_TEXT_MAX), language=words.locale[:8])


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """What one session's driver is shown of its tariff: member prices, that day's taxes, in our languages."""

    tariff: CompiledTariff
    tax_rules: TaxRules | None
    on: date | None
    language: str  # of the place
    words_in: WordsIn

    @classmethod
    def of(cls, tariff: CompiledTariff, terms: PriceTerms, where: str, at: datetime, words_in: WordsIn) -> Self:
        """``where`` is the site's time zone."""
        on = None if terms.tax_rules is None else at.astimezone(zone(where)).date()
        tariff = tariff.for_member(terms.adjustments)
        return cls(tariff, terms.tax_rules, on, language_of(where), words_in)

    @property
    def said(self) -> Said:
        """In the language of the place."""
        return _said(self, self.language)

    @property
    def elsewhere(self) -> list[Said]:
        """In the other languages."""
        first = self.said.language
        return [one for one in (_said(self, other) for other in LANGUAGES) if one.language != first]


@lru_cache(maxsize=1024)
def _said(shown: ShownPrice, language: str) -> Said:
    """Ready for the next session of the tariff."""
    tariff, words = shown.tariff.tariff, shown.words_in(language)
    if shown.tax_rules is not None and shown.on is not None:
        tariff = taxed_on(tariff, shown.tax_rules, shown.on)
    return Said(price_text(tariff, words), words.locale.partition("_")[0])


def user_price(token_uid: str, price: ShownPrice) -> Command:
    """1.6: the price that holds for whoever holds this token (2.0.1 has it in the reply to the start)."""
    return _costmsg("SetUserPrice", {"idToken": token_uid, **_price_texts(price)})


def _price_texts(price: ShownPrice) -> dict[str, Any]:
    more = [{"format": "UTF8", "language": one.language, "content": one.text} for one in price.elsewhere]
    return {"priceText": price.said.text} | ({"priceTextExtra": more} if more else {})


def running_cost(cost: CostSoFar, *, is_v16: bool) -> Command:
    """What the session has cost so far, to the minor unit of its currency."""
    if not is_v16:
        return TellCost(session_ref=cost.session_ref, total=cost.total.decimal())
    told = {
        "transactionId": int(cost.session_ref),
        "timestamp": format_instant(cost.at),
        "meterValue": cost.register_milliwh // _MILLIWH_PER_WH,
        "cost": cost.total.decimal(),
        "state": "Idle" if cost.is_idle else "Charging",
        "chargingPrice": _charging_price(cost),
    }
    idle = _price_now(cost, LineKind.IDLE)
    return _costmsg("RunningCost", told if idle is None else told | {"idlePrice": {"hourPrice": idle}})


def final_cost(session_ref: str, total: Money, price: ShownPrice, *, receipt_url: str | None = None) -> Command:
    """1.6: what the session cost, the bill's gross total; the address of receipts is shown as a QR code."""
    told = {"transactionId": int(session_ref), "cost": total.decimal(), **_price_texts(price)}
    return _costmsg("FinalCost", told if receipt_url is None else told | {"qrCodeText": receipt_url})


def _costmsg(message_id: str, told: dict[str, Any]) -> Command:
    data = _encode(told).decode()
    payload = {"vendorId": COST_VENDOR, "messageId": message_id, "data": data}
    return CallAction(version="ocpp1.6", action="DataTransfer", payload=msgspec.Raw(_encode(payload)))


def _charging_price(cost: CostSoFar) -> dict[str, Decimal]:
    prices = {word: _price_now(cost, kind) for kind, word in _PRICE_WORDS.items()}
    return {word: price for word, price in prices.items() if price is not None}


def _price_now(cost: CostSoFar, kind: LineKind) -> Decimal | None:
    """The price with taxes of the last line of that kind that follows from the tariff."""
    lines = [line for line in cost.rated.lines if line.dimension is kind and line.component >= 0]
    if not lines:
        return None
    last = max(lines, key=lambda line: line.ended_at)
    component = cost.tariff.elements[last.element].components[last.component]
    return _decimal(gross_price(cost.tariff, component))


def _decimal(price: Fraction) -> Decimal:
    exact = Decimal(price.numerator) / Decimal(price.denominator)
    return exact.quantize(_PRICE_DECIMALS, ROUND_HALF_UP).normalize() + 0
