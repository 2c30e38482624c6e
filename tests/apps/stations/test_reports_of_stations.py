"""What a station reports when asked is kept, with what it answers, for a bounded time (OCPP 2.0.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from charger import Charger, Json
from wattledger.adapters.clock import SystemIds
from wattledger.core.stations.commands import CallAction, Command, ReadMessages
from wattledger.core.stations.reports import REPORTS_MAX
from wattledger.flows.ask_station import ask
from wattledger.flows.ports.care import ReportEntry
from wattledger.flows.rotate_password import rotate_password
from wattledger.flows.take_station_notice import take_notice
from world import OpenSecrets
from yard import Yard

pytestmark = [pytest.mark.database, pytest.mark.sockets]
IDS = SystemIds()
AT = "2026-11-26T10:00:00Z"
SHOWN = {"id": 7, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Closed on Sunday"}}


async def take_up(yard: Yard) -> None:
    """Every notice that stations gave is taken up, as the worker does."""
    for row in await yard.rows("select station_notice_id from station_notice order by received_at"):
        await take_notice(yard.database, yard.clock, IDS, yard.world.tenant_id, row["station_notice_id"])


async def reports(yard: Yard, *, later: timedelta = timedelta(0)) -> list[ReportEntry]:
    async with yard.database.begin_read(yard.world.tenant_id) as work:
        return await work.care.reports(yard.world.dc.station_id, now=yard.clock.now() + later, limit=REPORTS_MAX)


async def asked(yard: Yard, charger: Charger, command: Command, action: str) -> tuple[Any, int]:
    """The command's id and the number under which the station was asked."""
    async with yard.database.begin(yard.world.tenant_id) as work:
        command_id = await ask(
            work, IDS, yard.clock, station_id=yard.world.dc.station_id, command=command, asked_by="test"
        )
    await yard.bus.nudge("commands")
    told = await charger.answer(action, {"status": "Accepted"})
    return command_id, int(told["requestId"])


def call(action: str, payload: Json) -> CallAction:
    return CallAction(version="ocpp2.0.1", action=action, payload=msgspec.Raw(msgspec.json.encode(payload)))


class TestAReport:
    async def test_is_kept_with_the_question_it_answers(self, yard: Yard) -> None:
        dc = await yard.dc()
        command_id, number = await asked(yard, dc, ReadMessages(), "GetDisplayMessages")
        told = {"requestId": number, "messageInfo": [SHOWN]}
        assert await dc.call("NotifyDisplayMessages", told) == {}
        await take_up(yard)
        (row,) = await reports(yard)
        assert (row.action, row.station_command_id, row.is_last) == ("NotifyDisplayMessages", command_id, True)
        assert msgspec.json.decode(row.body)["messageInfo"] == [SHOWN]

    @pytest.mark.parametrize(
        ("action", "payload", "told_as", "told"),
        [
            (
                "GetMonitoringReport",
                {"requestId": 41},
                "NotifyMonitoringReport",
                {"requestId": 41, "seqNo": 0, "generatedAt": AT, "tbc": True},
            ),
            (
                "GetChargingProfiles",
                {"requestId": 42, "chargingProfile": {}},
                "ReportChargingProfiles",
                {"requestId": 42, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [{
                    "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Absolute", "chargingSchedule": [{
                        "id": 1, "chargingRateUnit": "W",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000.0}]}]}]},
            ),
        ],
        ids=["monitors", "charging profiles"],
    )  # fmt: skip
    async def test_answers_what_was_asked_in_the_version_s_own_words(
        self, yard: Yard, action: str, payload: Json, told_as: str, told: Json
    ) -> None:
        dc = await yard.dc()
        command_id, _ = await asked(yard, dc, call(action, payload), action)
        assert await dc.call(told_as, told) == {}
        await take_up(yard)
        (row,) = await reports(yard)
        assert (row.action, row.station_command_id) == (told_as, command_id)
        assert row.is_last is not told.get("tbc", False)
        assert msgspec.json.decode(row.body) == told | {"tbc": not row.is_last}

    async def test_that_nobody_asked_for_is_kept_without_a_question(self, yard: Yard) -> None:
        dc = await yard.dc()
        await dc.call("NotifyDisplayMessages", {"requestId": 4711, "messageInfo": [SHOWN]})
        await dc.call("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}})
        await take_up(yard)
        assert [(row.action, row.request_no, row.station_command_id) for row in await reports(yard)] == [
            ("NotifyChargingLimit", None, None),
            ("NotifyDisplayMessages", 4711, None),
        ]

    async def test_of_a_monitor_s_periodic_values_is_no_alarm(self, yard: Yard) -> None:
        dc = await yard.dc()
        one = {
            "eventId": 1, "timestamp": AT, "trigger": "Periodic", "actualValue": "900",
            "eventNotificationType": "CustomMonitor", "component": {"name": "Fan"}, "variable": {"name": "Speed"},
        }  # fmt: skip
        two = one | {"eventId": 2, "trigger": "Alerting", "actualValue": "0"}
        await dc.call("NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [one, two]})
        await take_up(yard)
        (row,) = await reports(yard)
        assert msgspec.json.decode(row.body)["eventData"] == [one]
        (event,) = await yard.rows("select kind, detail from station_event")
        assert event == {"kind": "Fan.Speed", "detail": "is 0"}

    async def test_is_kept_where_a_sealed_password_was_told_before(self, yard: Yard) -> None:
        dc = await yard.dc()
        async with yard.database.begin(yard.world.tenant_id) as work:
            await rotate_password(
                work, IDS, yard.clock, OpenSecrets(), station_id=yard.world.dc.station_id, asked_by="test"
            )
        await dc.call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [SHOWN]})
        await take_up(yard)
        assert len(await reports(yard)) == 1

    async def test_taken_up_twice_is_kept_once(self, yard: Yard) -> None:
        dc = await yard.dc()
        await dc.call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [SHOWN]})
        (row,) = await yard.rows("select station_notice_id from station_notice")
        for _ in range(2):
            notice_id = row["station_notice_id"]
            await take_notice(yard.database, yard.clock, IDS, yard.world.tenant_id, notice_id)
        assert len(await reports(yard)) == 1

    async def test_is_one_of_the_newest_hundred(self, yard: Yard) -> None:
        dc = await yard.dc()
        for number in range(REPORTS_MAX + 3):
            await dc.call("NotifyDisplayMessages", {"requestId": number})
        await take_up(yard)
        assert await yard.count("station_report") == REPORTS_MAX
        assert [row.request_no for row in await reports(yard)] == list(range(REPORTS_MAX + 2, 2, -1))


class TestWhatIsToldOfACustomer:
    async def test_is_gone_after_a_day(self, yard: Yard) -> None:
        dc = await yard.dc()
        told = {"data": "Mara Lind, CARD0001", "seqNo": 0, "generatedAt": AT, "requestId": 9}
        assert await dc.call("NotifyCustomerInformation", told) == {}
        await dc.call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [SHOWN]})
        await take_up(yard)
        assert len(await reports(yard)) == 2
        later = timedelta(days=1, minutes=1)
        assert [row.action for row in await reports(yard, later=later)] == ["NotifyDisplayMessages"]
        async with yard.database.begin(yard.world.tenant_id) as work:
            await work.care.forget_reports(yard.clock.now() + later)
        assert await yard.count("station_report") == 1
        assert await yard.count("station_notice") == 0, "nor does the inbox remember"
