"""Runs the attacks one after the other, a verdict for each; one that fails to run is told as not tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from wattledger.apps.lab.attack import members, strangers
from wattledger.apps.lab.attack.faults import live_through
from wattledger.apps.lab.attack.kit import Attack, Breached, Finding, NotTried, Place, Verdict
from wattledger.apps.lab.attack.upkeep import be_cared_for
from wattledger.apps.lab.stations.faults import Fault
from wattledger.apps.lab.stations.upkeep import UpkeepFault

ATTACKS: Final[tuple[Attack, ...]] = (
    strangers.without_credentials,
    strangers.malformed_credentials,
    strangers.guessing,
    strangers.enumerating,
    members.second_link,
    members.foreign_sessions,
    members.replays,
    members.strange_numbers,
    members.too_large,
    members.deep_and_torn,
    members.flood,
    strangers.endless_headers,
    strangers.slow_handshakes,
    strangers.older_versions,
    strangers.old_tls,
    members.unasked_answers,
    members.markup,
    members.foreign_certificate,
    members.before_boot,
)


async def attack(place: Place) -> AsyncIterator[Finding]:
    """Every attack, then every named fault of sessions and of upkeep, each bounded in time and in sockets."""
    for one in ATTACKS:
        yield await _verdict((one.__doc__ or "").strip(), one.__name__, one, place)
    for number, fault in enumerate(Fault):
        yield await _verdict("fault", fault.value, partial(live_through, fault=fault, seed=number), place)
    for upkeep_fault in UpkeepFault:
        yield await _verdict("upkeep", upkeep_fault.value, partial(be_cared_for, fault=upkeep_fault), place)


async def _verdict(id_: str, name: str, run: Attack, place: Place) -> Finding:
    try:
        return Finding(id_, name, Verdict.HELD, await run(place))
    except Breached as breach:
        return Finding(id_, name, Verdict.BREACHED, str(breach))
    except NotTried as reason:
        return Finding(id_, name, Verdict.NOT_TRIED, str(reason))
    except Exception as error:  # noqa: BLE001 (one attack that fails to run must not hide the others)
        return Finding(id_, name, Verdict.NOT_TRIED, f"It could not be run: {type(error).__name__}: {error}")
