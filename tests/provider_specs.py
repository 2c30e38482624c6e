"""The payment providers' own OpenAPI documents, and what of a request, an answer or a webhook they refuse.

Unknown fields are refused wherever a document names an object's fields, which the documents themselves often
leave open. A document that is not at hand skips the tests that need it, and says what is missing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest
import yaml
from openapi_schema_validator import OAS30ReadValidator, OAS31Validator

SHARED = Path(__file__).resolve().parents[2] / "shared" / "specs"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wattledger-tests"
STRIPE_WHEEL = "seahaven-stripe-world==0.3.0"
_STRIPE_PATH = "seahaven_stripe_world/spec/spec3.json"
_FORM = "application/x-www-form-urlencoded"
_JSON = ("application/json", "application/hal+json")


class Spec:
    """One OpenAPI document."""

    def __init__(self, document: dict[str, Any], *, base_path: str = "") -> None:
        self.document = document
        self.base_path = base_path
        self.is_new = str(document["openapi"]).startswith("3.1")
        self._routes = [
            (re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), methods)
            for path, methods in sorted(document["paths"].items(), key=lambda one: one[0].count("{"))
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        path = path.split("?", 1)[0].removeprefix(self.base_path)
        for pattern, methods in self._routes:
            if pattern.match(path) and method.lower() in methods:
                found: dict[str, Any] = methods[method.lower()]
                return found
        return None

    def request_faults(self, method: str, path: str, content_type: str, body: bytes) -> list[str]:
        """What the document refuses in a request."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"no operation {method} {path}"]
        contents = self.resolve(operation.get("requestBody", {})).get("content", {})
        if _FORM in contents:
            schema = contents[_FORM]["schema"]
            return self.faults(schema, self._coerced(schema, form_tree(body)))
        kind = next((one for one in _JSON if one in contents), None)
        if kind is None or not body:
            is_needed = bool(operation.get("requestBody", {}).get("required"))
            return ["a body where none is expected"] if body and kind is None else ["no body"] if is_needed else []
        if not content_type.startswith("application/json"):
            return [f"content type {content_type}"]
        return self.faults(contents[kind]["schema"], json.loads(body))

    def answer_faults(self, method: str, path: str, status: int, body: bytes) -> list[str]:
        operation = self.operation(method, path)
        if operation is None:
            return [f"no operation {method} {path}"]
        answers = operation["responses"]
        answer = self.resolve(answers.get(str(status)) or answers.get("default") or {})
        if not answer:
            return [f"status {status} is not documented"]
        kind = next((one for one in _JSON if one in answer.get("content", {})), None)
        if kind is None:
            return []
        return self.faults(answer["content"][kind]["schema"], json.loads(body))

    def faults(self, schema: dict[str, Any], instance: Any) -> list[str]:
        """Every way in which ``instance`` breaks ``schema``, unknown fields included."""
        whole = {**schema, "components": self.document["components"]}
        validator = (OAS31Validator if self.is_new else OAS30ReadValidator)(whole)
        found = [f"{error.json_path}: {error.message[:160]}" for error in validator.iter_errors(instance)]
        return found + list(self._unknown(schema, instance, "$"))

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema

    def choices(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The schema and everything that it is composed of."""
        schema = self.resolve(schema)
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(word, ()):
                yield from self.choices(one)

    def enum(self, *names: str) -> set[str]:
        """The values of a property: ``enum("payment_intent", "status")``."""
        schema = self.document["components"]["schemas"][names[0]]
        for name in names[1:]:
            schema = next(
                one["properties"][name] for one in self.choices(schema) if name in one.get("properties", {})
            )
        return {value for one in self.choices(schema) for value in one.get("enum", ()) if value}

    def _unknown(self, schema: dict[str, Any], instance: Any, where: str) -> Iterator[str]:
        choices = list(self.choices(schema))
        if isinstance(instance, list):
            items = next((one["items"] for one in choices if "items" in one), None)
            for number, one in enumerate(instance):
                if items is None:
                    return
                yield from self._unknown(items, one, f"{where}[{number}]")
        if not isinstance(instance, dict):
            return
        known = {name: part for one in choices for name, part in one.get("properties", {}).items()}
        is_open = any(isinstance(one.get("additionalProperties"), dict) for one in choices)
        is_open = is_open or any(one.get("additionalProperties") is True for one in choices) or not known
        for name, value in instance.items():
            if name in known:
                yield from self._unknown(known[name], value, f"{where}.{name}")
            elif not is_open:
                yield f"{where}.{name}: not in the document"

    def _coerced(self, schema: dict[str, Any], value: Any) -> Any:
        """A form's texts as the types that the schema wants where they are written so."""
        choices = list(self.choices(schema))
        if isinstance(value, dict):
            known = {name: part for one in choices for name, part in one.get("properties", {}).items()}
            others = [one.get("additionalProperties") for one in choices]
            extra: dict[str, Any] = next((one for one in others if isinstance(one, dict)), {})
            items = next((one["items"] for one in choices if "items" in one), None)
            if items is not None and all(name.isdigit() for name in value):
                return [self._coerced(items, value[name]) for name in sorted(value, key=int)]
            return {name: self._coerced(known.get(name, extra), one) for name, one in value.items()}
        types = {one.get("type") for one in choices}
        if "integer" in types and re.fullmatch(r"-?\d+", value):
            return int(value)
        if "boolean" in types and value in {"true", "false"}:
            return value == "true"
        return value


def form_tree(body: bytes) -> dict[str, Any]:
    """A form with bracketed names as a tree: ``a[b][0]=x`` is {"a": {"b": {"0": "x"}}}."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        parts = re.findall(r"[^\[\]]+", name)
        place = tree
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return tree


@cache
def _stripe_document() -> dict[str, Any] | str:
    wheels = sorted(CACHE.glob("seahaven_stripe_world-*.whl"))
    if not wheels:
        CACHE.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--python-version", "3.14",
             "--only-binary", ":all:", "--dest", str(CACHE), STRIPE_WHEEL],
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        wheels = sorted(CACHE.glob("seahaven_stripe_world-*.whl"))
        if not wheels:
            return f"Stripe's OpenAPI document is missing: {STRIPE_WHEEL} could not be had ({fetched.returncode})"
    with zipfile.ZipFile(wheels[-1]) as wheel:
        document: dict[str, Any] = json.loads(wheel.read(_STRIPE_PATH), object_hook=_with_null)
    return document


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """``nullable`` beside a choice or an enumeration means what its author meant: null will do too."""
    if schema.get("nullable") is True:
        if isinstance(schema.get("anyOf"), list):
            schema["anyOf"].append({"enum": [None]})
        if isinstance(schema.get("enum"), list):
            schema["enum"].append(None)
    return schema


def stripe_wheel() -> Path:
    """The wheel itself: a stateful Stripe for Python 3.14. Skips where it cannot be had."""
    _needed(_stripe_document())
    return max(CACHE.glob("seahaven_stripe_world-*.whl"))


def _needed(found: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _adyen_document(name: str) -> dict[str, Any] | str:
    path = SHARED / "adyen" / name
    if not path.exists():
        return f"Adyen's OpenAPI document {name} is missing beside the repository (../shared/specs/adyen)"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if "paths" not in document:
        document["paths"] = dict(document.get("webhooks", {}))
    return document


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves instants as they are written: some of the document's examples are none."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@cache
def _mollie_document() -> dict[str, Any] | str:
    folder = Path(os.environ.get("WATTLEDGER_MOLLIE_SPEC", SHARED / "mollie"))
    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder] if folder.is_file() else []
    if not found:
        return (
            "Mollie's OpenAPI document is missing: it is in no package, and not beside the repository "
            "(../shared/specs/mollie/*.yaml, or WATTLEDGER_MOLLIE_SPEC)"
        )
    document: dict[str, Any] = yaml.load(found[0].read_text("utf-8"), Loader=_PlainLoader)
    return document


def stripe_spec() -> Spec:
    return Spec(_needed(_stripe_document()))


def adyen_spec() -> Spec:
    return Spec(_needed(_adyen_document("CheckoutService-v72.json")), base_path="/v72")


def adyen_webhook_spec() -> Spec:
    return Spec(_needed(_adyen_document("Webhooks-v1.json")))


def mollie_spec() -> Spec:
    return Spec(_needed(_mollie_document()))
