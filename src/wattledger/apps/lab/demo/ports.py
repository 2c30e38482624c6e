"""Which loopback ports a demonstration takes: those that were asked for, or free ones near the usual."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wattledger.core.kernel.errors import Unavailable
from wattledger.settings import PREFIX, Settings

PROVIDER_PORT: Final = 8090
_NEAR: Final = 50


def is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # A server that was ended a moment ago leaves its port in TIME_WAIT: that is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def settled_ports(
    settings: Settings,
    environ: Mapping[str, str],
    is_port_free: Callable[[str, int], bool] = is_free,
    *,
    provider_port: int | None = None,
) -> tuple[Settings, int]:
    """The settings with ports that are free, and the provider's port.

    Raises Unavailable ``port_taken`` for a port that was asked for, by ``environ`` or for the provider, and that
    somebody has.
    """
    taken: set[int] = set()

    def settle(host: str, port: int, name: str, *, is_asked_for: bool) -> int:
        if is_asked_for and not is_port_free(host, port):
            raise Unavailable("port_taken", f"{name} is {port}, and something listens on that port already.")
        near = (port,) if is_asked_for else range(port, port + _NEAR)
        found = next((one for one in near if one not in taken and is_port_free(host, one)), None)
        if found is None:
            raise Unavailable("port_taken", f"No port from {port} to {port + _NEAR - 1} is free.")
        taken.add(found)
        return found

    def settle_named(host: str, port: int, name: str) -> int:
        return settle(host, port, name, is_asked_for=bool(environ.get(name)))

    web_port = settle_named(settings.web_host, settings.web_port, f"{PREFIX}WEB_PORT")
    station_port = settle_named(settings.station_host, settings.station_port, f"{PREFIX}STATION_PORT")
    is_asked_for = provider_port is not None
    found_port = settle("127.0.0.1", provider_port or PROVIDER_PORT, "--provider-port", is_asked_for=is_asked_for)
    public_url = settings.public_url if environ.get(f"{PREFIX}PUBLIC_URL") else f"http://127.0.0.1:{web_port}"
    settled = msgspec.structs.replace(
        settings, web_port=web_port, station_port=station_port, public_url=public_url
    )
    return settled, found_port


def environment_now() -> Mapping[str, str]:
    return os.environ
