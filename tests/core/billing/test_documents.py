"""Receipts, invoices and credit notes as values, and what they print."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wattledger.core.billing.credit_note import credit_note
from wattledger.core.billing.document import (
    Document,
    Party,
    PaymentFacts,
    SessionFacts,
    checked,
    decode_document,
    encode_document,
)
from wattledger.core.billing.invoice import InvoiceState, invoice, state_after
from wattledger.core.billing.numbering import DocumentKind, printed_number, series_of
from wattledger.core.billing.page import amount_text, duration_text, energy_text, moment_text, page_of
from wattledger.core.billing.plan_fee import month_ends_at, next_month, owes_fee, plan_fee
from wattledger.core.billing.receipt import receipt
from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.kernel.money import Money
from wattledger.core.kernel.taxes import Tax
from wattledger.core.rating.rate import quote
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.model import (
    Dimension,
    Element,
    PriceComponent,
    Restrictions,
    Tariff,
    TaxTreatment,
)

VAT = (Tax("VAT", 190_000),)
AT = datetime(2026, 11, 12, 14, 3, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"
SELLER = Party("Harbour Energy GmbH", ("Kaistrasse 1", "20457 Hamburg"), "DE", "DE999999999")
BUYER = Party("Nordwind AG", ("Speicherstadt 12",), "DE", customer_no="C1002")
NOVEMBER = date(2026, 11, 1)


def tariff(treatment: TaxTreatment = TaxTreatment.INCLUDED) -> Tariff:
    """0.59 a kWh (0.79 from 16:00), then 0.10 a minute idle after ten minutes, at most 12.00."""
    idle = PriceComponent(Dimension.IDLE, Decimal("6.00"), taxes=VAT, grace_s=600, cap=Decimal(12))
    day = PriceComponent(Dimension.ENERGY, Decimal("0.59"), taxes=VAT)
    evening = PriceComponent(Dimension.ENERGY, Decimal("0.79"), taxes=VAT)
    return Tariff(
        "EUR",
        (Element((evening,), Restrictions(time_from="16:00", time_until="23:00")), Element((day, idle))),
        tax_treatment=treatment,
    )


def rated(milliwh: int = 31_437_000, idle_s: int = 1500, treatment: TaxTreatment = TaxTreatment.INCLUDED) -> Rated:
    return quote(
        tariff(treatment),
        energy_milliwh=milliwh,
        duration_s=2310,
        started_at=AT,
        time_zone=BERLIN,
        idle_s=idle_s,
    )


def session(milliwh: int = 31_437_000) -> SessionFacts:
    return SessionFacts(
        session_id=UUID(int=1),
        site_name="Harbour Street",
        address_lines=("Harbour Street 7",),
        public_id="DE*WLT*E00001*1",
        time_zone=BERLIN,
        started_at=AT,
        ended_at=AT + timedelta(seconds=3810),
        energy_milliwh=milliwh,
        register_start_milliwh=1_234_567_890,
        register_end_milliwh=1_234_567_890 + milliwh,
    )


def a_receipt(of: Rated | None = None, *, captured_minor: int = 2005) -> Document:
    document = receipt(
        seller=SELLER,
        buyer=None,
        rated=of or rated(),
        session=session(),
        payment=PaymentFacts("sandbox", 4000, captured_minor, "visa", "4242"),
        issued_at=AT,
        time_zone=BERLIN,
        link="https://pay.example/p/x",
    )
    return replace(document, number=1)


def an_invoice(*bills: Rated, fee_minor: int = 999) -> Document:
    document = invoice(
        seller=SELLER,
        buyer=BUYER,
        currency="EUR",
        month_on=NOVEMBER,
        bills=[(session(), bill) for bill in bills],
        fee=plan_fee("Fleet", Money(fee_minor, "EUR"), 1900, NOVEMBER),
        issued_at=AT,
        time_zone=BERLIN,
        link="",
    )
    assert document is not None
    return replace(document, number=17)


class TestNumbers:
    def test_belong_to_a_kind_and_a_year(self) -> None:
        assert [series_of(kind, NOVEMBER) for kind in DocumentKind] == ["R2026", "I2026", "C2026"]

    def test_have_six_digits_and_then_more(self) -> None:
        assert printed_number("R2026", 1) == "R2026-000001"
        assert printed_number("R2026", 1_234_567) == "R2026-1234567"

    def test_follow_the_tenants_calendar_at_the_turn_of_the_year(self) -> None:
        sylvester = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        document = credit_note(a_receipt(), reason="Test", issued_at=sylvester)
        assert document.series == "C2027"


class TestAReceiptsTotals:
    def test_are_those_of_the_bill(self) -> None:
        of = rated()
        document = a_receipt(of)
        assert (document.net_minor, document.tax_minor, document.gross_minor) == (
            of.net_minor,
            of.tax_minor,
            of.gross_minor,
        )

    @given(st.integers(0, 200_000_000), st.integers(0, 40_000), st.sampled_from(list(TaxTreatment)[:2]))
    def test_are_the_sums_of_its_lines(self, milliwh: int, idle_s: int, treatment: TaxTreatment) -> None:
        of = rated(milliwh, idle_s, treatment)
        document = checked(a_receipt(of))
        assert sum(line.gross_minor for line in document.lines) == of.gross_minor

    def test_stretches_with_one_price_are_one_line(self) -> None:
        texts = [(line.text, line.price) for line in a_receipt().lines]
        assert len(texts) == len(set(texts))


class TestAnInvoicesTotals:
    @given(st.lists(st.integers(0, 90_000_000), min_size=1, max_size=6), st.integers(1, 5000))
    def test_are_the_bills_and_the_fee(self, energies: list[int], fee_minor: int) -> None:
        bills = [rated(milliwh) for milliwh in energies]
        document = checked(an_invoice(*bills, fee_minor=fee_minor))
        assert document.gross_minor == sum(bill.gross_minor for bill in bills) + fee_minor

    def test_have_one_tax_line_a_rate(self) -> None:
        document = an_invoice(rated(), rated())
        assert [(tax.name, tax.rate_ppm) for tax in document.taxes] == [("VAT", 190_000)]

    def test_are_never_of_two_currencies(self) -> None:
        with pytest.raises(InvalidInput, match="currency_mixed"):
            an_invoice(rated(), replace(rated(), currency="SEK"))

    def test_there_is_none_of_nothing(self) -> None:
        nothing = invoice(
            seller=SELLER,
            buyer=BUYER,
            currency="EUR",
            month_on=NOVEMBER,
            bills=[],
            fee=None,
            issued_at=AT,
            time_zone=BERLIN,
            link="",
        )
        assert nothing is None


class TestACreditNote:
    def test_adds_up_with_its_invoice_to_nothing(self) -> None:
        original = an_invoice(rated())
        note = credit_note(original, reason="Wrong customer", issued_at=AT)
        assert (original.net_minor + note.net_minor, original.tax_minor + note.tax_minor) == (0, 0)
        assert note.credited is not None
        assert note.credited.number == "I2026-000017"

    def test_says_why(self) -> None:
        with pytest.raises(InvalidInput, match="reason_missing"):
            credit_note(a_receipt(), reason="", issued_at=AT)

    def test_is_not_taken_back(self) -> None:
        note = credit_note(a_receipt(), reason="Test", issued_at=AT)
        with pytest.raises(Refused, match="credit_of_a_credit"):
            credit_note(note, reason="Test", issued_at=AT)


class TestADocument:
    @pytest.mark.parametrize("document", [a_receipt(), an_invoice(rated(), rated(7_000_000, 0))])
    def test_comes_back_from_storage_as_it_was(self, document: Document) -> None:
        assert decode_document(encode_document(document)) == document

    @pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"\xff"])
    def test_that_is_none_is_refused(self, raw: bytes) -> None:
        with pytest.raises(InvalidInput, match="document_malformed"):
            decode_document(raw)


class TestAPlansFee:
    def test_has_its_tax_inside(self) -> None:
        fee = plan_fee("Regular", Money(499, "EUR"), 1900, NOVEMBER)
        assert fee is not None
        assert (fee.net_minor, fee.tax_minor) == (419, 80)

    def test_of_a_free_plan_is_none(self) -> None:
        assert plan_fee("Free", Money(0, "EUR"), 1900, NOVEMBER) is None

    def test_is_owed_for_each_month_the_contract_touches(self) -> None:
        months = [date(2026, month, 1) for month in (9, 10, 11, 12)]
        owed = [owes_fee(date(2026, 10, 31), date(2026, 11, 1), month) for month in months]
        assert owed == [False, True, True, False]


class TestAMonth:
    def test_ends_at_local_midnight_on_both_sides_of_a_clock_change(self) -> None:
        assert month_ends_at(date(2026, 9, 1), BERLIN) == datetime(2026, 9, 30, 22, tzinfo=UTC)
        assert month_ends_at(date(2026, 10, 1), BERLIN) == datetime(2026, 10, 31, 23, tzinfo=UTC)

    def test_is_followed_by_the_next_over_the_turn_of_a_year(self) -> None:
        assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)


class TestAnInvoicesState:
    DUE = date(2026, 12, 6)

    @pytest.mark.parametrize(
        ("state", "paid_minor", "today", "after"),
        [
            (InvoiceState.FINALIZED, 0, DUE, InvoiceState.FINALIZED),
            (InvoiceState.FINALIZED, 0, DUE + timedelta(days=1), InvoiceState.OVERDUE),
            (InvoiceState.FINALIZED, 40, DUE, InvoiceState.PARTLY_PAID),
            (InvoiceState.PARTLY_PAID, 40, DUE + timedelta(days=1), InvoiceState.OVERDUE),
            (InvoiceState.OVERDUE, 100, DUE + timedelta(days=9), InvoiceState.PAID),
            (InvoiceState.VOIDED, 0, DUE + timedelta(days=9), InvoiceState.VOIDED),
            (InvoiceState.PAID, 0, DUE + timedelta(days=9), InvoiceState.PAID),
        ],
    )
    def test_follows_from_what_was_paid_and_when(
        self, state: InvoiceState, paid_minor: int, today: date, after: InvoiceState
    ) -> None:
        assert state_after(state, owed_minor=100, paid_minor=paid_minor, due_on=self.DUE, today=today) is after


class TestAPage:
    def test_shows_what_was_released_and_what_was_not_collected(self) -> None:
        shown = {fact.label: fact.value for fact in page_of(a_receipt(captured_minor=1500)).payment}
        assert shown["Released"] == "25.00 EUR"
        assert shown["Not collected"] == f"{amount_text(a_receipt().gross_minor - 1500, 'EUR')} EUR"

    def test_tells_times_on_the_clocks_of_the_place(self) -> None:
        shown = {fact.label: fact.value for fact in page_of(a_receipt()).session}
        assert shown["Start"] == "12 Nov 2026, 15:03:12 CET"

    def test_derives_the_amount(self) -> None:
        assert any("31.437 kWh" in line or "kWh at 0.59" in line for line in page_of(a_receipt()).why)

    def test_of_an_invoice_heads_the_lines_with_their_session(self) -> None:
        headings = [group.heading for group in page_of(an_invoice(rated(), rated())).groups]
        assert headings[0].startswith("12 Nov 2026, 15:03")
        assert headings[-1] == ""  # the plan's fee belongs to no session

    def test_says_the_country_only_across_a_border(self) -> None:
        abroad = replace(an_invoice(rated()), buyer=replace(BUYER, country="AT"))
        assert "AT" in page_of(abroad).buyer
        assert "DE" not in page_of(an_invoice(rated())).buyer

    def test_names_each_price_with_its_tax_treatment(self) -> None:
        assert page_of(a_receipt()).price_heading == "Price incl. VAT"
        excluded = rated(treatment=TaxTreatment.EXCLUDED)
        assert page_of(a_receipt(excluded)).price_heading == "Price excl. VAT"
        mixed = page_of(an_invoice(excluded))
        assert mixed.groups[0].rows[0].price.endswith(" net")


class TestTexts:
    @pytest.mark.parametrize(
        ("amount_minor", "currency", "text"),
        [(123_450, "EUR", "1,234.50"), (-5, "EUR", "−0.05"), (1234, "JPY", "1,234"), (1, "KWD", "0.001")],
    )
    def test_amounts_have_the_decimals_of_their_currency(
        self, amount_minor: int, currency: str, text: str
    ) -> None:
        assert amount_text(amount_minor, currency) == text

    def test_energy_is_shown_to_the_watt_hour(self) -> None:
        assert energy_text(12_345_499) == "12.345 kWh"
        assert energy_text(12_345_500) == "12.346 kWh"

    def test_durations_are_shown_in_two_units(self) -> None:
        assert [duration_text(seconds) for seconds in (320, 3900)] == ["5 min 20 s", "1 h 05 min"]

    def test_the_repeated_hour_is_told_apart(self) -> None:
        instants = (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        assert [moment_text(at, BERLIN) for at in instants] == [
            "25 Oct 2026, 02:30:00 CEST",
            "25 Oct 2026, 02:30:00 CET",
        ]
