"""Stripe: the shared contract, its own document, and what only it has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway_contract import NOW, PAYMENT, Counter, DocumentContract, GatewayContract
from provider_specs import stripe_spec
from stripe_double import HOOK_SECRET, StripeDouble
from wattledger.adapters.gateways.stripe import transform
from wattledger.adapters.gateways.stripe.wire import IntentStatus, SessionStatus
from wattledger.core.kernel.errors import Unauthorized
from wattledger.core.payments.facts import Method
from wattledger.core.payments.signatures import sign
from wattledger.flows.ports.gateway import GatewayRefused, SavedAsk


class TestStripe(GatewayContract):
    double = StripeDouble

    async def test_a_bank_that_wants_the_payer_is_a_refusal_with_a_name(self, counter: Counter) -> None:
        assert isinstance(counter.double, StripeDouble)
        counter.double.is_asking_payers = True
        ask = SavedAsk(
            f"{PAYMENT}:1", 2500, "EUR", "Invoice", "https://c.example", Method("pm_1", "cus_1", "card")
        )
        with pytest.raises(GatewayRefused, match="authentication_required"):
            await counter.gateway.charge_saved(counter.access, ask, key="k")

    @pytest.mark.parametrize(("age_s", "is_taken"), [(299, True), (301, False), (-59, True), (-61, False)])
    def test_takes_messages_of_about_now_only(self, counter: Counter, age_s: int, *, is_taken: bool) -> None:
        about = b'{"object":{"id":"ch","object":"charge"}}'
        raw = b'{"id":"evt_1","object":"event","type":"charge.captured","data":' + about + b"}"
        headers = {"stripe-signature": sign(raw, HOOK_SECRET, int((NOW - timedelta(seconds=age_s)).timestamp()))}
        if is_taken:
            assert counter.gateway.verify_webhook(counter.access, headers, raw, NOW)
            return
        with pytest.raises(Unauthorized, match="webhook_time_wrong"):
            counter.gateway.verify_webhook(counter.access, headers, raw, NOW)

    @pytest.mark.parametrize(
        ("wanted", "page"), [("de-AT", "de"), ("nb_NO", "nb"), ("uk", "auto"), (None, "auto")]
    )
    def test_asks_for_a_language_that_the_page_speaks(self, counter: Counter, wanted: str, page: str) -> None:
        assert transform.checkout_parameters(counter.ask(locale=wanted))["locale"] == page

    def test_offers_apple_pay_and_google_pay_wherever_cards_are(self, counter: Counter) -> None:
        """Stripe counts them as cards: its page shows them unless switched off, or where it reckons the tax."""
        for is_sale in (False, True):
            parameters = transform.checkout_parameters(counter.ask(is_sale=is_sale))
            assert parameters["payment_method_types"] == ["card"]
            assert not {"wallet_options", "automatic_tax", "excluded_payment_method_types"} & parameters.keys()

    async def test_three_decimals_go_in_steps_of_ten(self, counter: Counter) -> None:
        with pytest.raises(GatewayRefused, match="amount_not_supported"):
            await counter.open(1_005, "KWD")


class TestStripesDocument(DocumentContract):
    double = StripeDouble
    document = stripe_spec

    def test_has_no_status_that_is_not_mapped(self) -> None:
        spec = stripe_spec()
        assert spec.enum("checkout.session", "status") == set(SessionStatus)
        assert spec.enum("payment_intent", "status") == set(IntentStatus)
        assert spec.enum("dispute", "status") <= set(transform.DISPUTES)

    def test_speaks_the_languages_that_we_ask_for(self) -> None:
        spec = stripe_spec()
        operation = spec.operation("POST", "/v1/checkout/sessions")
        assert operation is not None
        schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        assert set(schema["properties"]["locale"]["enum"]) >= transform.LOCALES
