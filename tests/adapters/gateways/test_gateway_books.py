"""The gateways' own books, as the checker reads them: whole, page by page, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from adyen_double import AdyenDouble
from fault_proxy import Fault, FaultProxy
from gateway_contract import NOW, PAYMENT, Counter
from mollie_double import MollieDouble
from provider_double import ProviderDouble, Tab
from provider_specs import mollie_spec, stripe_spec
from sandbox_double import SandboxDouble
from stripe_double import StripeDouble
from wattledger.adapters.gateway_books import ListedGatewayBooks, pages
from wattledger.flows.ports.gateway import AttemptView
from wattledger.flows.ports.verify import BooksAsked, GatewayAnswer, GatewayRecord

LISTING: list[type[ProviderDouble]] = [SandboxDouble, StripeDouble, MollieDouble]
every_gateway = pytest.mark.parametrize("make", [*LISTING, AdyenDouble], ids=lambda one: one.name)
that_turns_pages = pytest.mark.parametrize("make", LISTING[1:], ids=lambda one: one.name)


class Ledger:
    """A provider with payments of ours in every state, and the checker's way to its books."""

    def __init__(self, make: type[ProviderDouble], spec: Any = None) -> None:
        self.counter = Counter(make, spec)
        self.double = self.counter.double
        self.proxy = FaultProxy(self.double)
        self.books = ListedGatewayBooks(self.proxy)
        self.messages: list[bytes] = []

    async def payment(self, number: int, currency: str = "EUR", *, is_sale: bool = False) -> None:
        counter, reference = self.counter, f"{PAYMENT}:{number}"
        ask = counter.ask(4000, currency, reference=reference, is_sale=is_sale)
        page = await counter.gateway.begin_checkout(counter.access, ask, key=f"{reference}:authorize:1")
        counter.facts, counter.view = None, AttemptView(page.ref, reference, currency, 4000, is_sale=is_sale)
        self.double.pay(page.ref)
        await self.look()

    async def do(self, verb: str, **what: Any) -> None:
        counter = self.counter
        assert counter.view is not None
        key = f"{counter.view.reference}:{verb}:{len(self.messages) + 2}"
        await getattr(counter.gateway, verb)(counter.access, counter.view, key=key, **what)
        await self.look()

    async def look(self) -> None:
        self.messages += [message.raw for message in self.double.messages]
        await self.counter.look()

    async def scene(self) -> None:
        """Held; captured in part and refunded twice; released; taken at once."""
        await self.payment(1)
        await self.payment(2)
        await self.do("capture", amount_minor=1234)
        await self.do("refund", amount_minor=200, reason="goodwill")
        await self.do("refund", amount_minor=34, reason="goodwill")
        await self.payment(3)
        await self.do("void")
        await self.payment(4, is_sale=True)

    async def ask(self, *, days: int = 35, sales: frozenset[str] = frozenset({f"{PAYMENT}:4"})) -> Any:
        access = self.counter.access
        asked = BooksAsked(
            gateway=self.double.name,
            settings=access.settings,
            secrets=access.secrets,
            since=NOW - timedelta(days=days),
            messages=self.messages,
            sales=sales,
        )
        return await self.books.records(asked)

    async def records(self) -> dict[str, GatewayRecord]:
        answer = await self.ask()
        assert isinstance(answer, GatewayAnswer)
        return {record.reference: record for record in answer.records}


def sums(record: GatewayRecord) -> tuple[str, int, int, int]:
    return record.currency, record.captured_minor, record.refunded_minor, record.held_minor


class TestTheBooks:
    @every_gateway
    async def test_say_what_is_held_taken_and_given_back(self, make: type[ProviderDouble]) -> None:
        ledger = Ledger(make)
        await ledger.scene()
        found = {name.rpartition(":")[2]: sums(one) for name, one in (await ledger.records()).items()}
        assert found == {
            "1": ("EUR", 0, 0, 4000),
            "2": ("EUR", 1234, 234, 0),
            "3": ("EUR", 0, 0, 0),
            "4": ("EUR", 4000, 0, 0),
        }

    @every_gateway
    @pytest.mark.parametrize("currency", ["JPY", "ISK", "KWD"])
    async def test_are_in_our_minor_units(self, make: type[ProviderDouble], currency: str) -> None:
        ledger = Ledger(make)
        await ledger.payment(1, currency)
        await ledger.do("capture", amount_minor=1230)
        (record,) = (await ledger.records()).values()
        assert sums(record) == (currency, 1230, 0, 0)

    @pytest.mark.parametrize("make", LISTING[:2], ids=lambda one: one.name)
    async def test_say_the_fee_where_the_gateway_does(self, make: type[ProviderDouble]) -> None:
        ledger = Ledger(make)
        await ledger.payment(1)
        await ledger.do("capture", amount_minor=1000)
        (record,) = (await ledger.records()).values()
        assert ledger.counter.facts is not None
        assert record.fee_minor == ledger.counter.facts.fee_minor
        assert record.fee_minor

    @that_turns_pages
    async def test_are_read_to_their_last_page(self, make: type[ProviderDouble]) -> None:
        ledger = Ledger(make)
        ledger.double.page_rows = 2  # type: ignore[attr-defined]
        for number in range(1, 6):
            await ledger.payment(number)
            await ledger.do("capture", amount_minor=100)
            await ledger.do("refund", amount_minor=number, reason="goodwill")
        found = await ledger.records()
        assert [found[f"{PAYMENT}:{number}"].refunded_minor for number in range(1, 6)] == [1, 2, 3, 4, 5]
        assert len(ledger.proxy.calls) == 6

    @that_turns_pages
    async def test_are_read_so_far_and_no_further(
        self, make: type[ProviderDouble], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An endless list ends the reading, and the answer says down to when it is whole."""
        ledger = Ledger(make)
        ledger.double.page_rows = 2  # type: ignore[attr-defined]
        for number in range(1, 6):
            await ledger.payment(number)
        for module in ("stripe", "mollie"):
            monkeypatch.setattr(f"wattledger.adapters.gateway_books.{module}.PAGES_MAX", 2)
        answer = await ledger.ask()
        assert pages.PAGES_MAX == 200
        assert len(answer.records) == 4
        assert answer.since >= NOW - timedelta(seconds=1)

    @that_turns_pages
    async def test_leave_older_payments_out(self, make: type[ProviderDouble]) -> None:
        ledger = Ledger(make)
        await ledger.payment(1)
        ledger.counter.double.tabs[next(iter(ledger.double.tabs))].facts["created"] = _long_ago(make)
        await ledger.payment(2)
        assert set(await ledger.records()) == {f"{PAYMENT}:2"}

    @that_turns_pages
    async def test_leave_other_peoples_business_out_and_say_so(self, make: type[ProviderDouble]) -> None:
        ledger = Ledger(make)
        await ledger.payment(1)
        await ledger.payment(2)
        _forget_reference(next(iter(ledger.double.tabs.values())))
        answer = await ledger.ask()
        assert [one.reference for one in answer.records] == [f"{PAYMENT}:2"]
        assert answer.note == "1 payments without a reference of ours were left out"

    @pytest.mark.parametrize("make", LISTING, ids=lambda one: one.name)
    @pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.SERVER_ERROR, Fault.GARBAGE, Fault.LOST_ANSWER])
    async def test_are_no_books_where_the_answer_is_none(self, make: type[ProviderDouble], fault: Fault) -> None:
        ledger = Ledger(make)
        await ledger.payment(1)
        ledger.proxy.spoil = lambda *_: fault
        assert await ledger.ask() is None

    async def test_are_asked_of_nobody_else_whatever_a_page_points_to(self) -> None:
        """Mollie links its next page: the key goes to Mollie only."""
        met = []

        def answer(request: httpx.Request) -> httpx.Response:
            met.append(str(request.url.host))
            link = {"href": "https://thief.example/v2/refunds", "type": "application/hal+json"}
            return httpx.Response(200, json={"_embedded": {"refunds": []}, "_links": {"next": link}})

        books = ListedGatewayBooks(httpx.MockTransport(answer))
        asked = BooksAsked("mollie", {}, {"api_key": "live_x"}, NOW)
        assert await books.records(asked) is None
        assert met == ["api.mollie.com"]

    @pytest.mark.parametrize(
        ("make", "spec"), [(StripeDouble, stripe_spec), (MollieDouble, mollie_spec)], ids=["stripe", "mollie"]
    )
    async def test_are_as_the_provider_documents_them(self, make: type[ProviderDouble], spec: Any) -> None:
        document = spec()
        ledger = Ledger(make, document)
        await ledger.scene()
        assert await ledger.ask() is not None
        asked = [(one.path, one.status, one.answer) for one in ledger.proxy.calls]
        assert len(asked) == 2
        faults = [fault for one in asked for fault in document.answer_faults("GET", *one)]
        assert not faults, "\n".join(faults)


class TestAdyensMessages:
    """Adyen lists no payments: what it told us stands for its books."""

    async def test_count_once_however_often_they_came(self) -> None:
        ledger = Ledger(AdyenDouble)
        await ledger.scene()
        once = await ledger.records()
        ledger.messages = [*ledger.messages, *reversed(ledger.messages)]
        assert await ledger.records() == once

    async def test_about_another_merchant_account_do_not_count(self) -> None:
        ledger = Ledger(AdyenDouble)
        await ledger.scene()
        settings = {"merchant_account": "Another"}
        ledger.counter.access = msgspec.structs.replace(ledger.counter.access, settings=settings)
        assert await ledger.records() == {}

    async def test_take_back_what_failed_later(self) -> None:
        ledger = Ledger(AdyenDouble)
        await ledger.payment(1)
        await ledger.do("capture", amount_minor=1000)
        double = ledger.double
        assert isinstance(double, AdyenDouble)
        (tab,) = double.of(f"{PAYMENT}:1")
        capture = next(one for one in ledger.messages if b'"CAPTURE"' in one)
        name = msgspec.json.decode(capture)["notificationItems"][0]["NotificationRequestItem"]["merchantReference"]
        double._tell(tab, "CAPTURE_FAILED", "PSPX", amount=1000, reference=name)
        ledger.messages += [message.raw for message in double.messages]
        (record,) = (await ledger.records()).values()
        assert record.captured_minor == 0


def _long_ago(make: type[ProviderDouble]) -> Any:
    at = NOW - timedelta(days=40)
    return int(at.timestamp()) if make is StripeDouble else at.isoformat(timespec="seconds")


def _forget_reference(tab: Tab) -> None:
    tab.reference = ""
    if "body" in tab.facts:
        tab.facts["body"] = {**tab.facts["body"], "metadata": None}
