"""Every permutation and duplication of a short history, in both versions, gives the same bill to the cent."""

from __future__ import annotations

import pytest

from told_histories import HISTORIES, Arrivals, orders, orders_with_all_twice, orders_with_one_twice

both_versions = pytest.mark.parametrize("version", HISTORIES)


@both_versions
class TestTheSameBill:
    @pytest.mark.parametrize("message_count", [2, 3, 4, 5, 6])
    def test_comes_of_every_order(self, version: str, message_count: int) -> None:
        arrivals = Arrivals(version, message_count)
        expected = arrivals.bill(arrivals.in_order)
        assert {arrivals.bill(order) for order in orders(message_count)} == {expected}

    @pytest.mark.parametrize("message_count", [2, 3, 4, 5, 6])
    def test_comes_of_every_order_with_any_message_told_twice(self, version: str, message_count: int) -> None:
        arrivals = Arrivals(version, message_count)
        expected = arrivals.bill(arrivals.in_order)
        assert {arrivals.bill(order) for order in orders_with_one_twice(message_count)} == {expected}

    @pytest.mark.parametrize("message_count", [2, 3, 4])
    def test_comes_of_every_order_with_every_message_told_twice(self, version: str, message_count: int) -> None:
        arrivals = Arrivals(version, message_count)
        expected = arrivals.bill(arrivals.in_order)
        assert {arrivals.bill(order) for order in orders_with_all_twice(message_count)} == {expected}

    def test_comes_of_six_messages_in_every_order_and_once_more_in_the_opposite_one(self, version: str) -> None:
        arrivals = Arrivals(version, 6)
        expected = arrivals.bill(arrivals.in_order)
        assert {arrivals.bill((*order, *reversed(order))) for order in orders(6)} == {expected}

    def test_is_not_that_of_another_history(self, version: str) -> None:
        bills = {Arrivals(version, count).bill(range(count)) for count in (2, 3, 4, 5, 6)}
        assert len(bills) == 5
