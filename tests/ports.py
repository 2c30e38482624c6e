"""Ports for servers of tests: nobody else is given one between its choice and its use."""

from __future__ import annotations

import socket
from collections import deque
from typing import Final

# A socket that is bound and does not listen keeps its port from being given to others, even as the near end of
# their connections, and lets a server that sets SO_REUSEADDR, as all of ours do, listen on it.
_KEPT_MAX: Final = 32
_kept: deque[socket.socket] = deque()


def free_port() -> int:
    """A port on loopback that is ours until a few dozen more were asked for: long after its server listens."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _kept.append(one)
    if len(_kept) > _KEPT_MAX:
        _kept.popleft().close()
    return int(one.getsockname()[1])
