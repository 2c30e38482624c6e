"""AmyJeanes/TeslaMateAgile#122: in the repeated hour of autumn some samples found no price, or two."""

from __future__ import annotations

from datetime import UTC, datetime

from rating_sessions import energy, tariff, time, usage, when
from wattledger.core.rating.rate import rate

# Berlin, 25 October 2026: 02:00 to 03:00 happens twice, 00:00Z to 01:00Z and 01:00Z to 02:00Z.
MIDNIGHT = datetime(2026, 10, 24, 22, tzinfo=UTC)
TARIFF = tariff(
    when(energy("0.10"), time("6"), time_from="02:00", time_until="03:00"), when(energy("1"), time("0.6"))
)


class TestTheRepeatedHourIsPricedOnceASecond:
    def test_both_passes_belong_to_the_window(self) -> None:
        rated = rate(usage((300, 30), start=MIDNIGHT, zone="Europe/Berlin"), TARIFF)
        cheap = [line for line in rated.lines if line.element == 0 and line.unit == "us"]
        assert [line.billed for line in cheap] == [2 * 3_600_000_000]

    def test_every_second_is_priced_exactly_once(self) -> None:
        rated = rate(usage((300, 30), start=MIDNIGHT, zone="Europe/Berlin"), TARIFF)
        assert rated.billed_charging_us == 300 * 60_000_000
        assert rated.billed_energy_milliwh == 30_000_000

    def test_the_skipped_hour_of_spring_has_no_price_to_pay(self) -> None:
        eve = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin; 02:00 to 03:00 does not happen
        rated = rate(usage((240, 24), start=eve, zone="Europe/Berlin"), TARIFF)
        assert {line.element for line in rated.lines} == {1}
