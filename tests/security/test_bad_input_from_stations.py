"""Whatever a station sends: a clear error or an acknowledgement, a log without secrets, and no money moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from charger import CallError, basic, event, session_201, start_16, stop_16
from waiting import PATIENCE_S
from wattledger.adapters.postgres.database import Database
from world import STATION_PASSWORD
from yard import Yard, open_yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]

GUESS = "a-guessed-password-42"
SECRET_IN_A_FRAME = "token-that-must-stay-secret"
MONEY = ("bill", "journal", "transfer", "payment", "operation")


@pytest.fixture
async def yard(database: Database, database_dsn: str) -> AsyncIterator[Yard]:
    async with open_yard(database, database_dsn) as opened:
        yield opened


async def money(yard: Yard) -> dict[str, int]:
    return {table: await yard.count(table) for table in MONEY}


async def status(url: str, auth: str, subprotocol: str = "ocpp2.0.1") -> int:
    try:
        async with connect(
            url,
            additional_headers={"Authorization": auth},
            subprotocols=[subprotocol],  # type: ignore[list-item]
            proxy=None,
            open_timeout=PATIENCE_S,
        ):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def a_wrong_password(yard: Yard) -> None:
    name = yard.world.dc.identity
    assert await status(f"{yard.url}/ocpp/{name}", basic(name, GUESS)) == 401


async def an_unknown_station(yard: Yard) -> None:
    assert await status(f"{yard.url}/ocpp/NOBODY", basic("NOBODY", GUESS)) == 401


async def a_station_nowhere(yard: Yard) -> None:
    assert await status(f"{yard.url}/elsewhere", basic("X", GUESS)) == 404


async def another_version(yard: Yard) -> None:
    name = yard.world.dc.identity
    assert await status(f"{yard.url}/ocpp/{name}", basic(name, STATION_PASSWORD), "ocpp1.2") == 400


async def malformed_frames(yard: Yard) -> None:
    dc = await yard.dc()
    for text in ("{", "[2]", f'[2,"m","{SECRET_IN_A_FRAME}"]', f'["{SECRET_IN_A_FRAME}"]', "[3]", "[4,7]", ""):
        await dc.socket.send(text)
    assert "currentTime" in await dc.call("Heartbeat", {})


async def an_unknown_action(yard: Yard) -> None:
    with pytest.raises(CallError, match="NotImplemented"):
        await (await yard.dc()).call(SECRET_IN_A_FRAME, {})


async def a_payload_against_its_schema(yard: Yard) -> None:
    told = session_201("tx-1", SECRET_IN_A_FRAME)[0] | {"seqNo": "one"}
    with pytest.raises(CallError, match="TypeConstraintViolation"):
        await (await yard.dc()).call("TransactionEvent", told)


async def two_megabytes(yard: Yard) -> None:
    dc = await yard.dc()
    await dc.socket.send('[2,"x","DataTransfer",{"vendorId":"' + SECRET_IN_A_FRAME + "x" * 2_000_000 + '"}]')
    with pytest.raises(ConnectionClosed):
        await dc.call("Heartbeat", {})
    assert dc.socket.close_code == 1009


async def bytes_that_are_no_text(yard: Yard) -> None:
    dc = await yard.dc()
    await dc.socket.send(b"\xff\xfe\x00")
    assert "currentTime" in await dc.call("Heartbeat", {})


@pytest.mark.parametrize(
    "bad",
    [
        a_wrong_password, an_unknown_station, a_station_nowhere, another_version, malformed_frames,
        an_unknown_action, a_payload_against_its_schema, two_megabytes, bytes_that_are_no_text,
    ],
    ids=lambda bad: bad.__name__,
)  # fmt: skip
class TestWhatIsRefused:
    async def test_moves_no_money_and_leaves_no_secret_in_the_log(
        self, yard: Yard, bad: Callable[[Yard], Awaitable[None]], capfd: pytest.CaptureFixture[str]
    ) -> None:
        before = await money(yard)
        with capture_logs() as lines:
            await bad(yard)
            await asyncio.sleep(0)
        assert await money(yard) == before
        assert await yard.count("session") == 0
        assert_no_secret(f"{lines}{capfd.readouterr()}")


class TestWhatMustBeAcknowledged:
    """OCPP 1.6 forbids refusing a stop, and a refused station repeats for ever: it is a person's question."""

    async def test_a_negative_register_of_2_0_1(self, yard: Yard) -> None:
        told = session_201("tx-1", yard.world.token_uid)
        told[-1] = event("Ended", 3, "tx-1", 60, -5, context="Transaction.End")
        reply = (await yard.tell(await yard.dc(), told))[-1]
        assert "totalCost" not in reply
        assert await yard.reviews() == ["register_negative"]
        await yard.assert_nothing_owed()

    async def test_a_negative_register_of_1_6(self, yard: Yard) -> None:
        ac = await yard.ac()
        number = await yard.start_16(ac, meter=0)
        await ac.call("StopTransaction", stop_16(number, meter=-5))
        assert "register_negative" in await yard.reviews()
        await yard.assert_nothing_owed()

    async def test_a_negative_start_of_1_6(self, yard: Yard) -> None:
        ac = await yard.ac()
        reply = await ac.call("StartTransaction", start_16(yard.world.token_uid, meter=-1000))
        await ac.call("StopTransaction", stop_16(reply["transactionId"], meter=2000))
        assert await yard.count("review_item") == 1
        await yard.assert_nothing_owed()

    async def test_a_stop_of_nobody_knows_what(self, yard: Yard) -> None:
        await (await yard.ac()).call("StopTransaction", stop_16(4711, meter=2000))
        assert await yard.count("parked_message") == 1
        await yard.assert_nothing_owed()


class TestTheLog:
    async def test_says_who_was_refused_and_why(self, yard: Yard) -> None:
        with capture_logs() as lines:
            await an_unknown_station(yard)
            await malformed_frames(yard)
        assert {"link_refused", "message_refused"} <= {line["event"] for line in lines}
        refused = next(line for line in lines if line["event"] == "link_refused")
        assert refused["code"] == "station_refused"


def assert_no_secret(text: str) -> None:
    for secret in (GUESS, STATION_PASSWORD, SECRET_IN_A_FRAME, basic("NOBODY", GUESS).removeprefix("Basic ")):
        assert secret not in text
