"""What a CDR costs where OCPI's text decides and its worked examples are silent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ocpi_cdrs import cdr, component, cost, element, period, priced, tariff
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.rating.policy import PLAIN
from wattledger.core.roaming.ocpi_cdrs import UNPRICED_PERIODS, import_cdr
from wattledger.core.roaming.ocpi_json import Json, parse_ocpi

KWH = tariff(element(component("ENERGY", 0.25, vat=10)))


def refusal(source: Json, **options: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        priced(source, **options)
    return caught.value.code


class TestSeveralTariffsInOneSession:
    CHEAP = tariff(element(component("ENERGY", 0.20, step_size=500), component("FLAT", 1)), id="cheap")
    FAST = tariff(element(component("ENERGY", 0.50, step_size=1000), component("FLAT", 2)), id="fast")

    def session(self, *named: str | None, **more: Any) -> Json:
        periods = [period(30, name, ENERGY=1.1) for name in named]
        return cdr(*periods, tariffs=[self.CHEAP, self.FAST], **more)

    def test_each_period_is_priced_by_the_tariff_it_names(self) -> None:
        facts = priced(self.session("cheap", "fast"), policy=PLAIN)
        assert [line["price"] for line in facts["lines"] if line["dimension"] == "ENERGY"] == ["0.2", "0.5"]
        assert [line.get("tariff") for line in facts["lines"] if line["dimension"] == "ENERGY"] == [0, 1]

    def test_step_size_rounds_the_sessions_total_by_the_last_tariffs_step(self) -> None:
        facts = priced(self.session("cheap", "fast"))
        assert facts["billed_energy_kwh"] == "3"
        assert facts["total_energy_cost"]["excl_vat"] == "1.17"

    def test_the_session_fee_is_paid_once(self) -> None:
        assert cost(self.session("cheap", "fast"), "total_fixed_cost") == "1.00"

    def test_names_are_compared_without_regard_to_case(self) -> None:
        assert cost(self.session("CHEAP", "Fast"), "total_energy_cost") == "1.17"

    def test_it_may_change_back(self) -> None:
        facts = priced(self.session("cheap", "fast", "cheap"), policy=PLAIN)
        assert facts["total_energy_cost"]["excl_vat"] == "1.50"  # 2.2 kWh in steps of 0.5, 1.1 in steps of 1
        assert facts["billed_energy_kwh"] == "4.5"

    def test_thresholds_count_the_whole_session(self) -> None:
        first_kwh = tariff(
            element(component("ENERGY", 1), max_kwh=1.5), element(component("ENERGY", 3)), id="fast"
        )
        source = cdr(period(30, "cheap", ENERGY=1), period(30, "fast", ENERGY=1), tariffs=[self.CHEAP, first_kwh])
        assert cost(source, "total_energy_cost") == "2.20"

    def test_each_tariffs_limits_hold_for_what_it_priced(self) -> None:
        dear = self.FAST | {"max_price": {"excl_vat": 0.30}}
        source = cdr(period(30, "cheap", ENERGY=2), period(30, "fast", ENERGY=2), tariffs=[self.CHEAP, dear])
        assert cost(source) == "1.70"

    def test_a_tariff_that_is_not_listed_is_refused(self) -> None:
        assert refusal(self.session("cheap", "slow")) == "cdr_tariff_unknown"

    def test_two_different_tariffs_of_one_name_are_refused(self) -> None:
        twice = cdr(period(30, ENERGY=1), tariffs=[KWH, KWH | {"currency": "CHF"}])
        assert refusal(twice) == "cdr_tariff_twice"

    def test_the_same_tariff_listed_twice_is_one(self) -> None:
        assert cost(cdr(period(30, ENERGY=1), tariffs=[KWH, KWH])) == "0.25"

    def test_prices_with_and_without_taxes_do_not_mix(self) -> None:
        gross = self.FAST | {"tax_included": "YES"}
        source = cdr(period(30, "cheap", ENERGY=1), period(30, "fast", ENERGY=1), tariffs=[self.CHEAP, gross])
        assert refusal(source) == "tax_senses_mixed"

    def test_currencies_do_not_mix(self) -> None:
        francs = self.FAST | {"currency": "CHF"}
        source = cdr(period(30, "cheap", ENERGY=1), period(30, "fast", ENERGY=1), tariffs=[self.CHEAP, francs])
        assert refusal(source) == "currency_mixed"

    def test_a_tariff_given_apart_prices_every_period(self) -> None:
        imported = import_cdr(parse_ocpi(json.dumps(cdr(period(30, ENERGY=1), tariffs=[KWH]))))
        source = self.session("cheap", None, "slow")
        assert cost(source, tariff=imported.tariff) == "0.825"


class TestPeriodsAndTheirTariff:
    def test_a_period_that_names_none_is_not_priced_and_the_result_says_so(self) -> None:
        source = cdr(period(30, ENERGY=1), period(30, None, ENERGY=7), period(30, ENERGY=1), tariffs=[KWH])
        assert cost(source) == "0.50"
        assert import_cdr(parse_ocpi(json.dumps(source))).notes == (UNPRICED_PERIODS,)

    def test_where_none_is_named_throughout_the_single_one_listed_is_meant(self) -> None:
        assert cost(cdr(period(30, None, ENERGY=1), tariffs=[KWH])) == "0.25"

    def test_a_single_tariff_without_an_id_is_meant_by_any_name(self) -> None:
        nameless = {name: value for name, value in KWH.items() if name != "id"}
        assert cost(cdr(period(30, "any", ENERGY=1), tariffs=[nameless])) == "0.25"

    def test_several_and_none_named_is_refused(self) -> None:
        source = cdr(period(30, None, ENERGY=1), tariffs=[KWH, KWH | {"id": "T2"}])
        assert refusal(source) == "cdr_several_tariffs"

    def test_without_any_tariff_there_is_no_price(self) -> None:
        assert refusal(cdr(period(30, ENERGY=1))) == "cdr_without_tariff"


class TestTimeIsWhatVolumesState:
    HOUR = tariff(element(component("TIME", 2, step_size=60), component("PARKING_TIME", 6, step_size=60)))

    def test_a_volume_may_be_less_than_the_clock_at_the_end(self) -> None:
        assert cost(cdr(period(60, TIME=0.5), tariffs=[self.HOUR])) == "1.00"

    def test_a_period_without_time_bills_none(self) -> None:
        facts = priced(cdr(period(60, ENERGY=5), tariffs=[self.HOUR]))
        assert facts["total_cost"]["excl_vat"] == "0.00"
        assert facts["total_energy_kwh"] == "5"

    def test_a_period_without_dimensions_bills_nothing(self) -> None:
        assert cost(cdr(period(30, TIME=0.5), period(30), tariffs=[self.HOUR])) == "1.00"

    def test_charging_and_parking_may_share_a_period(self) -> None:
        facts = priced(cdr(period(60, TIME=0.5, PARKING_TIME=0.5, ENERGY=3), tariffs=[self.HOUR]))
        assert facts["total_time_cost"]["excl_vat"] == "1.00"
        assert facts["total_parking_cost"]["excl_vat"] == "3.00"

    def test_parking_after_charging_takes_the_step_and_charging_none(self) -> None:
        steps = tariff(element(component("TIME", 6, step_size=600), component("PARKING_TIME", 6, step_size=300)))
        facts = priced(cdr(period(21, TIME=0.35), period(7, PARKING_TIME=7 / 60), tariffs=[steps]))
        assert facts["billed_charging_minutes"] == "21"
        assert facts["billed_parking_minutes"] == "10"

    @pytest.mark.parametrize(("minutes", "volume"), [(5, 0.0833), (5, 0.083), (118 + 23 / 60, 1.973), (1, 0.0167)])
    def test_hours_are_read_as_what_they_were_rounded_from(self, minutes: float, volume: float) -> None:
        billed = priced(cdr(period(minutes, TIME=volume), tariffs=[self.HOUR]))["billed_charging_minutes"]
        assert Decimal(billed) == -(-round(minutes * 60) // 60)

    def test_more_time_than_passed_is_refused(self) -> None:
        assert refusal(cdr(period(30, TIME=1), tariffs=[self.HOUR])) == "cdr_time_exceeds_clock"

    def test_energy_of_no_time_before_another_period_is_stated_twice(self) -> None:
        twice = cdr(period(0, ENERGY=5), period(60, ENERGY=5), tariffs=[KWH])
        assert refusal(twice) == "cdr_periods_overlap"
        assert cost(cdr(period(0), period(60, ENERGY=5), period(0, ENERGY=1), tariffs=[KWH])) == "1.50"

    def test_an_end_that_nobody_bills_is_told(self) -> None:
        def notes(*periods: tuple[float, Json]) -> tuple[str, ...]:
            return import_cdr(parse_ocpi(json.dumps(cdr(*periods, tariffs=[self.HOUR])))).notes

        assert notes(period(90, TIME=0.5)) == (
            "The last period lasts 1:00:00 longer than the time it states; that end is not billed.",
        )
        assert notes(period(30, TIME=0.5), period(60)) == notes(period(30, TIME=0.49)) == ()

    @pytest.mark.parametrize(
        ("total", "notes"),
        [
            (5, ()),
            (5.005, ()),
            (7, ("The CDR states 7 kWh in all, its periods 5 kWh; they are what is priced.",)),
            ("much", ("The total energy that the CDR states is no number.",)),
        ],
    )
    def test_a_total_energy_that_the_periods_do_not_make_is_told(self, total: Any, notes: tuple[str, ...]) -> None:
        source = cdr(period(60, ENERGY=5), tariffs=[KWH], total_energy=total)
        assert import_cdr(parse_ocpi(json.dumps(source))).notes == notes

    def test_time_missing_before_another_period_is_a_gap(self) -> None:
        assert refusal(cdr(period(60, TIME=0.5), period(30, TIME=0.5), tariffs=[self.HOUR])) == "cdr_periods_gap"


class TestPriceLimits:
    """Both senses of a limit hold, each on its own (Tariff object, NOTE on min_price and max_price)."""

    def test_a_minimum_before_taxes_alone_takes_taxes_along(self) -> None:
        least = KWH | {"min_price": {"excl_vat": 2.00}}
        facts = priced(cdr(period(30, ENERGY=4), tariffs=[least]))
        assert facts["total_cost"] == {"excl_vat": "2.00", "incl_vat": "2.20"}
        assert facts["total_energy_cost"] == {"excl_vat": "1.00", "incl_vat": "1.10"}

    def test_the_sense_that_is_within_its_limit_stays(self) -> None:
        least = KWH | {"min_price": {"excl_vat": 1.00, "incl_vat": 1.50}}
        assert priced(cdr(period(30, ENERGY=4), tariffs=[least]))["total_cost"] == {
            "excl_vat": "1.00", "incl_vat": "1.50",
        }  # fmt: skip

    def test_a_maximum_after_taxes_is_reached_before_the_one_without(self) -> None:
        most = KWH | {"max_price": {"before_taxes": 10, "after_taxes": 5}}
        assert priced(cdr(period(30, ENERGY=19), tariffs=[most]))["total_cost"] == {
            "excl_vat": "4.75", "incl_vat": "5.00",
        }  # fmt: skip

    def test_a_free_session_is_lifted_to_the_minimum_with_the_taxes_of_the_tariff(self) -> None:
        least = KWH | {"min_price": {"excl_vat": 0.50, "incl_vat": 0.55}}
        assert priced(cdr(period(30), tariffs=[least]))["total_cost"] == {"excl_vat": "0.50", "incl_vat": "0.55"}

    def test_a_reservation_that_no_session_followed_owes_no_minimum(self) -> None:
        reserved = tariff(
            element(component("FLAT", 1), reservation="RESERVATION"), min_price={"excl_vat": 5, "incl_vat": 5}
        )
        assert cost(cdr(period(30, RESERVATION_TIME=0.5), tariffs=[reserved])) == "1.00"


class TestReservations:
    BOTH = tariff(
        element(component("FLAT", 4), component("TIME", 6), reservation="RESERVATION_EXPIRES"),
        element(component("FLAT", 1), component("TIME", 2), reservation="RESERVATION"),
        element(component("TIME", 10), component("FLAT", 0.5)),
    )

    def test_a_used_one_is_priced_as_reservation(self) -> None:
        facts = priced(cdr(period(30, RESERVATION_TIME=0.5), period(60, TIME=1), tariffs=[self.BOTH]))
        assert facts["total_reservation_cost"]["excl_vat"] == "2.00"
        assert facts["total_time_cost"]["excl_vat"] == "10.00"
        assert facts["total_fixed_cost"]["excl_vat"] == "0.50"

    def test_an_expired_one_is_priced_as_expired_alone(self) -> None:
        assert cost(cdr(period(30, RESERVATION_TIME=0.5), tariffs=[self.BOTH]), "total_reservation_cost") == "7.00"

    def test_an_expired_one_falls_back_on_the_price_of_reservations(self) -> None:
        only = tariff(element(component("FLAT", 4), reservation="RESERVATION_EXPIRES"), self.BOTH["elements"][1])
        assert cost(cdr(period(30, RESERVATION_TIME=0.5), tariffs=[only])) == "5.00"

    def test_its_steps_are_apart_from_the_sessions(self) -> None:
        steps = tariff(
            element(component("TIME", 6, step_size=600), reservation="RESERVATION"),
            element(component("TIME", 6, step_size=1800)),
        )
        facts = priced(cdr(period(13, RESERVATION_TIME=13 / 60), period(31, TIME=31 / 60), tariffs=[steps]))
        assert facts["billed_reservation_minutes"] == "20"
        assert facts["billed_charging_minutes"] == "60"

    def test_one_after_the_session_is_refused(self) -> None:
        source = cdr(period(30, TIME=0.5), period(30, RESERVATION_TIME=0.5), tariffs=[self.BOTH])
        assert refusal(source) == "cdr_reservation_late"


class TestRestrictions:
    """What holds is looked up a dimension at a time, at every moment (TariffRestrictions)."""

    def energy_cost(self, *periods: tuple[float, Json], start: str = "2026-03-02T10:00:00Z", **limits: Any) -> str:
        prices = tariff(element(component("ENERGY", 1), **limits), element(component("ENERGY", 10)))
        return cost(cdr(*periods, tariffs=[prices], start=start), "total_energy_cost")

    def test_kwh_from_inclusive_to_exclusive(self) -> None:
        assert self.energy_cost(period(60, ENERGY=10), min_kwh=2, max_kwh=5) == "73.00"

    def test_seconds_of_the_session(self) -> None:
        assert self.energy_cost(period(60, ENERGY=6), min_duration=600, max_duration=1800) == "42.00"

    def test_a_window_over_midnight(self) -> None:
        night = {"start_time": "22:00", "end_time": "06:00"}
        assert self.energy_cost(period(600, ENERGY=10), start="2026-03-02T21:00:00Z", **night) == "28.00"

    def test_an_end_at_0000_is_the_end_of_the_day(self) -> None:
        evening = {"start_time": "22:00", "end_time": "00:00"}
        assert self.energy_cost(period(240, ENERGY=4), start="2026-03-02T21:00:00Z", **evening) == "22.00"

    def test_dates_from_inclusive_to_exclusive(self) -> None:
        days = {"start_date": "2026-03-03", "end_date": "2026-03-04"}
        assert self.energy_cost(period(2880, ENERGY=48), start="2026-03-02T12:00:00Z", **days) == "264.00"

    def test_days_of_the_week(self) -> None:
        tuesday = {"day_of_week": ["TUESDAY"]}
        assert self.energy_cost(period(240, ENERGY=4), start="2026-03-02T22:00:00Z", **tuesday) == "22.00"

    def test_power_as_stated(self) -> None:
        fast = period(60, ENERGY=5, MIN_POWER=40, MAX_POWER=60)
        slow = period(60, ENERGY=5, MIN_POWER=5, MAX_POWER=20)
        assert self.energy_cost(fast, slow, min_power=32) == "55.00"
        assert self.energy_cost(fast, slow, max_power=32) == "55.00"

    def test_power_as_energy_and_time_make_it(self) -> None:
        assert self.energy_cost(period(60, ENERGY=40), period(60, ENERGY=5), min_power=32) == "90.00"

    def test_a_minimum_is_inclusive_and_a_maximum_exclusive(self) -> None:
        assert self.energy_cost(period(60, ENERGY=5, MIN_CURRENT=32, MAX_CURRENT=32), min_current=32) == "5.00"
        assert self.energy_cost(period(60, ENERGY=5, MIN_CURRENT=32, MAX_CURRENT=32), max_current=32) == "50.00"

    def test_a_current_that_is_not_stated_matches_no_restriction(self) -> None:
        assert self.energy_cost(period(60, ENERGY=5), max_current=32) == "50.00"

    def test_no_current_flows_while_parking(self) -> None:
        idle = tariff(element(component("PARKING_TIME", 2), max_current=1), element(component("PARKING_TIME", 9)))
        assert cost(cdr(period(60, PARKING_TIME=1), tariffs=[idle])) == "2.00"

    def test_one_that_ocpi_does_not_know_is_refused(self) -> None:
        odd = tariff(element(component("ENERGY", 1), max_soc=80))
        assert refusal(cdr(period(60, ENERGY=1), tariffs=[odd])) == "ocpi_restriction_unknown"


class TestTaxes:
    def test_prices_with_taxes_in_them_are_divided_by_the_rate(self) -> None:
        gross = tariff(element(component("ENERGY", 0.60, vat=20)), tax_included="YES")
        facts = priced(cdr(period(60, ENERGY=10), tariffs=[gross]))
        assert facts["total_cost"] == {"excl_vat": "5.00", "incl_vat": "6.00"}
        assert facts["is_tax_included"] is True

    def test_where_taxes_do_not_apply_a_stated_rate_is_not_charged(self) -> None:
        without = tariff(element(component("ENERGY", 0.60, vat=20)), tax_included="N/A")
        assert priced(cdr(period(60, ENERGY=10), tariffs=[without]))["total_cost"]["incl_vat"] == "6.00"

    def test_rates_may_differ_within_a_session(self) -> None:
        mixed = tariff(element(component("ENERGY", 0.25, vat=5.2), component("FLAT", 1, vat=20)))
        facts = priced(cdr(period(60, ENERGY=10), tariffs=[mixed]))
        assert facts["total_cost"] == {"excl_vat": "3.50", "incl_vat": "3.83"}


class TestCurrencies:
    @pytest.mark.parametrize(
        ("currency", "minor", "written"), [("JPY", 1, "1"), ("EUR", 123, "1.2345"), ("KWD", 1235, "1.2345")]
    )
    def test_round_at_their_own_decimals_and_amounts_leave_exact(
        self, currency: str, minor: int, written: str
    ) -> None:
        price = 1 if currency == "JPY" else 1.2345
        source = cdr(
            period(60, ENERGY=1),
            currency=currency,
            tariffs=[tariff(element(component("ENERGY", price)), currency=currency)],
        )
        facts = priced(source)
        assert facts["rounded"]["gross_minor"] == minor
        assert facts["total_cost"]["excl_vat"] == written

    def test_one_that_is_not_in_iso_4217_is_refused(self) -> None:
        assert (
            refusal(cdr(period(60, ENERGY=1), currency="EURO", tariffs=[KWH | {"currency": "EURO"}]))
            == "currency_unknown"
        )
