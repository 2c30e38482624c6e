"""OCPP 2.1 tariffs: what goes out fits its schema and comes back as the same price, to the last fraction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import ocpp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace

from rating_sessions import VAT_10, VAT_20, energy, flat, idle, tariff, time, usage, when
from rating_strategies import tariffs, usages
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.rate import rate
from wattledger.core.roaming.ocpi_json import Json, encode_ocpi, parse_ocpi
from wattledger.core.roaming.ocpp_tariffs import export_ocpp_tariff, import_ocpp_tariff
from wattledger.core.tariffs.model import (
    LocalText,
    PriceLimit,
    Reservation,
    Spot,
    Tariff,
    TaxTreatment,
    Weekday,
)

calm = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
SCHEMA = msgspec.json.decode(
    (Path(ocpp.__file__).parent / "v21" / "schemas" / "SetDefaultTariffRequest.json")
    .read_bytes()
    .removeprefix(b"\xef\xbb\xbf")
)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sent(one: Tariff) -> Json:
    """The TariffType as a station receives it, held against OCPP's schema."""
    raw = encode_ocpi({"evseId": 0, "tariff": export_ocpp_tariff(one, "T1").body})
    jsonschema.validate(msgspec.json.decode(raw), SCHEMA)
    body = parse_ocpi(raw)["tariff"]
    assert isinstance(body, dict)
    return body


def refusal(one: Tariff) -> str:
    with pytest.raises(InvalidInput) as caught:
        export_ocpp_tariff(one, "T1")
    assert caught.value.code == "ocpp_not_expressible"
    return caught.value.message


def sayable(one: Tariff) -> Tariff:
    """A random tariff without what OCPP has no word for."""
    elements = []
    for element in one.elements:
        limits = element.restrictions
        if limits.reservation is Reservation.EXPIRED:
            limits = replace(limits, reservation=Reservation.RESERVED)
        components = tuple(replace(part, step_size=0, taxes=VAT_20) for part in element.components)
        if any(part.dimension == "flat" for part in components):
            limits = replace(
                limits, energy_milliwh_min=None, energy_milliwh_max=None, power_w_min=None, power_w_max=None,
                current_ma_min=None, duration_s_min=None, duration_s_max=None, charging_time_s_min=None,
                idle_time_s_max=None,
            )  # fmt: skip
        elements.append(replace(element, components=components, restrictions=limits))
    return replace(one, elements=tuple(elements))


class TestARoundTrip:
    @calm
    @given(usages(), tariffs())
    def test_gives_the_same_exact_price(self, used: Usage, one: Tariff) -> None:
        assume(used.periods)
        said = sayable(one)
        again = import_ocpp_tariff(sent(said))
        assert rate(used, again).exact() == rate(used, said).exact()

    def test_keeps_every_condition(self) -> None:
        limits: dict[str, Any] = {
            "time_from": "08:00", "time_until": "20:00", "weekdays": (Weekday.MONDAY, Weekday.SUNDAY),
            "date_from": date(2026, 3, 1), "date_until": date(2026, 4, 1), "current_kind": "DC",
        }  # fmt: skip
        ranges: dict[str, Any] = {
            "energy_milliwh_min": 1_000_500, "energy_milliwh_max": 5_000_000, "power_w_min": 11_000,
            "power_w_max": 22_000, "current_ma_min": 6_500, "current_ma_max": 32_000, "duration_s_min": 60,
            "duration_s_max": 7200, "charging_time_s_min": 5, "charging_time_s_max": 50, "idle_time_s_min": 6,
            "idle_time_s_max": 60,
        }  # fmt: skip
        full = tariff(
            when(energy("0.25", taxes=VAT_20), **limits, **ranges),
            when(flat("1", taxes=VAT_10), payment_brands=("VISA",), payment_recognition="Credit", **limits),
            when(time("2"), reservation=Reservation.RESERVED),
            when(flat("3"), reservation=Reservation.RESERVED),
            price_min=PriceLimit(Decimal("0.5"), Decimal("0.6")), price_max=PriceLimit(None, Decimal(20)),
            valid_from=AT, texts=(LocalText("en", "Ask the desk."),),
        )  # fmt: skip
        assert import_ocpp_tariff(sent(full)) == full

    def test_keeps_stacked_taxes(self) -> None:
        taxes = (Tax("GST", 50_000), Tax("QST", 99_750, stack=1))
        assert (
            import_ocpp_tariff(sent(tariff(when(energy("1", taxes=taxes))))).elements[0].components[0].taxes
            == taxes
        )


class TestExactFractions:
    def test_two_an_hour_is_a_thirtieth_a_minute(self) -> None:
        exported = export_ocpp_tariff(tariff(when(time("2.00"))), "T1")
        (price,) = exported.body["chargingTime"]["prices"]
        assert price["priceMinute"] == Decimal("0.033333333")
        assert price["customData"] == {"vendorId": "wattledger", "exact": "1/30"}
        assert exported.rounded == ("chargingTime 0",)

    def test_and_comes_back_as_two_an_hour(self) -> None:
        again = import_ocpp_tariff(sent(tariff(when(time("2.00")))))
        assert again.elements[0].components[0].price == 2
        assert rate(usage((90, 0)), again).exact() == (Fraction(3), Fraction(3))

    def test_a_price_that_is_a_decimal_a_minute_needs_no_fraction(self) -> None:
        exported = export_ocpp_tariff(tariff(when(time("6.00"))), "T1")
        assert exported.body["chargingTime"] == {"prices": [{"priceMinute": Decimal("0.1")}]}
        assert exported.rounded == ()

    def test_prices_with_taxes_go_out_without_them_and_come_back_with_them(self) -> None:
        gross = tariff(when(energy("0.59", taxes=(Tax("VAT", 190_000),))), tax_treatment=TaxTreatment.INCLUDED)
        body = sent(gross)
        (price,) = body["energy"]["prices"]
        assert (price["priceKwh"], price["customData"]["exact"]) == (Decimal("0.495798319"), "59/119")
        assert import_ocpp_tariff(body) == gross

    def test_a_price_without_taxes_bears_none(self) -> None:
        untaxed = tariff(when(energy("0.5", taxes=VAT_20)), tax_treatment=TaxTreatment.NOT_APPLICABLE)
        assert sent(untaxed)["energy"] == {"prices": [{"priceKwh": Decimal("0.5")}]}

    @pytest.mark.parametrize("exact", ["", "1/0", "a third", "1/7"])
    def test_a_fraction_that_is_none_is_refused(self, exact: str) -> None:
        body = sent(tariff(when(time("2.00"))))
        body["chargingTime"]["prices"][0]["customData"]["exact"] = exact
        with pytest.raises(InvalidInput, match="ocpp_fraction_malformed"):
            import_ocpp_tariff(body)

    def test_of_another_vendor_is_not_read(self) -> None:
        body = sent(tariff(when(time("2.00"))))
        body["chargingTime"]["prices"][0]["customData"] = {"vendorId": "other", "exact": "7"}
        assert import_ocpp_tariff(body).elements[0].components[0].price == Decimal("1.99999998")


class TestAGracePeriod:
    def test_is_a_price_of_zero_before_the_other(self) -> None:
        body = sent(tariff(when(idle("6", grace_s=600)), when(idle("1"))))
        assert [one.get("conditions") for one in body["idleTime"]["prices"]] == [{"maxIdleTime": 600}, None, None]
        again = import_ocpp_tariff(body)
        assert rate(usage((30, 0, Activity.IDLE)), again).net_minor == 200

    def test_ends_where_its_price_does(self) -> None:
        body = sent(tariff(when(time("6", grace_s=600), charging_time_s_max=300)))
        assert [one["conditions"] for one in body["chargingTime"]["prices"]] == [{"maxChargingTime": 300}] * 2


class TestWhatOcppHasNoWordFor:
    @pytest.mark.parametrize(
        ("one", "word"),
        [
            (tariff(when(energy("1", step_size=500))), "step size"),
            (tariff(when(energy("1", cap=Decimal(9)))), "cap"),
            (tariff(when(energy("1", spot=Spot("day-ahead")))), "market"),
            (tariff(when(energy("1", taxes=VAT_20)), when(energy("2", taxes=VAT_10))), "different taxes"),
            (tariff(when(flat("1"), reservation=Reservation.EXPIRED)), "expires"),
            (tariff(when(energy("1")), valid_until=AT), "end of"),
            (tariff(when(energy("1"), connector_types=("CHADEMO",))), "connector"),
            (tariff(when(energy("1"), payment_brands=("VISA",))), "payment brands"),
            (tariff(when(energy("1"), payment_recognition="Debit")), "payment brands"),
            (tariff(when(flat("1"), payment_brands=("VISA", "AMEX"))), "payment brands"),
            (tariff(when(flat("1"), duration_s_min=60)), "fixed fee"),
        ],
    )
    def test_is_refused_by_its_name(self, one: Tariff, word: str) -> None:
        assert word in refusal(one)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"currency": None}, "ocpi_field_missing"),
            ({"energy": []}, "ocpi_list_malformed"),
            ({"energy": {"prices": [{}]}}, "ocpi_field_missing"),
            ({"energy": {"prices": [{"priceKwh": 1, "conditions": {"minSoc": 5}}]}}, "ocpp_value_unknown"),
            (
                {"energy": {"prices": [{"priceKwh": 1, "conditions": {"dayOfWeek": ["Funday"]}}]}},
                "ocpp_value_unknown",
            ),
            (
                {"energy": {"prices": [{"priceKwh": 1, "conditions": {"validFromDate": "soon"}}]}},
                "ocpp_value_unknown",
            ),
            ({"energy": {"prices": [{"priceKwh": -1}]}}, "price_negative"),
            ({"energy": {"prices": [{"priceKwh": 1}], "taxRates": [{"type": "VAT"}]}}, "ocpi_field_missing"),
            ({"minCost": 5}, "ocpi_list_malformed"),
            ({"energy": None}, "tariff_empty"),
        ],
    )
    def test_a_tariff_that_is_none_is_refused(self, change: Json, code: str) -> None:
        body = sent(tariff(when(energy("1")))) | change
        with pytest.raises(InvalidInput) as caught:
            import_ocpp_tariff(body)
        assert caught.value.code == code
