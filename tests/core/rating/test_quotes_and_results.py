"""A quote, a running cost and a bill are one computation; what its result tells and what it remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from rating_sessions import MONDAY, cheap, energy, flat, idle, tariff, time, usage, when
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.policy import OCPI_STRICT, PLAIN
from wattledger.core.rating.rate import quote, rate, until
from wattledger.core.rating.rated import LineKind, decode_rated, encode_rated
from wattledger.core.rating.tally import tally
from wattledger.core.tariffs.adjustments import PercentOff
from wattledger.core.tariffs.model import Reservation, Tariff

IDLE, PAUSED, RESERVED = Activity.IDLE, Activity.PAUSED, Activity.RESERVED
MINUTE = timedelta(minutes=1)


class TestQuotesAndRunningCost:
    ONE = tariff(
        when(energy("1"), idle("6"), time("3"), current_kind="DC"), when(energy("2"), connector_types=("A",))
    )

    def test_a_quote_is_the_bill_of_such_a_session(self) -> None:
        quoted = quote(
            self.ONE, energy_milliwh=10_000_000, duration_s=3600, started_at=MONDAY, time_zone="Europe/Berlin",
            idle_s=1800, current_kind="DC",
        )  # fmt: skip
        session = usage((60, 10), (30, 0, IDLE), zone="Europe/Berlin", current_kind="DC")
        assert quoted == rate(session, self.ONE)
        assert quoted.net_minor == 1000 + 300 + 300

    def test_a_quote_knows_the_connector_and_the_policy(self) -> None:
        quoted = quote(
            self.ONE, energy_milliwh=1_000_000, duration_s=60, started_at=MONDAY, time_zone="UTC",
            connector_type="A", policy=OCPI_STRICT,
        )  # fmt: skip
        assert (quoted.net_minor, quoted.policy, quoted.idle_time_us) == (200, "ocpi_strict", 0)

    def test_a_quote_knows_the_customers_terms(self) -> None:
        quoted = quote(
            self.ONE, energy_milliwh=1_000_000, duration_s=60, started_at=MONDAY, time_zone="UTC",
            connector_type="A", adjustments=[PercentOff("Staff", 500_000)],
        )  # fmt: skip
        assert quoted.net_minor == 100

    def test_a_quote_needs_an_offset(self) -> None:
        with pytest.raises(InvalidInput, match="instant_naive"):
            quote(
                self.ONE, energy_milliwh=0, duration_s=60, started_at=MONDAY.replace(tzinfo=None), time_zone="UTC"
            )

    def test_a_session_until_an_instant_is_its_part(self) -> None:
        session = usage((60, 6), (60, 6))
        assert until(session, MONDAY + 90 * MINUTE) == usage((60, 6), (30, 3))
        assert until(session, MONDAY + 60 * MINUTE) == usage((60, 6))
        assert until(session, MONDAY).periods == ()
        odd = Usage((Period(MONDAY, MONDAY + timedelta(seconds=3), 10, time_us=10),), "UTC")
        part = until(odd, MONDAY + timedelta(seconds=1)).periods[0]
        assert (part.energy_milliwh, part.time_us) == (3, 3)
        assert type(until(session, MONDAY + 30 * MINUTE).periods[0].energy_milliwh) is int
        tiny = Usage((Period(MONDAY, MONDAY + timedelta(microseconds=3), 3),), "UTC")
        assert until(tiny, MONDAY + timedelta(microseconds=1)).periods[0].energy_milliwh == 1
        stated = Usage((replace(session.periods[0], time_us=600_000_000),), "UTC")
        assert until(stated, MONDAY + 30 * MINUTE).periods[0].time_us == 300_000_000

    def test_a_session_until_its_end_is_all_of_it(self) -> None:
        session = Usage((Period(MONDAY, MONDAY, 0, time_us=60_000_000),), "UTC")
        assert until(session, MONDAY) == session


class TestTheResult:
    def test_tells_what_was_used_whether_priced_or_not(self) -> None:
        session = usage((10, 0, RESERVED), (60, 6), (20, 0, PAUSED), (30, 0, IDLE))
        rated = rate(session, tariff(when(flat("1"))))
        assert (rated.energy_milliwh, rated.charging_time_us, rated.idle_time_us, rated.reservation_time_us) == (
            6_000_000, 80 * 60_000_000, 30 * 60_000_000, 10 * 60_000_000,
        )  # fmt: skip
        assert (rated.billed_energy_milliwh, rated.billed_charging_us, rated.billed_idle_us) == (0, 0, 0)
        assert (rated.currency, rated.policy, rated.time_zone) == ("EUR", "plain", "UTC")

    def test_adds_up_what_was_used_in_several_stretches(self) -> None:
        rated = rate(usage((10, 0, IDLE), (20, 1), (30, 0, IDLE), (5, 1)), tariff(when(flat("1"))))
        assert (rated.idle_time_us, rated.charging_time_us) == (40 * 60_000_000, 25 * 60_000_000)

    def test_has_its_lines_in_the_order_of_a_bill(self) -> None:
        one = tariff(
            when(time("1"), flat("1"), reservation=Reservation.RESERVED),
            when(flat("1"), idle("1"), time("1"), energy("1")),
        )  # fmt: skip
        rated = rate(usage((10, 0, RESERVED), (60, 6), (30, 0, IDLE)), one)
        assert [line.dimension.value for line in rated.lines] == [
            "energy", "time", "idle", "flat", "reservation", "reservation_flat",
        ]  # fmt: skip
        assert rated.billed_reservation_us == 600_000_000

    def test_has_an_exact_amount_of_all_lines_and_of_some(self) -> None:
        rated = rate(usage((60, 6), (30, 0, IDLE)), self_priced())
        assert rated.exact() == (Fraction(9), Fraction(9))
        assert rated.exact(LineKind.ENERGY) == (Fraction(6), Fraction(6))
        assert rated.exact(LineKind.IDLE, LineKind.FLAT) == (Fraction(3), Fraction(3))

    def test_survives_its_encoding(self) -> None:
        rated = rate(usage((60, 6), (30, 0, IDLE)), self_priced())
        assert decode_rated(encode_rated(rated)) == rated

    def test_that_is_no_rated_session_is_refused(self) -> None:
        for raw in (b"{}", b"\xff", "[]"):
            with pytest.raises(InvalidInput, match="rated_malformed: Not a rated session: "):
                decode_rated(raw)

    def test_is_the_same_written_out_at_once_or_later(self) -> None:
        session, one = usage((60, 6), (30, 0, IDLE)), compile_tariff(self_priced())
        kept = tally(session, one, PLAIN)
        assert (kept.net_minor, kept.tax_minor, kept.gross_minor) == (600 + 300, 0, 900)
        assert kept.rated() == kept.rated() == rate(session, one)

    def test_is_kept_for_days_and_zones(self) -> None:
        one = compile_tariff(cheap(time_until="12:00"))
        there = [rate(usage((60, 1), zone=zone), one).lines[0].price for zone in ("UTC", "Asia/Tokyo", "UTC")]
        assert [str(price) for price in there] == ["1", "2", "1"]
        later = usage((60, 1), start=datetime(2026, 7, 1, 9, 30, tzinfo=UTC), zone="Europe/Berlin")
        assert [line.quantity for line in rate(later, one).lines] == [500_000, 500_000]


class TestWhatIsWorkedOut:
    """Once, and then remembered: that is where the engine's speed comes from."""

    ONE = compile_tariff(cheap(time_until="12:00"))
    PROFILE = ONE.profile(usage((60, 1)), is_reservation=False)

    def test_for_a_kind_of_session(self) -> None:
        assert self.ONE.profile(usage((5, 5)), is_reservation=False) is self.PROFILE

    def test_for_a_state_of_it(self) -> None:
        assert self.PROFILE.select((1,)) is self.PROFILE.select((1,))

    def test_for_a_day(self) -> None:
        zone = ZoneInfo("Europe/Berlin")
        assert self.PROFILE.day(zone, MONDAY.date()) is self.PROFILE.day(zone, MONDAY.date())


def self_priced() -> Tariff:
    return tariff(when(energy("1"), idle("6")))
