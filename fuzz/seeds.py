"""Where fuzzing starts: valid messages of every action, frames that are almost right, headers, certificates."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

from targets import _ROOT

from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v201 import translate as v201

_FRAMES = (
    b'[2,"1","Heartbeat",{}]',
    b'[3,"f-1",{"status":"Accepted"}]',
    b'[4,"f-1","GenericError","",{}]',
    b'[2,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":-1,"timestamp":"2026-11-22T10:00:00Z"}]',
    b'[2,"1","MeterValues",{"connectorId":0,"meterValue":[]}]\n[2,"1","Heartbeat",{}]',
    b'[2,"1","DataTransfer",{"vendorId":"v","data":"4111111111111111"}]',
    b'[2,"\xff","Heartbeat",{"\xff":1}]',
    b"[[[[",
    b"{}",
    b"",
)
_DOOR = (b"/ocpp/A%2FB/", b"Basic QTpi", b"ocpp1.6, OCPP2.0.1", b"/ocpp/" + b"%" * 40)


def seeds(name: str) -> Iterator[bytes]:
    """The seeds of one target."""
    if name.startswith("translate_"):
        folder, readers = ("v16", v16._READERS) if name == "translate_v16" else ("v201", v201._READERS)
        for number, action in enumerate(sorted(readers)):
            for payload in _payloads(folder, action):
                yield bytes([number]) + json.dumps(payload).encode()
    elif name in ("frames", "guard", "link"):
        yield from _FRAMES
    elif name == "door":
        yield from _DOOR
    elif name == "signing":
        yield _ROOT.certificate_pem.encode()
    else:
        yield from (b'\x00{"status":"Accepted"}', b'\x01{"evse_no":1}', b"\x00")


def _payloads(folder: str, action: str) -> Iterator[Any]:
    path = importlib.resources.files("ocpp") / folder / "schemas"
    for file in (f"{action}.json", f"{action}Request.json"):
        if (path / file).is_file():
            schema = json.loads((path / file).read_text(encoding="utf-8-sig"))
            yield _sample(schema, schema)


def _sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    reference = schema.get("$ref")
    if reference is not None:
        schema = root["definitions"][reference.rsplit("/", 1)[1]]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-11-22T10:00:00Z"
    match schema.get("type"):
        case "object":
            return {name: _sample(inner, root) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [_sample(schema["items"], root)]
        case "integer":
            return 7
        case "number":
            return 1.5
        case "boolean":
            return True
        case _:
            return "x"
