"""Yen without decimals, dinars with three: from the hold to the refund, at every gateway, in whole units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adyen_double import AdyenDouble
from mollie_double import MollieDouble
from provider_double import ProviderDouble
from shop import SandboxDouble, Shop, open_shop
from stripe_double import StripeDouble
from wattledger.core.kernel.taxes import Tax
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff, TaxTreatment
from wattledger.flows.refund_payment import refund_payment

DOUBLES: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, AdyenDouble, MollieDouble]
# (currency, price a kWh, hold, bill for 10 kWh, refund), sums in minor units.
SUMS = (
    ("JPY", "61.5", 5_000, 615, 15),
    ("KWD", "0.125", 12_000, 1_250, 250),
    ("ISK", "55", 4_000, 550, 50),
    ("EUR", "0.61", 4_000, 610, 10),
)


@pytest.mark.parametrize("double", DOUBLES, ids=lambda one: one.name)
class TestEveryGateway:
    async def test_takes_and_gives_back_the_very_sum(
        self, double: type[ProviderDouble], database: Any, database_dsn: str, clock: Any, ids: Any
    ) -> None:
        shop = await open_shop(double, database, clock, ids, [currency for currency, *_ in SUMS])
        for currency, price, hold_minor, bill_minor, refund_minor in SUMS:
            await self.one(shop, currency, Decimal(price), (hold_minor, bill_minor, refund_minor))
        assert await shop.audit(database_dsn) == []

    async def one(self, shop: Shop, currency: str, price: Decimal, sums: tuple[int, int, int]) -> None:
        hold_minor, bill_minor, refund_minor = sums
        payment_id = (await shop.hold(hold_minor, currency)).payment_id
        await shop.press(payment_id, "visa")
        await shop.settle_down()
        await shop.later(seconds=6)
        tariff = Tariff(
            currency=currency,
            elements=(Element((PriceComponent(Dimension.ENERGY, price, taxes=(Tax("VAT", 100_000),)),)),),
            tax_treatment=TaxTreatment.INCLUDED,
        )
        billed = await shop.lab.session(kwh=10, payment_id=payment_id, tariff=tariff)
        assert billed.rated.gross_minor == bill_minor
        async with shop.database.begin(shop.tenant_id) as work:
            await work.jobs.add("settle_payment", payment_id, due_at=shop.clock.now(), at=shop.clock.now())
        await shop.settle_down()
        await refund_payment(
            shop.ports, shop.tenant_id, payment_id, amount_minor=refund_minor, reason="goodwill", asked_by="ole"
        )
        await shop.settle_down()
        row = (await shop.record(payment_id)).row
        assert (row.currency, row.held_minor, row.captured_minor, row.refunded_minor) == (currency, *sums)
        (tab,) = shop.theirs(payment_id)
        scale = shop.double.scale.get(currency, 1)
        assert (tab.authorizations[0], tab.captures) == (hold_minor * scale, [bill_minor * scale])
