"""Which stations run firmware with a published weakness: matched by maker, model and version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from wattledger.core.kernel.errors import InvalidInput

_DOTTED: Final = re.compile(r"\d+(?:[.\-]\d+)+|\d+")


class Advisory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``fixed_in`` is the first good version, ``last_bad`` the last bad one; with neither, every version is meant.

    Between the two nobody has said anything, so only ``last_bad`` counts where there are both.
    """

    id: str
    cves: tuple[Annotated[str, Meta(pattern=r"^CVE-\d{4}-\d{4,}$")], ...]
    title: str
    vendor: str
    models: tuple[str, ...]
    fixed_in: str | None
    last_bad: str | None
    severity: Literal["act", "soon", "watch"]
    source: Annotated[str, Meta(pattern="^https://")]
    published_on: date | None
    note: str | None = None


class AdvisoryList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: str
    checked_on: date
    advisories: tuple[Advisory, ...]


class Finding(msgspec.Struct, frozen=True):
    """``is_certain`` is False where the station's version could not be read or was never told."""

    advisory: Advisory
    is_certain: bool


def read_advisories(raw: bytes) -> AdvisoryList:
    """The list in the file. Raises InvalidInput ``advisories_malformed``."""
    try:
        return msgspec.json.decode(raw, type=AdvisoryList)
    except msgspec.MsgspecError as error:
        raise InvalidInput("advisories_malformed", f"The list of advisories cannot be read: {error}") from None


def findings(
    advisories: Iterable[Advisory], *, vendor: str | None, model: str | None, firmware: str | None
) -> tuple[Finding, ...]:
    """The advisories that concern such a station, the most pressing first."""
    if vendor is None or model is None:
        return ()
    found = []
    for advisory in advisories:
        if advisory.vendor.lower() not in vendor.lower() or not _is_of(advisory.models, model):
            continue
        verdict = _is_bad(advisory, firmware)
        if verdict is not False:
            found.append(Finding(advisory, is_certain=verdict is True))
    order = {"act": 0, "soon": 1, "watch": 2}
    return tuple(sorted(found, key=lambda one: (order[one.advisory.severity], one.advisory.id)))


def version_key(text: str) -> tuple[int, ...] | None:
    """The numbers of a version to compare by, None where it has none: ``R8 V3.4.0.1`` is (3, 4, 0, 1)."""
    groups: list[str] = _DOTTED.findall(text)
    if not groups:
        return None
    dotted = next((one for one in groups if "." in one), groups[0])
    numbers = [int(part) for part in re.split(r"[.\-]", dotted)]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _is_of(models: tuple[str, ...], model: str) -> bool:
    return not models or any(one.lower() in model.lower() for one in models)


def _is_bad(advisory: Advisory, firmware: str | None) -> bool | None:
    """Whether the advisory means that version; None where the version tells nothing."""
    if advisory.last_bad is None and advisory.fixed_in is None:
        return None  # it says "every version", so no version says that the fault is gone
    here = None if firmware is None else version_key(firmware)
    if here is None:
        return None
    if advisory.last_bad is not None:
        last_bad = version_key(advisory.last_bad)
        return last_bad is not None and here <= last_bad
    fixed_in = version_key(advisory.fixed_in or "")
    return fixed_in is not None and here < fixed_in
