"""The faults of stations that are cared for: each is asked for by the API, and must be told as what it is."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wattledger.apps.lab.attack.books import Books, books_of, until
from wattledger.apps.lab.attack.kit import Breached, NotTried, Place
from wattledger.apps.lab.stations.station import VirtualStation
from wattledger.apps.lab.stations.upkeep import UpkeepFault

_WITHIN_S: Final = 30.0
# The shortest silence that a campaign may allow, and the worker's own pace of looking.
_SILENCE_S: Final = 60
_SILENT_WITHIN_S: Final = 150.0
_SPEED: Final = 2_000.0
_FIRMWARE_ENDS: Final = {
    UpkeepFault.FIRMWARE_DOWNLOAD_FAILS: "DownloadFailed",
    UpkeepFault.FIRMWARE_SIGNATURE_WRONG: "InvalidSignature",
    UpkeepFault.FIRMWARE_REFUSED: "refused",
    UpkeepFault.FIRMWARE_SILENT: "silent",
    UpkeepFault.FIRMWARE_NOT_INSTALLED: "other_firmware",
}
_SLOW: Final = frozenset({UpkeepFault.FIRMWARE_SILENT, UpkeepFault.FIRMWARE_NOT_INSTALLED})


async def be_cared_for(place: Place, fault: UpkeepFault) -> str:
    """What was asked of a station with that fault is told as failed. Raises Breached or NotTried."""
    place.member()
    async with books_of(place) as books, _station(place, fault) as station:
        station_id = await books.station_id(station.identity)
        match fault:
            case UpkeepFault.SETTINGS_REFUSED:
                return await _setting(books, station_id, place.version)
            case UpkeepFault.LOG_UPLOAD_FAILS:
                return await _log(books, station_id)
        return await _campaign(books, station_id, fault)


@asynccontextmanager
async def _station(place: Place, fault: UpkeepFault) -> AsyncIterator[VirtualStation]:
    identity, password = place.member()
    station = VirtualStation(place.url, identity, password, place.version, speed=_SPEED, backoff_s=0.05)
    station.upkeep.faults = frozenset({fault})
    running = asyncio.create_task(station.run())
    try:
        async with asyncio.timeout(_WITHIN_S):
            await station.until(lambda: station.is_online)
        yield station
    except TimeoutError:
        raise NotTried("The given station is not let in.") from None
    finally:
        await station.stop()
        running.cancel()  # it may be on its way back from a restart
        await asyncio.gather(running, return_exceptions=True)


async def _setting(books: Books, station_id: str, version: str) -> str:
    name = "HeartbeatInterval" if version == "1.6" else "OCPPCommCtrlr.HeartbeatInterval"
    path = f"/stations/{station_id}/commands"
    wish = {"kind": "change_configuration", "body": {"name": name, "value": "299"}}
    command_id = (await books.post(path, wish))["command_id"]
    command = await until(
        lambda: books.get(f"{path}/{command_id}"),
        lambda found: found["state"] not in {"queued", "sent"},
        within_s=_WITHIN_S,
    )
    told = {row["name"]: row["value"] for row in await books.get(f"/stations/{station_id}/configuration")}
    if command["state"] != "rejected" or told.get(name) == "299":
        raise Breached(f"A refused setting is told as {command['state']}, its value as {told.get(name)}.")
    return "A refused setting is told as refused, and its value stays as it was."


async def _log(books: Books, station_id: str) -> str:
    log_id = (await books.post(f"/stations/{station_id}/logs", {"kind": "diagnostics"}))["log_id"]
    rows = await until(
        lambda: books.get(f"/stations/{station_id}/logs"),
        lambda found: _state_of(found, log_id) not in {"asked", "uploading"},
        within_s=_WITHIN_S,
    )
    state = _state_of(rows, log_id)
    if state != "failed":
        raise Breached(f"A log that could not be sent is told as {state}.")
    return "A log that could not be sent is told as failed."


def _state_of(rows: list[dict[str, Any]], log_id: str) -> str:
    return next((str(row["state"]) for row in rows if row["log_id"] == log_id), "unknown")


async def _campaign(books: Books, station_id: str, fault: UpkeepFault) -> str:
    (station,) = [row for row in await books.get("/stations") if row["station_id"] == station_id]
    release = {
        "vendor": station["vendor"], "model": station["model"], "version": "9.9.9",
        "location": "https://firmware.invalid/fault-range-9.9.9.bin",
        "signing_certificate": _certificate(), "signature": base64.b64encode(b"no maker signed this").decode(),
    }  # fmt: skip
    release_id = (await books.post("/firmware/releases", release))["release_id"]
    wish = {
        "release_id": release_id, "name": f"Fault range: {fault.value}", "station_ids": [station_id],
        "waves": [100], "soak_s": 0, "silence_s": _SILENCE_S,
    }  # fmt: skip
    path = f"/firmware/campaigns/{(await books.post('/firmware/campaigns', wish))['campaign_id']}"
    try:
        report = await until(
            lambda: books.get(path),
            lambda found: found["stations"][0]["state"] in {"failed", "proven", "skipped"},
            within_s=_SILENT_WITHIN_S if fault in _SLOW else _WITHIN_S,
        )
    finally:
        if (await books.get(path))["campaign"]["state"] in {"running", "paused"}:
            await books.post(f"{path}/stop")
    member = report["stations"][0]
    if (member["state"], member["detail"]) != ("failed", _FIRMWARE_ENDS[fault]):
        raise Breached(f"The station is told as {member['state']} ({member['detail']}).")
    return f"The update is told as failed ({member['detail']}), and the campaign went no further."


def _certificate() -> str:
    """A maker's certificate that signs itself: stations of the lab look at it as they are told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fault range")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
