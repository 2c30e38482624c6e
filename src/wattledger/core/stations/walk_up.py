"""Walking a station up to a higher security profile, step by step; it never walks down (OCPP 2.0.1 part 2, A05).

Which step is next follows from the version, from what was asked before and how that was answered. The last step
is the station's own: it comes back by its new profile, and the door then holds it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.stations.claim import MUTUAL_TLS, TLS
from wattledger.core.stations.commands import (
    CallAction,
    ChangeConfiguration,
    Command,
    ResetStation,
    TriggerMessage,
)

TRIES_MAX: Final = 3
#: The slot of 2.0.1 that the new way is written to; the old one stays as the way back in.
SLOT: Final = 2
_OPEN: Final = frozenset({"queued", "sent"})


class Step(StrEnum):
    CERTIFICATE = "certificate"  # the station asks for its certificate, and gets it
    NETWORK_PROFILE = "network_profile"  # 2.0.1: where and how to connect
    PRIORITY = "priority"  # 2.0.1: that way first
    RESET = "reset"  # 2.0.1: it takes effect
    PROFILE_KEY = "profile_key"  # 1.6: the station reconnects by itself


def check_target(current: int, target: int, public_url: str) -> None:
    """Raises InvalidInput ``profile_unknown``; Refused ``profile_not_higher``, ``tls_not_offered``."""
    if target not in (TLS, MUTUAL_TLS):
        raise InvalidInput("profile_unknown", "A station is walked up to security profile 2 or 3.")
    if target <= current:
        raise Refused("profile_not_higher", f"The station has security profile {current}; it only goes up.")
    if not public_url.startswith("wss://"):
        raise Refused("tls_not_offered", "Set WATTLEDGER_STATION_PUBLIC_URL to a wss:// address first.")


def steps(ocpp_version: str, target: int) -> tuple[Step, ...]:
    first = (Step.CERTIFICATE,) if target == MUTUAL_TLS else ()
    if ocpp_version == "ocpp1.6":
        return (*first, Step.PROFILE_KEY)
    return (*first, Step.NETWORK_PROFILE, Step.PRIORITY, Step.RESET)


def next_step(
    ocpp_version: str,
    target: int,
    *,
    has_certificate: bool,
    asked: Mapping[str, Sequence[str]],
    is_overdue: bool = False,
) -> Step | None:
    """The step to ask for now, None while an answer, or the station's return, is awaited.

    ``asked`` are the states of the commands asked for each step, in order; ``is_overdue`` says that after all of
    them the station had time enough to come back. Raises Refused ``walk_up_stuck`` where it did not, or said no,
    or said nothing often enough.
    """
    for step in steps(ocpp_version, target):
        states = asked.get(step, ())
        latest = states[-1] if states else None
        if step is Step.CERTIFICATE and has_certificate:
            continue
        if latest is None:
            return step
        if latest in _OPEN or (step is Step.CERTIFICATE and latest == "accepted"):
            return None
        if latest == "accepted":
            continue
        if latest == "rejected" or len(states) >= TRIES_MAX:
            raise Refused("walk_up_stuck", f"At the step {step.value} the station's answer was: {latest}.")
        return step
    if is_overdue:
        raise Refused("walk_up_stuck", "All was accepted, but it has not come back by its new profile.")
    return None


def command_of(step: Step, target: int, public_url: str) -> Command:
    """What is asked of the station in that step."""
    match step:
        case Step.CERTIFICATE:
            return TriggerMessage(message="certificate_request")
        case Step.PROFILE_KEY:
            return ChangeConfiguration(name="SecurityProfile", value=str(target))
        case Step.NETWORK_PROFILE:
            way = {
                "ocppVersion": "OCPP20",
                "ocppTransport": "JSON",
                "ocppCsmsUrl": public_url,
                "messageTimeout": 30,
                "securityProfile": target,
                "ocppInterface": "Wired0",
            }
            payload = msgspec.json.encode({"configurationSlot": SLOT, "connectionData": way})
            return CallAction(version="ocpp2.0.1", action="SetNetworkProfile", payload=msgspec.Raw(payload))
        case Step.PRIORITY:
            return ChangeConfiguration(name="OCPPCommCtrlr.NetworkConfigurationPriority", value=f"{SLOT},1")
        case Step.RESET:
            return ResetStation(is_immediate=False)
