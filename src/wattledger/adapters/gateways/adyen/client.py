"""Adyen's Checkout API (v72) over HTTP, with our idempotency keys and no retries but ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import httpx
import msgspec

from wattledger.adapters.gateways.adyen import transform, webhook
from wattledger.adapters.gateways.adyen.transform import LINK_IS_OVER, RESULTS, Outcome
from wattledger.adapters.gateways.adyen.window import hold_days_of
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.facts import GatewayFacts, Mode, Payee
from wattledger.flows.ports.gateway import (
    AccountShape,
    AttemptView,
    Capabilities,
    Checkout,
    CheckoutAsk,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
    SavedAsk,
    WebhookHint,
)

TEST_URL: Final = "https://checkout-test.adyen.com/v72"
_TIMEOUT: Final = httpx.Timeout(20, connect=3)
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LINK_PREFIX: Final = "PL"


class _Page(msgspec.Struct, frozen=True):
    id: str
    url: str = ""


class _Link(msgspec.Struct, frozen=True):
    id: str
    status: str


class _Methods(msgspec.Struct, frozen=True):
    """The answer is read for its being one."""


class _Received(msgspec.Struct, frozen=True, rename="camel"):
    psp_reference: str
    status: str


class _Paid(msgspec.Struct, frozen=True, rename="camel"):
    psp_reference: str = ""
    result_code: str = ""
    refusal_reason: str = ""
    refusal_reason_code: str = ""


class _Fault(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""
    message: str = ""


class AdyenGateway:
    """Settings: ``merchant_account``, ``mode``; ``live_prefix`` for live payments, or ``base_url``; ``hold_days``,
    how long a hold is taken to last. Secrets: ``api_key``; ``webhook_secret``, ``webhook_secret_next`` (HMAC keys
    in hex); ``webhook_user``, ``webhook_password``.

    Keys hold for seven days at least, within a company account and a region; they may have 64 signs
    (docs.adyen.com/development-resources/api-idempotency; it was 31 days once): an hour is kept in hand.
    """

    name = "adyen"
    capabilities = Capabilities(
        key_lifetime_s=7 * 86_400 - 3600,
        can_increment=True,
        can_charge_saved=True,
        can_hold_saved=True,
        debit_methods=("sepa_debit",),
    )
    account_shape = AccountShape(
        settings=("merchant_account", "mode", "live_prefix", "base_url", "hold_days"),
        secrets=("api_key", "webhook_secret", "webhook_secret_next", "webhook_user", "webhook_password"),
        needed=("merchant_account", "api_key", "webhook_secret"),
        pages=("https://*.adyen.com", "https://*.adyen.link", "https://*.adyenpayments.com"),
        payee_setting="merchant_account",
    )

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    def least_minor(self, currency: str) -> int:
        """Half a unit of the currency, rounded up: Adyen has no least sum, card schemes have."""
        whole: int = 10 ** exponent_of(currency)
        return -(-whole // 2)

    async def ask_payee(self, access: GatewayAccess) -> Payee:
        """Adyen does not say whose key it is, only whether it may act for the merchant account that is named."""
        account = _account(access)
        await self._post(access, "/paymentMethods", {"merchantAccount": account}, "", _Methods)
        return Payee(account, Mode.LIVE if access.settings.get("live_prefix") else Mode.TEST)

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        account = _account(access)
        if ask.is_sale:
            page = await self._post(access, "/paymentLinks", transform.link_body(ask, account), key, _Page)
        else:
            page = await self._post(access, "/sessions", transform.session_body(ask, account), key, _Page)
        if not page.url:
            raise GatewayUnsure("The page has no address.")
        return Checkout(page.id, page.url)

    async def charge_saved(self, access: GatewayAccess, ask: SavedAsk, *, key: str) -> Checkout:
        body = transform.saved_body(ask, _account(access))
        paid = await self._post(access, "/payments", body, key, _Paid)
        match RESULTS.get(paid.result_code, Outcome.UNKNOWN):
            case Outcome.TAKEN:
                return Checkout(paid.psp_reference)
            case Outcome.WANTS_PAYER:
                raise GatewayRefused("authentication_required")
            case Outcome.REFUSED:
                raise GatewayRefused(transform.refusal_of(paid.refusal_reason_code, paid.refusal_reason))
            case _:
                raise GatewayUnsure(f"The result {paid.result_code!r} says nothing.")

    async def fetch(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        """What Adyen has told; a payment link is also looked at, whether it can still be paid."""
        is_over = attempt.is_page_over
        if attempt.ref.startswith(_LINK_PREFIX) and not attempt.heard:
            link = await self._send(access, "GET", f"/paymentLinks/{attempt.ref}", shape=_Link)
            is_over = LINK_IS_OVER.get(link.status, False)
        return _facts(access, attempt, is_page_over=is_over)

    async def increment(
        self, access: GatewayAccess, attempt: AttemptView, *, total_minor: int, key: str
    ) -> GatewayFacts:
        body = self._change(access, attempt, key, total_minor) | {"industryUsage": "delayedCharge"}
        return await self._told(access, attempt, "amountUpdates", body, key)

    async def capture(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str
    ) -> GatewayFacts:
        """Adyen releases what is left of a hold after the first capture."""
        return await self._told(access, attempt, "captures", self._change(access, attempt, key, amount_minor), key)

    async def void(self, access: GatewayAccess, attempt: AttemptView, *, key: str) -> GatewayFacts:
        if attempt.movement_ref:
            return await self._told(access, attempt, "cancels", self._change(access, attempt, key, None), key)
        if attempt.ref.startswith(_LINK_PREFIX):
            closed = {"status": "expired"}
            await self._send(access, "PATCH", f"/paymentLinks/{attempt.ref}", shape=_Link, body=closed)
            return _facts(access, attempt, is_page_over=True)
        if attempt.is_page_over:
            return _facts(access, attempt, is_page_over=True)
        # A session cannot be closed: somebody may pay until it ends, and is given back what they paid.
        raise GatewayUnreached("The page cannot be closed before its time is over.")

    async def refund(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str, reason: str
    ) -> GatewayFacts:
        body = self._change(access, attempt, key, amount_minor)
        body["merchantRefundReason"] = transform.refund_reason(reason)
        return await self._told(access, attempt, "refunds", body, key)

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        return webhook.verify(access, headers, raw, now)

    def _change(
        self, access: GatewayAccess, attempt: AttemptView, key: str, amount_minor: int | None
    ) -> dict[str, Any]:
        return transform.change_body(_account(access), attempt, key, amount_minor)

    async def _told(
        self, access: GatewayAccess, attempt: AttemptView, call: str, body: dict[str, Any], key: str
    ) -> GatewayFacts:
        """The facts once Adyen has taken the call: it works on it, and a message will say how that went."""
        if not attempt.movement_ref:
            raise GatewayRefused("payment_not_authorized")
        await self._post(access, f"/payments/{attempt.movement_ref}/{call}", body, key, _Received)
        return _facts(access, attempt, accepted=(key,))

    async def _post(
        self, access: GatewayAccess, path: str, body: dict[str, Any], key: str, shape: type[Any]
    ) -> Any:
        return await self._send(access, "POST", path, shape=shape, body=body, key=key)

    async def _send(
        self,
        access: GatewayAccess,
        method: str,
        path: str,
        *,
        shape: type[Any],
        body: dict[str, Any] | None = None,
        key: str = "",
    ) -> Any:
        headers = {"X-API-Key": access.secrets["api_key"]}
        raw = b""
        if body is not None:
            raw = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = transform.on_wire(key)
        try:
            response = await self._client.request(method, _base_url(access) + path, content=raw, headers=headers)
        except _NOT_SENT as error:
            raise GatewayUnreached(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise GatewayUnsure(type(error).__name__) from error
        return _read(response, shape)


def _facts(
    access: GatewayAccess, attempt: AttemptView, *, is_page_over: bool = False, accepted: tuple[str, ...] = ()
) -> GatewayFacts:
    return transform.facts_of(
        attempt,
        _account(access),
        is_page_over=is_page_over,
        accepted=accepted,
        hold_days=hold_days_of(access.settings.get("hold_days")),
    )


def _account(access: GatewayAccess) -> str:
    return access.settings.get("merchant_account", "")


def _base_url(access: GatewayAccess) -> str:
    if chosen := access.settings.get("base_url"):
        return chosen.rstrip("/")
    if prefix := access.settings.get("live_prefix"):
        return f"https://{prefix}-checkout-live.adyenpayments.com/checkout/v72"
    return TEST_URL


def _read(response: httpx.Response, shape: type[Any]) -> Any:
    status = response.status_code
    if status in {409, 429, 503}:
        raise GatewayUnreached(f"HTTP {status}")
    if 400 <= status < 500:
        fault = _decoded(response, _Fault) or _Fault()
        # 704: a call with this key is under way; nothing was decided about it yet.
        if fault.error_code == "704":
            raise GatewayUnreached("another call with this key is under way")
        raise GatewayRefused(f"adyen_{fault.error_code}" if fault.error_code else f"http_{status}", fault.message)
    found = _decoded(response, shape) if status in {200, 201} else None
    if found is None:
        raise GatewayUnsure(f"HTTP {status}, an answer that cannot be read")
    return found


def _decoded(response: httpx.Response, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(response.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
