"""What a driver is told about their hold while charging goes on longer than the hold lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from wattledger.apps.present.figures import moment, money
from wattledger.core.payments.hold_guard import END_MARGIN
from wattledger.core.payments.states import OperationState
from wattledger.flows.show_charging import Charging, Stage

_IS_CHARGING: Final = frozenset({Stage.CHARGING, Stage.STOPPING})


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    text: str
    meaning: str = "notice"


def is_to_confirm(charging: Charging) -> bool:
    """Whether charging goes on only if the driver confirms another hold on the payment page."""
    visit = charging.visit
    is_open = visit.renewal_state == OperationState.REQUIRES_ACTION and visit.checkout_url is not None
    return charging.stage is Stage.CHARGING and is_open


def renewal_notices(charging: Charging, local: ZoneInfo) -> list[Notice]:
    """That another hold is to be confirmed, did not come about, or was placed."""
    visit = charging.visit
    if charging.stage not in _IS_CHARGING or visit.renewal_state is None:
        return []
    held = money(visit.held_minor, visit.currency)
    if is_to_confirm(charging):
        text = (
            f"Your bank lets the hold of {held} go soon. Confirm another one to go on charging"
            f"{_until(charging, local)}. The first is released then; you pay only what you use."
        )
        return [Notice("Please confirm another hold", text)]
    if visit.renewal_state == OperationState.FAILED:
        text = f"No other hold came about, so charging stops{_at(charging, local)}. You pay only what you used."
        return [Notice("The hold ends soon", text)]
    if visit.renewal_state == OperationState.SUCCEEDED and visit.renewed_at is not None:
        text = (
            f"On {moment(visit.renewed_at, local)} it was placed anew, as you agreed. The earlier one is "
            "released, or paid what was due until then; most banks show that within a few days."
        )
        return [Notice("Your hold was renewed", text, "info")]
    return []


def _until(charging: Charging, local: ZoneInfo) -> str:
    ends_at = charging.visit.capture_before
    return "" if ends_at is None else f" after {moment(ends_at - END_MARGIN, local)}"


def _at(charging: Charging, local: ZoneInfo) -> str:
    ends_at = charging.visit.capture_before
    return " in time" if ends_at is None else f" on {moment(ends_at - END_MARGIN, local)}"
