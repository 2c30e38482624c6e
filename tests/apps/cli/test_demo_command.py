"""``wattledger demo``: one command from nothing to a paid bill, the first time and every time after."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from installation import PATIENCE_S, Installation, installed, told_until, until

pytestmark = pytest.mark.journey


@pytest.fixture
def place() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


def once(place: Installation) -> dict[str, Any]:
    run = place.demo("--once", "--json")
    told, _ = run.communicate(timeout=2 * PATIENCE_S)
    facts: dict[str, Any] = json.loads(told)
    assert (run.returncode, facts["ok"]) == (0, True), told + place.log()
    assert place.leftovers() == []
    return facts


def assert_is_whole(session: dict[str, Any]) -> None:
    """Energy was billed at the tariff's price, to the cent, with the tax inside."""
    price = {"ad_hoc": "0.59", "rfid": "0.39"}[session["kind"]]
    exact = Decimal(session["energy_kwh"]) * Decimal(price)
    total, net, tax = (Decimal(session[name]) for name in ("total", "net", "tax"))
    assert abs(total - exact) <= Decimal("0.005")
    assert net + tax == total
    assert abs(tax - total * 19 / 119) <= Decimal("0.005")


class TestOnce:
    def test_ends_with_two_paid_sessions_and_clean_books_the_first_time_and_again(
        self, place: Installation
    ) -> None:
        for number in (1, 2):
            facts = once(place)
            qr, card = facts["sessions"]
            assert (qr["kind"], qr["ocpp"], card["kind"], card["ocpp"]) == ("ad_hoc", "2.0.1", "rfid", "1.6")
            assert_is_whole(qr)
            assert_is_whole(card)
            payment = qr["payment"]
            assert (payment["state"], payment["captured"]) == ("captured", qr["total"])
            assert payment["webhooks"] >= 2
            assert Decimal(payment["gateway_fee"]) > 0
            assert qr["receipt"]["number"].endswith(f"-{number:06d}")
            assert qr["receipt"]["pdf_bytes"] > 10_000
            assert card["customer"] == "Mara Lindqvist"
            assert facts["verify"]["is_compared_with_provider"]
            assert facts["verify"]["finding_count"] == 0

    def test_a_port_that_was_asked_for_and_is_taken_ends_it_with_a_reason(self, place: Installation) -> None:
        with socket.create_server(("127.0.0.1", place.web_port)):
            run = place.demo("--once")
            assert run.wait(PATIENCE_S) == 1
        assert "port_taken" in place.log()
        assert place.leftovers() == []


class TestStaying:
    def test_says_where_to_look_and_drains_on_sigterm(self, place: Installation) -> None:
        run = place.demo()
        text = told_until(place, run, "Check the books")
        assert f"http://127.0.0.1:{place.web_port}/c/DE*LQC*E" in text
        assert "owner@lantern-quay.example" in text
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=PATIENCE_S)
        assert run.returncode == 0, rest + place.log()
        assert place.leftovers() == []
        assert books_of(place)["is_clean"]

    def test_killed_in_the_middle_it_leaves_nothing_running_and_comes_back(self, place: Installation) -> None:
        run = place.demo()
        told_until(place, run, "Check the books")
        run.kill()
        run.wait(PATIENCE_S)
        until(lambda: not any("--supervised" in words or "lab.stations" in words for words in place.leftovers()))
        once(place)


def books_of(place: Installation) -> dict[str, Any]:
    told, _ = place.run("books", "verify", "--json").communicate(timeout=PATIENCE_S)
    facts: dict[str, Any] = json.loads(told)
    return facts
