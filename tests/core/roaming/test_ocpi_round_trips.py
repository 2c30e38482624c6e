"""What goes out as OCPI comes back as the same price: tariffs, CDRs, sessions, credit CDRs, in both versions."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rating_sessions import VAT_10, VAT_20, energy, flat, idle, tariff, time, usage, when
from rating_strategies import tariffs, usages
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Activity
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.compiled import compile_tariffs
from wattledger.core.rating.policy import OCPI_STRICT
from wattledger.core.rating.rate import rate
from wattledger.core.roaming.ocpi_cdrs import import_cdr, import_session
from wattledger.core.roaming.ocpi_export import CdrFrame, credit_cdr, export_cdr, export_session
from wattledger.core.roaming.ocpi_json import Json, encode_ocpi, parse_ocpi
from wattledger.core.roaming.ocpi_tariffs import OcpiIdentity, OcpiVersion, export_tariff, import_tariff
from wattledger.core.tariffs.model import (
    PriceLimit,
    Reservation,
    Spot,
    Tariff,
    TaxTreatment,
    Tier,
    Weekday,
)

calm = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOTH = pytest.mark.parametrize("version", list(OcpiVersion))
FRAME = CdrFrame(
    {"uid": "012345678", "type": "RFID"},
    "WHITELIST",
    {
        "id": "LOC1", "evse_uid": "3256", "connector_id": "1", "time_zone": "Europe/Berlin",
        "connector_power_type": "DC", "connector_standard": "IEC_62196_T2_COMBO",
    },
)  # fmt: skip


def identity(id_: str) -> OcpiIdentity:
    return OcpiIdentity("DE", "ALL", id_, AT)


def travelled(value: Json) -> Json:
    return parse_ocpi(encode_ocpi(value))


def sent(used: Usage, priced_by: Tariff, version: OcpiVersion = OcpiVersion.V2_3_0) -> Json:
    rated = rate(used, priced_by, policy=OCPI_STRICT)
    tariff_object = export_tariff(priced_by, identity("T1"), version)
    return travelled(export_cdr(used, rated, [tariff_object], FRAME, identity=identity("C1"), version=version))


def whole_steps(priced_by: Tariff) -> Tariff:
    """OCPI has a step size always, and neither grace nor several taxes."""
    elements = tuple(
        replace(
            element,
            components=tuple(
                replace(one, grace_s=0, taxes=one.taxes[:1], step_size=max(1, one.step_size))
                for one in element.components
            ),
            restrictions=replace(
                element.restrictions, charging_time_s_min=None, idle_time_s_max=None, current_kind=None
            ),
        )
        for element in priced_by.elements
    )
    named = tuple(
        replace(
            element,
            components=tuple(
                replace(one, taxes=tuple(replace(tax, name="VAT") for tax in one.taxes))
                for one in element.components
            ),
        )
        for element in elements
    )
    return replace(priced_by, elements=named)


class TestATariff:
    @calm
    @given(tariffs())
    def test_of_230_comes_back_equal(self, one: Tariff) -> None:
        plain = whole_steps(one)
        assert import_tariff(travelled(export_tariff(plain, identity("T1"), OcpiVersion.V2_3_0))) == plain

    @calm
    @given(tariffs())
    def test_of_221_comes_back_equal_where_its_prices_are_without_tax(self, one: Tariff) -> None:
        plain = replace(whole_steps(one), tax_treatment=TaxTreatment.EXCLUDED)
        assert import_tariff(travelled(export_tariff(plain, identity("T1"), OcpiVersion.V2_2_1))) == plain

    @BOTH
    def test_keeps_everything_that_ocpi_has_a_word_for(self, version: OcpiVersion) -> None:
        full = tariff(
            when(
                energy("0.25", step_size=1, taxes=VAT_20), flat("1", step_size=1), time_from="08:00",
                time_until="20:00", weekdays=(Weekday.MONDAY,), date_from=AT.date(), energy_milliwh_max=5_000_000,
                power_w_min=11_000, current_ma_max=32_500, duration_s_min=60,
            ),
            when(time("2", step_size=60), reservation=Reservation.RESERVED),
            when(flat("4", step_size=1), reservation=Reservation.EXPIRED),
            price_min=PriceLimit(AT_LEAST, AT_LEAST), price_max=PriceLimit(AT_MOST), valid_from=AT,
            valid_until=AT.replace(year=2027), kind="REGULAR", url="https://example.org/prices",
        )  # fmt: skip
        assert import_tariff(travelled(export_tariff(full, identity("T1"), version))) == full

    @pytest.mark.parametrize(
        ("beyond", "word"),
        [
            (tariff(when(time("1", grace_s=600))), "grace"),
            (tariff(when(idle("1", cap=energy("9").price))), "cap"),
            (tariff(when(energy("1", tiers=(Tier(1000, energy("9").price),)))), "tiers"),
            (tariff(when(energy("1", spot=Spot("day-ahead")))), "market"),
            (tariff(when(energy("1", taxes=(Tax("GST", 50_000), Tax("QST", 99_750))))), "several taxes"),
            (tariff(when(energy("1"), idle_time_s_min=60)), "idle time"),
            (tariff(when(energy("1"), payment_brands=("VISA",))), "payment"),
        ],
    )
    def test_that_says_more_than_ocpi_can_is_refused(self, beyond: Tariff, word: str) -> None:
        with pytest.raises(InvalidInput, match=word) as refusal:
            export_tariff(beyond, identity("T1"), OcpiVersion.V2_3_0)
        assert refusal.value.code == "ocpi_not_expressible"

    def test_with_taxes_in_its_prices_needs_230(self) -> None:
        with pytest.raises(InvalidInput, match="ocpi_not_expressible"):
            export_tariff(
                tariff(when(energy("1")), tax_treatment=TaxTreatment.INCLUDED), identity("T1"), OcpiVersion.V2_2_1
            )


AT_LEAST, AT_MOST = energy("0.5").price, energy("10").price


class TestACdr:
    @calm
    @given(usages(), tariffs(), st.sampled_from(list(OcpiVersion)))
    def test_reads_back_to_the_same_exact_price(self, used: Usage, one: Tariff, version: OcpiVersion) -> None:
        priced_by = whole_steps(one)
        assume(version is OcpiVersion.V2_3_0 or priced_by.tax_treatment is TaxTreatment.EXCLUDED)
        again = import_cdr(sent(used, priced_by, version), time_zone=used.time_zone)
        before = rate(used, priced_by, policy=OCPI_STRICT)
        after = rate(again.usage, again.compiled(), policy=OCPI_STRICT)
        assert after.exact() == before.exact()
        assert [line.billed for line in after.lines] == [line.billed for line in before.lines]

    def test_has_a_period_at_every_change_of_price(self) -> None:
        prices = tariff(when(energy("1"), time_until="11:00"), when(energy("2")))
        body = sent(usage((120, 12)), prices)
        assert [one["start_date_time"][11:16] for one in body["charging_periods"]] == ["10:00", "11:00"]
        assert all(one["tariff_id"] == "T1" for one in body["charging_periods"])

    def test_of_221_states_excl_and_incl_vat(self) -> None:
        body = sent(usage((60, 10)), tariff(when(energy("1", taxes=VAT_20))), OcpiVersion.V2_2_1)
        assert str(body["total_cost"]) == "{'excl_vat': Decimal('10.00'), 'incl_vat': Decimal('12.00')}"
        assert body["total_energy"] == 10
        assert body["total_time"] == 1
        assert "total_parking_cost" not in body

    def test_of_230_states_each_tax(self) -> None:
        prices = tariff(when(energy("1", taxes=VAT_20), idle("6", taxes=VAT_10), flat("1")))
        body = sent(usage((60, 10), (30, 0, Activity.IDLE)), prices)
        assert plain(body["total_cost"]) == {
            "before_taxes": "14.00",
            "taxes": [
                {"name": "VAT", "percentage": "20", "amount": "2.00"},
                {"name": "VAT", "percentage": "10", "amount": "0.30"},
            ],
        }
        assert plain(body["total_parking_cost"]) == {
            "before_taxes": "3.00", "taxes": [{"name": "VAT", "amount": "0.30"}],
        }  # fmt: skip
        assert plain(body["total_fixed_cost"]) == {"before_taxes": "1.00"}
        assert plain(body["total_parking_time"]) == "0.5000"

    def test_tells_what_flowed_and_for_how_long(self) -> None:
        periods = usage((10, 2), (5, 0, Activity.IDLE)).periods
        first = dataclasses.replace(periods[0], power_w=11_000, power_w_max=22_000, current_ma=16_000)
        body = sent(Usage((first, periods[1]), "UTC"), tariff(when(time("1"))))
        assert plain(body["charging_periods"][0]["dimensions"]) == [
            {"type": "TIME", "volume": "0.1667"},
            {"type": "ENERGY", "volume": "2"},
            {"type": "MIN_POWER", "volume": "11"},
            {"type": "MAX_POWER", "volume": "22"},
            {"type": "MIN_CURRENT", "volume": "16"},
            {"type": "MAX_CURRENT", "volume": "16"},
        ]
        assert plain(body["charging_periods"][1]["dimensions"]) == [{"type": "PARKING_TIME", "volume": "0.0833"}]

    def test_of_a_session_that_changed_tariffs_names_each(self) -> None:
        cheap, dear = tariff(when(energy("1"))), tariff(when(energy("3")))
        begin = usage((60, 6), (60, 6)).periods
        used = Usage(begin, "UTC", tariff_spans=((begin[0].started_at, 0), (begin[1].started_at, 1)))
        rated = rate(used, compile_tariffs((cheap, dear)))
        objects = [
            export_tariff(one, identity(name), OcpiVersion.V2_3_0) for one, name in ((cheap, "A"), (dear, "B"))
        ]
        body = travelled(
            export_cdr(used, rated, objects, FRAME, identity=identity("C1"), version=OcpiVersion.V2_3_0)
        )
        assert [one["tariff_id"] for one in body["charging_periods"]] == ["A", "B"]
        again = import_cdr(body)
        assert rate(again.usage, again.compiled()).exact() == rated.exact()

    def test_without_periods_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="cdr_without_periods"):
            sent(Usage((), "UTC"), tariff(when(energy("1"))))


class TestACreditCdr:
    def test_holds_all_of_the_other_and_takes_its_total_back(self) -> None:
        body = sent(usage((60, 10)), tariff(when(energy("1", taxes=VAT_20))))
        credit = travelled(credit_cdr(body, id="C1-credit", last_updated=AT))
        assert (credit["credit"], credit["credit_reference_id"], credit["id"]) == (True, "C1", "C1-credit")
        assert plain(credit["total_cost"]) == {
            "before_taxes": "-10.00", "taxes": [{"name": "VAT", "percentage": "20", "amount": "-2.00"}],
        }  # fmt: skip
        assert credit["charging_periods"] == body["charging_periods"]
        assert credit["total_energy_cost"] == body["total_energy_cost"]

    def test_is_not_priced_and_not_taken_back_again(self) -> None:
        body = sent(usage((60, 10)), tariff(when(energy("1"))), OcpiVersion.V2_2_1)
        credit = credit_cdr(body, id="C2", last_updated=AT)
        assert plain(credit["total_cost"]) == {"excl_vat": "-10.00", "incl_vat": "-10.00"}
        for refused in (lambda: import_cdr(credit), lambda: credit_cdr(credit, id="C3", last_updated=AT)):
            with pytest.raises(InvalidInput, match="cdr_is_credit"):
                refused()


class TestASession:
    PRICES = tariff(when(energy("1", taxes=VAT_20)))

    def body(self, *, is_active: bool) -> Json:
        used = usage((60, 10))
        exported = export_session(
            used, rate(used, self.PRICES), [export_tariff(self.PRICES, identity("T1"), OcpiVersion.V2_2_1)], FRAME,
            identity=identity("S1"), version=OcpiVersion.V2_2_1, is_active=is_active,
        )  # fmt: skip
        return travelled(exported)

    def test_that_ended_reads_back_to_its_price(self) -> None:
        again = import_session(self.body(is_active=False), {"T1": self.PRICES})
        assert rate(again.usage, again.compiled()).gross_minor == 1200

    def test_that_goes_on_has_no_end_and_is_priced_until_it_was_last_updated(self) -> None:
        body = self.body(is_active=True)
        assert (body["status"], "end_date_time" in body, body["kwh"]) == ("ACTIVE", False, 10)
        assert (body["location_id"], body["evse_uid"], body["connector_id"]) == ("LOC1", "3256", "1")
        again = import_session(body, {"T1": self.PRICES})
        assert again.usage.periods[-1].ended_at == AT
        assert rate(again.usage, again.compiled()).gross_minor == 1200

    def test_without_its_tariff_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="cdr_tariff_unknown"):
            import_session(self.body(is_active=False), {"T2": self.PRICES})
        with pytest.raises(InvalidInput, match="cdr_without_tariff"):
            import_session(self.body(is_active=False), {})


def plain(value: Any) -> Any:
    """Numbers as the text that travels."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str) else str(value)
