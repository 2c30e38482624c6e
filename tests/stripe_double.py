"""A small Stripe: Checkout with manual capture, kept methods, increments; for what no fake of others can do."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import httpx
import stripe

from provider_double import Message, ProviderDouble, Refused, Tab
from provider_specs import form_tree
from wattledger.adapters.gateways.stripe.client import StripeGateway
from wattledger.core.payments.signatures import sign

API_KEY, HOOK_SECRET, ACCOUNT = "sk_test_of_a_test", "whsec_of_a_test", "acct_harbour"
WEEK_S = 7 * 86_400
_LISTS = ("/v1/payment_intents", "/v1/refunds")

_CALLS = {
    "create": ("/v1/checkout/sessions",),
    "renew": ("/v1/payment_intents",),
    "capture": ("/capture",),
    "void": ("/expire", "/cancel"),
    "refund": ("/v1/refunds",),
    "increment": ("/increment_authorization",),
}


class StripeDouble(ProviderDouble):
    name = "stripe"
    scale: ClassVar[dict[str, int]] = {"ISK": 100, "UGX": 100}
    payee = ACCOUNT
    page_rows = 100
    is_live = False
    is_asking_payers = False  # off-session charges are refused until the payer confirms
    is_refusing_saved = False  # off-session charges are declined

    def gateway(self, transport: httpx.AsyncBaseTransport) -> StripeGateway:
        sdk_client: Any = stripe.HTTPXClient()
        sdk_client._client_async = httpx.AsyncClient(transport=transport)
        return StripeGateway(sdk_client)

    def account(self) -> tuple[dict[str, str], dict[str, str]]:
        settings = {"payee": ACCOUNT, "mode": "test"}
        return settings, {"api_key": API_KEY, "webhook_secret": HOOK_SECRET}

    def mismatch(self) -> dict[str, Any]:
        return {"error": {"type": "idempotency_error", "message": "Keys for idempotent requests..."}}

    def route(self, request: httpx.Request) -> tuple[int, Any]:
        path, form = request.url.path, form_tree(request.content)
        if path == "/v1/account":
            return 200, self.whole("account", {"id": self.payee, "object": "account"})
        if path == "/v1/customers":
            return 200, self.whole(
                "customer", {"id": f"cus_{self.number()}", "object": "customer", "livemode": False}
            )
        if path == "/v1/checkout/sessions":
            return 200, self._session(self._open(form))
        if path in _LISTS and request.method == "GET":
            return 200, self._list(path, dict(request.url.params))
        if path == "/v1/payment_intents":
            return self._charge(form)
        if path == "/v1/refunds":
            return self._refund(form)
        if path == "/v1/disputes":
            return 200, {"object": "list", "data": [], "has_more": False, "url": "/v1/disputes"}
        if found := re.fullmatch(r"/v1/checkout/sessions/(\w+)(/expire)?", path):
            tab = self._tab(found[1])
            if found[2]:
                if tab.state != "open":
                    raise _refusal(400, "session_not_open")
                tab.state = "closed"
                self._tell("checkout.session.expired", self._session(tab))
            return 200, self._session(tab, is_expanded=bool(request.url.query))
        if found := re.fullmatch(r"/v1/payment_intents/(\w+)(/\w+)?", path):
            tab = self._tab(found[1])
            self._act(tab, found[2] or "", form)
            return 200, self._intent(tab, is_expanded=bool(request.url.query))
        raise _refusal(404, "resource_missing")

    def is_call(self, verb: str, method: str, path: str) -> bool:
        del method
        return path.endswith(_CALLS[verb])

    def pay(self, ref: str, *, amount: int | None = None) -> None:
        tab = self._tab(ref)
        assert tab.state == "open"
        assert amount is None, "Stripe grants no part online"
        tab.authorizations.append(tab.amount)
        tab.state = "held"
        tab.facts["capture_before"] = self._week_from_now()
        if tab.is_sale:
            tab.captures.append(tab.amount)
            tab.state = "taken"
        self._tell("checkout.session.completed", self._session(tab))
        self._tell("payment_intent.amount_capturable_updated", self._intent(tab))

    def _open(self, form: dict[str, Any]) -> Tab:
        line = form["line_items"]["0"]["price_data"]
        intent, number = form["payment_intent_data"], self.number()
        tab = Tab(
            f"cs_{number}",
            form["client_reference_id"],
            int(line["unit_amount"]),
            line["currency"],
            intent.get("capture_method") != "manual",
        )
        tab.facts = {
            "intent": f"pi_{number}",
            "customer": form.get("customer"),
            "kept": intent.get("setup_future_usage"),
            "expires_at": int(form["expires_at"]),
        }
        self.tabs[tab.ref] = tab
        return tab

    def _charge(self, form: dict[str, Any]) -> tuple[int, Any]:
        if self.is_asking_payers:
            raise _refusal(402, "authentication_required", kind="card_error")
        if self.is_refusing_saved:
            raise _refusal(402, "card_declined", kind="card_error")
        number = self.number()
        is_sale = form.get("capture_method") != "manual"
        tab = Tab(
            f"pi_{number}", form["metadata"]["reference"], int(form["amount"]), form["currency"], is_sale=is_sale
        )
        tab.facts = {"intent": tab.ref, "customer": form["customer"], "kept": None, "expires_at": 0}
        tab.facts |= {"metadata": form["metadata"], "capture_before": self._week_from_now()}
        tab.authorizations.append(tab.amount)
        if is_sale:
            tab.captures.append(tab.amount)
        tab.state = "taken" if is_sale else "held"
        self.tabs[tab.ref] = tab
        kind = "succeeded" if is_sale else "amount_capturable_updated"
        self._tell(f"payment_intent.{kind}", self._intent(tab))
        return 200, self._intent(tab)

    def _week_from_now(self) -> int:
        return int(self.clock.now().timestamp()) + WEEK_S

    def _act(self, tab: Tab, verb: str, form: dict[str, Any]) -> None:
        if verb and tab.state != "held":
            raise _refusal(400, "payment_intent_unexpected_state")
        if verb == "/increment_authorization":
            if int(form["amount"]) <= tab.authorizations[-1]:
                raise _refusal(400, "amount_too_small")
            tab.authorizations.append(int(form["amount"]))
        elif verb == "/capture":
            if int(form["amount_to_capture"]) > tab.authorizations[-1]:
                raise _refusal(400, "amount_too_large")
            tab.captures.append(int(form["amount_to_capture"]))
            tab.state = "taken"
            self._tell("charge.captured", self._charge_of(tab) | {"object": "charge"})
        elif verb == "/cancel":
            tab.state = "canceled"
            self._tell("payment_intent.canceled", self._intent(tab))

    def _refund(self, form: dict[str, Any]) -> tuple[int, Any]:
        tab, amount = self._tab(form["payment_intent"]), int(form["amount"])
        if amount > sum(tab.captures) - sum(one[1] for one in tab.refunds):
            raise _refusal(400, "charge_already_refunded")
        tab.refunds.append((f"re_{self.number()}", amount, form["metadata"]["key"]))
        self._tell("charge.refunded", self._charge_of(tab) | {"object": "charge"})
        return 200, self._refund_of(tab, tab.refunds[-1])

    def _list(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        """Newest first, a page of at most ``page_rows``."""
        paid = [tab for tab in self.tabs.values() if tab.authorizations]
        rows = [self._intent(tab, is_expanded=True) for tab in paid]
        if path.endswith("refunds"):
            rows = [
                self._refund_of(tab, one) | {"payment_intent": tab.facts["intent"], "created": self._created(tab)}
                for tab in paid
                for one in tab.refunds
            ]
        rows = sorted(rows, key=lambda row: (row["created"], row["id"]), reverse=True)
        rows = [row for row in rows if row["created"] >= int(asked["created[gte]"])]
        first = next((n + 1 for n, row in enumerate(rows) if row["id"] == asked.get("starting_after")), 0)
        page = rows[first : first + min(self.page_rows, int(asked["limit"]))]
        has_more = rows[-1:] != page[-1:]
        return {"object": "list", "url": path, "data": page, "has_more": has_more}

    def _created(self, tab: Tab) -> int:
        at_s: int = tab.facts.setdefault("created", int(self.clock.now().timestamp()))
        return at_s

    def _tab(self, ref: str) -> Tab:
        found = next((tab for tab in self.tabs.values() if ref in {tab.ref, tab.facts["intent"]}), None)
        if found is None:
            raise _refusal(404, "resource_missing")
        return found

    def _session(self, tab: Tab, *, is_expanded: bool = False) -> dict[str, Any]:
        status = {"open": "open", "closed": "expired"}.get(tab.state, "complete")
        intent = tab.facts["intent"] if tab.authorizations else None
        known = {
            "id": tab.ref,
            "object": "checkout.session",
            "amount_total": tab.amount,
            "currency": tab.currency,
            "status": status,
            "client_reference_id": tab.reference,
            "metadata": {"reference": tab.reference},
            "payment_intent": self._intent(tab, is_expanded=True) if intent and is_expanded else intent,
            "url": f"https://checkout.stripe.com/c/pay/{tab.ref}" if tab.state == "open" else None,
            "expires_at": tab.facts["expires_at"],
            "mode": "payment",
            "livemode": self.is_live,
            "payment_status": "paid" if tab.captures else "unpaid",
        }
        return self.whole("checkout.session", known)

    def _intent(self, tab: Tab, *, is_expanded: bool = False) -> dict[str, Any]:
        status = {"held": "requires_capture", "taken": "succeeded", "canceled": "canceled"}[tab.state]
        known = {
            "id": tab.facts["intent"],
            "object": "payment_intent",
            "amount": tab.authorizations[-1],
            "amount_capturable": tab.held,
            "amount_received": sum(tab.captures),
            "currency": tab.currency,
            "status": status,
            "created": self._created(tab),
            "livemode": self.is_live,
            "on_behalf_of": tab.facts.get("on_behalf_of"),
            "transfer_data": tab.facts.get("transfer_data"),
            "customer": tab.facts["customer"],
            "payment_method": "pm_1",
            "setup_future_usage": tab.facts["kept"],
            "metadata": tab.facts.get("metadata", {"reference": tab.reference}),
            "latest_charge": self._charge_of(tab) if is_expanded else "ch_" + tab.facts["intent"],
        }
        return self.whole("payment_intent", known)

    def _charge_of(self, tab: Tab) -> dict[str, Any]:
        captured = sum(tab.captures)
        card = {
            "brand": "visa",
            "last4": "4242",
            "fingerprint": "fp_" + tab.facts["intent"],
            "funding": "credit",
            "capture_before": tab.facts.get("capture_before"),
            "incremental_authorization": {"status": "available"},
            "overcapture": {"status": "unavailable", "maximum_amount_capturable": tab.authorizations[-1]},
        }
        fee = {
            "object": "balance_transaction",
            "id": "txn_1",
            "fee": -(-captured * 15 // 1000),
            "currency": tab.currency,
        }
        known = {
            "id": "ch_" + tab.facts["intent"],
            "object": "charge",
            "amount": tab.authorizations[-1],
            "amount_captured": captured,
            "currency": tab.currency,
            "disputed": False,
            "metadata": {"reference": tab.reference},
            "payment_intent": tab.facts["intent"],
            "payment_method_details": {"type": "card", "card": self.whole("payment_method_details_card", card)},
            "balance_transaction": self.whole("balance_transaction", fee) if captured else None,
            "refunds": {
                "object": "list",
                "data": [self._refund_of(tab, one) for one in tab.refunds],
                "has_more": False,
                "url": "/v1/refunds",
            },
        }
        return self.whole("charge", known)

    def _refund_of(self, tab: Tab, refund: tuple[str, int, str]) -> dict[str, Any]:
        known = {
            "id": refund[0],
            "object": "refund",
            "amount": refund[1],
            "currency": tab.currency,
            "status": "succeeded",
            "metadata": {"key": refund[2]},
        }
        return self.whole("refund", known)

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        event = {
            "id": f"evt_{self.number()}",
            "object": "event",
            "type": kind,
            "created": int(self.clock.now().timestamp()),
            "livemode": self.is_live,
            "data": {"object": about},
        }
        raw = json.dumps(self.whole("event", event)).encode()
        signature = sign(raw, HOOK_SECRET, int(self.clock.now().timestamp()))
        self.messages.append(Message({"Stripe-Signature": signature}, raw))


def _refusal(status: int, code: str, *, kind: str = "invalid_request_error") -> Refused:
    return Refused(status, {"error": {"type": kind, "code": code, "message": code}})
