"""The faults of the field, each lived through by a virtual station in the name of the station that was given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from wattledger.apps.lab.attack.books import books_of, judge
from wattledger.apps.lab.attack.kit import Breached, NotTried, Place
from wattledger.apps.lab.stations.faults import HARMLESS, Fault
from wattledger.apps.lab.stations.station import VirtualStation

_WITHIN_S: Final = 40.0
# A session whose evidence is whole is billed with its last message, or when the worker next looks.
_BILLED_WITHIN_S: Final = 30.0
# Others may wait for hours, until patience ends: what is billed by then is judged.
_DOUBTED_WITHIN_S: Final = 3.0
_MILLIWH_PER_WH: Final = 1_000
_UPDATES: Final = 5
#: A station's minutes are our milliseconds; it samples often enough for every fault to show.
_SPEED: Final = 2_000.0
_SAMPLE_S: Final = 100.0


async def live_through(place: Place, fault: Fault, seed: int) -> str:
    """A short session with that fault: every message of it is answered, and it is billed as it must be.

    Whether the bill is right is seen by the API, where one was given. Raises Breached or NotTried.
    """
    identity, password = place.member()
    if place.token is None:
        raise NotTried("Give --token of a card that may charge there: sessions of it are billed.")
    station = VirtualStation(
        place.url,
        identity,
        password,
        place.version,
        seed=seed,
        speed=_SPEED,
        sample_interval_s=_SAMPLE_S,
        faults=(fault,),
        backoff_s=0.05,
    )
    before = frozenset(await _known(place, identity))
    running = asyncio.create_task(station.run())
    try:
        async with asyncio.timeout(_WITHIN_S):
            await _session(station, place.token)
    except TimeoutError:
        raise Breached(f"Not everything was answered within {_WITHIN_S:.0f} s: {station.errors[-1:]}") from None
    finally:
        await station.stop()
        await running
    if station.errors:
        raise Breached(f"Refused: {station.errors[0]}")
    if place.api is None:
        return "Every message was answered. Whether the bill is right, only --api and --api-token tell."
    is_harmless = fault in HARMLESS
    async with books_of(place) as books:
        charged = await books.charged(
            identity, before, within_s=_BILLED_WITHIN_S if is_harmless else _DOUBTED_WITHIN_S
        )
    return judge(charged, int(station.sessions[0].energy_wh * _MILLIWH_PER_WH), is_harmless=is_harmless)


async def _known(place: Place, identity: str) -> Iterable[str]:
    """The station's sessions so far; none where nobody can say."""
    if place.api is None:
        return ()
    async with books_of(place) as books:
        return await books.sessions(identity)


async def _session(station: VirtualStation, token: str) -> None:
    await station.until(lambda: station.is_online)
    await station.plug_in(1)
    if not await station.present_token(1, token):
        raise NotTried("The token is not accepted there.")
    await station.until(lambda: station.sessions[-1].update_count >= _UPDATES)
    await station.present_token(1, token)
    await station.unplug(1)
    await station.until(lambda: not station.has_queued(None))
