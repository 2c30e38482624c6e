"""``python -m wattledger.apps.lab.stations``: the first line of stdin is the fleet, the others steer it.

Every line written to stdout is one JSON object; see ``fleet.py``.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator

import msgspec

from wattledger.apps.lab.stations.fleet import fleet_of, run_fleet
from wattledger.apps.lab.stations.wire import Payload


def main() -> int:
    """Runs until stdin ends or SIGTERM; 2 when the first line is no fleet."""
    return asyncio.run(_main())


async def _main() -> int:
    lines = await _stdin()
    try:
        spec = fleet_of(await anext(lines, ""))
    except msgspec.MsgspecError as error:
        _say({"error": f"The first line is no fleet: {error}"})
        return 2
    fleet = asyncio.create_task(run_fleet(spec, lines, _say))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, fleet.cancel)
    _say({"event": "ready", "stations": len(spec.stations)})
    await asyncio.gather(fleet, return_exceptions=True)
    return 0


async def _stdin() -> AsyncIterator[str]:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def lines() -> AsyncIterator[str]:
        while line := await reader.readline():
            yield line.decode()

    return lines()


def _say(facts: Payload) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
