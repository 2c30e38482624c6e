"""Bank statements as banks write them: camt.053 of several versions, collective entries, CSV."""

from __future__ import annotations

from datetime import date

import pytest

from wattledger.adapters.statements import BYTES_MAX, FileStatements
from wattledger.core.billing.bank_match import Credit
from wattledger.core.kernel.errors import InvalidInput

ENTRY = """<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>REF1</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"""
DETAIL = """<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr>{payer}</Dbtr></RltdPties><RmtInf>{said}</RmtInf></TxDtls>"""


def entry(details: str = "", **changes: str) -> str:
    known = {"amount": "11.90", "sign": "CRDT", "status": "BOOK", "currency": "EUR"}
    return ENTRY.format(details=details, **(known | changes))


def detail(said: str, *, amount: str = "11.90", payer: str = "<Nm>Ada</Nm>") -> str:
    return DETAIL.format(said=said, amount=amount, payer=payer)


def camt(*entries: str, version: str = "08") -> bytes:
    return (
        f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        "<BkToCstmrStmt>"
        "<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-21T06:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id>"
        f"<IBAN>DE02120300000000202051</IBAN></Id></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def read(raw: bytes) -> list[Credit]:
    return list(FileStatements().read(raw))


class TestCamt053:
    @pytest.mark.parametrize("version", ["02", "04", "08", "13"])
    def test_gives_every_credit_with_what_was_said(self, version: str) -> None:
        (one,) = read(camt(entry(detail("<Ustrd>Invoice I2026-000017</Ustrd>")), version=version))
        assert one == Credit(
            "DE02120300000000202051", date(2026, 11, 20), 1190, "EUR", "REF1", "Invoice I2026-000017", "Ada"
        )

    def test_reads_structured_references_and_newer_party_names(self) -> None:
        said = "<Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>"
        (one,) = read(camt(entry(detail(said, payer="<Pty><Nm>Ada</Nm></Pty>"))))
        assert (one.remittance, one.payer) == ("RF18539007547034", "Ada")

    def test_parts_a_collective_entry(self) -> None:
        both = detail("<Ustrd>a</Ustrd>", amount="5.00") + detail("<Ustrd>b</Ustrd>", amount="6.90")
        assert [(one.amount_minor, one.remittance) for one in read(camt(entry(both)))] == [(500, "a"), (690, "b")]

    def test_leaves_what_went_out_or_is_not_booked(self) -> None:
        assert read(camt(entry(sign="DBIT"), entry(status="PDNG"), entry(status="<Cd>INFO</Cd>"))) == []

    def test_keeps_a_currency_without_decimals(self) -> None:
        assert read(camt(entry(amount="1190", currency="JPY")))[0].amount_minor == 1190

    @pytest.mark.parametrize(
        "raw",
        [
            b"<html></html>",
            b"<Document",
            camt(entry(amount="eleven")),
            camt(entry(amount="11.905")),
            camt(entry(currency="ZZZ")),
            b'<!DOCTYPE x [<!ENTITY a "b">]>' + camt(entry()),
        ],
    )
    def test_that_cannot_be_read_is_refused_whole(self, raw: bytes) -> None:
        with pytest.raises(InvalidInput, match="statement_unreadable"):
            read(raw)


class TestATable:
    @pytest.mark.parametrize(
        "text",
        [
            "Date,Amount,Currency,Reference,Payer\n2026-11-20,11.90,EUR,I2026-000017,Ada\n",
            'Buchungstag;Betrag;Waehrung;Verwendungszweck;Name\n20.11.2026;"11,90";EUR;I2026-000017;Ada\n',
            "Datum\tBedrag\tOmschrijving\tNaam\n20-11-2026\t11,90\tI2026-000017\tAda\n\n",
        ],
    )
    def test_is_read_in_several_tongues(self, text: str) -> None:
        (one,) = read(text.encode())
        assert (one.booked_on, one.amount_minor, one.remittance, one.payer) == (
            date(2026, 11, 20), 1190, "I2026-000017", "Ada",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "amount_minor"),
        [("1.234,56", 123456), ("1,234.56", 123456), ("1 234,5", 123450), ("12", 1200), ("1'000.00", 100000)],
    )
    def test_amounts_are_read_as_they_are_written(self, text: str, amount_minor: int) -> None:
        (one,) = read(f'date;amount;reference\n2026-11-20;"{text}";x\n'.encode())
        assert one.amount_minor == amount_minor

    def test_money_that_went_out_is_left(self) -> None:
        assert read(b"date;amount;reference\n2026-11-20;-5,00;x\n") == []

    @pytest.mark.parametrize(
        "raw", [b"", b"a;b\n1;2\n", b"date;amount;reference\nsoon;1;x\n", b"date;amount;text\n"]
    )
    def test_that_cannot_be_read_is_refused_with_the_line(self, raw: bytes) -> None:
        with pytest.raises(InvalidInput, match="statement_unreadable"):
            read(raw)

    def test_that_is_too_large_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="statement_too_large"):
            read(b" " * (BYTES_MAX + 1))
