"""Adyen: the shared contract, its own documents, and a truth that comes by message only."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from adyen_double import HMAC_KEY, MERCHANT, AdyenDouble, signature_of
from gateway_contract import NOW, PAYMENT, REFERENCE, Counter, DocumentContract, GatewayContract
from provider_specs import adyen_spec, adyen_webhook_spec
from wattledger.adapters.gateways.adyen.transform import (
    LINK_IS_OVER,
    MEANINGS,
    RESULTS,
    _card,
    link_body,
    on_wire,
    session_body,
)
from wattledger.adapters.gateways.adyen.webhook import sign_item
from wattledger.adapters.gateways.adyen.wire import WireItem
from wattledger.core.kernel.errors import InvalidInput, Unauthorized
from wattledger.core.payments.facts import Dispute, Method
from wattledger.core.payments.states import OperationKind
from wattledger.flows.ports.gateway import GatewayRefused, GatewayUnreached, GatewayUnsure, SavedAsk


class TestAdyen(GatewayContract):
    double = AdyenDouble

    def altered_is_refused(self, counter: Counter, headers: Any, raw: bytes, chance: Any) -> None:
        """Adyen signs eight fields of an item: each of them altered is refused."""
        message = json.loads(raw)
        for name, value in (
            ("pspReference", "X"), ("merchantReference", "X.1"), ("merchantAccountCode", "X"), ("eventCode", "X"),
            ("success", "maybe"), ("amount", {"value": 1, "currency": "EUR"}), ("originalReference", "X"),
        ):  # fmt: skip
            item = message["notificationItems"][0]["NotificationRequestItem"]
            forged = {**message, "notificationItems": [{"NotificationRequestItem": {**item, name: value}}]}
            with pytest.raises(Unauthorized, match="webhook_signature_wrong"):
                counter.gateway.verify_webhook(counter.access, headers, json.dumps(forged).encode(), NOW)

    def test_signs_as_the_providers_own_example(self) -> None:
        item = msgspec.convert(
            {
                "pspReference": "7914073381342284", "merchantReference": "TestPayment-1407325143704",
                "merchantAccountCode": "TestMerchant", "eventCode": "AUTHORISATION", "success": "true",
                "amount": {"value": 1130, "currency": "EUR"},
            },
            WireItem,
        )  # fmt: skip
        assert sign_item(item, bytes.fromhex(HMAC_KEY)) == "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="

    async def test_a_forged_second_item_spoils_the_whole_batch(self, counter: Counter) -> None:
        """The official helper looks at the first item only."""
        batch = await self.batch(counter)
        batch["notificationItems"][1]["NotificationRequestItem"]["amount"]["value"] = 1
        with pytest.raises(Unauthorized, match="webhook_signature_wrong"):
            counter.gateway.verify_webhook(counter.access, {}, json.dumps(batch).encode(), NOW)

    async def test_every_item_of_a_batch_is_a_hint_of_its_own(self, counter: Counter) -> None:
        batch = await self.batch(counter)
        hints = counter.gateway.verify_webhook(counter.access, {}, json.dumps(batch).encode(), NOW)
        assert [one.kind for one in hints] == ["AUTHORISATION", "CAPTURE"]
        assert {one.reference for one in hints} == {REFERENCE}
        assert len({one.event_ref for one in hints}) == 2

    async def batch(self, counter: Counter) -> Any:
        await counter.open()
        await counter.pay()
        double = counter.double
        assert isinstance(double, AdyenDouble)
        assert counter.view is not None
        double.is_batching = True
        double._tell(double.tabs[counter.view.ref], "AUTHORISATION", "PSPX")
        await counter.gateway.capture(counter.access, counter.view, amount_minor=10, key=f"{REFERENCE}:capture:2")
        (message,) = double.messages
        return json.loads(message.raw)

    def test_two_secrets_live_while_one_replaces_the_other(self, counter: Counter) -> None:
        item = {"pspReference": "P", "merchantReference": "a.1", "merchantAccountCode": MERCHANT,
                "eventCode": "CAPTURE", "success": "true", "amount": {"value": 1, "currency": "EUR"}}  # fmt: skip
        item["additionalData"] = {"hmacSignature": signature_of(item, "AB" * 32)}
        raw = json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}).encode()
        secrets = {**counter.access.secrets, "webhook_secret_next": "AB" * 32}
        access = msgspec.structs.replace(counter.access, secrets=secrets)
        assert counter.gateway.verify_webhook(access, {}, raw, NOW)
        with pytest.raises(Unauthorized):
            counter.gateway.verify_webhook(counter.access, {}, raw, NOW)

    def test_the_sender_names_itself_where_the_account_wants_it(self, counter: Counter) -> None:
        secrets = {**counter.access.secrets, "webhook_user": "adyen", "webhook_password": "x"}
        access = msgspec.structs.replace(counter.access, secrets=secrets)
        with pytest.raises(Unauthorized, match="webhook_unsigned"):
            counter.gateway.verify_webhook(access, {"authorization": "Basic xxx"}, b"{}", NOW)
        with pytest.raises(InvalidInput, match="webhook_malformed"):
            counter.gateway.verify_webhook(access, {"authorization": "Basic YWR5ZW46eA=="}, b"{}", NOW)

    async def test_a_part_that_the_bank_grants_is_the_hold(self, counter: Counter) -> None:
        await counter.open()
        assert (await counter.pay(amount=1500)).authorized_minor == 1500

    async def test_a_declined_card_leaves_the_page_open(self, counter: Counter) -> None:
        await counter.open()
        assert isinstance(counter.double, AdyenDouble)
        assert counter.view is not None
        counter.double.decline(counter.view.ref)
        facts = await counter.look()
        assert (facts.decline_code, facts.has_failed) == ("insufficient_funds", False)
        assert (await counter.pay()).authorized_minor == 4000

    async def test_an_open_session_cannot_be_closed_before_its_time(self, counter: Counter) -> None:
        await counter.open()
        with pytest.raises(GatewayUnreached):
            await counter.do("void", 2)
        assert counter.view is not None
        counter.view = msgspec.structs.replace(counter.view, is_page_over=True)
        assert (await counter.do("void", 2)).is_released

    async def test_a_capture_that_fails_later_is_a_failure(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        assert isinstance(counter.double, AdyenDouble)
        assert counter.view is not None
        tab = counter.double.tabs[counter.view.ref]
        tab.state = "canceled"
        facts = await counter.do("capture", 2, amount_minor=100)
        assert facts.refused == (f"{REFERENCE}:capture:2",)
        assert facts.captured_minor == 0

    async def test_a_chargeback_is_lost_until_it_is_reversed(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        await counter.do("capture", 2, amount_minor=100)
        assert isinstance(counter.double, AdyenDouble)
        assert counter.view is not None
        tab = counter.double.tabs[counter.view.ref]
        for kind, dispute in (
            ("NOTIFICATION_OF_CHARGEBACK", Dispute.OPEN),
            ("CHARGEBACK", Dispute.LOST),
        ):
            counter.double._tell(tab, kind, f"D{kind}", original=tab.facts["psp"])
            assert (await counter.look()).dispute is dispute

    @pytest.mark.parametrize(
        ("result", "raised"),
        [
            ("Refused", GatewayRefused),
            ("ChallengeShopper", GatewayRefused),
            ("AuthenticationFinished", GatewayUnsure),
            ("SomethingNew", GatewayUnsure),
        ],
    )
    async def test_a_charge_that_is_not_taken_is_never_taken_for_success(
        self, counter: Counter, result: str, raised: type[Exception]
    ) -> None:
        assert isinstance(counter.double, AdyenDouble)
        counter.double.result_code = result
        ask = SavedAsk(f"{PAYMENT}:1", 2500, "EUR", "Invoice", "https://c.example", Method("1", "2", "card"))
        with pytest.raises(raised):
            await counter.gateway.charge_saved(counter.access, ask, key="k")


class TestAdyensDocument(DocumentContract):
    double = AdyenDouble
    document = adyen_spec

    def test_has_no_status_that_is_not_mapped(self) -> None:
        spec = adyen_spec()
        assert spec.enum("PaymentResponse", "resultCode") == set(RESULTS)
        assert spec.enum("PaymentLinkResponse", "status") == set(LINK_IS_OVER)
        assert {path.lstrip("/") for path in adyen_webhook_spec().document["paths"]} == set(MEANINGS)

    async def test_our_simulated_messages_are_as_the_provider_documents_them(self) -> None:
        spec = adyen_webhook_spec()
        counter = Counter(AdyenDouble)
        await counter.open()
        await counter.pay()
        await counter.do("increment", 2, total_minor=5000)
        await counter.do("capture", 3, amount_minor=10)
        await counter.do("refund", 4, amount_minor=5, reason="goodwill")
        assert counter.view is not None
        faults = []
        for raw in counter.view.heard:
            kind = json.loads(raw)["notificationItems"][0]["NotificationRequestItem"]["eventCode"]
            faults += spec.request_faults("POST", f"/{kind}", "application/json", raw)
        assert len(counter.view.heard) == 4
        assert not faults, "\n".join(faults)


class TestAppleAndGooglePay:
    def test_are_offered_wherever_cards_are(self) -> None:
        ask = Counter(AdyenDouble).ask()
        assert "allowedPaymentMethods" not in session_body(ask, "Harbour")
        assert link_body(ask, "Harbour")["allowedPaymentMethods"] == ["scheme", "applepay", "googlepay"]

    async def test_leave_the_cards_own_brand(self) -> None:
        counter = Counter(AdyenDouble)
        await counter.open()
        await counter.pay()
        assert counter.view is not None
        raw = counter.view.heard[0].replace(b'"visa"', b'"visa_applepay"')
        wire = msgspec.json.decode(raw)["notificationItems"][0]["NotificationRequestItem"]
        card = _card(msgspec.convert(wire, WireItem))
        assert card is not None
        assert (card.brand, wire["paymentMethod"]) == ("visa", "visa_applepay")


class TestTheKeysOnTheWire:
    def test_are_never_longer_than_adyen_takes(self) -> None:
        assert len(on_wire(f"{PAYMENT}:99:{max(OperationKind, key=len)}:999")) <= 64
