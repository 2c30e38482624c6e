"""A small Mollie: hosted payments with manual capture, releases, refunds and mandates; it tells only ids."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx

from provider_double import Message, ProviderDouble, Refused, Tab
from wattledger.adapters.gateways.mollie.client import MollieGateway

_DECIMALS = {"JPY": 0, "ISK": 0, "KWD": 3, "BHD": 3}
PROFILE = "pfl_1"
URL = "https://api.mollie.com"
_AT = "2026-11-22T10:00:00+00:00"

_CALLS = {
    "create": ("/v2/payments",),
    "renew": ("/v2/payments",),
    "capture": ("/captures",),
    "void": ("/release-authorization",),
    "refund": ("/refunds",),
    "increment": ("/never",),
}


class MollieDouble(ProviderDouble):
    name = "mollie"
    payee = PROFILE
    page_rows = 250
    is_live = False
    content_type = "application/hal+json"

    def gateway(self, transport: httpx.AsyncBaseTransport) -> MollieGateway:
        return MollieGateway(httpx.AsyncClient(transport=transport))

    def account(self) -> tuple[dict[str, str], dict[str, str]]:
        return {"payee": PROFILE, "mode": "test"}, {"api_key": "test_of_a_test"}

    def route(self, request: httpx.Request) -> tuple[int, Any]:
        path = request.url.path.removeprefix("/v2")
        body = json.loads(request.content) if request.content else {}
        if path == "/profiles/me":
            return 200, self._profile()
        if path == "/customers":
            return 201, _customer(f"cst_{self.number()}", body)
        if path in {"/payments", "/refunds"} and request.method == "GET":
            return 200, self._page(path, dict(request.url.params))
        if path == "/payments":
            return 201, self._payment(self._open(body))
        found = re.fullmatch(r"/payments/(\w+)(/[\w-]+)?", path)
        if found is None or found[1] not in self.tabs:
            raise Refused(404, _fault(404, "No payment exists with this token"))
        tab, verb = self.tabs[found[1]], found[2] or ""
        if request.method == "DELETE":
            self._require(tab.state == "open", "The payment cannot be canceled")
            self._end(tab, "canceled")
            return 200, self._payment(tab)
        if verb == "/captures":
            return self._captures(tab, request.method, body)
        if verb == "/refunds":
            return self._refunds(tab, request.method, body)
        if verb == "/release-authorization":
            self._require(tab.state == "held", "The payment is not authorized")
            self._end(tab, "taken" if tab.captures else "canceled")
            return 202, None
        return 200, self._payment(tab)

    def is_call(self, verb: str, method: str, path: str) -> bool:
        del method
        return path.endswith(_CALLS[verb])

    def pay(self, ref: str, *, amount: int | None = None) -> None:
        tab = self.tabs[ref]
        assert tab.state == "open"
        assert amount is None, "Mollie grants no part"
        tab.authorizations.append(tab.amount)
        tab.facts["capture_before"] = (self.clock.now() + timedelta(days=7)).isoformat(timespec="seconds")
        if tab.is_sale:
            tab.captures.append(tab.amount)
        self._end(tab, "taken" if tab.is_sale else "held")

    def _page(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        """Newest first, a page of at most ``page_rows``; the next one is linked."""
        rows = [self._payment(tab) for tab in self.tabs.values()]
        if path == "/refunds":
            rows = [dict(one) for tab in self.tabs.values() for one in tab.facts.get("refunds", ())]
        rows.reverse()
        first = next((n for n, row in enumerate(rows) if row["id"] == asked.get("from")), 0)
        size = min(self.page_rows, int(asked.get("limit", 50)))
        listed = _list(path[1:], rows[first : first + size])
        if first + size < len(rows):
            href = f"{URL}/v2{path}?from={rows[first + size]['id']}&limit={size}"
            listed["_links"]["next"] = {"href": href, "type": "application/hal+json"}
        return listed

    def _open(self, body: dict[str, Any]) -> Tab:
        amount = body["amount"]
        is_recurring = body.get("sequenceType") == "recurring"
        tab = Tab(
            f"tr_{self.number()}",
            body["metadata"]["reference"],
            self._units(amount),
            amount["currency"],
            body.get("captureMode") != "manual",
        )
        tab.facts = {"body": body, "created": self.clock.now().isoformat(timespec="seconds")}
        self.tabs[tab.ref] = tab
        if is_recurring:
            self.pay(tab.ref)
        return tab

    def _captures(self, tab: Tab, method: str, body: dict[str, Any]) -> tuple[int, Any]:
        made = tab.facts.setdefault("captures", [])
        if method == "GET":
            return 200, _list("captures", made)
        amount = self._units(body["amount"])
        self._require(tab.state == "held", "The payment is not authorized")
        self._require(amount <= tab.authorizations[-1] - sum(tab.captures), "The amount is higher than is left")
        tab.captures.append(amount)
        made.append(_thing("capture", f"cpt_{self.number()}", tab, body, status="succeeded"))
        if sum(tab.captures) == tab.authorizations[-1]:
            self._end(tab, "taken")
        return 201, {**made[-1], "_links": {**made[-1]["_links"], "documentation": _link("docs")}}

    def _refunds(self, tab: Tab, method: str, body: dict[str, Any]) -> tuple[int, Any]:
        made = tab.facts.setdefault("refunds", [])
        if method == "GET":
            return 200, _list("refunds", made)
        amount = self._units(body["amount"])
        left = sum(tab.captures) - sum(one[1] for one in tab.refunds)
        self._require(tab.state == "taken" and amount <= left, "The amount is higher than the maximum")
        tab.refunds.append((f"re_{self.number()}", amount, body["metadata"]["key"]))
        made.append(_thing("refund", tab.refunds[-1][0], tab, body, status="refunded"))
        self._tell(tab)
        return 201, {**made[-1], "_links": {**made[-1]["_links"], "documentation": _link("docs")}}

    def _end(self, tab: Tab, state: str) -> None:
        tab.state = state
        self._tell(tab)

    def _tell(self, tab: Tab) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self.messages.append(Message(headers, urlencode({"id": tab.ref}).encode()))

    def _payment(self, tab: Tab) -> dict[str, Any]:
        status = {"open": "open", "held": "authorized", "taken": "paid", "canceled": "canceled"}[tab.state]
        asked = tab.facts["body"]
        links = {"self": _link(tab.ref), "dashboard": _link(tab.ref)}
        if tab.state == "open":
            links["checkout"] = {"href": f"https://www.mollie.com/checkout/{tab.ref}", "type": "text/html"}
        payment = {
            "resource": "payment",
            "id": tab.ref,
            "mode": "live" if self.is_live else "test",
            "description": asked["description"],
            "amount": asked["amount"],
            "sequenceType": asked.get("sequenceType", "oneoff"),
            "profileId": self.payee,
            "status": status,
            "createdAt": tab.facts["created"],
            "metadata": asked["metadata"],
            "isCancelable": tab.state == "open",
            "captureMode": asked.get("captureMode", "automatic"),
            "_links": links,
        }
        if tab.authorizations:
            payment |= {"method": "creditcard", "details": {"cardNumber": "4242", "cardLabel": "Visa"}}
            if asked.get("customerId"):
                payment |= {"customerId": asked["customerId"], "mandateId": "mdt_1"}
        if tab.captures:
            payment["amountCaptured"] = self._amount(sum(tab.captures), tab.currency)
        if tab.state == "held":
            payment |= {"authorizedAt": _AT, "captureBefore": tab.facts["capture_before"]}
        return payment

    def _profile(self) -> dict[str, Any]:
        return {
            "resource": "profile", "id": self.payee, "mode": "live" if self.is_live else "test", "name": "Harbour",
            "website": "https://charge.example", "email": "desk@charge.example", "phone": "+31208202070",
            "businessCategory": "OTHER_MERCHANDISE", "status": "verified", "createdAt": _AT,
            "_links": {"self": _link(self.payee), "documentation": _link("docs")},
        }  # fmt: skip

    @staticmethod
    def _require(is_allowed: bool, detail: str) -> None:
        if not is_allowed:
            raise Refused(422, _fault(422, detail))

    @staticmethod
    def _units(amount: dict[str, str]) -> int:
        decimals = _DECIMALS.get(amount["currency"], 2)
        value = Decimal(amount["value"])
        written = len(amount["value"].partition(".")[2])
        assert written == decimals, f"{amount}: exactly {decimals} decimals"
        return int(value.scaleb(decimals))

    @staticmethod
    def _amount(units: int, currency: str) -> dict[str, str]:
        return {"currency": currency, "value": str(Decimal(units).scaleb(-_DECIMALS.get(currency, 2)))}


def _thing(resource: str, name: str, tab: Tab, body: dict[str, Any], *, status: str) -> dict[str, Any]:
    return {
        "resource": resource,
        "id": name,
        "mode": "test",
        "amount": body["amount"],
        "description": body["description"],
        "metadata": body["metadata"],
        "status": status,
        "paymentId": tab.ref,
        "createdAt": tab.facts["created"],
        "_links": {"self": _link(name), "payment": _link(tab.ref), "documentation": _link("docs")},
    }


def _customer(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"resource": "customer", "id": name, "mode": "test", "name": None, "email": body.get("email"),
            "locale": "de_DE", "metadata": body["metadata"], "createdAt": _AT,
            "_links": {"self": _link(name), "dashboard": _link(name), "documentation": _link("docs")}}  # fmt: skip


def _list(name: str, things: list[Any]) -> dict[str, Any]:
    for thing in things:
        thing["_links"].pop("documentation", None)
    links = {"self": _link(name), "previous": None, "next": None, "documentation": _link("docs")}
    return {"count": len(things), "_embedded": {name: things}, "_links": links}


def _link(name: str) -> dict[str, str]:
    return {"href": f"https://api.mollie.com/v2/{name}", "type": "application/hal+json"}


def _fault(status: int, detail: str) -> dict[str, Any]:
    return {"status": status, "title": "Unprocessable Entity" if status == 422 else "Not Found", "detail": detail,
            "_links": {"documentation": _link("docs")}}  # fmt: skip
