"""Exact amounts to whole units: one rounding function, and residual units by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence

from wattledger.core.rating.policy import Rounding


def rounded(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """``numerator / denominator`` to the nearest integer; a half goes away from zero, or to the even one."""
    assert denominator > 0
    quotient, rest = divmod(abs(numerator), denominator)
    is_up = 2 * rest > denominator
    if 2 * rest == denominator:
        is_up = rounding is Rounding.HALF_UP or quotient % 2 == 1
    whole = quotient + is_up
    return whole if numerator >= 0 else -whole


def rounded_up(quantity: int, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``quantity``."""
    return -(-quantity // step) * step


def largest_remainder(numerators: Sequence[int], denominator: int, total: int) -> list[int]:
    """Whole numbers that sum to ``total``, each as near its exact share as the sum allows.

    The parts with the largest fractions get the residual units, earlier parts first; a part that is zero
    gets none as long as another part is not.
    """
    wholes = [numerator // denominator for numerator in numerators]
    residue = total - sum(wholes)
    if residue == 0 or not wholes:
        assert residue == 0
        return wholes
    order = sorted(
        range(len(wholes)),
        key=lambda index: (numerators[index] == 0, -(numerators[index] % denominator)),
    )
    if residue < 0:
        order = [index for index in reversed(order) if numerators[index] != 0] or order
    share, extra = divmod(abs(residue), len(order))
    sign = 1 if residue > 0 else -1
    for rank, index in enumerate(order):
        wholes[index] += sign * (share + (rank < extra))
    return wholes


def apportioned(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` cut into whole parts in proportion to ``weights``; equally where all weights are zero."""
    parts = list(weights) if any(weights) else [1] * len(weights)
    return largest_remainder([total * part for part in parts], sum(parts), total)
