"""A car that fills up and the meter that counts what it takes: coherent, seeded, in whole milliwatt-hours."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_STEP_S = 10  # the power curve is followed in steps this long
_TAPER_PERMILLE = 800  # from here on the battery takes ever less
_BATTERIES_WH = (38_000, 52_000, 58_000, 64_000, 77_000, 82_000, 100_000)
_AC_POWERS_W = (3_700, 7_400, 11_000, 22_000)


@dataclass(slots=True)
class Car:
    """``wants_milliwh`` is what it still takes before it asks for no more power."""

    battery_wh: int
    stored_milliwh: int
    power_max_w: int

    @property
    def soc_percent(self) -> int:
        return self._permille // 10

    @property
    def wants_milliwh(self) -> int:
        return self.battery_wh * 1000 - self.stored_milliwh

    def power_w(self, limit_w: int) -> int:
        """What it draws now: full power up to 80 %, then falling to a trickle, nothing when full."""
        if self.wants_milliwh <= 0:
            return 0
        peak_w = min(limit_w, self.power_max_w)
        if self._permille <= _TAPER_PERMILLE:
            return peak_w
        return max(peak_w // 12, peak_w * (1000 - self._permille) // (1000 - _TAPER_PERMILLE))

    @property
    def _permille(self) -> int:
        return self.stored_milliwh // self.battery_wh


@dataclass(slots=True)
class Meter:
    """An EVSE's imported-energy register; it never runs backwards."""

    register_milliwh: int

    def charge(self, car: Car, seconds: float, limit_w: int) -> int:
        """Lets the car draw for that long; returns the power it drew last, in watts."""
        power_w = car.power_w(limit_w)
        while seconds > 0:
            step_s = min(seconds, _STEP_S)
            power_w = car.power_w(limit_w)
            taken = min(int(power_w * step_s * 1000 / 3600), car.wants_milliwh)
            car.stored_milliwh += taken
            self.register_milliwh += taken
            seconds -= step_s
        return power_w


def car_of(*, battery_wh: int, soc_percent: int, power_max_w: int) -> Car:
    """A car as told."""
    return Car(battery_wh, battery_wh * 10 * soc_percent, power_max_w)


def seeded_car(rng: Random, *, is_dc: bool = False) -> Car:
    """A car as it arrives at a charging place: somewhat empty."""
    battery_wh = rng.choice(_BATTERIES_WH)
    power_max_w = rng.randrange(70_000, 180_000, 10_000) if is_dc else rng.choice(_AC_POWERS_W)
    return Car(battery_wh, battery_wh * rng.randrange(120, 700), power_max_w)


def seeded_meter(rng: Random) -> Meter:
    """A meter with some years behind it."""
    return Meter(rng.randrange(1_000_000, 90_000_000) * 1000 + rng.randrange(1000))
