"""Payment references (ISO 11649) and which invoice a credit pays: never a guess."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.billing.bank_match import Credit, Match, MatchRule, Owed, match_credit
from wattledger.core.billing.payment_reference import payment_reference, printed_reference, references_in

FIRST, SECOND = UUID(int=1), UUID(int=2)
REFERENCE = payment_reference("I2026", 17)


def owed(invoice_id: UUID = FIRST, number: int = 17, **changes: object) -> Owed:
    known = {"currency": "EUR", "left_minor": 1190, "customer_name": "Müller & Söhne GmbH", **changes}
    return Owed(invoice_id, "I2026", number, **known)  # type: ignore[arg-type]


def credit(remittance: str = "", amount_minor: int = 1190, **changes: str) -> Credit:
    known = {"currency": "EUR", "payer": "", **changes}
    return Credit("DE02", date(2026, 11, 20), amount_minor, known["currency"], "e1", remittance, known["payer"])


class TestAReference:
    def test_is_the_standards_own_example(self) -> None:
        assert references_in("RF18 5390 0754 7034") == {"RF18539007547034"}

    def test_of_an_invoice_carries_its_number(self) -> None:
        assert REFERENCE.startswith("RF")
        assert REFERENCE.endswith("I2026000017")
        assert printed_reference(REFERENCE).replace(" ", "") == REFERENCE

    @given(st.integers(1, 99_999_999), st.text(alphabet=" -./\n", max_size=3), st.text(max_size=12))
    def test_is_found_however_it_was_broken_up(self, number: int, gap: str, around: str) -> None:
        reference = payment_reference("I2026", number)
        assert reference in references_in(f"{around} " + gap.join(reference.lower()) + " thank you")

    @given(st.integers(0, len(REFERENCE) - 1), st.sampled_from("0123456789"))
    def test_with_a_wrong_digit_is_none(self, place: int, digit: str) -> None:
        wrong = REFERENCE[:place] + digit + REFERENCE[place + 1 :]
        assert wrong == REFERENCE or REFERENCE not in references_in(wrong)


class TestACredit:
    @pytest.mark.parametrize(
        ("remittance", "rule"),
        [
            (printed_reference(REFERENCE), MatchRule.REFERENCE),
            (f"SVWZ+{REFERENCE} ABWA+X", MatchRule.REFERENCE),
            ("Rechnung I2026-000017 vom 1.11.", MatchRule.NUMBER),
            ("i2026 000017", MatchRule.NUMBER),
        ],
    )
    def test_is_known_by_what_it_names(self, remittance: str, rule: MatchRule) -> None:
        others = [owed(), owed(SECOND, 18)]
        assert match_credit(credit(remittance), others) == Match(FIRST, rule)

    def test_may_be_a_part(self) -> None:
        assert match_credit(credit(REFERENCE, 500), [owed()]) == Match(FIRST, MatchRule.REFERENCE)

    def test_is_known_by_amount_and_name_where_it_names_nothing(self) -> None:
        named = credit(payer="MUELLER & SOEHNE")
        assert match_credit(named, [owed()]) is None
        assert match_credit(credit(payer="Müller&Söhne GmbH"), [owed()]) == Match(FIRST, MatchRule.AMOUNT_AND_NAME)

    @pytest.mark.parametrize(
        "unclear",
        [
            credit("thanks"),
            credit(REFERENCE, 1191),  # more than is left
            credit(REFERENCE, currency="CHF"),
            credit(f"{REFERENCE} and {payment_reference('I2026', 18)}"),  # two invoices at once
            credit(payment_reference("I2026", 99), payer="Müller & Söhne GmbH"),  # names another
            credit("I2026-000099", payer="Müller & Söhne GmbH"),
        ],
    )
    def test_in_doubt_is_nobodys(self, unclear: Credit) -> None:
        assert match_credit(unclear, [owed(), owed(SECOND, 18)]) is None

    def test_of_two_alike_is_nobodys(self) -> None:
        same = credit(payer="Müller & Söhne GmbH")
        assert match_credit(same, [owed(), owed(SECOND, 18)]) is None
