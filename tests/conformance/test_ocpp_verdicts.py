"""Valid and mutated messages get the same verdict from our structs as from the published schemas.

The schemas are those of the ``ocpp`` package, read with the Draft 4 validator that package uses.
"""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
import json
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import msgspec
import pytest
from jsonschema import Draft4Validator

from wattledger.core.stations import v16 as rooms16
from wattledger.core.stations import v201 as rooms201
from wattledger.core.stations.dialect import Dialect
from wattledger.core.stations.refusals import CallRefused
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v16.actions import ACTIONS as ACTIONS_16
from wattledger.core.stations.v201 import translate as v201
from wattledger.core.stations.v201.actions import ACTIONS as ACTIONS_201

type_words: dict[str, Any] = {"string": "x", "integer": 7, "number": 1.5, "boolean": True}
FOREIGN: tuple[Any, ...] = (None, True, 1.0, -2.5, "text", [7], {"vendorId": "x"})

Schema = dict[str, Any]
Steps = tuple[str | int, ...]


def schema_of(version: str, name: str) -> Schema:
    path = importlib.resources.files("ocpp") / version / "schemas" / f"{name}.json"
    loaded: Schema = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    return loaded


def resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = root["definitions"][reference.rsplit("/", 1)[1]]
    return found


def sample(schema: Schema, root: Schema, *, is_full: bool) -> Any:
    """A valid instance: with every optional field, or with none."""
    schema = resolved(schema, root)
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][-1]
    if schema.get("format") == "date-time":
        return "2026-11-22T10:00:00Z"
    if kind == "object":
        wanted = schema.get("properties", {}) if is_full else schema.get("required", [])
        return {name: sample(schema["properties"][name], root, is_full=is_full) for name in wanted}
    if kind == "array":
        return [sample(schema["items"], root, is_full=is_full)] * max(1, schema.get("minItems", 1))
    return type_words.get(str(kind), "anything")


def places(schema: Schema, value: Any, root: Schema, steps: Steps = ()) -> Iterator[tuple[Steps, Schema]]:
    schema = resolved(schema, root)
    yield steps, schema
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(schema["properties"][name], inner, root, (*steps, name))
    if isinstance(value, list) and value:
        yield from places(schema["items"], value[0], root, (*steps, 0))


def edited(value: Any, steps: Steps, new: Any) -> Any:
    if not steps:
        return new
    copy = deepcopy(value)
    parent = copy
    for step in steps[:-1]:
        parent = parent[step]
    parent[steps[-1]] = new
    return copy


def at(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value[step]
    return value


def alternatives(schema: Schema, here: Any) -> Iterator[Any]:
    """What to put in one place: wrong types, limits and one past them, unknown and missing fields."""
    yield from FOREIGN
    if isinstance(here, dict):
        yield {**here, "notInTheSchema": 1}
        for name in here:
            yield {key: inner for key, inner in here.items() if key != name}
    if "maxLength" in schema:
        yield from ("é" * schema["maxLength"], "é" * (schema["maxLength"] + 1))
    for edge in ("minimum", "maximum"):
        if edge in schema:
            yield from (int(schema[edge]) - 1, int(schema[edge]), int(schema[edge]) + 1)
    if schema.get("type") == "array" and here:
        yield from ([], here[:1], here[:1] * 2)
        # A thousand large items would only say slowly what a thousand small ones say.
        if "maxItems" in schema and (schema["maxItems"] < 10 or len(json.dumps(here[0])) < 100):
            yield from (here[:1] * schema["maxItems"], here[:1] * (schema["maxItems"] + 1))
    if "multipleOf" in schema:
        yield from (0.1, 16.3, 16.35, 21.4, 1e-9, 1e18)
    yield from schema.get("enum", [])


def mutants(schema: Schema) -> Iterator[Any]:
    """Every single change of a full and of a bare valid message, the two themselves first."""
    for is_full in (True, False):
        whole = sample(schema, schema, is_full=is_full)
        yield whole
        for steps, inner in places(schema, whole, schema):
            for new in alternatives(inner, at(whole, steps)):
                yield edited(whole, steps, new)


def told_takes(dialect: Dialect, action: str, message: Any) -> bool:
    try:
        dialect.told(action, json.dumps(message).encode(), received_at=datetime(2026, 11, 22, tzinfo=UTC))
    except CallRefused:
        return False
    return True


def struct_takes(decode: Callable[[str], msgspec.Struct], text: str) -> bool:
    try:
        decode(text)
    except msgspec.ValidationError:
        return False
    return True


def exactly(text: str) -> Any:
    """JSON whose fractions keep their digits, as the package reads what is measured in tenths."""
    return json.loads(text, parse_float=Decimal)


STATION_CALLS = [
    *((v16, "v16", action, action) for action in sorted(v16._READERS)),
    *((v201, "v201", action, f"{action}Request") for action in sorted(v201._READERS)),
]


def structs_of(package: ModuleType) -> dict[str, type[msgspec.Struct]]:
    """Every message struct of a version's rooms, by its name."""
    found: dict[str, type[msgspec.Struct]] = {}
    for room in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(room.name)
        for name, member in vars(module).items():
            is_own = inspect.isclass(member) and member.__module__ == room.name
            if is_own and issubclass(member, msgspec.Struct):
                assert name not in found, f"two structs are called {name}"
                found[name] = member
    return found


def action_schemas(version: str) -> list[str]:
    folder = importlib.resources.files("ocpp") / version / "schemas"
    return sorted(path.name.removesuffix(".json") for path in folder.iterdir() if path.name.endswith(".json"))


def all_structs() -> Iterator[tuple[type[msgspec.Struct], str, str]]:
    """The struct of every schema of both versions; what only wants to be heard shares one empty answer."""
    for version, package, suffix in (("v16", rooms16, ""), ("v201", rooms201, "Request")):
        structs = structs_of(package)
        for name in action_schemas(version):
            wanted = name if name.endswith("Response") else name.removesuffix(suffix)
            is_heard_only = not set(schema_of(version, name).get("properties", ())) - {"customData"}
            yield structs["Empty"] if is_heard_only and wanted not in structs else structs[wanted], version, name


class TestWhatAStationCalls:
    @pytest.mark.parametrize(
        ("dialect", "version", "action", "name"), STATION_CALLS, ids=[f"{c[1]}-{c[2]}" for c in STATION_CALLS]
    )
    def test_is_judged_as_its_schema_judges_it(
        self, dialect: Dialect, version: str, action: str, name: str
    ) -> None:
        schema = schema_of(version, name)
        validator = Draft4Validator(schema)
        seen = {json.dumps(mutant): mutant for mutant in mutants(schema)}
        differing = [
            text
            for text, mutant in seen.items()
            if validator.is_valid(mutant) != told_takes(dialect, action, mutant)
        ]
        assert not differing, differing[:5]
        assert len(seen) > 8

    def test_covers_every_action_of_2_0_1_that_a_station_sends(self) -> None:
        requests = {
            path.name.removesuffix("Request.json")
            for path in (importlib.resources.files("ocpp") / "v201" / "schemas").iterdir()
            if path.name.endswith("Request.json")
        }
        assert requests == set(v201._READERS) | set(ACTIONS_201)

    def test_covers_every_action_of_1_6_that_a_station_sends(self) -> None:
        requests = {
            path.name.removesuffix(".json")
            for path in (importlib.resources.files("ocpp") / "v16" / "schemas").iterdir()
            if not path.name.endswith("Response.json")
        }
        assert requests == set(v16._READERS) | set(ACTIONS_16)

    def test_a_frequency_does_not_cost_a_stop_of_1_6_its_acknowledgement(self) -> None:
        """The one place where we take more than the schema: its StopTransaction does not know Hertz."""
        stop = sample(schema_of("v16", "StopTransaction"), schema_of("v16", "StopTransaction"), is_full=True)
        stop["transactionData"][0]["sampledValue"][0]["unit"] = "Hertz"
        assert told_takes(v16, "StopTransaction", stop)


ALL = list(all_structs())


class TestEveryMessageOfEveryAction:
    @pytest.mark.parametrize(
        ("type_", "version", "name"), ALL, ids=[f"{version}-{name}" for _, version, name in ALL]
    )
    def test_is_shaped_as_its_schema_shapes_it(self, type_: type[msgspec.Struct], version: str, name: str) -> None:
        schema = schema_of(version, name)
        validator = Draft4Validator(schema)
        decode = msgspec.json.Decoder(type_).decode
        seen = {json.dumps(mutant): mutant for mutant in mutants(schema)}
        differing = [text for text in seen if validator.is_valid(exactly(text)) != struct_takes(decode, text)]
        assert not differing, differing[:5]

    def test_is_there_for_requests_and_answers_of_39_and_64_actions(self) -> None:
        counted = Counter(version for _, version, _ in ALL)
        assert counted == {"v16": 2 * 39, "v201": 2 * 64}

    def test_is_refused_and_taken_both(self) -> None:
        """The mutants are worth something: of the hardest schema, some are valid and most are not."""
        schema = schema_of("v201", "SetChargingProfileRequest")
        verdicts = Counter(Draft4Validator(schema).is_valid(mutant) for mutant in mutants(schema))
        assert verdicts[True] > 100
        assert verdicts[False] > verdicts[True]
