"""The sandbox provider over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar

import httpx
import msgspec

from wattledger.adapters.gateways.sandbox import webhook
from wattledger.adapters.gateways.sandbox.transform import WirePayment, facts_of
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

_TIMEOUT: Final = httpx.Timeout(20, connect=3)
_PAYMENT: Final = msgspec.json.Decoder(WirePayment)
_T = TypeVar("_T")
_BUSY: Final = frozenset({429, 503})


class _WireError(msgspec.Struct):
    code: str


class _WireAccount(msgspec.Struct):
    id: str


class _WireErrorBody(msgspec.Struct):
    error: _WireError


_ACCOUNT: Final = msgspec.json.Decoder(_WireAccount)


class SandboxGateway:
    """Settings: ``base_url``, ``payee``, ``mode``. Secrets: ``api_key``, and up to two that sign:
    ``webhook_secret``, ``webhook_secret_next``.
    """

    name = "sandbox"
    capabilities = Capabilities(
        key_lifetime_s=30 * 86_400,
        can_increment=True,
        is_sandbox=True,
        can_charge_saved=True,
        can_hold_saved=True,
        tells_fee=True,
    )
    account_shape = AccountShape(
        settings=("base_url", "payee", "mode"),
        secrets=("api_key", "webhook_secret", "webhook_secret_next"),
        needed=("base_url", "api_key"),
    )

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    def least_minor(self, currency: str) -> int:
        """Half a unit of the currency, rounded up: as card schemes have it."""
        whole: int = 10 ** exponent_of(currency)
        return -(-whole // 2)

    async def ask_payee(self, access: GatewayAccess) -> Payee:
        response = await self._request(access, "GET", "/v1/account", b"", "")
        return Payee(_read(response, _ACCOUNT).id, Mode.TEST)

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        body = {
            "amount_minor": ask.amount_minor,
            "currency": ask.currency,
            "reference": ask.reference,
            "description": ask.description,
            "return_url": ask.return_url,
            "cancel_url": ask.cancel_url,
            "notify_url": ask.notify_url,
            "expires_at": ask.expires_at,
            "is_sale": ask.is_sale,
            "payer": ask.payer_key or "",
        }
        payment = await self._post(access, "/v1/payments", body, key)
        return Checkout(payment.id, payment.url)

    async def charge_saved(self, access: GatewayAccess, ask: SavedAsk, *, key: str) -> Checkout:
        body = {
            "amount_minor": ask.amount_minor,
            "currency": ask.currency,
            "reference": ask.reference,
            "description": ask.description,
            "notify_url": ask.notify_url,
            "method": ask.method.ref,
            "payer": ask.method.payer_ref,
            "is_hold": ask.is_hold,
        }
        return Checkout((await self._post(access, "/v1/charges", body, key)).id)

    async def fetch(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        return facts_of(await self._send(access, "GET", f"/v1/payments/{attempt.ref}", b"", ""))

    async def increment(
        self, access: GatewayAccess, attempt: AttemptView, *, total_minor: int, key: str
    ) -> GatewayFacts:
        body = {"amount_minor": total_minor}
        return facts_of(await self._post(access, f"/v1/payments/{attempt.ref}/increment", body, key))

    async def capture(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str
    ) -> GatewayFacts:
        body = {"amount_minor": amount_minor}
        return facts_of(await self._post(access, f"/v1/payments/{attempt.ref}/capture", body, key))

    async def void(self, access: GatewayAccess, attempt: AttemptView, *, key: str) -> GatewayFacts:
        return facts_of(await self._post(access, f"/v1/payments/{attempt.ref}/void", {}, key))

    async def refund(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str, reason: str
    ) -> GatewayFacts:
        del reason
        body = {"amount_minor": amount_minor}
        return facts_of(await self._post(access, f"/v1/payments/{attempt.ref}/refunds", body, key))

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        return webhook.verify(access, headers, raw, now)

    async def _post(self, access: GatewayAccess, path: str, body: Mapping[str, object], key: str) -> WirePayment:
        return await self._send(access, "POST", path, msgspec.json.encode(body), key)

    async def _send(self, access: GatewayAccess, method: str, path: str, raw: bytes, key: str) -> WirePayment:
        return _read(await self._request(access, method, path, raw, key), _PAYMENT)

    async def _request(
        self, access: GatewayAccess, method: str, path: str, raw: bytes, key: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access.secrets['api_key']}"}
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        base_url = access.settings.get("base_url")
        if not base_url:
            raise GatewayUnreached("The account has no base_url.")
        url = base_url.rstrip("/") + path
        try:
            return await self._client.request(method, url, content=raw, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnreached(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise GatewayUnsure(type(error).__name__) from error


def _read(response: httpx.Response, decoder: msgspec.json.Decoder[_T]) -> _T:
    if response.status_code in _BUSY:
        raise GatewayUnreached(f"HTTP {response.status_code}")
    if 400 <= response.status_code < 500:
        code = _error_code(response)
        if code == "idempotency_key_in_use":
            raise GatewayUnreached("another call with this key is under way")
        raise GatewayRefused(code)
    if response.status_code != 200:
        raise GatewayUnsure(f"HTTP {response.status_code}")
    try:
        return decoder.decode(response.content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise GatewayUnsure("The answer cannot be read.") from error


def _error_code(response: httpx.Response) -> str:
    try:
        return msgspec.json.decode(response.content, type=_WireErrorBody).error.code
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"http_{response.status_code}"
