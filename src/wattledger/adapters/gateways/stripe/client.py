"""Stripe over its official SDK, asynchronous, with our idempotency keys and no retries but ours."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Final

import httpx
import msgspec
import stripe

from wattledger.adapters.gateways.stripe import amounts, webhook
from wattledger.adapters.gateways.stripe.transform import (
    DISPUTES,
    EXPAND,
    IntentStatus,
    SessionStatus,
    WireDisputes,
    WireSession,
    checkout_parameters,
    facts_of,
)
from wattledger.core.payments.facts import Dispute, GatewayFacts
from wattledger.flows.ports.gateway import (
    Capabilities,
    Checkout,
    CheckoutAsk,
    GatewayAccess,
    GatewayRefused,
    GatewayUnreached,
    GatewayUnsure,
    WebhookHint,
)

_TIMEOUT: Final = httpx.Timeout(20, connect=3)
# Nothing was sent: the connection was never made.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SESSION: Final = msgspec.json.Decoder(WireSession)
_DISPUTES: Final = msgspec.json.Decoder(WireDisputes)


class StripeGateway:
    """Secrets: ``api_key``, ``webhook_secret``, ``webhook_secret_next``. Setting ``base_url`` is for tests."""

    name = "stripe"
    # Stripe keeps a key's answer for 24 hours at least; an hour is kept in hand.
    capabilities = Capabilities(key_lifetime_s=23 * 3600, can_increment=True)
    checkout_pages = ("https://checkout.stripe.com",)

    def __init__(self, http_client: stripe.HTTPClient | None = None) -> None:
        self._http_client = http_client
        self._clients: dict[bytes, stripe.StripeClient] = {}

    async def close(self) -> None:
        if self._http_client is not None:
            await self._http_client.close_async()  # type: ignore[no-untyped-call]

    def least_minor(self, currency: str) -> int:
        return amounts.least_minor(currency)

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        sessions = self._client(access).v1.checkout.sessions
        parameters: Any = checkout_parameters(ask)
        session = _session(await _call(sessions.create_async(parameters, {"idempotency_key": key})))
        if session.url is None:
            raise GatewayUnsure("The page has no address.")
        return Checkout(session.id, session.url)

    async def fetch(self, access: GatewayAccess, ref: str) -> GatewayFacts:
        session = await self._fetch(access, ref)
        return facts_of(session, await self._dispute(access, session))

    async def increment(
        self, access: GatewayAccess, ref: str, *, total_minor: int, currency: str, key: str
    ) -> GatewayFacts:
        intents = self._client(access).v1.payment_intents
        intent_id = await self._intent_id(access, ref)
        amount = amounts.to_wire(total_minor, currency)
        await _call(intents.increment_authorization_async(intent_id, {"amount": amount}, {"idempotency_key": key}))
        return await self.fetch(access, ref)

    async def capture(
        self, access: GatewayAccess, ref: str, *, amount_minor: int, currency: str, key: str
    ) -> GatewayFacts:
        intents = self._client(access).v1.payment_intents
        intent_id = await self._intent_id(access, ref)
        amount = amounts.to_wire(amount_minor, currency)
        await _call(intents.capture_async(intent_id, {"amount_to_capture": amount}, {"idempotency_key": key}))
        return await self._fetch_after(access, ref)

    async def void(self, access: GatewayAccess, ref: str, *, key: str) -> GatewayFacts:
        client = self._client(access)
        session = await self._fetch(access, ref)
        if session.status is SessionStatus.OPEN:
            await _call(client.v1.checkout.sessions.expire_async(ref, {}, {"idempotency_key": key}))
        elif session.intent is not None and session.intent.status is not IntentStatus.CANCELED:
            cancel = client.v1.payment_intents.cancel_async
            await _call(cancel(session.intent.id, {}, {"idempotency_key": key}))
        return await self._fetch_after(access, ref)

    async def refund(
        self, access: GatewayAccess, ref: str, *, amount_minor: int, currency: str, key: str, reason: str
    ) -> GatewayFacts:
        refunds = self._client(access).v1.refunds
        parameters: Any = {
            "payment_intent": await self._intent_id(access, ref),
            "amount": amounts.to_wire(amount_minor, currency),
            # By its key an unknown outcome is found again among the payment's refunds.
            "metadata": {"key": key, "reason": reason},
        }
        await _call(refunds.create_async(parameters, {"idempotency_key": key}))
        return await self._fetch_after(access, ref)

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        return webhook.verify(access, headers, raw, now)

    async def _fetch(self, access: GatewayAccess, ref: str) -> WireSession:
        sessions = self._client(access).v1.checkout.sessions
        return _session(await _call(sessions.retrieve_async(ref, {"expand": list(EXPAND)})))

    async def _fetch_after(self, access: GatewayAccess, ref: str) -> GatewayFacts:
        """The facts after a call that took effect: if they cannot be had, the outcome must be queried later."""
        try:
            return await self.fetch(access, ref)
        except (GatewayRefused, GatewayUnreached) as error:
            raise GatewayUnsure(str(error)) from error

    async def _intent_id(self, access: GatewayAccess, ref: str) -> str:
        session = await self._fetch(access, ref)
        if session.intent is None:
            raise GatewayRefused("payment_not_authorized")
        return session.intent.id

    async def _dispute(self, access: GatewayAccess, session: WireSession) -> Dispute:
        intent = session.intent
        if intent is None or intent.latest_charge is None or not intent.latest_charge.disputed:
            return Dispute.NONE
        answer = await _call(self._client(access).v1.disputes.list_async({"payment_intent": intent.id}))
        found = _read(_DISPUTES, answer)
        return max((DISPUTES[one.status] for one in found.data), default=Dispute.OPEN, key=list(Dispute).index)

    def _client(self, access: GatewayAccess) -> stripe.StripeClient:
        api_key, base_url = access.secrets["api_key"], access.settings.get("base_url")
        name = hashlib.sha256(f"{base_url}\0{api_key}".encode()).digest()
        if name not in self._clients:
            if self._http_client is None:
                self._http_client = stripe.HTTPXClient(timeout=_TIMEOUT)
            self._clients[name] = stripe.StripeClient(
                api_key,
                http_client=self._http_client,
                max_network_retries=0,
                base_addresses={"api": base_url} if base_url else {},
            )
        return self._clients[name]


async def _call(call: Awaitable[Any]) -> Any:
    """The SDK's answer; its errors as what they mean for us."""
    try:
        return await call
    except stripe.APIConnectionError as error:
        if isinstance(error.__cause__, _NOT_SENT):
            raise GatewayUnreached(type(error.__cause__).__name__) from error
        raise GatewayUnsure("connection lost") from error
    except stripe.RateLimitError as error:
        raise GatewayUnreached("rate limited") from error
    except stripe.CardError as error:
        code = getattr(error.error, "decline_code", None) or error.code or "card_declined"
        raise GatewayRefused(code) from error
    except stripe.IdempotencyError as error:
        raise GatewayRefused("idempotency_mismatch") from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status == 409:
            raise GatewayUnreached("another call with this key is under way") from error
        if 400 <= status < 500:
            raise GatewayRefused(error.code or f"http_{status}", error.user_message or "") from error
        raise GatewayUnsure(f"HTTP {status}") from error


def _session(answer: Any) -> WireSession:
    session: WireSession = _read(_SESSION, answer)
    return session


def _read(decoder: msgspec.json.Decoder[Any], answer: Any) -> Any:
    response = answer.last_response
    if response is None:
        raise GatewayUnsure("The answer is empty.")
    try:
        return decoder.decode(response.body)
    except msgspec.MsgspecError as error:
        raise GatewayUnsure(f"The answer cannot be read: {error}") from error
