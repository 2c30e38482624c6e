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
    INTENT_PREFIX,
    checkout_parameters,
    facts_of,
    facts_of_intent,
    mode_of_key,
    payer_parameters,
    saved_parameters,
)
from wattledger.adapters.gateways.stripe.wire import (
    IntentStatus,
    SessionStatus,
    WireAccount,
    WireDisputes,
    WireIntent,
    WireSession,
)
from wattledger.core.payments.facts import Dispute, GatewayFacts, Payee
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
# Nothing was sent: the connection was never made.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_ACCOUNT: Final = msgspec.json.Decoder(WireAccount)
_SESSION: Final = msgspec.json.Decoder(WireSession)
_INTENT: Final = msgspec.json.Decoder(WireIntent)
_DISPUTES: Final = msgspec.json.Decoder(WireDisputes)


class StripeGateway:
    """Settings: ``payee`` (the account's id), ``mode``; ``base_url`` is for tests. Secrets: ``api_key``,
    ``webhook_secret``, ``webhook_secret_next``.

    Of API v1 (all that is called here) a key's answer may be removed once it is 24 hours old
    (docs.stripe.com/api/idempotent_requests): an hour is kept in hand.
    """

    name = "stripe"
    capabilities = Capabilities(
        key_lifetime_s=23 * 3600,
        can_increment=True,
        can_charge_saved=True,
        can_hold_saved=True,
        debit_methods=("sepa_debit",),
        tells_fee=True,
    )
    account_shape = AccountShape(
        settings=("payee", "mode", "base_url"),
        secrets=("api_key", "webhook_secret", "webhook_secret_next"),
        needed=("api_key", "webhook_secret"),
        pages=("https://checkout.stripe.com",),
    )

    def __init__(self, http_client: stripe.HTTPClient | None = None) -> None:
        self._http_client = http_client
        self._clients: dict[bytes, stripe.StripeClient] = {}
        self._accounts: dict[bytes, str] = {}

    async def close(self) -> None:
        if self._http_client is not None:
            await self._http_client.close_async()  # type: ignore[no-untyped-call]

    def least_minor(self, currency: str) -> int:
        return amounts.least_minor(currency)

    async def ask_payee(self, access: GatewayAccess) -> Payee:
        found = _read(_ACCOUNT, await _call(self._client(access).v1.accounts.retrieve_current_async()))
        return Payee(found.id, mode_of_key(access.secrets["api_key"]))

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        client = self._client(access)
        payer_ref = None
        if ask.payer_key is not None:
            payer: Any = payer_parameters(ask)
            payer_ref = (
                await _call(client.v1.customers.create_async(payer, {"idempotency_key": f"{key}:payer"}))
            ).id
        parameters: Any = checkout_parameters(ask, payer_ref)
        session = _session(
            await _call(client.v1.checkout.sessions.create_async(parameters, {"idempotency_key": key}))
        )
        if session.url is None:
            raise GatewayUnsure("The page has no address.")
        return Checkout(session.id, session.url)

    async def charge_saved(self, access: GatewayAccess, ask: SavedAsk, *, key: str) -> Checkout:
        intents = self._client(access).v1.payment_intents
        parameters: Any = saved_parameters(ask)
        return Checkout((await _call(intents.create_async(parameters, {"idempotency_key": key}))).id)

    async def fetch(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        if attempt.ref.startswith(INTENT_PREFIX):
            intents = self._client(access).v1.payment_intents
            expand: Any = {"expand": [name.removeprefix("payment_intent.") for name in EXPAND]}
            intent = _read(_INTENT, await _call(intents.retrieve_async(attempt.ref, expand)))
            return facts_of_intent(intent, await self._dispute(access, intent), await self._account(access))
        session = await self._fetch(access, attempt.ref)
        return facts_of(session, await self._dispute(access, session.intent), await self._account(access))

    async def increment(
        self, access: GatewayAccess, attempt: AttemptView, *, total_minor: int, key: str
    ) -> GatewayFacts:
        intents = self._client(access).v1.payment_intents
        amount = amounts.to_wire(total_minor, attempt.currency)
        call = intents.increment_authorization_async
        await _call(call(_intent_id(attempt), {"amount": amount}, {"idempotency_key": key}))
        return await self._fetch_after(access, attempt)

    async def capture(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str
    ) -> GatewayFacts:
        intents = self._client(access).v1.payment_intents
        amount = amounts.to_wire(amount_minor, attempt.currency)
        call = intents.capture_async
        await _call(call(_intent_id(attempt), {"amount_to_capture": amount}, {"idempotency_key": key}))
        return await self._fetch_after(access, attempt)

    async def void(self, access: GatewayAccess, attempt: AttemptView, *, key: str) -> GatewayFacts:
        client = self._client(access)
        if attempt.movement_ref or attempt.ref.startswith(INTENT_PREFIX):
            await _call(client.v1.payment_intents.cancel_async(_intent_id(attempt), {}, {"idempotency_key": key}))
            return await self._fetch_after(access, attempt)
        session = await self._fetch(access, attempt.ref)
        if session.status is SessionStatus.OPEN:
            await _call(client.v1.checkout.sessions.expire_async(attempt.ref, {}, {"idempotency_key": key}))
        elif session.intent is not None and session.intent.status is not IntentStatus.CANCELED:
            cancel = client.v1.payment_intents.cancel_async
            await _call(cancel(session.intent.id, {}, {"idempotency_key": key}))
        return await self._fetch_after(access, attempt)

    async def refund(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str, reason: str
    ) -> GatewayFacts:
        refunds = self._client(access).v1.refunds
        parameters: Any = {
            "payment_intent": _intent_id(attempt),
            "amount": amounts.to_wire(amount_minor, attempt.currency),
            # By its key an unknown outcome is found again among the payment's refunds.
            "metadata": {"key": key, "reason": reason},
        }
        await _call(refunds.create_async(parameters, {"idempotency_key": key}))
        return await self._fetch_after(access, attempt)

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        return webhook.verify(access, headers, raw, now)

    async def _fetch(self, access: GatewayAccess, ref: str) -> WireSession:
        sessions = self._client(access).v1.checkout.sessions
        return _session(await _call(sessions.retrieve_async(ref, {"expand": list(EXPAND)})))

    async def _fetch_after(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        """The facts after a call that took effect: if they cannot be had, the outcome must be queried later."""
        try:
            return await self.fetch(access, attempt)
        except (GatewayRefused, GatewayUnreached) as error:
            raise GatewayUnsure(str(error)) from error

    async def _dispute(self, access: GatewayAccess, intent: WireIntent | None) -> Dispute:
        if intent is None or intent.latest_charge is None or not intent.latest_charge.disputed:
            return Dispute.NONE
        answer = await _call(self._client(access).v1.disputes.list_async({"payment_intent": intent.id}))
        found = _read(_DISPUTES, answer)
        return max((DISPUTES[one.status] for one in found.data), default=Dispute.OPEN, key=list(Dispute).index)

    async def _account(self, access: GatewayAccess) -> str:
        """The account of the key, asked once; "" where the key may not know it (a restricted one)."""
        name = _name_of(access)
        if name not in self._accounts:
            try:
                self._accounts[name] = (await self.ask_payee(access)).account
            except GatewayRefused:
                self._accounts[name] = ""
        return self._accounts[name]

    def _client(self, access: GatewayAccess) -> stripe.StripeClient:
        api_key, base_url = access.secrets["api_key"], access.settings.get("base_url")
        name = _name_of(access)
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


def _name_of(access: GatewayAccess) -> bytes:
    return hashlib.sha256(f"{access.settings.get('base_url')}\0{access.secrets['api_key']}".encode()).digest()


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


def _intent_id(attempt: AttemptView) -> str:
    """Raises GatewayRefused ``payment_not_authorized`` while nobody has paid."""
    if attempt.ref.startswith(INTENT_PREFIX):
        return attempt.ref
    if not attempt.movement_ref:
        raise GatewayRefused("payment_not_authorized")
    return attempt.movement_ref


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
