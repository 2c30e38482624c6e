"""A virtual station against a server of a few lines: what it tells, and what each fault does to that."""

from __future__ import annotations

from itertools import pairwise

import pytest

from little_server import Lab, LittleServer
from wattledger.apps.lab.stations.faults import Fault
from wattledger.core.metering.events import Activity, Context, EventKind, SessionEvent
from wattledger.core.stations import talk

pytestmark = pytest.mark.sockets

both_versions = pytest.mark.parametrize("version", ["1.6", "2.0.1"])


def registers_of(events: list[SessionEvent]) -> list[int]:
    return [
        reading.register_milliwh
        for event in events
        for reading in event.readings
        if reading.register_milliwh is not None
    ]


def kinds_of(events: list[SessionEvent]) -> list[EventKind]:
    return [event.kind for event in events]


@both_versions
class TestAWholeSession:
    async def test_is_told_in_order_and_without_a_complaint(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version) as station:
            await lab.whole_session(station)
        kinds = kinds_of(server.events)
        assert kinds[0] is EventKind.STARTED
        assert kinds[-1] is EventKind.ENDED
        assert set(kinds[1:-1]) == {EventKind.UPDATED}
        assert not server.said
        assert not station.errors

    async def test_counts_energy_upwards_and_coherently(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version) as station:
            await lab.whole_session(station)
        registers = registers_of(server.events)
        assert registers == sorted(registers)
        told_wh = (registers[-1] - registers[0]) / 1000
        assert abs(told_wh - float(station.sessions[0].energy_wh)) < 2
        assert told_wh > 100

    async def test_says_when_the_car_is_plugged_and_gone(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version) as station:
            await lab.whole_session(station)
            await station.until(lambda: statuses(server)[-1] is talk.ConnectorStatus.AVAILABLE)
        assert talk.ConnectorStatus.OCCUPIED in statuses(server)

    async def test_is_not_begun_with_a_token_that_is_refused(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version) as station:
            await station.plug_in(1)
            assert not await station.present_token(1, "B10C4ED0")
        assert not server.events

    async def test_survives_a_lost_network(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.DROP_TCP_MID_SESSION) as station:
            await lab.whole_session(station)
        boots = [told for told in server.told if isinstance(told, talk.BootTold)]
        assert len(boots) == 2
        assert kinds_of(server.events)[-1] is EventKind.ENDED


def statuses(server: LittleServer) -> list[talk.ConnectorStatus]:
    return [told.status for told in server.told if isinstance(told, talk.StatusTold)]


@both_versions
class TestARemoteStart:
    async def test_starts_a_car_that_is_plugged_in_and_stops_it_again(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version) as station:
            await station.plug_in(1)
            await server.command("LAB1", talk.StartSession(1, 1, "ADHOC42", "Central", 42))
            await station.until(lambda: len(station.sessions) == 1 and station.sessions[0].update_count > 1)
            started = server.events[0]
            ref = started.session_ref or str(server.numbers[started.event_key])
            await server.command("LAB1", talk.StopSession(ref))
            await station.until(lambda: station.sessions[0].is_end_told)
        assert [answer.result for answer in server.answers] == [talk.CommandResult.ACCEPTED] * 2
        assert started.token_uid == "ADHOC42"
        assert started.remote_start_id == (42 if version == "2.0.1" else None)
        assert server.ends()[0].reason == "Remote"

    async def test_waits_for_the_plug(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version) as station:
            await server.command("LAB1", talk.StartSession(1, 1, "ADHOC42", "Central", 42))
            await station.until(lambda: station.evses[1].grant is not None)
            await station.plug_in(1)
            await station.until(lambda: bool(server.events))
        assert kinds_of(server.events)[0] is EventKind.STARTED

    async def test_is_rejected_while_the_evse_is_taken(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version) as station:
            await station.plug_in(1)
            await station.present_token(1, "04A1B2C3")
            await server.command("LAB1", talk.StartSession(1, 1, "ADHOC42", "Central", 42))
            await station.until(lambda: bool(server.answers))
        assert server.answers[0].result is talk.CommandResult.REJECTED


class TestWhatOnly201Tells:
    async def test_the_total_cost_reaches_the_station_to_the_cent(self, lab: Lab) -> None:
        async with lab.station("2.0.1") as station:
            await lab.whole_session(station)
        assert str(station.sessions[0].total_cost) == "12.37"

    async def test_a_full_car_is_idle(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1") as station:
            await station.plug_in(1)
            car = station.evses[1].car
            assert car is not None
            car.stored_milliwh = car.battery_wh * 1000 - 100
            await station.present_token(1, "04A1B2C3")
            await station.until(lambda: any(event.activity is Activity.IDLE for event in server.events))


class TestAStationThatBeginsWithThePlug:
    async def test_tells_the_token_when_it_is_presented(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1", starts_on_plug=True) as station:
            await station.plug_in(1)
            await station.until(lambda: station.sessions[0].update_count >= 1)
            await station.present_token(1, "04A1B2C3")
            await station.until(lambda: station.sessions[0].update_count >= 4)
            await station.unplug(1)
            await station.until(lambda: not station.has_queued(None))
        tokens = [event.token_uid for event in server.events if event.token_uid is not None]
        assert tokens == ["04A1B2C3"]
        assert server.events[0].token_uid is None
        assert server.events[0].activity is Activity.IDLE
        assert registers_of(server.events)[0] == registers_of(server.events)[1]

    async def test_keeps_the_session_that_a_remote_start_pays_for(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1", starts_on_plug=True) as station:
            await station.plug_in(1)
            await server.command("LAB1", talk.StartSession(1, 1, "ADHOC42", "Central", 42))
            await station.until(lambda: any(event.remote_start_id == 42 for event in server.events))
        assert len(station.sessions) == 1


class TestNamedFaults:
    async def test_a_message_is_sent_again_under_the_same_id(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("1.6", Fault.RESEND_SAME_ID) as station:
            await lab.whole_session(station)
        ends = server.ends()
        assert len(ends) == 2
        assert ends[0].event_key == ends[1].event_key
        assert len(set(server.message_ids)) < len(server.message_ids)

    async def test_a_message_is_sent_again_under_a_new_id(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1", Fault.RESEND_NEW_ID) as station:
            await lab.whole_session(station)
        ends = server.ends()
        assert len(ends) == 2
        assert ends[0].event_key == ends[1].event_key
        assert len(set(server.message_ids)) == len(server.message_ids)

    @both_versions
    async def test_the_begin_register_is_zero_once(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.ODOMETER_ZERO_BEGIN) as station:
            await lab.whole_session(station)
        registers = registers_of(server.events)
        assert registers[0] == 0
        assert min(registers[1:]) > 1_000_000

    @both_versions
    async def test_the_end_register_is_not_known(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.METER_STOP_MINUS_ONE) as station:
            await lab.whole_session(station)
        end = server.ends()[0]
        assert end.readings[-1].register_milliwh is None
        assert end.flaws == (("register_unknown",) if version == "1.6" else ("register_negative",))

    @both_versions
    async def test_kilowatt_hours_and_watt_hours_are_mixed(
        self, lab: Lab, server: LittleServer, version: str
    ) -> None:
        async with lab.station(version, Fault.UNIT_MIX) as station:
            await lab.whole_session(station)
        registers = registers_of(server.events)
        assert all(later - earlier > -2_000 for earlier, later in pairwise(registers))

    async def test_an_update_comes_after_the_end(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1", Fault.LATE_UPDATED_AFTER_ENDED) as station:
            await lab.whole_session(station)
        kinds = kinds_of(server.events)
        assert kinds[-2:] == [EventKind.ENDED, EventKind.UPDATED]
        assert server.events[-1].seq_no == 2
        assert sorted(event.seq_no or 0 for event in server.events) == list(range(len(server.events)))

    @both_versions
    async def test_a_batch_has_only_a_state_of_charge(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.SOC_ONLY_BATCHES) as station:
            await lab.whole_session(station)
        bare = [event for event in server.events if event.readings[0].register_milliwh is None]
        assert bare
        assert all(event.readings[0].soc_percent is not None for event in bare)

    @both_versions
    async def test_the_clock_is_years_off(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.CLOCK_YEARS_OFF) as station:
            await lab.whole_session(station)
        start = server.events[0]
        assert (start.received_at - start.station_at).days > 1_000

    @both_versions
    async def test_the_clock_cannot_be_read(self, lab: Lab, server: LittleServer, version: str) -> None:
        async with lab.station(version, Fault.CLOCK_UNREADABLE) as station:
            await lab.whole_session(station)
        assert not server.said
        assert all("clock_unreadable" in event.flaws for event in server.events)

    async def test_a_lost_start_of_1_6_leaves_a_stop_without_a_name(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("1.6", Fault.LOST_START) as station:
            await lab.whole_session(station)
        end = server.ends()[0]
        assert end.session_ref == "-1"
        assert "session_unnamed" in end.flaws

    async def test_the_begin_context_marks_the_begin(self, lab: Lab, server: LittleServer) -> None:
        async with lab.station("2.0.1") as station:
            await lab.whole_session(station)
        assert server.events[0].readings[0].context is Context.BEGIN
        assert server.ends()[0].readings[-1].context is Context.END
