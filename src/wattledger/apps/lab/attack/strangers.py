"""Attacks that need no credentials: what the door says to anybody."""

from __future__ import annotations

import asyncio
import base64
import secrets
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from wattledger.apps.lab.attack.kit import (
    BROKEN,
    OPEN,
    PATIENCE_S,
    SOCKETS_MAX,
    Breached,
    NotTried,
    Place,
    knock,
)

_GUESSES = 12


async def without_credentials(place: Place) -> str:
    """A1"""
    for identity in (place.station or "A-STATION", "A-STATION"):
        status, _ = await knock(place, identity, None)
        if status == OPEN:
            raise Breached("The door opens without credentials.")
    return f"Shut: {status}."


async def malformed_credentials(place: Place) -> str:
    """A1"""
    identity = place.station or "A-STATION"
    empty = base64.b64encode(f"{identity}:".encode()).decode()
    for header in ("Basic", "Basic !!!", "Bearer x", f"Basic {empty}", "Basic " + "A" * 4000):
        status, _ = await knock(place, identity, None, authorization=header)
        if status == OPEN or status >= 500:
            raise Breached(f"{header[:12]!r} is answered with {status}.")
    return "Shut, whatever the header."


async def guessing(place: Place) -> str:
    """A2"""
    identity = f"GUESSED-{secrets.token_hex(4)}"
    statuses = [(await knock(place, identity, f"guess-{number}"))[0] for number in range(_GUESSES)]
    if OPEN in statuses:
        raise Breached("A guess opened the door.")
    if len(set(statuses)) == 1:
        raise Breached(f"{_GUESSES} guesses in a row, and each was looked at ({statuses[0]}).")
    return f"Looked at {statuses.count(statuses[0])} times, then made to wait ({statuses[-1]})."


async def enumerating(place: Place) -> str:
    """A3"""
    identity, _ = place.member()
    known = await knock(place, identity, secrets.token_hex(10))
    unknown = await knock(place, f"N-{secrets.token_hex(4)}", secrets.token_hex(10))
    if known != unknown:
        raise Breached(f"A known identity is answered with {known[0]}, an unknown one with {unknown[0]}.")
    return "A known and an unknown identity are answered alike."


async def older_versions(place: Place) -> str:
    """A11"""
    identity, password = place.station or "A-STATION", place.password or "x"
    for offers in (("ocpp1.2",), ("ocpp1.5",), ("soap",)):
        if (await knock(place, identity, password, offers=offers))[0] == OPEN:
            raise Breached(f"{offers[0]} is spoken.")
    return "Versions before 1.6 are not spoken."


async def old_tls(place: Place) -> str:
    """A11"""
    if place.tls_url is None:
        raise NotTried("Give --tls-url to try its TLS.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for suites in ("AES128-SHA:AES256-SHA:@SECLEVEL=0", "AES128-GCM-SHA256:AES256-GCM-SHA384:@SECLEVEL=0"):
        context.set_ciphers(suites)
        status, _ = await knock(place, "A-STATION", "x", url=place.tls_url, tls=context)
        if status != BROKEN:
            raise Breached(f"TLS is spoken with {suites.partition(':')[0]}.")
    return "No suite without forward secrecy."


async def slow_handshakes(place: Place) -> str:
    """A10"""
    sockets = [await _raw(place) for _ in range(SOCKETS_MAX)]
    try:
        for _, writer in sockets:
            writer.write(b"GET /ocpp/X HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        status, _ = await knock(place, "A-STATION", None)
        if status == BROKEN:
            raise Breached(f"With {SOCKETS_MAX} half-spoken handshakes nobody else is answered.")
        async with asyncio.timeout(4 * PATIENCE_S):
            await asyncio.gather(*(reader.read(1024) for reader, _ in sockets), return_exceptions=True)
    except TimeoutError:
        raise Breached(f"A half-spoken handshake is left open for more than {4 * PATIENCE_S:.0f} s.") from None
    finally:
        for _, writer in sockets:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    return "Others were answered meanwhile, and the half-spoken ones ended."


async def endless_headers(place: Place) -> str:
    """A10"""
    reader, writer = await _raw(place)
    try:
        with suppress(OSError):
            writer.write(b"GET /ocpp/X HTTP/1.1\r\n" + b"X-Header: y\r\n" * 20_000)
            await writer.drain()
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read(64)
    except (OSError, TimeoutError) as error:
        answer = b"" if isinstance(error, OSError) else b"HTTP/1.1 101"
    finally:
        writer.close()
    if b"101" in answer:
        raise Breached("Twenty thousand headers were taken.")
    return "Refused."


async def _raw(place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(place.url)
    tls = ssl.create_default_context() if where.scheme == "wss" else None
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.open_connection(where.hostname, where.port, ssl=tls)
    except (OSError, TimeoutError) as error:
        raise NotTried(f"Nothing answers there: {error}") from None
