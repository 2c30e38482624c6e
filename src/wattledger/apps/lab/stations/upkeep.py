"""What a virtual station does when it is cared for: settings, reports, firmware, logs, messages, reservations.

Plain JSON of both versions, written apart from ``core/stations`` as ``wire.py`` is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import httpx

from wattledger.apps.lab.stations.clock import StationClock
from wattledger.apps.lab.stations.wire import Payload
from wattledger.core.kernel.instants import format_instant

_STEP_S: Final = 5.0  # between two steps of an update, by the station's clock
_VERSION: Final = re.compile(r"(\d+(?:\.\d+)+)(?:\.(?:bin|zip|img))?$")
_DONE: Final[Payload] = {"status": "Accepted"}


class UpkeepFault(StrEnum):
    FIRMWARE_DOWNLOAD_FAILS = "firmware_download_fails"
    FIRMWARE_SIGNATURE_WRONG = "firmware_signature_wrong"
    FIRMWARE_SILENT = "firmware_silent"  # accepts, and says nothing more
    FIRMWARE_NOT_INSTALLED = "firmware_not_installed"  # says installed, and boots with what it had
    FIRMWARE_REFUSED = "firmware_refused"
    SETTINGS_REFUSED = "settings_refused"
    LOG_UPLOAD_FAILS = "log_upload_fails"


@dataclass(slots=True)
class Setting:
    value: str | None  # None: it keeps it to itself
    is_readonly: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What upkeep needs of the station it belongs to."""

    version: str
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    changed: Callable[[], None]
    say: Callable[[str, Payload], Coroutine[Any, Any, None]]
    clock: StationClock
    boot_with: Callable[[str], None]

    def now_text(self) -> str:
        return format_instant(self.clock.now())


def settings_of(version: str) -> dict[str, Setting]:
    if version == "1.6":
        return {
            "HeartbeatInterval": Setting("300"),
            "WebSocketPingInterval": Setting("60"),
            "LocalPreAuthorize": Setting("false"),
            "NumberOfConnectors": Setting("1", is_readonly=True),
            "AuthorizationKey": Setting(None),
        }
    return {
        "OCPPCommCtrlr.HeartbeatInterval": Setting("300"),
        "OCPPCommCtrlr.WebSocketPingInterval": Setting("60"),
        "AuthCtrlr.LocalPreAuthorize": Setting("false"),
        "ChargingStation.Model": Setting("Virtual", is_readonly=True),
        "SecurityCtrlr.BasicAuthPassword": Setting(None),
    }


@dataclass(slots=True)
class Upkeep:
    """``firmware`` is what the station boots with from its next boot on."""

    body: Body
    faults: frozenset[UpkeepFault] = frozenset()
    firmware: str = "1.0.0"
    settings: dict[str, Setting] = field(default_factory=dict)
    messages: dict[int, Payload] = field(default_factory=dict)
    reservations: dict[int, Payload] = field(default_factory=dict)
    profiles: list[Payload] = field(default_factory=list)
    log: bytes = b"all is well\n"

    def __post_init__(self) -> None:
        self.settings = self.settings or settings_of(self.body.version)

    def answer(self, action: str, payload: Payload) -> Payload | None:
        """The answer to what concerns upkeep; None for everything else, and for settings it does not have."""
        answering = _ANSWERS.get(action)
        return None if answering is None else answering(self, payload)

    async def tamper(self, detail: str = "door") -> None:
        """Somebody opened the housing."""
        event = {"type": "TamperDetectionActivated", "timestamp": self.body.now_text(), "techInfo": detail}
        await self.body.say("SecurityEventNotification", event)

    # --- settings -------------------------------------------------------------------------------------------

    def get_configuration(self, payload: Payload) -> Payload:
        wanted = payload.get("key") or list(self.settings)
        return {
            "configurationKey": [_key(name, self.settings[name]) for name in wanted if name in self.settings],
            "unknownKey": [name for name in wanted if name not in self.settings],
        }

    def change_configuration(self, payload: Payload) -> Payload | None:
        if payload["key"] not in self.settings:
            return None
        return {"status": self._set(payload["key"], payload["value"])}

    def get_variables(self, payload: Payload) -> Payload:
        return {"getVariableResult": [self._variable(row) for row in payload["getVariableData"]]}

    def set_variables(self, payload: Payload) -> Payload | None:
        rows = payload["setVariableData"]
        if not any(_name(row) in self.settings for row in rows):
            return None
        results = []
        for row in rows:
            known = _name(row) in self.settings
            status = self._set(_name(row), row["attributeValue"]) if known else "UnknownVariable"
            results.append({"attributeStatus": status} | _where(row))
        return {"setVariableResult": results}

    def base_report(self, payload: Payload) -> Payload:
        self.body.spawn(self._report(payload["requestId"]))
        return _DONE

    def _set(self, name: str, value: str) -> str:
        setting = self.settings[name]
        if setting.is_readonly or UpkeepFault.SETTINGS_REFUSED in self.faults:
            return "Rejected"
        setting.value = value if setting.value is not None else None
        self.body.changed()
        return "Accepted"

    def _variable(self, row: Payload) -> Payload:
        setting = self.settings.get(_name(row))
        if setting is None:
            return {"attributeStatus": "UnknownVariable"} | _where(row)
        if setting.value is None:
            return {"attributeStatus": "Rejected"} | _where(row)
        return {"attributeStatus": "Accepted", "attributeValue": setting.value} | _where(row)

    async def _report(self, request_id: int) -> None:
        rows = [_reported(name, setting) for name, setting in self.settings.items()]
        half = len(rows) // 2
        for seq_no, part in enumerate((rows[:half], rows[half:])):
            head = {"requestId": request_id, "generatedAt": self.body.now_text(), "seqNo": seq_no}
            await self.body.say("NotifyReport", head | {"tbc": seq_no == 0, "reportData": part})

    # --- firmware and logs ----------------------------------------------------------------------------------

    def update_firmware(self, payload: Payload) -> Payload:
        """``location`` ends with the version that the station runs afterwards, such as ``fw-2.0.bin``."""
        package = payload.get("firmware", payload)
        is_numbered = "requestId" in payload
        if UpkeepFault.FIRMWARE_REFUSED in self.faults and is_numbered:
            return {"status": "Rejected"}
        if UpkeepFault.FIRMWARE_SILENT not in self.faults:
            self.body.spawn(self._update(package["location"], payload.get("requestId")))
        return _DONE if is_numbered else {}

    async def _update(self, location: str, request_id: int | None) -> None:
        is_signed = self.body.version != "1.6" or request_id is not None
        action = "SignedFirmwareStatusNotification" if self.body.version == "1.6" else "FirmwareStatusNotification"
        if request_id is None:
            action = "FirmwareStatusNotification"
        number = {} if request_id is None else {"requestId": request_id}
        for status in self._steps(is_signed=is_signed):
            await self.body.clock.sleep(_STEP_S)
            await self.body.say(action, {"status": status} | number)
        if self.faults & _NEVER_INSTALLED:
            return
        found = _VERSION.search(location)
        if found is not None and UpkeepFault.FIRMWARE_NOT_INSTALLED not in self.faults:
            self.firmware = found[1]
        self.body.boot_with(self.firmware)

    def _steps(self, *, is_signed: bool) -> tuple[str, ...]:
        if UpkeepFault.FIRMWARE_DOWNLOAD_FAILS in self.faults:
            return ("Downloading", "DownloadFailed")
        if UpkeepFault.FIRMWARE_SIGNATURE_WRONG in self.faults and is_signed:
            return ("Downloading", "Downloaded", "InvalidSignature")
        checked = ("SignatureVerified",) if is_signed else ()
        return ("Downloading", "Downloaded", *checked, "Installing", "Installed")

    def get_log(self, payload: Payload) -> Payload:
        is_diagnostics = "location" in payload
        address = payload["location"] if is_diagnostics else payload["log"]["remoteLocation"]
        self.body.spawn(self._upload(address, payload.get("requestId"), is_diagnostics=is_diagnostics))
        return {"fileName": "log.txt"} if is_diagnostics else {"status": "Accepted", "filename": "log.txt"}

    async def _upload(self, address: str, request_id: int | None, *, is_diagnostics: bool) -> None:
        action = "DiagnosticsStatusNotification" if is_diagnostics else "LogStatusNotification"
        number = {} if request_id is None else {"requestId": request_id}
        await self.body.say(action, {"status": "Uploading"} | number)
        is_sent = UpkeepFault.LOG_UPLOAD_FAILS not in self.faults and await _send(address, self.log)
        failed = "UploadFailed" if is_diagnostics else "UploadFailure"
        await self.body.say(action, {"status": "Uploaded" if is_sent else failed} | number)

    # --- what it shows and keeps ----------------------------------------------------------------------------

    def show(self, payload: Payload) -> Payload:
        self.messages[payload["message"]["id"]] = payload["message"]
        self.body.changed()
        return _DONE

    def take_down(self, payload: Payload) -> Payload:
        known = self.messages.pop(payload["id"], None)
        self.body.changed()
        return {"status": "Unknown" if known is None else "Accepted"}

    def list_messages(self, payload: Payload) -> Payload:
        if not self.messages:
            return {"status": "Unknown"}
        rows = {"requestId": payload["requestId"], "messageInfo": list(self.messages.values())}
        self.body.spawn(self.body.say("NotifyDisplayMessages", rows))
        return _DONE

    def reserve(self, payload: Payload) -> Payload:
        number: int = payload["reservationId" if self.body.version == "1.6" else "id"]
        self.reservations[number] = payload
        self.body.changed()
        return _DONE

    def cancel(self, payload: Payload) -> Payload:
        known = self.reservations.pop(payload["reservationId"], None)
        self.body.changed()
        return {"status": "Rejected" if known is None else "Accepted"}

    def keep_profile(self, payload: Payload) -> Payload:
        self.profiles.append(payload)
        self.body.changed()
        return _DONE


_NEVER_INSTALLED: Final = frozenset({UpkeepFault.FIRMWARE_DOWNLOAD_FAILS, UpkeepFault.FIRMWARE_SIGNATURE_WRONG})


def _key(name: str, setting: Setting) -> Payload:
    row: Payload = {"key": name, "readonly": setting.is_readonly}
    return row if setting.value is None else row | {"value": setting.value}


def _reported(name: str, setting: Setting) -> Payload:
    component, _, variable = name.partition(".")
    attribute: Payload = {"mutability": "ReadOnly" if setting.is_readonly else "ReadWrite"}
    if setting.value is None:
        attribute = {"mutability": "WriteOnly"}
    else:
        attribute["value"] = setting.value
    return {
        "component": {"name": component},
        "variable": {"name": variable},
        "variableAttribute": [attribute],
    }


def _name(row: Payload) -> str:
    return f"{row['component']['name']}.{row['variable']['name']}"


def _where(row: Payload) -> Payload:
    return {"component": row["component"], "variable": row["variable"]}


async def _send(address: str, content: bytes) -> bool:
    """Whether whoever listens there took the file; only HTTP is spoken here."""
    if not address.startswith(("http://", "https://")):
        return False
    try:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            answer = await client.put(address, content=content)
    except httpx.HTTPError:
        return False
    return answer.is_success


_ANSWERS: Final[dict[str, Callable[[Upkeep, Payload], Payload | None]]] = {
    "CancelReservation": Upkeep.cancel,
    "ChangeAvailability": lambda _upkeep, _payload: _DONE,
    "ChangeConfiguration": Upkeep.change_configuration,
    "ClearCache": lambda _upkeep, _payload: _DONE,
    "ClearDisplayMessage": Upkeep.take_down,
    "GetBaseReport": Upkeep.base_report,
    "GetConfiguration": Upkeep.get_configuration,
    "GetDiagnostics": Upkeep.get_log,
    "GetDisplayMessages": Upkeep.list_messages,
    "GetLog": Upkeep.get_log,
    "GetVariables": Upkeep.get_variables,
    "ReserveNow": Upkeep.reserve,
    "SetChargingProfile": Upkeep.keep_profile,
    "SetDisplayMessage": Upkeep.show,
    "SetVariables": Upkeep.set_variables,
    "SignedUpdateFirmware": Upkeep.update_firmware,
    "UnlockConnector": lambda _upkeep, _payload: {"status": "Unlocked"},
    "UpdateFirmware": Upkeep.update_firmware,
}
