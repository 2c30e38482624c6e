"""One rounding function, and residual units by largest remainder."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.rating.policy import Rounding
from wattledger.core.rating.rounding import apportioned, largest_remainder, rounded, rounded_up


class TestRounding:
    @pytest.mark.parametrize(
        ("numerator", "denominator", "up", "even"),
        [
            (5, 10, 1, 0),
            (15, 10, 2, 2),
            (25, 10, 3, 2),
            (4, 10, 0, 0),
            (6, 10, 1, 1),
            (10, 10, 1, 1),
            (0, 7, 0, 0),
            (-5, 10, -1, 0),
            (-15, 10, -2, -2),
            (-4, 10, 0, 0),
            (-6, 10, -1, -1),
            (499, 1000, 0, 0),
            (501, 1000, 1, 1),
        ],
    )
    def test_goes_to_the_nearest_and_a_half_by_the_mode(
        self, numerator: int, denominator: int, up: int, even: int
    ) -> None:
        assert rounded(numerator, denominator) == up
        assert rounded(numerator, denominator, Rounding.HALF_UP) == up
        assert rounded(numerator, denominator, Rounding.HALF_EVEN) == even

    @pytest.mark.parametrize(("quantity", "step", "up"), [(0, 5, 0), (1, 5, 5), (5, 5, 5), (6, 5, 10), (7, 1, 7)])
    def test_of_a_quantity_goes_up_to_whole_steps(self, quantity: int, step: int, up: int) -> None:
        assert rounded_up(quantity, step) == up


class TestResidualUnits:
    @pytest.mark.parametrize(
        ("numerators", "total", "parts"),
        [
            ([10, 20, 30], 6, [1, 2, 3]),
            ([14, 14, 12], 4, [2, 1, 1]),
            ([14, 16, 12], 4, [1, 2, 1]),
            ([14, 16, 15], 5, [1, 2, 2]),
            ([19, 19, 0], 4, [2, 2, 0]),
            ([19, 0, 19], 2, [1, 0, 1]),
            ([0, 0, 5], 2, [0, 0, 2]),
            ([0, 0], 3, [2, 1]),
            ([20, 20], 3, [2, 1]),
            ([20, 0], 1, [1, 0]),
            ([0, 10], 2, [0, 2]),
            ([11, 0, 10], 3, [2, 0, 1]),
            ([-5, 15], 1, [0, 1]),
            ([10], 3, [3]),
            ([11, 12, 13], 7, [2, 2, 3]),
            ([21, 22, 23], 4, [1, 1, 2]),
        ],
    )  # fmt: skip
    def test_go_to_the_largest_fractions(self, numerators: list[int], total: int, parts: list[int]) -> None:
        assert largest_remainder(numerators, 10, total) == parts

    @given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8), st.integers(1, 10**6))
    def test_leave_every_part_within_one_of_its_share(self, numerators: list[int], denominator: int) -> None:
        total = rounded(sum(numerators), denominator)
        parts = largest_remainder(numerators, denominator, total)
        assert sum(parts) == total
        for part, numerator in zip(parts, numerators, strict=True):
            assert abs(part - Fraction(numerator, denominator)) < 1

    @pytest.mark.parametrize(
        ("total", "weights", "parts"),
        [
            (10, [1, 1], [5, 5]),
            (10, [1, 3], [3, 7]),
            (10, [2, 1], [7, 3]),
            (5, [0, 0], [3, 2]),
            (-10, [1, 1], [-5, -5]),
            (7, [0, 1], [0, 7]),
            (0, [1, 2], [0, 0]),
        ],
    )
    def test_a_total_is_cut_by_weights(self, total: int, weights: list[int], parts: list[int]) -> None:
        assert apportioned(total, weights) == parts
