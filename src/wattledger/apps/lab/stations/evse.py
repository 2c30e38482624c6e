"""One EVSE of a virtual station: its meter, the car that stands there, the session that runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from wattledger.apps.lab.stations.facts import Grant, Session
from wattledger.apps.lab.stations.vehicle import Car, Meter


@dataclass(slots=True)
class Evse:
    no: int
    meter: Meter
    power_max_w: int
    metered_at: datetime
    car: Car | None = None
    grant: Grant | None = None
    session: Session | None = None
    ended: Session | None = None  # the one whose car still stands here
    power_w: int = 0
    charging: asyncio.Task[None] | None = None

    @property
    def is_free(self) -> bool:
        """Whether somebody's token may still be taken for it."""
        return self.session is None or self.session.grant is None

    def advance(self, now: datetime) -> None:
        """Counts what the car drew since the last look."""
        seconds = max(0.0, (now - self.metered_at).total_seconds())
        self.metered_at = now
        if self.session is None or self.session.grant is None or self.car is None:
            self.power_w = 0
            return
        self.power_w = self.meter.charge(self.car, seconds, self.power_max_w)
        self.session.last_register_milliwh = self.meter.register_milliwh
