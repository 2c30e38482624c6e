"""Exact amounts to whole units: one rounding function, and residual units by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence

from wattledger.core.rating.policy import Rounding


def rounded(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """``numerator / denominator`` to the nearest integer; a half goes away from zero, or to the even one."""
    if numerator < 0:
        return -rounded(-numerator, denominator, rounding)
    quotient, rest = divmod(numerator, denominator)
    rest += rest
    if rest < denominator or (rest == denominator and rounding is not Rounding.HALF_UP and quotient % 2 == 0):
        return quotient
    return quotient + 1


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
    if residue == 0:
        return wholes
    remainders = [numerator % denominator if numerator else -1 for numerator in numerators]
    if residue == 1:
        wholes[remainders.index(max(remainders))] += 1
        return wholes
    order = sorted(range(len(wholes)), key=remainders.__getitem__, reverse=True)
    if residue < 0:
        order.reverse()
    order = [index for index in order if numerators[index]] or order
    share, extra = divmod(abs(residue), len(order))
    sign = 1 if residue > 0 else -1
    for rank, index in enumerate(order):
        wholes[index] += sign * (share + (rank < extra))
    return wholes


def apportioned(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` cut into whole parts in proportion to ``weights``; equally where all weights are zero."""
    parts = list(weights) if any(weights) else [1] * len(weights)
    return largest_remainder([total * part for part in parts], sum(parts), total)
