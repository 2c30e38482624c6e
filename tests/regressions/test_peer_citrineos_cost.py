"""CitrineOS 1.8.3, when run: only energy is priced, 1.6 not at all, and a backwards meter costs -249.48."""

from __future__ import annotations

from decimal import Decimal

import pytest

from charger import event, session_201, values_16
from patient_yard import Patience
from rating_sessions import energy, flat, tariff, time, when
from wattledger.adapters.clock import SystemIds
from wattledger.core.kernel.taxes import Tax
from wattledger.core.tariffs.model import Tariff
from wattledger.flows.publish_tariff import publish_tariff

pytestmark = [pytest.mark.database, pytest.mark.sockets]

VAT_19 = (Tax("VAT", 190_000),)
DEAR = tariff(when(energy("9.00", taxes=VAT_19)))
WHOLE = tariff(when(energy("0.25", taxes=VAT_19), time("6.00", taxes=VAT_19), flat("1.00", taxes=VAT_19)))


async def now_costs(patience: Patience, price: Tariff) -> None:
    """The stations' tariff has this price from now on."""
    patience.clock.forward(seconds=1)
    yard = patience.yard
    await publish_tariff(
        yard.database, patience.clock, SystemIds(), yard.world.tenant_id, name="Standard", tariff=price
    )


class TestTheCostOfASession:
    async def test_has_energy_minutes_fee_and_tax(self, patience: Patience) -> None:
        """0.25 a kWh, 0.10 a minute, 1.00 a session, 19 %: 4 kWh in an hour are 9.52 and not 1.00."""
        await now_costs(patience, WHOLE)
        reply = await patience.yard.charge_201(await patience.yard.dc(), wh=4_000)
        assert Decimal(str(reply["totalCost"])) == Decimal("9.52")
        await patience.yard.assert_billed_once(wh=4_000, gross_minor=952)

    async def test_is_told_when_the_end_names_the_card(self, patience: Patience) -> None:
        yard = patience.yard
        told = session_201("tx-1", yard.world.token_uid)
        told[-1]["idToken"] = {"idToken": yard.world.token_uid, "type": "ISO14443"}
        reply = (await yard.tell(await yard.dc(), told))[-1]
        assert reply["totalCost"] == 5.0
        assert reply["idTokenInfo"]["status"] == "Accepted"

    async def test_without_energy_is_stored_as_zero(self, patience: Patience) -> None:
        reply = await patience.yard.charge_201(await patience.yard.dc(), wh=0)
        assert reply["totalCost"] == 0
        await patience.yard.assert_billed_once(wh=0, gross_minor=0)

    async def test_is_that_of_the_price_at_its_start_when_it_changes_meanwhile(self, patience: Patience) -> None:
        yard = patience.yard
        dc, told = await yard.dc(), session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, told[:2])
        await now_costs(patience, DEAR)
        assert (await yard.tell(dc, told[2:]))[-1]["totalCost"] == 5.0
        dearer = await yard.charge_201(dc, "tx-2", start_wh=2_000_000)
        assert dearer["totalCost"] == 107.1

    async def test_of_1_6_is_priced_and_its_running_energy_is_in_one_unit(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=1_000_000)
        await ac.call("MeterValues", values_16(number, 20, "1002", "kWh"))
        assert (await yard.session())["energy_milliwh"] == 2_000_000
        await ac.call(
            "StopTransaction",
            {"transactionId": number, "meterStop": 1_003_000, "timestamp": "2026-11-22T11:00:00Z"},
        )
        await yard.assert_billed_once(wh=3_000, gross_minor=150)


class TestAMeterThatRunsBackwards:
    async def test_gives_no_negative_energy_and_no_negative_cost(self, patience: Patience) -> None:
        yard = patience.yard
        token = yard.world.token_uid
        replies = await yard.tell(
            await yard.dc(),
            [
                event("Started", 0, "tx-1", 0, 1_000_000, token=token, context="Transaction.Begin"),
                event("Updated", 1, "tx-1", 20, 50),
                event("Ended", 2, "tx-1", 60, 2050, context="Transaction.End"),
            ],
        )
        assert "totalCost" not in replies[-1]
        assert (await yard.session())["energy_milliwh"] == 0
        assert await yard.reviews() == ["register_backwards"]
        await yard.assert_nothing_owed()
