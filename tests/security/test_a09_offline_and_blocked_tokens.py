"""A9: "it was offline" as an excuse for a token that is blocked, expired or nobody's; reuse after a block."""

from __future__ import annotations

import pytest

from charger import event, session_201, start_16, stop_16
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]


async def block(yard: Yard) -> None:
    await yard.owner.execute("update token set state = 'blocked'")


class TestABlockedToken:
    async def test_told_as_offline_bills_nobody_by_itself(self, yard: Yard) -> None:
        await block(yard)
        events = [one | {"offline": True} for one in session_201("tx-1", yard.world.token_uid)]
        await yard.tell(await yard.dc(), events)
        await yard.assert_nothing_owed()
        assert await yard.reviews() == ["token_refused"]

    async def test_told_late_by_1_6_bills_nobody_by_itself(self, yard: Yard) -> None:
        await block(yard)
        ac = await yard.ac()
        reply = await ac.call("StartTransaction", start_16(yard.world.token_uid))
        assert reply["idTagInfo"]["status"] == "Blocked"
        await ac.call("StopTransaction", stop_16(reply["transactionId"], meter=10_000))
        await yard.assert_nothing_owed()

    async def test_is_refused_again_and_again(self, yard: Yard) -> None:
        await block(yard)
        dc, token = await yard.dc(), {"idToken": yard.world.token_uid, "type": "ISO14443"}
        for _ in range(3):
            assert (await dc.call("Authorize", {"idToken": token}))["idTokenInfo"]["status"] == "Blocked"

    async def test_in_small_letters_or_with_spaces_is_still_blocked_or_unknown(self, yard: Yard) -> None:
        await block(yard)
        dc = await yard.dc()
        for text in (yard.world.token_uid.lower(), f" {yard.world.token_uid}", f"{yard.world.token_uid} "):
            reply = await dc.call("Authorize", {"idToken": {"idToken": text, "type": "ISO14443"}})
            assert reply["idTokenInfo"]["status"] in ("Blocked", "Unknown")

    async def test_blocked_in_a_session_does_not_undo_what_was_granted_at_its_start(self, yard: Yard) -> None:
        dc = await yard.dc()
        events = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, events[:2])
        await block(yard)
        await yard.tell(dc, events[2:])
        await yard.assert_billed_once(wh=10_000, gross_minor=500)


class TestAnOfflineMark:
    async def test_does_not_make_an_unknown_token_known(self, yard: Yard) -> None:
        told = event("Started", 0, "tx-1", 0, 1000, token="NOBODY") | {"offline": True}
        (reply,) = await yard.tell(await yard.dc(), [told])
        assert reply["idTokenInfo"]["status"] == "Unknown"
