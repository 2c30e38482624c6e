"""Gives a station a new password; the old one holds until the new one has been used."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import NotFound
from wattledger.core.stations.commands import SetPassword
from wattledger.flows.ask_keys import ask_keys
from wattledger.flows.manage_catalog import station_password_purpose
from wattledger.flows.ports.base import Clock, Ids, Secrets, Work
from wattledger.flows.ports.staff import AuditRecord

#: 20 bytes in hex: the longest that 1.6 can be told (OCPP-J 1.6, 6.2.2), and right for 2.0.1 (16 to 40 signs).
_DIGITS: Final = 40


async def rotate_password(
    work: Work, ids: Ids, clock: Clock, secrets: Secrets, *, station_id: UUID, asked_by: str
) -> str:
    """A new password waits to be told to the station, and is good at the door from now on; it is returned.

    Asked again before the station has used it, the newest is the one. The caller nudges "commands" after the
    commit. Raises NotFound ``station_unknown``.
    """
    keys = await work.credentials.keys(station_id)
    if keys is None:
        raise NotFound("station_unknown", "No such station.")
    password = hashlib.sha256(ids.secret().encode()).hexdigest()[:_DIGITS]
    purpose = station_password_purpose(keys.identity)
    await work.credentials.set_next_password(station_id, secrets.fingerprint(password, purpose=purpose))
    await ask_keys(
        work,
        ids,
        secrets,
        station_id=station_id,
        command=SetPassword(password=password),
        asked_by=asked_by,
        now=clock.now(),
    )
    await work.staff.insert_audit(
        AuditRecord(ids.new(), clock.now(), asked_by, "password_rotated", "station", station_id)
    )
    return password
