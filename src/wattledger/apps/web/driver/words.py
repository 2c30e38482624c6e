"""What codes mean to a driver: in words, with what to do next. A code that is not listed is told as it is."""

from __future__ import annotations

from typing import Final

PLUGS: Final = {
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T2_COMBO": "CCS",
    "IEC_62196_T1": "Type 1",
    "IEC_62196_T1_COMBO": "CCS 1",
    "CHADEMO": "CHAdeMO",
    "TESLA_S": "NACS",
    "NACS": "NACS",
    "DOMESTIC_F": "Schuko",
    "GBT_AC": "GB/T AC",
    "GBT_DC": "GB/T DC",
}

# Why no money was held: (headline, what to do). Keys are gateways' decline codes and states of a payment.
_REFUSED_CARD: Final = ("Your bank refused the card", "Try another card, or ask your bank.")
_NOT_CONFIRMED: Final = ("Your bank could not confirm it was you", "Try again; confirm in the bank's app.")
_UNPAID: Final = {
    "card_declined": _REFUSED_CARD,
    "declined": _REFUSED_CARD,
    "generic_decline": _REFUSED_CARD,
    "do_not_honor": _REFUSED_CARD,
    "insufficient_funds": ("The card does not cover the hold", "Try another card."),
    "expired_card": ("The card has expired", "Try another card."),
    "authentication_failed": _NOT_CONFIRMED,
    "authentication_required": _NOT_CONFIRMED,
    "page_left": ("You left the payment page", "Start over whenever you like."),
    "expired": ("The payment page has expired", "Start over; the price is shown again first."),
    "abandoned": ("The payment was not finished", "Start over whenever you like."),
}
_UNPAID_OTHERWISE: Final = ("The payment did not go through", "Try again, or try another card.")

# Why nothing was started although money was held. Keys are states of the start command and reasons of a release.
_STATION_REFUSED: Final = ("The station refused to start", "Try again, or use another connector.")
_STATION_FAILED: Final = ("The station could not be reached", "Try again in a minute, or use another connector.")
_STATION_SILENT: Final = ("The station did not answer", "It may be offline. Try again, or use another connector.")
_NOT_STARTED: Final = {
    "rejected": _STATION_REFUSED,
    "station_refused": _STATION_REFUSED,
    "failed": _STATION_FAILED,
    "station_failed": _STATION_FAILED,
    "timed_out": _STATION_SILENT,
    "station_unreachable": _STATION_SILENT,
    "start_timed_out": ("No car was plugged in in time", "Start over when the cable is at hand."),
    "partial_approval_too_small": ("The card covers too little of the hold", "Try another card."),
    "card_used_too_often": ("This card was used too often in a short time", "Wait a while, or try another card."),
    "released_by_staff": ("The operator released the hold", "Call the number below if you did not expect that."),
}
_NOT_STARTED_OTHERWISE: Final = ("Charging did not start", "Try again, or use another connector.")

# OCPP's reasons for the end of a session; what needs no word is not here.
_ENDINGS: Final = {
    "PowerLoss": "The station lost power. You pay what the meter showed before that.",
    "PowerQuality": "The grid's voltage was out of bounds, so the station stopped.",
    "EmergencyStop": "The emergency button was pressed.",
    "EVDisconnected": "The cable was unplugged.",
    "Remote": "You stopped it here, or the hold was used up.",
    "SoftReset": "The station restarted.",
    "HardReset": "The station restarted.",
    "Reboot": "The station restarted. You pay what the meter showed before that.",
    "ImmediateReset": "The station restarted.",
    "UnlockCommand": "The cable was unlocked from afar.",
    "GroundFault": "The station measured a fault and stopped for safety.",
    "OvercurrentFault": "The station measured a fault and stopped for safety.",
    "StoppedByEV": "The car stopped it.",
    "SOCLimitReached": "The battery reached its limit.",
    "EnergyLimitReached": "The energy limit was reached.",
    "TimeLimitReached": "The time limit was reached.",
    "DeAuthorized": "The station withdrew the permission to charge.",
}

_BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "maestro": "Maestro"}


def plug(plug_type: str) -> str:
    """``CCS`` for OCPI's IEC_62196_T2_COMBO."""
    return PLUGS.get(plug_type, plug_type.replace("_", " "))


def unpaid(reason: str | None, state: str) -> tuple[str, str]:
    """Headline and advice for a payment of which nothing is held."""
    return _UNPAID.get(reason or "", _UNPAID.get(state, _UNPAID_OTHERWISE))


def not_started(reason: str | None) -> tuple[str, str]:
    """Headline and advice for a hold that no session followed."""
    return _NOT_STARTED.get(reason or "", _NOT_STARTED_OTHERWISE)


def ending(reason: str | None) -> str | None:
    """Why a session ended, where that is worth saying."""
    return _ENDINGS.get(reason or "")


def card(brand: str | None, last4: str | None) -> str:
    """``Visa •••• 4242``, or ``your card``."""
    name = _BRANDS.get((brand or "").lower(), (brand or "").title())
    if last4 is None:
        return name or "your card"
    return f"{name or 'card'} •••• {last4}"


def code(link_code: str) -> str:
    """``K7QM-2XPN-4TDE``: a code in groups of four, for reading aloud; anything else as it is."""
    if not link_code.isalnum() or len(link_code) % 4:
        return link_code
    return "-".join(link_code[start : start + 4] for start in range(0, len(link_code), 4))


def ago(seconds: int) -> str:
    """``3 minutes ago``: how old something is, in the largest unit that is at least one."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"
