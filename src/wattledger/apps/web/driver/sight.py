"""A driver's charging in words and figures: what the page says at each stage, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wattledger.apps.present.figures import clock_time, duration, energy_kwh, moment, money, power_kw
from wattledger.apps.web.driver import words
from wattledger.apps.web.driver.notices import Notice, is_to_confirm, renewal_notices
from wattledger.apps.web.driver.place import Place, house_of, place_of
from wattledger.apps.web.pages import House
from wattledger.core.kernel.instants import zone
from wattledger.core.metering.events import Activity
from wattledger.core.payments.holds import SettleReason
from wattledger.core.rating.rated import Rated
from wattledger.flows.ask_station import ANSWER_WITHIN, PLUG_IN_WITHIN
from wattledger.flows.show_charging import Charging, Stage

# Stations report every minute or so; beyond this the figures need their age beside them.
_TOLD_LATE: Final = timedelta(minutes=3)
_HOLD_NEARLY_USED_PERCENT: Final = 80
_ANSWER_S: Final = int(ANSWER_WITHIN.total_seconds())
_CONFIRM: Final = "Confirm and go on charging"
_PLUG_IN_MIN: Final = int(PLUG_IN_WITHIN.total_seconds()) // 60

_CHIPS: Final = {
    Stage.PAYING: ("Not paid yet", "notice", "card"),
    Stage.STARTING: ("Starting", "info", "clock"),
    Stage.PLUG_IN: ("Plug in", "info", "plug"),
    Stage.REFUSED: ("Not started", "bad", "bad"),
    Stage.CHARGING: ("Charging", "good", "bolt"),
    Stage.STOPPING: ("Stopping", "info", "stop"),
    Stage.SETTLING: ("Ended", "info", "clock"),
    Stage.REVIEW: ("Being checked", "notice", "clock"),
    Stage.DONE: ("Done", "good", "good"),
    Stage.UNPAID: ("Not paid", "bad", "bad"),
    Stage.RELEASED: ("Not started", "notice", "alert"),
}


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    detail: str | None
    state: str  # done, now or next


@dataclass(frozen=True, slots=True)
class Figures:
    """What is shown large and small while energy flows, and at the end."""

    energy: str
    cost: str
    power: str
    time: str
    battery: str | None
    used_minor: int
    held_minor: int
    used: str
    held: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything the templates of one charging show, as text."""

    stage: str
    code: str
    spoken_code: str
    house: House
    place: Place
    time_zone: str
    chip: tuple[str, str, str]
    title: str
    lead: str
    steps: list[Step] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    figures: Figures | None = None
    checkout_url: str | None = None
    checkout_word: str = "Go to the payment page"
    hold_until: str | None = None
    can_stop: bool = False
    can_retry: bool = False
    is_over: bool = False
    began: str | None = None
    settled: list[tuple[str, str]] = field(default_factory=list)
    total: str | None = None
    receipt_number: str | None = None
    awaits_receipt: bool = False
    rest: str | None = None


def sight_of(charging: Charging, *, is_cancelled: bool = False) -> Sight:
    """What the driver reads at this moment; ``is_cancelled`` when they came back from the payment page unpaid."""
    stage, visit = charging.stage, charging.visit
    local = zone(charging.place.time_zone)
    title, lead = _headline(charging, is_cancelled=is_cancelled)
    return Sight(
        stage=stage.value,
        code=visit.link_code,
        spoken_code=words.code(visit.link_code),
        house=house_of(charging.place),
        place=place_of(charging.place),
        time_zone=charging.place.time_zone,
        chip=_chip(charging),
        title=title,
        lead=lead,
        steps=_steps(charging, local),
        notices=[*renewal_notices(charging, local), *_notices(charging)],
        figures=_figures(charging),
        checkout_url=_checkout_url(charging),
        checkout_word=_CONFIRM if is_to_confirm(charging) else "Go to the payment page",
        hold_until=_hold_until(charging, local),
        can_stop=stage is Stage.CHARGING,
        can_retry=stage in (Stage.UNPAID, Stage.RELEASED, Stage.REFUSED),
        is_over=is_over(charging),
        began=_began(charging, local),
        settled=_settled(charging),
        total=_total(charging),
        receipt_number=None if charging.end is None else charging.end.receipt_number,
        awaits_receipt=stage is Stage.SETTLING or (stage is Stage.DONE and visit.captured_minor > 0),
        rest=_rest(charging),
    )


def _checkout_url(charging: Charging) -> str | None:
    is_paying = charging.stage is Stage.PAYING and charging.visit.state != "unknown"
    return charging.visit.checkout_url if is_paying or is_to_confirm(charging) else None


def _hold_until(charging: Charging, local: ZoneInfo) -> str | None:
    ends_at = charging.visit.capture_before
    return None if ends_at is None else moment(ends_at, local)


def is_over(charging: Charging) -> bool:
    """Nothing on the page will change by itself: the receipt is written, or there will be none."""
    if charging.stage is not Stage.DONE or not charging.visit.captured_minor:
        return charging.stage.is_over
    return charging.end is not None and charging.end.receipt_number is not None


def bill_so_far(charging: Charging) -> Rated | None:
    """The bill's rating once there is a bill, before that the running one."""
    if charging.rated is not None:
        return charging.rated
    return None if charging.running is None else charging.running.rated


def held_minor(charging: Charging) -> int:
    """What is or was held; before the bank's answer, what is asked for."""
    return charging.visit.held_minor or charging.visit.asked_minor


def _chip(charging: Charging) -> tuple[str, str, str]:
    activity = None if charging.running is None else charging.running.activity
    if charging.stage is Stage.CHARGING and activity is Activity.IDLE:
        return "Idle", "notice", "clock"
    if charging.stage is Stage.CHARGING and activity is Activity.PAUSED:
        return "Paused", "info", "clock"
    if _rest(charging) is not None:
        return "Not wholly paid", "notice", "card"
    return _CHIPS[charging.stage]


def _headline(charging: Charging, *, is_cancelled: bool) -> tuple[str, str]:
    visit, stage = charging.visit, charging.stage
    held = money(held_minor(charging), visit.currency)
    if stage is Stage.PAYING:
        return _paying(charging, is_cancelled=is_cancelled)
    if stage is Stage.STARTING:
        return "Starting the station", f"It answers within {_ANSWER_S} seconds. You can plug in already."
    if stage is Stage.PLUG_IN:
        return "Plug in the cable now", "The station is ready and waits for your car."
    if stage in (Stage.REFUSED, Stage.RELEASED):
        title, advice = words.not_started(charging.reason)
        outcome = "is being released" if stage is Stage.REFUSED else "is released"
        return title, f"Nothing was charged. The hold of {held} {outcome}. {advice}"
    if stage is Stage.UNPAID:
        title, advice = words.unpaid(charging.reason, visit.state)
        return title, f"Nothing is held and nothing was started. {advice}"
    if stage is Stage.SETTLING:
        return "Charging has ended", "The exact amount goes to your bank now; the rest of the hold comes back."
    if stage is Stage.REVIEW:
        return (
            "We check the meter's figures first",
            f"Something in them was unusual. You pay {held} at most, and nothing until a person has looked.",
        )
    if stage is Stage.DONE:
        return _done(charging)
    return _running(charging)


def _paying(charging: Charging, *, is_cancelled: bool) -> tuple[str, str]:
    if charging.visit.state == "unknown":
        return "Asking the bank", "We wait for the payment provider's answer. Nothing starts before it says yes."
    if is_cancelled:
        return "You left the payment page", "Nothing is held and nothing was started. You can go back to it."
    return (
        "Waiting for your payment",
        "If you have just paid, the bank's answer takes a few seconds. If not, the payment page is still open.",
    )


def _running(charging: Charging) -> tuple[str, str]:
    if charging.stage is Stage.STOPPING:
        return "Stopping", f"The station answers within {_ANSWER_S} seconds. Then unplug the cable."
    activity = None if charging.running is None else charging.running.activity
    if activity is Activity.PAUSED:
        return "Charging pauses", "The station gives no power just now. It goes on by itself."
    if activity is Activity.IDLE:
        return "Your car takes no energy now", "It may be full. Please make room for others; idling may cost."
    return "Charging", "You can close this page and come back by its address or code."


def _rest(charging: Charging) -> str | None:
    """What is left of the bill, where it is asked for."""
    rest = charging.rest
    return money(rest.left_minor, rest.currency) if rest is not None and rest.left_minor else None


def _done(charging: Charging) -> tuple[str, str]:
    visit, rest = charging.visit, charging.rest
    if rest is not None and rest.left_minor:
        taken = (
            f"{money(rest.taken_minor, rest.currency)} of it was charged."
            if rest.taken_minor
            else "Nothing is paid."
        )
        return f"{_rest(charging)} is still to be paid", f"Charging cost {_total(charging)}. {taken}"
    if rest is not None and rest.rest_taken_minor:
        return (
            "Charged and paid",
            f"The rest of {money(rest.rest_taken_minor, rest.currency)} was paid by its link.",
        )
    if not visit.captured_minor:
        released = f"The whole hold of {money(held_minor(charging), visit.currency)} is released."
        total = _total(charging)
        if visit.state_reason == SettleReason.BELOW_MINIMUM and total is not None:
            return "Nothing to pay", f"{total} is less than a card can pay, so it is on the house. {released}"
        return "Nothing to pay", released
    if visit.refunded_minor >= visit.captured_minor:
        return "Paid back in full", "Most banks show it within a few days."
    reason = None if charging.end is None else charging.end.end_reason
    is_used_up = visit.captured_minor * 100 >= held_minor(charging) * _HOLD_NEARLY_USED_PERCENT
    why = "You stopped it here." if reason == "Remote" and not is_used_up else words.ending(reason)
    return "Charged and paid", why or "Thank you. Please leave the connector as you would like to find it."


def _steps(charging: Charging, local: ZoneInfo) -> list[Step]:
    visit = charging.visit
    if charging.stage not in (Stage.PAYING, Stage.STARTING, Stage.PLUG_IN):
        return []
    held = money(held_minor(charging), visit.currency)
    paid_detail = f"{held} held on {words.card(visit.card_brand, visit.card_last4)}, not charged"
    if charging.stage is Stage.PAYING:
        return [
            Step("Pay", f"{held} will be held, not charged", "now"),
            Step("Plug in the cable", None, "next"),
            Step("Charging", None, "next"),
        ]
    until = f" Until {clock_time(visit.start_deadline_at, local)}" if visit.start_deadline_at else ""
    wait = f"{until}; then the hold is released." if until else f"Within {_PLUG_IN_MIN} minutes."
    is_plug = charging.stage is Stage.PLUG_IN
    return [
        Step("Paid", paid_detail, "done"),
        Step("Plug in the cable", wait.strip() if is_plug else "The station is getting ready", "now"),
        Step("Charging", "Starts by itself", "next"),
    ]


def _notices(charging: Charging) -> list[Notice]:
    notices = []
    session, stop = charging.session, charging.stop
    if charging.stage not in (Stage.CHARGING, Stage.STOPPING) or session is None:
        return []
    late = charging.at - session.told_at
    if not charging.place.is_connected:
        notices.append(
            Notice(
                "The station has lost its connection",
                f"It keeps charging and counting. These figures are from {_ago(late)}; it reports the rest later.",
            )
        )
    elif late > _TOLD_LATE:
        notices.append(Notice("The station is quiet", f"These figures are from {_ago(late)}.", "info"))
    if charging.stage is Stage.CHARGING and stop is not None:
        notices.append(
            Notice("The station did not stop", "Stop at the car or the station, or call the number below.", "bad")
        )
    if charging.running is not None and charging.running.rated is None:
        notices.append(
            Notice("No price yet", "The meter's figures do not allow one so far; nothing is estimated.", "info")
        )
    return notices


def _ago(late: timedelta) -> str:
    return words.ago(int(late.total_seconds()))


def _figures(charging: Charging) -> Figures | None:
    running, rated = charging.running, bill_so_far(charging)
    if running is None or charging.session is None:
        return None
    currency, held = charging.visit.currency, held_minor(charging)
    used_minor = 0 if rated is None else rated.gross_minor
    is_nearly_used = used_minor * 100 >= held * _HOLD_NEARLY_USED_PERCENT
    is_live = charging.stage in (Stage.CHARGING, Stage.STOPPING)
    energy_milliwh = running.energy_milliwh if rated is None or is_live else rated.energy_milliwh
    return Figures(
        energy=energy_kwh(energy_milliwh, decimals=2 if is_live else 3),
        cost="–" if rated is None else money(used_minor, currency),
        power="–" if running.power_w is None else power_kw(running.power_w),
        time=_elapsed(running.started_at, running.ended_at or charging.at),
        battery=None if running.soc_percent is None else str(running.soc_percent),
        used_minor=min(used_minor, held),
        held_minor=held,
        used=f"{money(used_minor, currency)} used" if rated is not None else "Not priced yet",
        held=f"of {money(held, currency)} held" + (": charging stops soon" if is_nearly_used and is_live else ""),
        meaning="notice" if is_nearly_used else "",
    )


def _elapsed(started_at: datetime | None, until: datetime) -> str:
    if started_at is None:
        return "–"
    return duration(max(0, int((until - started_at).total_seconds())))


def _began(charging: Charging, local: ZoneInfo) -> str | None:
    session = charging.session
    if session is None or session.started_at is None:
        return None
    begin = clock_time(session.started_at, local)
    return begin if session.ended_at is None else f"{begin} to {clock_time(session.ended_at, local)}"


def _settled(charging: Charging) -> list[tuple[str, str]]:
    """What became of the hold, as rows."""
    visit, currency = charging.visit, charging.visit.currency
    if charging.stage is not Stage.DONE:
        return []
    held = held_minor(charging)
    rows = [
        (f"Held on {words.card(visit.card_brand, visit.card_last4)}", money(held, currency)),
        ("Charged", money(visit.captured_minor, currency)),
        ("Released", money(max(0, held - visit.captured_minor), currency)),
    ]
    if charging.rest is not None and charging.rest.rest_taken_minor:
        rows.append(("Paid by its link", money(charging.rest.rest_taken_minor, currency)))
    if visit.refunded_minor:
        rows.append(("Paid back", money(visit.refunded_minor, currency)))
    return rows


def _total(charging: Charging) -> str | None:
    if charging.rated is None:
        return None
    return money(charging.rated.gross_minor, charging.rated.currency)
