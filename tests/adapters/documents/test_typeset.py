"""Pages as PDF: the same bytes for the same page, every figure readable, nothing read as markup."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from wattledger.adapters.documents import build_documents
from wattledger.core.billing.page import Fact, Group, Page, Row

PAGE = Page(
    language="en",
    title="Receipt",
    number="R2026-000001",
    issued_at=datetime(2026, 11, 22, 10, 0, 0, 123_456, tzinfo=UTC),
    seller=("Harbour Energy GmbH", "Kaistraße 1", "20457 Hamburg"),
    seller_facts=(Fact("VAT ID", "DE999999999"),),
    buyer_title="",
    buyer=(),
    facts=(Fact("Number", "R2026-000001"),),
    notice="",
    session_title="Charging session",
    session=(Fact("Energy", "12.500 kWh", is_strong=True),),
    currency="EUR",
    price_heading="Price incl. VAT",
    groups=(Group("", (Row("Energy", "", "12.500 kWh", "0.59 / kWh", "19 %", "6.20", "7.38"),)),),
    totals=(Fact("Net", "6.20 EUR"), Fact("Total", "7.38 EUR", is_strong=True)),
    payment_title="Payment",
    payment=(Fact("Charged", "7.38 EUR"),),
    why_title="Why this amount",
    why=("12.500 kWh at 0.59 EUR per kWh: 7.38 EUR",),
    link="https://pay.example/p/abc",
)


def text_of(pdf: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


class TestAPdf:
    def test_is_the_same_for_the_same_page_whoever_makes_it(self) -> None:
        assert build_documents().render(PAGE) == build_documents().render(PAGE)

    def test_is_made_one_after_the_other_by_one_compiler(self) -> None:
        documents = build_documents()
        first = documents.render(PAGE)
        assert documents.render(replace(PAGE, number="R2026-000002")) != first
        assert documents.render(PAGE) == first

    def test_says_that_it_is_made_for_the_archive(self) -> None:
        assert b"pdfaid:part" in build_documents().render(PAGE)

    def test_shows_every_figure(self) -> None:
        text = text_of(build_documents().render(PAGE))
        for piece in ("R2026-000001", "Kaistraße 1", "12.500 kWh", "7.38 EUR", "https://pay.example/p/abc"):
            assert piece in text, piece

    def test_shows_what_looks_like_markup_as_it_is(self) -> None:
        nasty = '#panic("x") *b* _i_ $1$ <label> @ref \\ " é€🚗'
        page = replace(PAGE, seller=(nasty, '#read("/etc/passwd")'), why=(nasty,), notice=nasty)
        text = text_of(build_documents().render(page))
        assert '#panic("x") *b* _i_ $1$' in text
        assert "root:" not in text

    def test_breaks_a_long_invoice_over_pages_with_the_total_at_the_end(self) -> None:
        rows = tuple(Group(f"Session {n}", PAGE.groups[0].rows) for n in range(60))
        text = text_of(build_documents().render(replace(PAGE, title="Invoice", groups=rows)))
        assert "Session 59" in text
        assert text.index("Session 59") < text.rindex("7.38 EUR")
