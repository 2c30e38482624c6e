"""Programs publish over the API what sessions are priced by beside their tariff."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from world import STAFF_PASSWORD, World

pytestmark = pytest.mark.database

RULES = {"taxes": [{"tax": {"name": "VAT", "rate_ppm": 190_000}}]}


@pytest.fixture
async def api(stranger: Any, world: World) -> Any:
    """A signed-in program."""
    answer = await stranger.post("/api/v1/logins", json={"email": world.staff_email, "password": STAFF_PASSWORD})
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger


class TestTaxes:
    async def test_are_published_once_and_listed(self, api: Any) -> None:
        for is_new in (True, False):
            answer = await api.post("/api/v1/taxes", json={"country": "DE", "rules": RULES})
            assert (answer.status_code, answer.json()) == (200, {"is_new": is_new})
        (listed,) = (await api.get("/api/v1/taxes")).json()
        assert (listed["country"], listed["rules"]) == ("DE", RULES)

    async def test_that_cannot_be_are_refused_with_a_code(self, api: Any) -> None:
        answer = await api.post("/api/v1/taxes", json={"country": "FR", "rules": RULES})
        assert (answer.status_code, answer.json()["code"]) == (422, "tax_place_malformed")
        absurd = {"taxes": [{"tax": {"name": "VAT", "rate_ppm": -1}}]}
        answer = await api.post("/api/v1/taxes", json={"country": "DE", "rules": absurd})
        assert 400 <= answer.status_code < 500
        assert (await api.get("/api/v1/taxes")).json() == []

    async def test_need_a_token_that_no_browser_sends_by_itself(self, api: Any) -> None:
        token = api.headers.pop("Authorization")
        assert (await api.post("/api/v1/taxes", json={"country": "DE", "rules": RULES})).status_code == 401
        api.headers["Authorization"] = token


class TestMarketPrices:
    PATH = "/api/v1/price-series"
    SPAN = "begin=2026-11-22T00:00:00Z&end=2026-11-23T00:00:00Z"

    async def test_are_told_to_a_series_and_read_back(self, api: Any) -> None:
        wanted = {"name": "day-ahead", "market": "DE-LU", "currency": "EUR"}
        assert (await api.post(self.PATH, json=wanted)).status_code == 201
        assert (await api.post(self.PATH, json=wanted)).status_code == 409
        told = {"minutes": 15, "prices": [{"starts_at": "2026-11-22T10:00:00+01:00", "price": "0.0815"}]}
        for told_count in (1, 0):
            answer = await api.post(f"{self.PATH}/day-ahead/prices", json=told)
            assert answer.json() == {"told_count": told_count, "known_count": 1 - told_count, "due_count": 0}
        assert (await api.get(f"{self.PATH}/day-ahead/prices?{self.SPAN}")).json() == [
            {"starts_at": "2026-11-22T09:00:00Z", "ends_at": "2026-11-22T09:15:00Z", "price": "0.0815"}
        ]
        (series,) = (await api.get(self.PATH)).json()
        assert (series["name"], series["known_until"]) == ("day-ahead", "2026-11-22T09:15:00Z")

    async def test_that_cannot_be_are_refused_with_a_code(self, api: Any) -> None:
        answer = await api.post(f"{self.PATH}/none/prices", json={"minutes": 15, "prices": []})
        assert (answer.status_code, answer.json()["code"]) == (422, "price_points_malformed")
        point = {"starts_at": "2026-11-22T10:00:00Z", "price": "0.1"}
        answer = await api.post(f"{self.PATH}/none/prices", json={"prices": [point]})
        assert answer.json()["code"] == "price_file_malformed"
        answer = await api.post(f"{self.PATH}/none/prices", json={"minutes": 15, "prices": [point]})
        assert (answer.status_code, answer.json()["code"]) == (404, "price_series_unknown")
        span = "begin=2026-01-01T00:00:00Z&end=2026-11-23T00:00:00Z"
        assert (await api.get(f"{self.PATH}/none/prices?{span}")).json()["code"] == "span_malformed"


class TestDiscounts:
    PATH = "/api/v1/adjustments"
    TENTH: ClassVar = {"type": "PercentOff", "name": "Regulars", "off_ppm": 100_000}

    async def test_are_published_listed_and_ended(self, api: Any) -> None:
        wanted = {"adjustment": self.TENTH, "customer_no": "C1001"}
        assert (await api.post(self.PATH, json=wanted)).status_code == 204
        ended = {"name": "Regulars", "customer_no": "C1001"}
        assert (await api.post(f"{self.PATH}/ends", json=ended)).status_code == 204
        found = (await api.get(self.PATH)).json()
        assert [one["adjustment"] for one in found] == [None, self.TENTH]

    async def test_that_cannot_be_are_refused_with_a_code(self, api: Any) -> None:
        voucher = {"type": "Voucher", "name": "Ten", "amount": "10"}
        answer = await api.post(self.PATH, json={"adjustment": voucher})
        assert (answer.status_code, answer.json()["code"]) == (422, "adjustment_not_offered")
        answer = await api.post(f"{self.PATH}/ends", json={"name": "Regulars"})
        assert (answer.status_code, answer.json()["code"]) == (404, "adjustment_unknown")
