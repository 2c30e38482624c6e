"""citrineos-payment 8ff120d, as read: a redelivered webhook starts again, captures have no cap, cents are cut."""

from __future__ import annotations

from typing import Any

import pytest

from till import API_KEY, Till, open_till
from wattledger.apps.lab.provider.desk import account_of, webhook_secret
from wattledger.core.payments.signatures import sign

pytestmark = pytest.mark.database


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def deliver_everything_again(till: Till, mark: str = "") -> None:
    """Every message of the provider so far comes once more, under its own id or a new one."""
    for number, raw in enumerate(till.desk.store.events(account_of(API_KEY))):
        again = raw.replace(b"evt_", f"evt_{mark}{number}_".encode()) if mark else raw
        signature = sign(again, webhook_secret(API_KEY), int(till.clock.now().timestamp()))
        assert (await till.post_webhook(again, signature)).status_code == 200
    await till.settle_down()


class TestAWebhookThatComesAgain:
    @pytest.mark.parametrize("mark", ["", "new"])
    async def test_starts_no_second_session(self, till: Till, mark: str) -> None:
        await till.held()
        await deliver_everything_again(till, mark)
        assert len(await till.rows("select from station_command")) == 1

    @pytest.mark.parametrize("mark", ["", "new"])
    async def test_takes_no_second_sum(self, till: Till, mark: str) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        await deliver_everything_again(till, mark)
        assert (await till.record(payment_id)).row.captured_minor == 500
        assert till.theirs(payment_id)[0].captured_minor == 500


class TestTheCapture:
    async def test_never_exceeds_what_was_authorized(self, till: Till) -> None:
        payment_id = await till.held(1000)
        await till.bill(payment_id, kwh=30)
        await till.settle_down()
        assert till.theirs(payment_id)[0].captured_minor == 1000

    async def test_has_a_key_of_its_own_that_is_stored_before_the_call(self, till: Till) -> None:
        payment_id = await till.held()
        await till.bill(payment_id)
        await till.settle_down()
        (row,) = await till.rows("select idempotency_key, state from operation where kind = 'capture'")
        assert (bool(row["idempotency_key"]), row["state"]) == (True, "succeeded")

    async def test_that_failed_is_tried_again_until_it_is_decided(self, till: Till) -> None:
        payment_id = await till.held()
        till.misbehave(refuse={"capture": 2})
        await till.bill(payment_id)
        await till.settle_down()
        assert await till.state(payment_id) == "capture_pending"
        for _ in range(6):
            await till.later(minutes=10)
        assert (await till.record(payment_id)).row.captured_minor == 500

    @pytest.mark.parametrize(("kwh", "gross_minor"), [(29, 1450), (57, 2850), (58, 2900)])
    async def test_loses_no_cent_to_a_float(self, till: Till, kwh: int, gross_minor: int) -> None:
        """``int(price * 100)`` makes 28 cents of 0.29 and 57 of 0.58."""
        payment_id = await till.held(4000)
        await till.bill(payment_id, kwh=kwh)
        await till.settle_down()
        assert till.theirs(payment_id)[0].captured_minor == gross_minor
