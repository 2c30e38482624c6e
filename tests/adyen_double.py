"""A small Adyen: hosted sessions and payment links; it answers "received" and tells the outcome by webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import httpx

from provider_double import Message, ProviderDouble, Refused, Tab
from wattledger.adapters.gateways.adyen.client import AdyenGateway

HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
MERCHANT = "HarbourCharging"

_CALLS = {
    "create": ("/sessions", "/paymentLinks"),
    "renew": ("/payments",),
    "capture": ("/captures",),
    "void": ("/cancels",),
    "refund": ("/refunds",),
    "increment": ("/amountUpdates",),
}


class AdyenDouble(ProviderDouble):
    name = "adyen"
    scale: ClassVar[dict[str, int]] = {"ISK": 100, "CLP": 100}
    payee = MERCHANT
    is_live = False
    kept_ref = "8415"
    names: Iterator[str] | None = None  # what it calls things, where that is not PSP000001
    is_batching = False  # several items in one message
    result_code = "Authorised"  # of a charge without the payer

    def gateway(self, transport: httpx.AsyncBaseTransport) -> AdyenGateway:
        return AdyenGateway(httpx.AsyncClient(transport=transport))

    def account(self) -> tuple[dict[str, str], dict[str, str]]:
        return {"merchant_account": MERCHANT, "mode": "test"}, {
            "api_key": "an-api-key",
            "webhook_secret": HMAC_KEY,
        }

    def mismatch(self) -> dict[str, Any]:
        return _fault("705", "The idempotency key was used with another body")

    def route(self, request: httpx.Request) -> tuple[int, Any]:
        path = request.url.path.removeprefix("/v72")
        body = json.loads(request.content) if request.content else {}
        if path == "/sessions":
            tab = self._open(body, "CS", is_sale=False)
            kept = {name: body[name] for name in ("returnUrl", "expiresAt")}
            page = f"https://checkoutshopper-test.adyen.com/{tab.ref}"
            return 201, _common(body) | kept | {"id": tab.ref, "url": page}
        if path == "/paymentLinks":
            return 201, self._link(self._open(body, "PL", is_sale=True))
        if found := re.fullmatch(r"/paymentLinks/(\w+)", path):
            tab = self.tabs[found[1]]
            if request.method == "PATCH":
                if tab.state != "open":
                    raise Refused(422, _fault("14_030", "The link is not active"))
                tab.state = "closed"
            return 200, self._link(tab)
        if path == "/paymentMethods":
            if body["merchantAccount"] != MERCHANT:
                raise Refused(403, _fault("901", "Invalid Merchant Account"))
            return 200, {"paymentMethods": [{"name": "Cards", "type": "scheme"}]}
        if path == "/payments":
            return self._charge(body)
        if found := re.fullmatch(r"/payments/(\w+)/(\w+)", path):
            return 201, self._change(found[1], found[2], body)
        raise Refused(422, _fault("100", "unknown"))

    def is_call(self, verb: str, method: str, path: str) -> bool:
        del method
        return path.endswith(_CALLS[verb])

    def pay(self, ref: str, *, amount: int | None = None) -> None:
        tab = self.tabs[ref]
        assert tab.state == "open"
        self._authorize(tab, tab.amount if amount is None else amount)

    def decline(self, ref: str) -> None:
        self._tell(self.tabs[ref], "AUTHORISATION", self._psp(), success="false", reason="Insufficient Funds")

    def _authorize(self, tab: Tab, amount: int) -> None:
        tab.authorizations.append(amount)
        tab.facts["psp"] = self._psp()
        tab.state = "taken" if tab.is_sale else "held"
        if tab.is_sale:
            tab.captures.append(amount)
        extra = {"cardSummary": "4242", "alias": "A" + tab.facts["psp"], "fundingSource": "CREDIT"}
        if tab.facts.get("payer"):
            extra |= {
                "tokenization.storedPaymentMethodId": self.kept_ref,
                "tokenization.shopperReference": tab.facts["payer"],
            }
        self._tell(tab, "AUTHORISATION", tab.facts["psp"], amount=amount, extra=extra)

    def _open(self, body: dict[str, Any], prefix: str, *, is_sale: bool) -> Tab:
        amount = body["amount"]
        reference = body["reference"].replace(".", ":")
        tab = Tab(f"{prefix}{self.number()}", reference, amount["value"], amount["currency"], is_sale)
        tab.facts = {"psp": "", "payer": body.get("shopperReference"), "body": body}
        self.tabs[tab.ref] = tab
        return tab

    def _link(self, tab: Tab) -> dict[str, Any]:
        status = {"open": "active", "closed": "expired"}.get(tab.state, "completed")
        asked = tab.facts["body"]
        return _common(asked) | {"id": tab.ref, "status": status, "url": f"https://test.adyen.link/{tab.ref}",
                                 "expiresAt": asked["expiresAt"]}  # fmt: skip

    def _charge(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.result_code != "Authorised":
            answer = {"resultCode": self.result_code, "pspReference": self._psp()}
            return 200, answer | {"refusalReason": "Not enough", "refusalReasonCode": "12"}
        is_hold = body.get("additionalData", {}).get("manualCapture") == "true"
        tab = self._open(body, "SV", is_sale=not is_hold)
        self._authorize(tab, tab.amount)
        del self.tabs[tab.ref]
        tab.ref = tab.facts["psp"]
        self.tabs[tab.ref] = tab
        return 200, {"resultCode": "Authorised", "pspReference": tab.ref}

    def _change(self, psp: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        tab = next((one for one in self.tabs.values() if one.facts["psp"] == psp), None)
        if tab is None:
            raise Refused(422, _fault("167", "Original pspReference required for this operation"))
        mine, key = self._psp(), body["reference"].replace(".", ":")
        amount = body.get("amount", {}).get("value", 0)
        is_good = getattr(self, f"_{verb.lower()}")(tab, amount, mine, key)
        kind = {"captures": "CAPTURE", "cancels": "CANCELLATION", "refunds": "REFUND",
                "amountUpdates": "AUTHORISATION_ADJUSTMENT"}[verb]  # fmt: skip
        self._tell(tab, kind, mine, amount=amount or tab.amount, original=psp, reference=body["reference"],
                   success="true" if is_good else "false")  # fmt: skip
        answer = {"merchantAccount": MERCHANT, "paymentPspReference": psp, "pspReference": mine,
                  "reference": body["reference"], "status": "received"}  # fmt: skip
        return answer | ({"amount": body["amount"]} if "amount" in body else {})

    def _captures(self, tab: Tab, amount: int, *_: str) -> bool:
        if tab.state != "held" or amount > tab.authorizations[-1]:
            return False
        tab.captures.append(amount)
        tab.state = "taken"
        return True

    def _cancels(self, tab: Tab, *_: Any) -> bool:
        was_held = tab.state == "held"
        tab.state = "canceled" if was_held else tab.state
        return was_held

    def _refunds(self, tab: Tab, amount: int, mine: str, key: str) -> bool:
        if amount > sum(tab.captures) - sum(one[1] for one in tab.refunds):
            return False
        tab.refunds.append((mine, amount, key))
        return True

    def _amountupdates(self, tab: Tab, amount: int, *_: str) -> bool:
        if tab.state != "held":
            return False
        tab.authorizations.append(amount)
        return True

    def _psp(self) -> str:
        return next(self.names) if self.names else f"PSP{self.number()}"

    def _tell(self, tab: Tab, kind: str, psp: str, *, amount: int | None = None, original: str = "",
              reference: str = "", success: str = "true", reason: str = "", extra: dict[str, str] | None = None,
              ) -> None:  # fmt: skip
        item: dict[str, Any] = {
            "additionalData": dict(extra or {}),
            "amount": {"currency": tab.currency, "value": tab.amount if amount is None else amount},
            "eventCode": kind,
            "eventDate": self.clock.now().isoformat(timespec="seconds"),
            "merchantAccountCode": self.payee,
            "merchantReference": reference or tab.reference.replace(":", "."),
            "paymentMethod": "visa",
            "pspReference": psp,
            "success": success,
        }
        if original:
            item["originalReference"] = original
        if reason:
            item["reason"] = reason
        item["additionalData"]["hmacSignature"] = signature_of(item)
        wrapped = {"NotificationRequestItem": item}
        if self.is_batching and self.messages:
            told = json.loads(self.messages.pop().raw)
            told["notificationItems"].append(wrapped)
        else:
            told = {"live": "true" if self.is_live else "false", "notificationItems": [wrapped]}
        self.messages.append(Message({}, json.dumps(told).encode()))


def signature_of(item: dict[str, Any], key: str = HMAC_KEY) -> str:
    fields = [item["pspReference"], item.get("originalReference", ""), item["merchantAccountCode"],
              item["merchantReference"], str(item["amount"]["value"]), item["amount"]["currency"],
              item["eventCode"], item["success"]]  # fmt: skip
    digest = hmac.new(bytes.fromhex(key), ":".join(fields).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _common(body: dict[str, Any]) -> dict[str, Any]:
    return {"amount": body["amount"], "merchantAccount": body["merchantAccount"], "reference": body["reference"]}


def _fault(code: str, message: str) -> dict[str, Any]:
    return {"errorCode": code, "errorType": "validation", "message": message, "status": 422}
