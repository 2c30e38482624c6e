"""Is a PostgreSQL answering on this socket? Asked of the socket: a process id proves nothing."""

from __future__ import annotations

import socket
import struct
from enum import Enum
from pathlib import Path
from typing import Final

SUPERUSER: Final = "wattledger"
SOCKET_NAME: Final = ".s.PGSQL.5432"
_PROTOCOL_3: Final = 196608
_CANNOT_CONNECT_NOW: Final = b"C57P03\x00"


class Readiness(Enum):
    ABSENT = "absent"
    STARTING = "starting"
    ACCEPTING = "accepting"


def probe(socket_directory: Path, *, timeout_s: float = 2.0) -> Readiness:
    """What the server behind the socket answers to the first message of a log-in."""
    words = f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
    hello = struct.pack("!ii", 8 + len(words), _PROTOCOL_3) + words
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            link.connect(str(socket_directory / SOCKET_NAME))
            link.sendall(hello)
            answer = link.recv(4096)
            link.sendall(b"X\x00\x00\x00\x04")
    except TimeoutError:
        return Readiness.STARTING
    except OSError:
        return Readiness.ABSENT
    if not answer or _CANNOT_CONNECT_NOW in answer:
        return Readiness.STARTING
    return Readiness.ACCEPTING


def socket_dsn(socket_directory: Path, database: str) -> str:
    """The owner's DSN of a database behind that socket."""
    return f"postgresql://{SUPERUSER}@/{database}?host={socket_directory}"
