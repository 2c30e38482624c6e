"""A small busy day in real time: cars come and go by themselves, and one connector is kept for the visitor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from wattledger.apps.lab.demo.house import House
from wattledger.apps.lab.demo.show import free_stations
from wattledger.apps.lab.stations.fleet import FleetSpec, StationSpec
from wattledger.apps.lab.stations.steering import SteeredFleet
from wattledger.core.kernel.instants import zone
from wattledger.flows.ports.desk_rows import Figures, MoneyToday
from wattledger.flows.seed_demo import DemoStation

_SAMPLE_S: Final = 5.0
_GAP_S: Final = 150.0
_STAY_S: Final = 300.0
_VISITOR_PLUGS_IN_S: Final = 4.0
_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Busy:
    """What the desk's figures say at this moment."""

    figures: Figures
    today: list[MoneyToday]


class Day:
    """The fleet of all stations; ``visitor_id`` is the connector where nobody charges but whoever looks on."""

    def __init__(self, house: House, visitor: DemoStation) -> None:
        self._house = house
        self._visitor = visitor
        self._fleet: SteeredFleet | None = None

    @classmethod
    async def planned(cls, house: House) -> Day:
        return cls(house, (await free_stations(house, "2.0.1"))[-1])

    @property
    def visitor_id(self) -> str:
        return self._visitor.public_ids[0]

    async def begin(self) -> None:
        """The stations run. Raises Unavailable ``fleet_ended``."""
        house = self._house
        specs = tuple(self._spec(one) for one in house.demo.stations)
        fleet = FleetSpec(house.station_url, specs, memory=str(house.meter_memory))
        self._fleet = await SteeredFleet.launched(fleet, house.environment, _unheard, errors=house.errors)

    async def end(self) -> None:
        """Every car has left, so that no session hangs over."""
        if self._fleet is not None:
            await self._fleet.ask(do="send_home")
            await self._fleet.end()

    async def look(self) -> Busy:
        house = self._house
        now = house.container.clock.now()
        async with house.container.database.begin_read(house.demo.tenant_id) as work:
            local = zone((await work.desk.tenant()).time_zone)
            today = now.astimezone(local).date()
            figures = await work.desk.figures(datetime.combine(today, time(), local))
            return Busy(figures, await work.desk.money_of(today))

    def _spec(self, station: DemoStation) -> StationSpec:
        is_for_visitor = station is self._visitor
        return StationSpec(
            identity=station.identity,
            version=station.version,
            password=station.password,
            evses=len(station.public_ids),
            seed=_SEED,
            is_dc=station.is_dc,
            power_max_w=station.power_max_w,
            sample_interval_s=_SAMPLE_S,
            tokens=self._house.demo.token_uids,
            gap_s=None if is_for_visitor else _GAP_S,
            stay_s=_STAY_S,
            plugs_in_after_s=_VISITOR_PLUGS_IN_S,
        )


def _unheard(_said: dict[str, Any]) -> None:
    """The desk tells it better."""
