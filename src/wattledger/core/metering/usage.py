"""What is priced: a session as a row of periods, each with its energy and what the vehicle did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattledger.core.metering.events import Activity


@dataclass(frozen=True, slots=True)
class Period:
    """From ``started_at`` (inclusive) to ``ended_at`` (exclusive), both aware UTC; energy imported meanwhile.

    ``power_w`` and ``current_ma`` are as measured in the period, None where the meter does not say. Where a
    source states a least and a greatest value, those are the least and ``*_max`` the greatest.
    ``time_us`` is the time to be billed where a source states it apart from the clock (OCPI's volumes).
    """

    started_at: datetime
    ended_at: datetime
    energy_milliwh: int
    activity: Activity = Activity.CHARGING
    power_w: int | None = None
    current_ma: int | None = None
    power_w_max: int | None = None
    current_ma_max: int | None = None
    time_us: int | None = None

    def __post_init__(self) -> None:
        assert self.started_at.tzinfo is not None
        assert self.started_at <= self.ended_at
        assert self.energy_milliwh >= 0
        assert self.time_us is None or self.time_us >= 0


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """What the customer had used in the calendar month before this session; tiers by the month go on from it."""

    energy_milliwh: int = 0
    charging_us: int = 0
    idle_us: int = 0

    def __post_init__(self) -> None:
        assert min(self.energy_milliwh, self.charging_us, self.idle_us) >= 0


@dataclass(frozen=True, slots=True)
class Usage:
    """One session's periods, contiguous and in order, and the facts of its place that a tariff may ask for.

    ``time_zone`` is the site's IANA zone; windows such as "08:00 to 20:00" mean that place's wall clock.
    Where a session changes between several tariffs, ``tariff_spans`` says from when on which of them holds, by
    its position; -1 says that none does.
    """

    periods: tuple[Period, ...]
    time_zone: str
    current_kind: str | None = None  # "AC" or "DC"
    connector_type: str | None = None  # OCPI ConnectorType, e.g. "IEC_62196_T2_COMBO"
    payment_brand: str | None = None
    payment_recognition: str | None = None  # "Credit", "Debit": OCPP 2.1's word for the kind of card
    is_reservation_expired: bool = False  # a reservation that no session followed
    month: MonthUsage | None = None  # None: not known
    tariff_spans: tuple[tuple[datetime, int], ...] = ()

    @property
    def energy_milliwh(self) -> int:
        return sum(period.energy_milliwh for period in self.periods)
