"""A bare `websockets` server that answers every text with itself, marked as a result: the limit of the wire."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def hold(socket: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        async for text in socket:
            assert isinstance(text, str)
            await socket.send("[3" + text[2:])


async def main(port: int) -> None:
    async with serve(
        hold, "127.0.0.1", port, subprotocols=["ocpp2.0.1"], compression=None, max_queue=4,
        ping_interval=60, ping_timeout=45, server_header=None,
    ):  # fmt: skip
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
