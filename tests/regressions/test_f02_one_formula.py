"""citrineos/citrineos-core#903: display used kWh only (22.50), the bill kWh, fee, minutes and VAT (30.24)."""

from __future__ import annotations

from datetime import timedelta

from rating_sessions import MONDAY, VAT_20, assert_adds_up, energy, flat, tariff, time, usage, when
from wattledger.core.rating.rate import quote, rate, until

TARIFF = tariff(
    when(energy("0.45", taxes=VAT_20), flat("1.50", taxes=VAT_20), time("1.20", taxes=VAT_20)),
)
SESSION = usage((30, 25), (30, 25))


class TestOneFormulaForDisplayAndBill:
    def test_fifty_kwh_in_an_hour_cost_25_20_net_and_30_24_gross(self) -> None:
        rated = rate(SESSION, TARIFF)
        assert (rated.net_minor, rated.tax_minor, rated.gross_minor) == (2520, 504, 3024)
        assert_adds_up(rated)

    def test_the_quote_equals_the_bill(self) -> None:
        quoted = quote(TARIFF, energy_milliwh=50_000_000, duration_s=3600, started_at=MONDAY, time_zone="UTC")
        assert quoted == rate(SESSION, TARIFF)

    def test_the_running_cost_at_the_end_equals_the_bill(self) -> None:
        assert rate(until(SESSION, MONDAY + timedelta(hours=1)), TARIFF) == rate(SESSION, TARIFF)
