"""The list of tokens that a station may accept while it has no link, and what changes on it (OCPP local list)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from wattledger.core.stations.commands import ChangeConfiguration, Command, ListedToken, SendLocalList
from wattledger.core.stations.talk import Verdict

# Stations of the field hold a few hundred to some thousands; one message must hold the change.
LIST_LENGTH_MAX: Final = 1000
ID_TAG_LENGTH_MAX: Final = 20
FAILURES_MAX: Final = 3


class OfflinePolicy(StrEnum):
    """Who may charge while the station has no link."""

    ANYONE = "anyone"  # every token, known or not: nobody is turned away, and somebody may not pay
    LISTED = "listed"  # tokens on the station's list, and those it let in lately
    NOBODY = "nobody"


class Entry(msgspec.Struct, frozen=True, order=True):
    """One token on a list; always one that may charge, since the others are simply not on it."""

    uid: str
    group_uid: str | None = None


# Setting by setting: 1.6's key, 2.0.1's variable, and its value under each policy.
_SETTINGS: Final[tuple[tuple[str, str, Mapping[OfflinePolicy, bool]], ...]] = (
    (
        "LocalAuthorizeOffline",
        "AuthCtrlr.LocalAuthorizeOffline",
        MappingProxyType({OfflinePolicy.ANYONE: True, OfflinePolicy.LISTED: True, OfflinePolicy.NOBODY: False}),
    ),
    (
        "AllowOfflineTxForUnknownId",
        "AuthCtrlr.OfflineTxForUnknownIdEnabled",
        MappingProxyType({OfflinePolicy.ANYONE: True, OfflinePolicy.LISTED: False, OfflinePolicy.NOBODY: False}),
    ),
    (
        "LocalAuthListEnabled",
        "LocalAuthListCtrlr.Enabled",
        MappingProxyType({OfflinePolicy.ANYONE: False, OfflinePolicy.LISTED: True, OfflinePolicy.NOBODY: False}),
    ),
)


def settings_of(policy: OfflinePolicy, *, is_v16: bool) -> list[Command]:
    """The settings that make a station follow the policy."""
    return [
        ChangeConfiguration(name=key if is_v16 else variable, value="true" if values[policy] else "false")
        for key, variable, values in _SETTINGS
    ]


def wanted_list(entries: Iterable[Entry], *, is_v16: bool) -> tuple[Entry, ...]:
    """The list a station should have: sorted, no longer than stations hold, and only what the version can say."""
    fitting = (one for one in entries if not is_v16 or len(one.uid) <= ID_TAG_LENGTH_MAX)
    return tuple(sorted(fitting)[:LIST_LENGTH_MAX])


def list_update(known: tuple[Entry, ...] | None, wanted: tuple[Entry, ...], version_no: int) -> SendLocalList:
    """The whole list where nothing is known of the station's, and else what changed on it."""
    if known is None:
        return SendLocalList(version_no=version_no, is_full=True, tokens=tuple(map(_accepted, wanted)))
    still = {one.uid for one in wanted}
    gone = tuple(ListedToken(uid=one.uid, verdict=None) for one in known if one.uid not in still)
    new = tuple(_accepted(one) for one in wanted if one not in set(known))
    return SendLocalList(version_no=version_no, is_full=False, tokens=(*gone, *new))


def _accepted(entry: Entry) -> ListedToken:
    return ListedToken(uid=entry.uid, verdict=Verdict.ACCEPTED, group_uid=entry.group_uid)
