"""Random tariffs and sessions, with boundaries that often coincide: where engines are wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    PriceComponent,
    PriceLimit,
    Reservation,
    Restrictions,
    Tariff,
    TaxTreatment,
    Weekday,
)

ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
    "Asia/Kolkata", "Pacific/Auckland", "America/Santiago", "Africa/Casablanca", "Asia/Tehran", "Pacific/Chatham",
)  # fmt: skip
# Around the changes of the clocks in those zones, and an ordinary Monday.
STARTS = [
    datetime(2026, month, day, hour, tzinfo=UTC)
    for month, day, hour in (
        (3, 2, 6), (3, 28, 22), (10, 24, 22), (3, 8, 5), (11, 1, 4), (4, 4, 13), (10, 3, 14), (9, 26, 13),
        (4, 5, 2),
    )
]  # fmt: skip
# 0.001 Wh a second: every instant of a whole second, and every threshold, is then met exactly.
PACES = (0, 1_000, 2_500, 5_000, 12_500)

prices = st.sampled_from(["0", "0.25", "0.33", "1.2", "2.40", "0.4567", "12"]).map(Decimal)
times = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "03:00", "08:00", "17:00", "22:00"])
taxes = st.sampled_from(
    [(), (Tax("VAT", 200_000),), (Tax("VAT", 75_000),), (Tax("GST", 50_000), Tax("QST", 99_750))]
)
seconds = st.sampled_from([0, 60, 600, 900, 1_800, 3_600])


def components(dimension: Dimension) -> st.SearchStrategy[PriceComponent]:
    is_time = dimension in (Dimension.TIME, Dimension.IDLE)
    return st.builds(
        PriceComponent,
        dimension=st.just(dimension),
        price=prices,
        step_size=st.sampled_from([0, 1, 60, 300, 900]),
        taxes=taxes,
        grace_s=seconds if is_time else st.just(0),
    )


restrictions = st.builds(
    Restrictions,
    time_from=st.none() | times,
    time_until=st.none() | times,
    weekdays=st.sampled_from([(), (), (Weekday.SUNDAY,), (Weekday.MONDAY, Weekday.SATURDAY)]),
    date_from=st.none() | st.just(date(2026, 3, 29)),
    energy_milliwh_min=st.none() | st.sampled_from([0, 1_000_000, 5_000_000]),
    energy_milliwh_max=st.none() | st.sampled_from([1_000_000, 5_000_000, 20_000_000]),
    power_w_min=st.none() | st.sampled_from([3_600, 9_000]),
    power_w_max=st.none() | st.sampled_from([9_000, 18_000]),
    current_ma_min=st.none() | st.just(16_000),
    duration_s_min=st.none() | st.sampled_from([600, 1_800]),
    duration_s_max=st.none() | st.sampled_from([1_800, 7_200]),
    charging_time_s_min=st.none() | st.just(900),
    idle_time_s_max=st.none() | st.just(900),
    current_kind=st.sampled_from([None, None, None, "DC"]),
)
# A restriction of everything hardly ever holds: mostly one or two at a time.
few_restrictions = st.one_of(
    st.just(Restrictions()),
    st.builds(Restrictions, time_from=times, time_until=times),
    st.builds(Restrictions, energy_milliwh_max=st.sampled_from([1_000_000, 5_000_000])),
    st.builds(Restrictions, duration_s_max=st.sampled_from([1_800, 7_200])),
    st.builds(Restrictions, power_w_max=st.sampled_from([9_000, 18_000])),
    restrictions,
)


@st.composite
def elements(draw: st.DrawFn) -> Element:
    if draw(st.integers(0, 5)) == 0:
        kinds = draw(st.sets(st.sampled_from([Dimension.TIME, Dimension.FLAT]), min_size=1))
        limits = Restrictions(reservation=draw(st.sampled_from(list(Reservation))))
    else:
        kinds = draw(st.sets(st.sampled_from(list(Dimension)), min_size=1))
        limits = draw(few_restrictions)
    return Element(tuple(draw(components(kind)) for kind in sorted(kinds)), limits)


@st.composite
def tariffs(draw: st.DrawFn, *, has_limits: bool = True) -> Tariff:
    limits = st.none() | st.builds(PriceLimit, before_taxes=prices, after_taxes=st.none())
    least = draw(limits) if has_limits else None
    most = draw(limits) if has_limits else None
    amounts = [
        limit.before_taxes for limit in (least, most) if limit is not None and limit.before_taxes is not None
    ]
    if amounts != sorted(amounts):
        least, most = most, least
    return Tariff(
        draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        tuple(draw(st.lists(elements(), min_size=1, max_size=5))),
        tax_treatment=draw(st.sampled_from([TaxTreatment.EXCLUDED, TaxTreatment.INCLUDED])),
        price_min=least,
        price_max=most,
    )


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    begin = draw(st.sampled_from(STARTS)) + timedelta(seconds=draw(st.integers(0, 7_200)))
    periods = []
    is_reserved = draw(st.integers(0, 3)) == 0
    count = draw(st.integers(0 if is_reserved else 1, 8))
    if is_reserved:
        end = begin + timedelta(seconds=draw(st.sampled_from([60, 613, 1_800])))
        periods.append(Period(begin, end, 0, Activity.RESERVED))
        begin = end
    for _ in range(count):
        length = draw(st.sampled_from([60, 300, 900, 1_800]) | st.integers(1, 5_000))
        activity = draw(st.sampled_from([Activity.CHARGING, Activity.CHARGING, Activity.IDLE, Activity.PAUSED]))
        pace = draw(st.sampled_from(PACES)) if activity is Activity.CHARGING else 0
        end = begin + timedelta(seconds=length)
        current = draw(st.sampled_from([None, 10_000, 32_000]))
        periods.append(Period(begin, end, pace * length, activity, None, current))
        begin = end
    zone, kind = draw(st.sampled_from(ZONES)), draw(st.sampled_from(["AC", "DC"]))
    return Usage(tuple(periods), zone, kind, is_reservation_expired=is_reserved and not count)
