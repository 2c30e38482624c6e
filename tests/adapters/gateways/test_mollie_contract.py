"""Mollie: the shared contract, its own document, and messages that say no more than where to look."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from fault_proxy import Fault
from gateway_contract import NOW, REFERENCE, Counter, DocumentContract, GatewayContract
from mollie_double import MollieDouble
from provider_specs import mollie_spec
from wattledger.adapters.gateways.mollie.transform import CAPTURES, REFUND_STATES, STANDINGS, Found, facts_of
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.ports.gateway import GatewayUnsure


class TestMollie(GatewayContract):
    double = MollieDouble

    def altered_is_refused(self, counter: Counter, headers: Any, raw: bytes, chance: Any) -> None:
        """Nothing is signed: another payment's id is a hint to look there, anything else is refused."""
        del chance
        for forged in (
            b"",
            b"id=",
            b"id=ord_1",
            b"id=tr_1&id=tr_2",
            b"id=tr_../../x",
            b"\xff",
            b"id=" + b"x" * 2000,
        ):
            with pytest.raises(InvalidInput, match="webhook_malformed"):
                counter.gateway.verify_webhook(counter.access, headers, forged, NOW)
        (hint,) = counter.gateway.verify_webhook(counter.access, headers, raw, NOW)
        assert hint.reference is None

    async def test_a_capture_counts_once_the_rest_is_released(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        counter.proxy.spoil = lambda _, path: (
            Fault.LOST_REQUEST if path.endswith("release-authorization") else None
        )
        with pytest.raises(GatewayUnsure):
            await counter.do("capture", 2, amount_minor=1000)
        assert (await counter.look()).captured_minor == 0
        counter.proxy.spoil = lambda *_: None
        assert (await counter.do("capture", 2, amount_minor=1000)).captured_minor == 1000
        assert counter.double.of(REFERENCE)[0].captures == [1000]

    async def test_finds_its_own_capture_again_when_the_key_is_long_forgotten(self, counter: Counter) -> None:
        await counter.open()
        await counter.pay()
        await counter.do("capture", 2, amount_minor=4000)
        counter.double._answers.clear()
        await counter.do("capture", 2, amount_minor=4000)
        await counter.do("refund", 3, amount_minor=100, reason="goodwill")
        counter.double._answers.clear()
        await counter.do("refund", 3, amount_minor=100, reason="goodwill")
        (tab,) = counter.double.of(REFERENCE)
        assert (tab.captures, len(tab.refunds)) == ([4000], 1)

    @pytest.mark.parametrize(
        "strange",
        [
            {"status": "shipped"},
            {"amount": {"value": "40.001", "currency": "EUR"}},
            {"amount": {"value": "forty", "currency": "EUR"}},
            {"amount": {"value": "40.00", "currency": "ZZZ"}},
        ],
    )
    async def test_what_is_not_known_is_no_fact(self, counter: Counter, strange: dict[str, Any]) -> None:
        await counter.open()
        assert counter.view is not None
        payment = {"id": counter.view.ref, "status": "paid", "amount": {"value": "40.00", "currency": "EUR"}}
        assert facts_of(Found(payment), counter.view) is not None
        assert facts_of(Found({**payment, **strange}), counter.view) is None
        assert facts_of(Found(payment, refunds=[{"status": "odd"}]), counter.view) is None
        assert facts_of(Found(payment, captures=[{"status": "odd"}]), counter.view) is None

    def test_has_no_status_that_is_not_mapped(self) -> None:
        """The SDK is generated from the provider's document: its enumerations are the document's."""
        from mollie import models

        assert {one.value for one in models.PaymentResponseStatus} == set(STANDINGS)
        assert {one.value for one in models.RefundResponseStatus} == set(REFUND_STATES)
        assert {one.value for one in models.CaptureResponseStatus} == set(CAPTURES)


class TestMolliesDocument(DocumentContract):
    double = MollieDouble
    document = mollie_spec
    defects: ClassVar[dict[str, str]] = {
        "$.count: 0 is less than the minimum of 1": "a list may be empty",
        "asked: $: 'redirectUrl' is a required property": "a recurring payment has no page to come back from",
        **dict.fromkeys(
            (
                f"refunds asked: $: '{name}' is a required property"
                for name in ("_links", "createdAt", "id", "mode", "paymentId", "resource", "status")
            ),
            "a refund is asked for by the schema of its answer",
        ),
    }
