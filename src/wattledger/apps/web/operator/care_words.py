"""The desk's words for the upkeep of stations: campaigns, configuration, logs, weaknesses."""

from __future__ import annotations

import re
from typing import Final

from wattledger.apps.web.operator.words import Word, sentence
from wattledger.core.stations.security_events import ALARMING

CAMPAIGN_STATES: Final = {
    "running": Word("Running", "info", "clock"),
    "paused": Word("Paused", "notice", "alert"),
    "stopped": Word("Stopped", "", "cross"),
    "done": Word("Done", "good", "check"),
}
MEMBER_STATES: Final = {
    "waiting": Word("Waiting", "", "clock"),
    "asked": Word("Asked", "info", "clock"),
    "downloading": Word("Downloading", "info", "clock"),
    "downloaded": Word("Downloaded", "info", "clock"),
    "installing": Word("Installing", "info", "clock"),
    "installed": Word("Installed, to be proved", "info", "clock"),
    "proven": Word("Runs it", "good", "check"),
    "failed": Word("Failed", "bad", "bad"),
    "skipped": Word("Left out", "", "cross"),
}
LOG_STATES: Final = {
    "asked": Word("Asked", "info", "clock"),
    "uploading": Word("On its way", "info", "clock"),
    "told": Word("Sent, says the station", "notice", "check"),
    "received": Word("Here", "good", "check"),
    "failed": Word("Failed", "bad", "bad"),
}
DRIFTS: Final = {
    "differs": "The station has another value",
    "readonly": "The station does not let it be changed",
    "missing": "The station does not know it, or has not told it",
    "hidden": "The station keeps the value to itself",
}
SEVERITIES: Final = {
    "act": Word("Act now", "bad", "alert"),
    "soon": Word("Update soon", "notice", "alert"),
    "watch": Word("Check it", "", "info"),
}
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_REASONS: Final = {
    "silent": "It said nothing more",
    "refused": "It refused the update",
    "not_reached": "It could not be reached",
    "other_firmware": "It said installed, and runs something else",
    "has_it": "It had this firmware before",
    "disabled": "It is switched off here",
    "campaign_stopped": "The campaign was stopped first",
    "failures_too_many": "More stations failed than may",
    "stations_faulted": "Stations are faulted since they run it",
    "by_staff": "By a colleague",
    "DownloadFailed": "The download failed",
    "InstallationFailed": "The installation failed",
    "InstallVerificationFailed": "The installation could not be verified",
    "InvalidSignature": "The signature is wrong",
}


def why(code: str | None) -> str:
    """Why a station or a campaign is where it is."""
    return "" if not code else _REASONS.get(code, sentence(code))


def event(kind: str) -> str:
    """A security event as a sentence, where we know it; else the station's own word, set apart."""
    if kind in ALARMING:
        return ALARMING[kind]
    words = _INNER_CAPITAL.sub(" ", kind)
    return words if words.isupper() or "." in kind else words[:1] + words[1:].lower()
