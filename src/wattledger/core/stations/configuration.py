"""How far a station's configuration is from how it shall be configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.commands import SECRET_NAMES
from wattledger.core.stations.talk import ConfigurationValue

VALUES_MAX: Final = 200
_NAME_LENGTH_MAX: Final = 150
_VALUE_LENGTH_MAX: Final = 1000


class Drift(StrEnum):
    DIFFERS = "differs"
    READONLY = "readonly"  # differs, and the station does not let it be changed
    MISSING = "missing"  # the station has told its configuration, and this is not in it
    HIDDEN = "hidden"  # the station keeps the value to itself


class Difference(msgspec.Struct, frozen=True):
    name: str
    wanted: str
    told: str | None
    drift: Drift


class Baseline(msgspec.Struct, frozen=True):
    """For which stations values are wanted; None is any. The more it names, the more it counts."""

    ocpp_version: str
    vendor: str | None
    model: str | None
    values: Mapping[str, str]

    def covers(self, *, ocpp_version: str | None, vendor: str | None, model: str | None) -> bool:
        return (
            ocpp_version == self.ocpp_version
            and (self.vendor is None or _same(self.vendor, vendor))
            and (self.model is None or _same(self.model, model))
        )


def wanted_of(
    baselines: Iterable[Baseline], *, ocpp_version: str | None, vendor: str | None, model: str | None
) -> dict[str, str]:
    """What is wanted of such a station: the narrower baseline's word counts, among equals the later one's."""
    wanted: dict[str, str] = {}
    fitting = [one for one in baselines if one.covers(ocpp_version=ocpp_version, vendor=vendor, model=model)]
    for baseline in sorted(fitting, key=lambda one: (one.vendor is not None) + (one.model is not None)):
        wanted |= baseline.values
    return wanted


def differences(wanted: Mapping[str, str], told: Iterable[ConfigurationValue]) -> tuple[Difference, ...]:
    """Where the station differs from what is wanted, by name; nothing where it has not told anything yet."""
    known = {one.name: one for one in told}
    if not known:
        return ()
    found = (_difference(name, value, known.get(name)) for name, value in sorted(wanted.items()))
    return tuple(one for one in found if one is not None)


def check_values(values: Mapping[str, str]) -> None:
    """A baseline may want these values.

    Raises InvalidInput ``baseline_empty``, ``baseline_too_long``, ``baseline_malformed``, ``baseline_secret``.
    """
    if not values:
        raise InvalidInput("baseline_empty", "A baseline wants one value at least.")
    if len(values) > VALUES_MAX:
        raise InvalidInput("baseline_too_long", f"A baseline has at most {VALUES_MAX} values.")
    for name, value in values.items():
        if not 0 < len(name) <= _NAME_LENGTH_MAX or len(value) > _VALUE_LENGTH_MAX:
            raise InvalidInput("baseline_malformed", f"{name[:60]!r} or its value is empty or too long.")
        if name in SECRET_NAMES:
            raise InvalidInput("baseline_secret", f"{name} is a secret: it is rotated, not configured.")


def _difference(name: str, wanted: str, told: ConfigurationValue | None) -> Difference | None:
    if told is None:
        return Difference(name, wanted, None, Drift.MISSING)
    if told.value is None:
        return Difference(name, wanted, None, Drift.HIDDEN)
    if _means_same(wanted, told.value):
        return None
    return Difference(name, wanted, told.value, Drift.READONLY if told.is_readonly else Drift.DIFFERS)


def _means_same(wanted: str, told: str) -> bool:
    """``true`` is ``True``, and a list is the same in any order: stations write both as they like."""
    if wanted.strip().lower() == told.strip().lower():
        return True
    if "," not in wanted:
        return False
    return _members(wanted) == _members(told)


def _members(text: str) -> list[str]:
    return sorted(part.strip().lower() for part in text.split(",") if part.strip())


def _same(wanted: str, told: str | None) -> bool:
    return told is not None and wanted.strip().lower() == told.strip().lower()
