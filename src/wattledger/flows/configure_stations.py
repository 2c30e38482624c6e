"""How stations shall be configured: baselines, how far each station is from them, and bringing one there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.stations.commands import ChangeConfiguration, ReadConfiguration
from wattledger.core.stations.configuration import (
    Baseline,
    Difference,
    Drift,
    check_values,
    differences,
    wanted_of,
)
from wattledger.core.stations.versions import dialect_of
from wattledger.flows.ask_station import ask
from wattledger.flows.ports.base import Clock, Ids, Work
from wattledger.flows.ports.care import BaselineRow, InventoryRow
from wattledger.flows.ports.staff import AuditRecord

_NAME_MAX: Final = 200


class NewBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """Without vendor or model it holds for every station of the version."""

    name: str
    ocpp_version: str
    vendor: str | None = None
    model: str | None = None
    values: dict[str, str]


class StationDrift(msgspec.Struct, frozen=True):
    """``is_told`` is False where the station's configuration was never read."""

    station: InventoryRow
    wanted_count: int
    is_told: bool
    differences: tuple[Difference, ...]


async def add_baseline(work: Work, ids: Ids, clock: Clock, new: NewBaseline, *, created_by: str) -> UUID:
    """The baseline holds; its id is returned.

    Raises InvalidInput ``baseline_malformed``, ``baseline_empty``, ``baseline_too_long``, ``baseline_secret``,
    ``version_unknown``, ``variable_malformed``.
    """
    if not 0 < len(new.name.strip()) <= _NAME_MAX:
        raise InvalidInput("baseline_malformed", "A baseline has a name of at most 200 characters.")
    check_values(new.values)
    dialect = dialect_of(new.ocpp_version)
    for name, value in new.values.items():
        dialect.command(ChangeConfiguration(name=name, value=value))
    now, baseline_id = clock.now(), ids.new()
    await work.care.add_baseline(
        BaselineRow(
            configuration_baseline_id=baseline_id,
            name=new.name.strip(),
            ocpp_version=new.ocpp_version,
            vendor=(new.vendor or "").strip() or None,
            model=(new.model or "").strip() or None,
            created_by=created_by,
            created_at=now,
            names=tuple(new.values),
            values=tuple(new.values.values()),
        )
    )
    audit = AuditRecord(ids.new(), now, created_by, "baseline_added", "baseline", baseline_id, new.name.strip())
    await work.staff.insert_audit(audit)
    return baseline_id


async def retire_baseline(work: Work, ids: Ids, clock: Clock, baseline_id: UUID, *, by: str) -> None:
    """The baseline no longer counts. Raises NotFound ``baseline_unknown``."""
    now = clock.now()
    if not await work.care.retire_baseline(baseline_id, at=now):
        raise NotFound("baseline_unknown", "There is no such baseline here.")
    await work.staff.insert_audit(AuditRecord(ids.new(), now, by, "baseline_retired", "baseline", baseline_id))


async def drifts(work: Work) -> list[StationDrift]:
    """Every station that a baseline covers, those furthest from it first."""
    baselines = _baselines(await work.care.baselines())
    names = sorted({name for baseline in baselines for name in baseline.values})
    told = await work.care.variables_of_all(names)
    found = []
    for station in await work.care.inventory():
        wanted = _wanted(baselines, station)
        if wanted:
            differing = differences(wanted, told.get(station.station_id, ()))
            found.append(StationDrift(station, len(wanted), station.told_at is not None, differing))
    return sorted(found, key=lambda one: (-len(one.differences), one.is_told, one.station.name))


async def drift_of(work: Work, station_id: UUID) -> StationDrift:
    """How far one station is from what is wanted of it. Raises NotFound ``station_unknown``."""
    stations = await work.care.inventory(station_id=station_id)
    if not stations:
        raise NotFound("station_unknown", "No such station.")
    wanted = _wanted(_baselines(await work.care.baselines()), stations[0])
    told = await work.care.variables(station_id)
    return StationDrift(stations[0], len(wanted), bool(told), differences(wanted, told))


async def bring_to_baseline(
    work: Work, ids: Ids, clock: Clock, station_id: UUID, *, asked_by: str
) -> Sequence[UUID]:
    """A command for each value that differs waits afterwards, and one that reads them again.

    What the station does not let be changed is left. The caller nudges "commands" after the commit. Raises as
    ``ask`` and ``drift_of`` do.
    """
    drift = await drift_of(work, station_id)
    changing = [one for one in drift.differences if one.drift is not Drift.READONLY]
    commands = [
        await ask(
            work,
            ids,
            clock,
            station_id=station_id,
            command=ChangeConfiguration(name=one.name, value=one.wanted),
            asked_by=asked_by,
        )
        for one in changing
    ]
    if changing:
        names = tuple(one.name for one in changing)[:50]
        commands.append(
            await ask(
                work,
                ids,
                clock,
                station_id=station_id,
                command=ReadConfiguration(names=names),
                asked_by=asked_by,
            )
        )
        audit = AuditRecord(
            ids.new(), clock.now(), asked_by, "baseline_applied", "station", station_id, f"{len(changing)} values"
        )
        await work.staff.insert_audit(audit)
    return commands


def _baselines(rows: Sequence[BaselineRow]) -> list[Baseline]:
    return [
        Baseline(row.ocpp_version, row.vendor, row.model, dict(zip(row.names, row.values, strict=True)))
        for row in rows
    ]


def _wanted(baselines: Sequence[Baseline], station: InventoryRow) -> Mapping[str, str]:
    return wanted_of(baselines, ocpp_version=station.ocpp_version, vendor=station.vendor, model=station.model)
