"""Who may charge, where, when and how much: as stations ask it, answered by one decision."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from charger import Json, event, session_201, start_16, stop_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def limit(yard: Yard, subject_kind: str = "token", **of: Any) -> None:
    subject_id = yard.world.token_id if subject_kind == "token" else yard.world.contract_id
    columns = {"tenant_id": yard.world.tenant_id, "subject_id": subject_id, "subject_kind": subject_kind, **of}
    columns["changed_at"] = yard.clock.now()
    marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    await yard.owner.execute(
        f"insert into charging_limit ({', '.join(columns)}) values ({marks})", *columns.values()
    )


async def authorize(yard: Yard) -> Json:
    dc = await yard.dc()
    reply = await dc.call("Authorize", {"idToken": {"idToken": yard.world.token_uid, "type": "ISO14443"}})
    return dict(reply["idTokenInfo"])


class TestACardWithALimit:
    async def test_of_other_sites_is_told_so_in_the_language_of_the_place(self, yard: Yard) -> None:
        await limit(yard, site_ids=[uuid4()])
        assert await authorize(yard) == {
            "status": "NotAtThisLocation",
            "personalMessage": {
                "format": "UTF8",
                "content": "Diese Karte gilt an diesem Standort nicht.",
                "language": "de",
            },
        }

    async def test_of_this_site_may_charge(self, yard: Yard) -> None:
        await limit(yard, site_ids=[yard.world.site_id])
        assert await authorize(yard) == {"status": "Accepted"}

    async def test_of_no_day_at_all_is_told_that_it_is_not_the_time(self, yard: Yard) -> None:
        await limit(yard, weekdays=[])
        assert (await authorize(yard))["status"] == "NotAtThisTime"

    @pytest.mark.parametrize("subject_kind", ["token", "contract"])
    async def test_of_energy_a_day_is_refused_once_it_is_used(self, yard: Yard, subject_kind: str) -> None:
        await limit(yard, subject_kind, day_milliwh_max=15_000_000)
        dc = await yard.dc()
        await yard.charge_201(dc, "tx-1", wh=10_000, start_wh=1_000)
        (reply,) = await yard.tell(dc, [event("Started", 0, "tx-2", 0, 50_000, token=yard.world.token_uid)])
        assert reply["idTokenInfo"]["status"] == "Accepted"
        await yard.tell(dc, session_201("tx-2", yard.world.token_uid, start_wh=50_000)[1:])
        (reply,) = await yard.tell(dc, [event("Started", 0, "tx-3", 0, 90_000, token=yard.world.token_uid)])
        assert reply["idTokenInfo"]["status"] == "NoCredit"

    async def test_of_money_a_month_counts_what_is_billed(self, yard: Yard) -> None:
        await limit(yard, "contract", month_minor_max=500)
        ac = await yard.ac()
        await yard.charge_16(ac)
        reply = await ac.call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"]["status"] == "Blocked"


class TestOneSessionAtATime:
    async def test_refuses_the_second_at_another_station_and_not_the_first(self, yard: Yard) -> None:
        await limit(yard, sessions_at_once_max=1)
        ac, dc = await yard.ac(), await yard.dc()
        number = await yard.start_16(ac)
        (reply,) = await yard.tell(dc, [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)])
        assert reply["idTokenInfo"]["status"] == "ConcurrentTx"
        again = await ac.call("StartTransaction", start_16(yard.world.token_uid))
        assert again == {"transactionId": number, "idTagInfo": {"status": "Accepted"}}

    async def test_lets_the_card_that_charges_ask_again_to_stop(self, yard: Yard) -> None:
        await limit(yard, sessions_at_once_max=1)
        ac = await yard.ac()
        number = await yard.start_16(ac)
        reply = await ac.call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"]["status"] == "Accepted"
        stop = stop_16(number, meter=1_000, token=yard.world.token_uid)
        assert (await ac.call("StopTransaction", stop))["idTagInfo"]["status"] == "Accepted"

    async def test_is_over_with_the_first_session(self, yard: Yard) -> None:
        await limit(yard, sessions_at_once_max=1)
        await yard.charge_16(await yard.ac())
        (reply,) = await yard.tell(
            await yard.dc(), [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)]
        )
        assert reply["idTokenInfo"]["status"] == "Accepted"


class TestACardOfAGroup:
    async def test_brings_the_group_in_both_versions(self, yard: Yard) -> None:
        await yard.owner.execute("update token set group_uid = 'FLEET7'")
        reply = await (await yard.ac()).call("Authorize", {"idTag": yard.world.token_uid})
        assert reply["idTagInfo"] == {"status": "Accepted", "parentIdTag": "FLEET7"}
        assert (await authorize(yard))["groupIdToken"] == {"idToken": "FLEET7", "type": "Central"}


class TestASessionThatThePlugBegan:
    async def test_belongs_to_the_card_that_is_shown_later(self, yard: Yard) -> None:
        dc = await yard.dc()
        started, first, second, ended = session_201("tx-1", yard.world.token_uid)
        token = started.pop("idToken")
        (reply,) = await yard.tell(dc, [started])
        assert "idTokenInfo" not in reply
        (reply,) = await yard.tell(dc, [first | {"idToken": token}])
        assert reply["idTokenInfo"]["status"] == "Accepted"
        await yard.tell(dc, [second, ended])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_belongs_to_it_in_whatever_order_it_is_told(self, yard: Yard) -> None:
        dc = await yard.dc()
        started, first, second, ended = session_201("tx-1", yard.world.token_uid)
        token = started.pop("idToken")
        await yard.tell(dc, [ended, first | {"idToken": token}, second, started])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)

    async def test_owes_nothing_and_is_put_before_a_person_when_no_card_came(self, yard: Yard) -> None:
        started, *rest = session_201("tx-1", yard.world.token_uid)
        del started["idToken"]
        await yard.tell(await yard.dc(), [started, *rest])
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["debtor_missing"]


class TestTheReplyToAStart:
    async def test_says_the_price_to_whom_it_lets_charge(self, yard: Yard) -> None:
        (reply,) = await yard.tell(
            await yard.dc(), [event("Started", 0, "tx-1", 0, 1000, token=yard.world.token_uid)]
        )
        assert reply["updatedPersonalMessage"]["content"] == "Energie 0,50\xa0€ pro kWh"
