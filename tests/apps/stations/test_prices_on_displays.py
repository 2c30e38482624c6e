"""What a station's display shows: running and final cost, equal to the bill to the cent, in no one's way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from charger import Charger, Json, event, session_201, start_16, stop_16, values_16
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from wattledger.adapters.postgres.database import Database

pytestmark = [pytest.mark.database, pytest.mark.sockets]

COSTMSG = "org.openchargealliance.costmsg"


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


async def shown_201(charger: Charger) -> Json:
    return await charger.answer("CostUpdated", {})


async def shown_16(charger: Charger, message_id: str, *, status: str = "Accepted") -> Json:
    """The next price message, which must be of that kind; its data."""
    told = await charger.answer("DataTransfer", {"status": status})
    assert (told["vendorId"], told["messageId"]) == (COSTMSG, message_id)
    data: Json = json.loads(told["data"], parse_float=Decimal)
    return data


async def pay_at(patience: Patience, uid: str) -> None:
    """Somebody paid at the 1.6 station, and has this token to charge with."""
    yard, payment_id = patience.yard, uuid4()
    world, now = yard.world, patience.clock.now()
    await yard.owner.execute(
        "insert into payment (tenant_id, payment_id, purpose, gateway, currency, asked_minor, held_minor, "
        "captured_minor, refunded_minor, state, connector_id, tariff_version_id, link_code, version, created_at, "
        "changed_at) values ($1, $2, 'session', 'sandbox', 'EUR', 4000, 4000, 0, 0, 'authorized', $3, $4, 'link', "
        "1, $5, $5)",
        world.tenant_id, payment_id, world.ac.connector_id, world.tariff_version_id, now,
    )  # fmt: skip
    await yard.owner.execute(
        "insert into token (tenant_id, token_id, uid, kind, state, payment_id, created_at) "
        "values ($1, $2, $3, 'ad_hoc', 'active', $4, $5)",
        world.tenant_id, uuid4(), uid, payment_id, now,
    )  # fmt: skip


class TestThePrice:
    async def test_is_told_with_the_start_in_the_language_of_the_place(self, patience: Patience) -> None:
        dc = await patience.yard.dc()
        reply, *_ = await patience.yard.tell(dc, session_201("tx-1", patience.yard.world.token_uid)[:1])
        said = reply["updatedPersonalMessage"]
        assert (said["language"], said["content"]) == ("de", "Energie 0,50\xa0€ pro kWh")


class TestTheRunningCost:
    async def test_of_2_0_1_is_what_a_bill_would_say_now(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, first, second, _ = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [started, first])
        assert await shown_201(dc) == {"totalCost": 1.67, "transactionId": "tx-1"}
        patience.clock.forward(minutes=1)
        await yard.tell(dc, [second])
        assert await shown_201(dc) == {"totalCost": 3.33, "transactionId": "tx-1"}

    async def test_of_1_6_goes_with_the_price_and_the_register(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=1_000)
        price = await shown_16(ac, "SetUserPrice")
        assert price["idToken"] == yard.world.token_uid
        assert "0,50\xa0€" in price["priceText"]
        assert {one["language"]: one["format"] for one in price["priceTextExtra"]} == dict.fromkeys(
            ("en", "fr", "nl", "es"), "UTF8"
        )
        (english,) = [one["content"] for one in price["priceTextExtra"] if one["language"] == "en"]
        assert "€0.50" in english
        await ac.call("MeterValues", values_16(number, 20, 4_333))
        assert await shown_16(ac, "RunningCost") == {
            "transactionId": number,
            "timestamp": "2026-11-22T10:20:00.000Z",
            "meterValue": 4_333,
            "cost": Decimal("1.67"),
            "state": "Charging",
            "chargingPrice": {"kWhPrice": Decimal("0.5")},
        }

    async def test_is_told_once_a_minute_and_only_when_it_changed(self, patience: Patience) -> None:
        yard = patience.yard
        dc = await yard.dc()
        started, first, second, _ = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, [started, first])
        await shown_201(dc)
        await yard.tell(dc, [second])
        patience.clock.forward(minutes=2)
        await yard.tell(dc, [event("Updated", 3, "tx-1", 41, 1_006_700)])
        assert (await shown_201(dc))["totalCost"] == 3.35
        patience.clock.forward(minutes=2)
        await yard.tell(dc, [event("Updated", 4, "tx-1", 43, 1_006_700)])
        assert dc.calls.empty()


class TestTheFinalCost:
    @pytest.mark.parametrize("wh", [1, 9_999, 10_000, 12_345, 21_999])
    async def test_equals_the_bill_to_the_cent_in_both_versions(self, patience: Patience, wh: int) -> None:
        yard = patience.yard
        reply = await yard.charge_201(await yard.dc(), wh=wh)
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await shown_16(ac, "SetUserPrice")
        await ac.call("StopTransaction", stop_16(number, meter=wh))
        final = await shown_16(ac, "FinalCost")
        bills = [row["gross_minor"] for row in await yard.rows("select gross_minor from bill")]
        assert bills[0] == bills[1]
        assert Decimal(str(reply["totalCost"])) == final["cost"] == Decimal(bills[0]) / 100
        assert final["transactionId"] == number
        assert len(final["priceTextExtra"]) == 4
        assert "qrCodeText" not in final, "a contract's session comes with its invoice"

    async def test_of_a_session_paid_at_the_station_shows_where_its_receipt_is(self, patience: Patience) -> None:
        yard = patience.yard
        await pay_at(patience, "PAID0001")
        ac = await yard.ac()
        number = (await ac.call("StartTransaction", start_16("PAID0001")))["transactionId"]
        await shown_16(ac, "SetUserPrice")
        await ac.call("StopTransaction", stop_16(number, meter=10_000))
        final = await shown_16(ac, "FinalCost")
        assert final["qrCodeText"] == "https://charge.example/receipts"

    async def test_equals_the_last_running_cost_when_nothing_was_used_after_it(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await shown_16(ac, "SetUserPrice")
        await ac.call("MeterValues", values_16(number, 30, 7_777))
        running = await shown_16(ac, "RunningCost")
        await ac.call("StopTransaction", stop_16(number, meter=7_777))
        assert (await shown_16(ac, "FinalCost"))["cost"] == running["cost"]


class TestAStationThatShowsNoPrices:
    @pytest.mark.parametrize("status", ["UnknownVendorId", "Rejected", "UnknownMessageId"])
    async def test_is_told_one_and_no_more(self, patience: Patience, status: str) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        await shown_16(ac, "SetUserPrice", status=status)
        await ac.call("MeterValues", values_16(number, 20, 4_333))
        await ac.call("StopTransaction", stop_16(number, meter=5_000))
        assert ac.calls.empty()
        await yard.assert_billed_once(wh=5_000)

    async def test_and_does_not_answer_holds_up_nothing(self, patience: Patience) -> None:
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.start_16(ac)
        for minutes in (10, 20, 30):
            patience.clock.forward(minutes=2)
            await ac.call("MeterValues", values_16(number, minutes, minutes * 100))
        await ac.call("StopTransaction", stop_16(number, meter=5_000))
        await yard.assert_billed_once(wh=5_000)

    async def test_leaves_no_command_behind_in_the_books(self, patience: Patience) -> None:
        yard = patience.yard
        await yard.start_16(await yard.ac())
        assert await yard.count("station_command") == 0


class TestARefusedToken:
    async def test_is_told_no_price(self, patience: Patience) -> None:
        ac = await patience.yard.ac()
        reply: Any = await ac.call("StartTransaction", start_16("NOBODY"))
        await ac.call("MeterValues", values_16(reply["transactionId"], 20, 100))
        assert ac.calls.empty()
