"""Misbehaviour by name: what stations of the field are known to do, and what it does to the facts they tell.

Most faults rewrite one fact into the facts that are told instead; the few that concern the link itself
(cutting it, sending again) are carried out by the station, which asks for them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from wattledger.apps.lab.stations.facts import Fact, Kind, Session


class Fault(StrEnum):
    RESEND_SAME_ID = "resend_same_id"  # every answered session message is sent again
    RESEND_NEW_ID = "resend_new_id"  # and so under another message id
    ODOMETER_ZERO_BEGIN = "odometer_zero_begin"  # begin 0, then the lifetime register (CitrineOS#1060)
    METER_BACKWARDS = "meter_backwards"  # one reading far below the begin
    REGISTER_RESET = "register_reset"  # the register starts again from zero halfway
    REGISTER_ROLLOVER = "register_rollover"  # the register passes its last digit and goes on from zero
    METER_STOP_MINUS_ONE = "meter_stop_minus_one"  # the end register is not known
    NEGATIVE_REGISTER = "negative_register"
    UNIT_MIX = "unit_mix"  # updates in kWh, begin and end in Wh
    SOC_ONLY_BATCHES = "soc_only_batches"  # every other update has no energy (CitrineOS#868)
    LATE_UPDATED_AFTER_ENDED = "late_updated_after_ended"  # the second update is told after the end
    OUT_OF_ORDER = "out_of_order"  # pairs of updates arrive swapped
    START_LATE = "start_late"  # the start, told offline, arrives after the first update
    LOST_START = "lost_start"
    LOST_END = "lost_end"
    UNNAMED_STOP = "unnamed_stop"  # 1.6: the stop says transactionId 0 (EVerest/libocpp#495)
    UNNAMED_STOP_MINUS_ONE = "unnamed_stop_minus_one"  # and so -1 (MicroOcpp#50)
    LARGEST_TRANSACTION_ID = "largest_transaction_id"  # 1.6: updates name 2^63-1 (mobilityhouse/ocpp#617)
    CLOCK_LOCAL_TIME = "clock_local_time"  # the wall clock of the place, an hour ahead, without an offset
    CLOCK_YEARS_OFF = "clock_years_off"
    CLOCK_UNREADABLE = "clock_unreadable"
    DROP_TCP_MID_SESSION = "drop_tcp_mid_session"
    REBOOT_MID_SESSION = "reboot_mid_session"  # it closes its link, boots, and goes on
    POWER_LOSS = "power_loss"  # the end is told once the power is back (MicroOcpp#174)
    HALF_OPEN_SOCKET = "half_open_socket"  # the old socket stays, deaf and open (lorenzodonini/ocpp-go#314)
    RECONNECT_STORM = "reconnect_storm"  # the link is lost after each of the first messages (steve#1141)
    STATUS_FLOOD = "status_flood"


# What these do leaves all the evidence there: the session is billed as it was delivered.
HARMLESS = frozenset(
    {
        Fault.RESEND_SAME_ID,
        Fault.RESEND_NEW_ID,
        Fault.UNIT_MIX,
        Fault.SOC_ONLY_BATCHES,
        Fault.OUT_OF_ORDER,
        Fault.LATE_UPDATED_AFTER_ENDED,
        Fault.START_LATE,
        Fault.LARGEST_TRANSACTION_ID,
        Fault.CLOCK_LOCAL_TIME,
        Fault.DROP_TCP_MID_SESSION,
        Fault.REBOOT_MID_SESSION,
        Fault.POWER_LOSS,
        Fault.HALF_OPEN_SOCKET,
        Fault.RECONNECT_STORM,
        Fault.STATUS_FLOOD,
    }
)
YEARS_OFF = timedelta(days=-6 * 365)
DROP_AFTER_UPDATES = 2
STORM_LINKS = 6
LARGEST_ID = 2**63 - 1
LOCAL_OFFSET = timedelta(hours=1)
ROLLOVER_MILLIWH = 50_000
FLOOD_MESSAGES = 50


class Distortion:
    """Turns each fact of a station into what it tells instead, according to its faults."""

    def __init__(self, faults: frozenset[Fault]) -> None:
        self.faults = faults
        self._held: dict[str, Fact] = {}
        self._late: dict[str, Fact] = {}
        self._reset_at: dict[str, int] = {}

    def told(self, session: Session, fact: Fact) -> list[Fact]:
        facts = [fact]
        for fault, distort in _DISTORTIONS.items():
            if fault in self.faults:
                facts = [new for old in facts for new in distort(self, session, old)]
        return facts

    # --- what single faults do ------------------------------------------------------------------------------

    def zero_begin(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, register_milliwh=0)] if fact.kind is Kind.STARTED else [fact]

    def backwards(self, session: Session, fact: Fact) -> list[Fact]:
        is_it = fact.kind is Kind.UPDATED and session.update_count == 2
        return [replace(fact, register_milliwh=50_000)] if is_it else [fact]

    def reset(self, session: Session, fact: Fact) -> list[Fact]:
        if fact.register_milliwh is None or fact.kind is Kind.STARTED or session.update_count < 2:
            return [fact]
        base = self._reset_at.setdefault(session.ref, fact.register_milliwh)
        return [replace(fact, register_milliwh=fact.register_milliwh - base)]

    def rollover(self, session: Session, fact: Fact) -> list[Fact]:
        """The meter's last digits: before the second update all nines, after it from zero."""
        if fact.register_milliwh is None:
            return [fact]
        base = self._reset_at.setdefault(session.ref, fact.register_milliwh)
        used = fact.register_milliwh - base
        below = 99_999_999_000 - ROLLOVER_MILLIWH
        return [replace(fact, register_milliwh=(below + used) % 99_999_999_000)]

    def late_start(self, session: Session, fact: Fact) -> list[Fact]:
        if fact.kind is Kind.STARTED:
            self._late[session.ref] = replace(fact, is_offline=True)
            return []
        start = self._late.pop(session.ref, None)
        return [fact] if start is None else [start, fact] if fact.kind is Kind.ENDED else [fact, start]

    def unknown_stop(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, register_milliwh=-1000)] if fact.kind is Kind.ENDED else [fact]

    def negative(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, register_milliwh=-500_000)] if fact.kind is Kind.ENDED else [fact]

    def unit_mix(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, unit="kWh")] if fact.kind is Kind.UPDATED else [fact]

    def soc_only(self, session: Session, fact: Fact) -> list[Fact]:
        if fact.kind is not Kind.UPDATED or session.update_count % 2:
            return [fact]
        return [replace(fact, register_milliwh=None, power_w=None, soc_percent=fact.soc_percent or 50)]

    def late_update(self, session: Session, fact: Fact) -> list[Fact]:
        if fact.kind is Kind.UPDATED and session.update_count == 2:
            self._late[session.ref] = fact
            return []
        late = self._late.pop(session.ref, None) if fact.kind is Kind.ENDED else None
        return [fact] if late is None else [fact, late]

    def out_of_order(self, session: Session, fact: Fact) -> list[Fact]:
        held = self._held.pop(session.ref, None)
        if fact.kind is Kind.UPDATED and held is None:
            self._held[session.ref] = fact
            return []
        if held is None:
            return [fact]
        return [held, fact] if fact.kind is Kind.ENDED else [fact, held]

    def lost_start(self, _session: Session, fact: Fact) -> list[Fact]:
        return [] if fact.kind is Kind.STARTED else [fact]

    def lost_end(self, _session: Session, fact: Fact) -> list[Fact]:
        return [] if fact.kind is Kind.ENDED else [fact]

    def unnamed_stop(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, is_unnamed=True)] if fact.kind is Kind.ENDED else [fact]

    def stop_minus_one(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, session_no=-1)] if fact.kind is Kind.ENDED else [fact]

    def largest_id(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, session_no=LARGEST_ID)] if fact.kind is Kind.UPDATED else [fact]

    def local_time(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, clock_text=f"{fact.at + LOCAL_OFFSET:%Y-%m-%dT%H:%M:%S}")]

    def power_loss(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, reason="PowerLoss", grant=None)] if fact.kind is Kind.ENDED else [fact]

    def unreadable_clock(self, _session: Session, fact: Fact) -> list[Fact]:
        return [replace(fact, clock_text="not-a-time")]


_DISTORTIONS: dict[Fault, Callable[[Distortion, Session, Fact], list[Fact]]] = {
    Fault.ODOMETER_ZERO_BEGIN: Distortion.zero_begin,
    Fault.METER_BACKWARDS: Distortion.backwards,
    Fault.REGISTER_RESET: Distortion.reset,
    Fault.REGISTER_ROLLOVER: Distortion.rollover,
    Fault.METER_STOP_MINUS_ONE: Distortion.unknown_stop,
    Fault.NEGATIVE_REGISTER: Distortion.negative,
    Fault.UNIT_MIX: Distortion.unit_mix,
    Fault.SOC_ONLY_BATCHES: Distortion.soc_only,
    Fault.LATE_UPDATED_AFTER_ENDED: Distortion.late_update,
    Fault.OUT_OF_ORDER: Distortion.out_of_order,
    Fault.START_LATE: Distortion.late_start,
    Fault.LOST_START: Distortion.lost_start,
    Fault.LOST_END: Distortion.lost_end,
    Fault.UNNAMED_STOP: Distortion.unnamed_stop,
    Fault.UNNAMED_STOP_MINUS_ONE: Distortion.stop_minus_one,
    Fault.LARGEST_TRANSACTION_ID: Distortion.largest_id,
    Fault.CLOCK_LOCAL_TIME: Distortion.local_time,
    Fault.POWER_LOSS: Distortion.power_loss,
    Fault.CLOCK_UNREADABLE: Distortion.unreadable_clock,
}
