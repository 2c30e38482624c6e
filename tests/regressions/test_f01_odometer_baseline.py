"""F1 (citrineos-core#1060): the lifetime register was billed because the session began with a placeholder of 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.core.metering.evidence import Finding, Place, weigh
from wattledger.core.metering.session import SessionFold

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLACE = Place("Europe/Berlin", power_max_w=22_000)


def told(kind: EventKind, seq_no: int, minutes: int, wh: int, context: Context) -> SessionEvent:
    at = AT + timedelta(minutes=minutes)
    reading = Reading(at=at, context=context, register_milliwh=wh * 1000)
    return SessionEvent(
        kind=kind, session_ref="tx", event_key=bytes([seq_no]), station_at=at, received_at=at, seq_no=seq_no,
        is_offline=seq_no == 0, readings=(reading,),
    )  # fmt: skip


class TestAPlaceholderBeforeTheRealRegister:
    FOLD = SessionFold(
        [
            told(EventKind.STARTED, 0, 0, 0, Context.BEGIN),
            told(EventKind.UPDATED, 1, 1, 909_948, Context.PERIODIC),
            told(EventKind.ENDED, 2, 5, 910_031, Context.END),
        ]
    )

    def test_bills_0_083_kwh_and_not_910_031(self) -> None:
        evidence = weigh(self.FOLD, PLACE)
        assert evidence.energy_milliwh == 83_000
        assert evidence.usage is not None
        assert evidence.usage.energy_milliwh == 83_000

    def test_says_that_the_baseline_was_replaced(self) -> None:
        evidence = weigh(self.FOLD, PLACE)
        assert evidence.findings == (Finding.BASELINE_REPLACED,)
        assert evidence.holds == ()

    def test_with_nothing_between_goes_to_a_person_and_bills_nothing(self) -> None:
        fold = SessionFold(
            [told(EventKind.STARTED, 0, 0, 0, Context.BEGIN), told(EventKind.ENDED, 1, 5, 910_031, Context.END)]
        )
        evidence = weigh(fold, PLACE)
        assert evidence.holds == (Finding.ENERGY_IMPLAUSIBLE,)
        assert evidence.usage is None
