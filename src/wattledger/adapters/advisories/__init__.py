"""The list of firmware with published weaknesses, as it ships with this program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from wattledger.core.stations.advisories import AdvisoryList, read_advisories


@cache
def shipped_advisories() -> AdvisoryList:
    """The list beside this file."""
    return read_advisories((files(__name__) / "firmware.json").read_bytes())
