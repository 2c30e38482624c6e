"""Tax law as dated data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax, tax_shares
from wattledger.core.tax.rules import AS_STATED, DatedTax, Excise, Regime, TaxRules, Treatment

DAY = date(2026, 7, 1)
BEFORE = date(2026, 6, 30)
OLD = DatedTax(tax=Tax("VAT", 190_000), valid_until=DAY)
NEW = DatedTax(tax=Tax("VAT", 160_000), valid_from=DAY)
ENERGY_ONLY = DatedTax(tax=Tax("Energy", 10_000), dimensions=("energy",))


class TestADate:
    def test_is_inclusive_at_the_start_and_exclusive_at_the_end(self) -> None:
        assert (OLD.is_in_force(BEFORE), OLD.is_in_force(DAY)) == (True, False)
        assert (NEW.is_in_force(BEFORE), NEW.is_in_force(DAY)) == (False, True)
        assert ENERGY_ONLY.is_in_force(DAY)

    def test_leaves_the_law_of_that_day(self) -> None:
        excise = Excise(name="x", per_kwh=Decimal("0.01"), valid_from=DAY)
        rules = TaxRules((OLD, NEW), (excise,), Treatment.EXEMPT, is_replacing=True)
        assert rules.regime(BEFORE) == Regime(Treatment.EXEMPT, (OLD,), (), is_replacing=True)
        assert rules.regime(DAY) == Regime(Treatment.EXEMPT, (NEW,), (excise,), is_replacing=True)


class TestTheTaxesOfAComponent:
    STATED = (Tax("VAT", 200_000),)

    def test_are_those_stated_unless_the_law_replaces_them(self) -> None:
        assert Regime(Treatment.STANDARD, (NEW,)).taxes_on("energy", self.STATED) == self.STATED
        assert Regime(Treatment.STANDARD, (NEW,), is_replacing=True).taxes_on("energy", self.STATED) == (NEW.tax,)
        assert AS_STATED.taxes_on("energy", self.STATED) == self.STATED

    def test_are_the_laws_where_none_is_stated(self) -> None:
        law = Regime(Treatment.STANDARD, (NEW, ENERGY_ONLY))
        assert law.taxes_on("energy", ()) == (NEW.tax, ENERGY_ONLY.tax)
        assert law.taxes_on("idle", ()) == (NEW.tax,)
        assert AS_STATED.taxes_on("idle", ()) == ()

    def test_stay_where_a_replacing_law_is_silent(self) -> None:
        law = Regime(Treatment.STANDARD, (ENERGY_ONLY,), is_replacing=True)
        assert law.taxes_on("flat", self.STATED) == self.STATED


class TestARate:
    def test_of_one_level_is_of_the_net(self) -> None:
        shares = tax_shares((Tax("GST", 50_000), Tax("QST", 99_750)))
        assert [share for _, share in shares] == [Fraction(5, 100), Fraction(9975, 100_000)]

    def test_of_a_higher_level_is_of_net_and_lower_ones(self) -> None:
        shares = tax_shares((Tax("c", 100_000, 2), Tax("a", 100_000), Tax("b", 100_000, 1)))
        assert [(tax.name, share) for tax, share in shares] == [
            ("a", Fraction(1, 10)), ("b", Fraction(11, 100)), ("c", Fraction(121, 1000)),
        ]  # fmt: skip

    @pytest.mark.parametrize(("ppm", "stack"), [(-1, 0), (1_000_001, 0), (0, -1), (0, 10)])
    def test_beyond_all_or_nothing_is_refused(self, ppm: int, stack: int) -> None:
        with pytest.raises(InvalidInput, match="tax_rate_absurd"):
            Tax("x", ppm, stack)

    @pytest.mark.parametrize(("per_kwh", "step"), [("NaN", 0), ("-0.01", 0), ("1000001", 0), ("1", -1)])
    def test_of_an_excise_that_is_absurd_is_refused(self, per_kwh: str, step: int) -> None:
        with pytest.raises(InvalidInput, match="excise_absurd"):
            Excise(name="x", per_kwh=Decimal(per_kwh), step_wh=step)
