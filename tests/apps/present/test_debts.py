"""Pages and letters about what is owed, in five languages: the same gaps everywhere, figures as each writes."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime

import pytest

from wattledger.apps.present.debt_terms import DEBT_TERMS, ENGLISH
from wattledger.apps.present.debts import wanted_language, write_letter
from wattledger.flows.ports.letters import Letter, LetterKind


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def letter(kind: LetterKind, language: str) -> Letter:
    return Letter(
        kind=kind,
        language=language,
        seller="Harbour",
        help_phone="+49 40 5550 100",
        amount_minor=123_456,
        currency="EUR",
        address="https://pay.example/p/pay/1.x",
        time_zone="Europe/Berlin",
        number="I2026-000001",
        due_on=date(2026, 12, 6),
        site_name="Hafen",
        ended_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
    )


class TestEveryLanguage:
    @pytest.mark.parametrize("language", sorted(DEBT_TERMS))
    def test_says_the_same_with_the_same_figures(self, language: str) -> None:
        terms = DEBT_TERMS[language]
        assert terms.keys() == ENGLISH.keys()
        assert {name: gaps(text) for name, text in terms.items()} == {
            name: gaps(text) for name, text in ENGLISH.items()
        }

    @pytest.mark.parametrize("kind", list(LetterKind))
    @pytest.mark.parametrize("language", sorted(DEBT_TERMS))
    def test_has_every_letter_with_its_link(self, kind: LetterKind, language: str) -> None:
        subject, text = write_letter(letter(kind, language))
        assert "{" not in subject + text
        assert "\nhttps://pay.example/p/pay/1.x\n" in text
        assert "Harbour" in text


class TestALetter:
    @pytest.mark.parametrize(
        ("language", "amount", "day"),
        [
            ("en", "€1,234.56", "6 December 2026"),
            ("de-AT", "1.234,56\xa0€", "6. Dezember 2026"),
            ("fr", "1\u202f234,56\xa0€", "6 décembre 2026"),
            ("nl", "€\xa01.234,56", "6 december 2026"),
            ("es", "1.234,56\xa0€", "6 de diciembre de 2026"),
        ],
    )
    def test_writes_sums_and_days_as_its_language_does(self, language: str, amount: str, day: str) -> None:
        _, text = write_letter(letter(LetterKind.REMIND, language))
        assert amount in text
        assert day in text


class TestABrowser:
    @pytest.mark.parametrize(
        ("accepted", "language"),
        [
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("pl,fr;q=0.4,nl;q=0.8", "nl"),
            ("pl", "en"),
            ("", "en"),
            ("de;q=0,es", "es"),
            ("en_GB", "en"),
            ("*;q=1", "en"),
            ("de;q=x", "de"),
        ],
    )
    def test_gets_the_first_of_our_languages_that_it_wants(self, accepted: str, language: str) -> None:
        assert wanted_language(accepted) == language
