"""What no session may be priced with: each refusal by its code, its place and its sentence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from rating_sessions import energy, flat, idle, tariff, time, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.check import ELEMENTS_MAX, check_price, check_tariff
from wattledger.core.tariffs.model import PriceLimit, Reservation, Spot, Tariff, Tier


def tiers(*steps: tuple[int, str]) -> tuple[Tier, ...]:
    return tuple(Tier(until, Decimal(price)) for until, price in steps)


def limited(least: PriceLimit | None, most: PriceLimit | None) -> Tariff:
    return tariff(when(energy("1")), price_min=least, price_max=most)


ONE, TWO = Decimal(1), Decimal(2)
SPOT = Spot("day-ahead")

REFUSED: list[tuple[Tariff, str]] = [
    (tariff(), "tariff_empty: A tariff needs at least one element; a free one has a FLAT of 0."),
    (tariff(*[when(flat("1"))] * (ELEMENTS_MAX + 1)), "tariff_too_large: A tariff may have 1000 elements."),
    (tariff(when(energy("1")), when()), "element_empty: element 1 has no price component."),
    (tariff(when(energy("1"), energy("2"))), "dimension_twice: element 0 has two prices for energy."),
    (
        tariff(when(energy("1"), reservation=Reservation.RESERVED)),
        "reservation_dimension: element 0: a reservation has a TIME and a FLAT price only.",
    ),
    (
        tariff(when(flat("1"), reservation=Reservation.EXPIRED, energy_milliwh_min=1)),
        "reservation_dimension: element 0: a reservation takes no energy.",
    ),
    (tariff(when(energy("-1"))), "price_negative: element 0, energy: -1 is negative."),
    (tariff(when(energy("NaN"))), "price_not_finite: element 0, energy: NaN is not a number."),
    (tariff(when(energy("Infinity"))), "price_not_finite: element 0, energy: Infinity is not a number."),
    (
        tariff(when(energy("10000000.01"))),
        "price_absurd: element 0, energy: 10000000.01 is not a price anybody pays.",
    ),
    (
        tariff(when(energy("0.0000000000001"))),
        "price_absurd: element 0, energy: 1E-13 is not a price anybody pays.",
    ),
    (tariff(when(idle("1", cap=Decimal(-2)))), "price_negative: element 0, idle, cap: -2 is negative."),
    (tariff(when(energy("1", step_size=-1))), "step_size_absurd: element 0, energy: a step of -1."),
    (
        tariff(when(energy("1", step_size=100_000_001))),
        "step_size_absurd: element 0, energy: a step of 100000001.",
    ),
    (
        tariff(when(energy("1", grace_s=60))),
        "grace_misplaced: element 0, energy: only time can have a grace period.",
    ),
    (tariff(when(flat("1", grace_s=60))), "grace_misplaced: element 0, flat: only time can have a grace period."),
    (tariff(when(time("1", grace_s=-60))), "grace_misplaced: element 0, time: a grace period of -60 s."),
    (
        tariff(when(idle("1", grace_s=100_000_001))),
        "grace_misplaced: element 0, idle: a grace period of 100000001 s.",
    ),
    (tariff(when(energy("1"), time_from="8:00")), "time_of_day_malformed: element 0: '8:00' is not HH:MM."),
    (tariff(when(energy("1"), time_until="24:00")), "time_of_day_malformed: element 0: '24:00' is not HH:MM."),
    (
        tariff(when(energy("1"), time_from="x" * 30)),
        "time_of_day_malformed: element 0: 'xxxxxxxxxxxxxxxxxxxx' is not HH:MM.",
    ),
    (tariff(when(energy("1"), power_w_min=-1)), "restriction_negative: element 0: power_w of -1."),
    (
        tariff(when(energy("1"), idle_time_s_max=10**15 + 1)),
        f"restriction_negative: element 0: idle_time_s of {10**15 + 1}.",
    ),
    (tariff(when(energy("1"), current_kind="ac")), "current_kind_unknown: element 0: 'ac' is not AC or DC."),
    (
        limited(PriceLimit(TWO), PriceLimit(ONE)),
        "price_limits_crossed: The least price 2 is above the greatest 1.",
    ),
    (
        limited(PriceLimit(ONE, TWO), PriceLimit(TWO, ONE)),
        "price_limits_crossed: The least price 2 is above the greatest 1.",
    ),
    (limited(PriceLimit(-ONE), None), "price_negative: price_min: -1 is negative."),
    (limited(None, PriceLimit(None, -ONE)), "price_negative: price_max: -1 is negative."),
    (
        tariff(when(energy("1")), valid_from=datetime(2026, 1, 1)),  # noqa: DTZ001 (that is the point)
        "instant_naive: valid_from and valid_until need a UTC offset.",
    ),
    (
        tariff(when(energy("1")), valid_until=datetime(2026, 1, 1)),  # noqa: DTZ001
        "instant_naive: valid_from and valid_until need a UTC offset.",
    ),
    (
        tariff(when(flat("1", tiers=tiers((1, "1"))))),
        "tiers_malformed: element 0, flat: tiers need a quantity and prices of their own.",
    ),
    (
        tariff(when(energy("1", tiers=tiers((1, "1")), spot=SPOT))),
        "tiers_malformed: element 0, energy: tiers need a quantity and prices of their own.",
    ),
    *(
        (
            tariff(when(energy("1", tiers=wrong))),
            "tiers_malformed: element 0, energy: tiers must rise from above zero.",
        )
        for wrong in (
            tiers((2, "1"), (1, "1")),
            tiers((1, "1"), (1, "2")),
            tiers((0, "1")),
            tiers((10**12 + 1, "1")),
        )
    ),
    (
        tariff(when(energy("1", tiers=tiers((5, "-1"))))),
        "price_negative: element 0, energy, tier to 5: -1 is negative.",
    ),
    (
        tariff(when(time("1", spot=SPOT))),
        "spot_malformed: element 0, time: only energy can follow a named price series.",
    ),
    (
        tariff(when(energy("1", spot=Spot("")))),
        "spot_malformed: element 0, energy: only energy can follow a named price series.",
    ),
    (
        tariff(when(energy("1", spot=Spot("x", factor=-ONE)))),
        "price_negative: element 0, energy, factor: -1 is negative.",
    ),
    (
        tariff(when(energy("1", spot=Spot("x", margin=Decimal("NaN"))))),
        "price_not_finite: element 0, energy, margin: NaN is not a number.",
    ),
    (
        tariff(when(energy("1", spot=Spot("x", price_min=-ONE)))),
        "price_negative: element 0, energy, price_min: -1 is negative.",
    ),
    (
        tariff(when(energy("1", spot=Spot("x", price_max=-ONE)))),
        "price_negative: element 0, energy, price_max: -1 is negative.",
    ),
    (
        tariff(when(energy("1", spot=Spot("x", price_min=TWO, price_max=ONE)))),
        "spot_malformed: element 0, energy: 2 to 1 holds no price.",
    ),
    (tariff(when(energy("1")), currency="EUROS"), "currency_unknown: 'EUROS' is not a currency Wattledger knows."),
]

ALLOWED: list[Tariff] = [
    tariff(when(flat("0"))),
    tariff(*[when(flat("1"))] * ELEMENTS_MAX),
    tariff(when(energy("10000000"))),
    tariff(when(energy("0.000000000001"))),
    tariff(when(energy("1", step_size=100_000_000), time("1", grace_s=100_000_000))),
    tariff(when(energy("1"), time_from="00:00", time_until="23:59", energy_milliwh_min=10**15, power_w_max=0)),
    tariff(when(energy("1"), current_kind="AC"), when(energy("1"), current_kind="DC")),
    tariff(when(flat("1"), time("1"), reservation=Reservation.EXPIRED, energy_milliwh_max=1)),
    limited(PriceLimit(ONE, ONE), PriceLimit(ONE, ONE)),
    limited(PriceLimit(TWO), PriceLimit(None, ONE)),
    limited(PriceLimit(ONE, ONE), None),
    tariff(when(energy("1", tiers=tiers((1, "0"), (10**12, "1"))))),
    tariff(when(energy("1", spot=Spot("x", margin=-ONE, factor=Decimal(0), price_min=ONE, price_max=ONE)))),
]


class TestATariffThatMayNotPrice:
    @pytest.mark.parametrize(("one", "sentence"), REFUSED, ids=[said.partition(":")[0] for _, said in REFUSED])
    def test_is_refused_with_a_code_and_a_place(self, one: Tariff, sentence: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            check_tariff(one)
        assert str(refusal.value) == sentence

    @pytest.mark.parametrize("one", ALLOWED)
    def test_is_none_of_those_at_the_edge(self, one: Tariff) -> None:
        assert check_tariff(one) is one

    def test_every_element_is_looked_at(self) -> None:
        fine, bad = when(energy("1")), when(flat("1"), energy("-1"))
        with pytest.raises(InvalidInput, match="element 1, energy"):
            check_tariff(tariff(fine, bad))
        with pytest.raises(InvalidInput, match="element 2: 'x'"):
            check_tariff(tariff(fine, fine, replace(fine, restrictions=when(time_from="x").restrictions)))

    @pytest.mark.parametrize("price", [Decimal(0), Decimal("1.50"), Decimal("1E+3")])
    def test_a_price_may_be_zero_or_large(self, price: Any) -> None:
        check_price(price, "here")
