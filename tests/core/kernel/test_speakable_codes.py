"""Codes that lead back to a charging session, for reading aloud and typing in the rain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.kernel.ids import as_spoken, speakable_code


class TestASpeakableCode:
    @given(st.text())
    def test_has_sixteen_signs_none_of_which_is_mistaken_for_another(self, secret: str) -> None:
        code = speakable_code(secret)
        assert len(code) == 16
        assert not set(code) & set("ILOU")

    @given(st.text(), st.text())
    def test_differs_when_the_secret_does(self, one: str, other: str) -> None:
        assert (speakable_code(one) == speakable_code(other)) == (one == other)

    @given(st.text())
    def test_is_found_however_it_is_typed(self, secret: str) -> None:
        code = speakable_code(secret)
        typed = f" {code[:4]}-{code[4:8]} {code[8:]}".lower().replace("0", "o").replace("1", "l")
        assert as_spoken(typed) == code

    @pytest.mark.parametrize("typed", ["", "  ", "---"])
    def test_of_nothing_is_nothing(self, typed: str) -> None:
        assert as_spoken(typed) == ""
