"""Mollie through its official asynchronous SDK, with our idempotency keys and no retries but ours.

A capture leaves the rest of a hold in place: it is released by a second call, and the capture counts as done only
when that has had its effect. Every capture and refund carries its key, so that one whose answer was lost is found
again instead of being made twice, however long ago it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from wattledger.adapters.gateways.mollie import transform, webhook
from wattledger.adapters.gateways.mollie.transform import Found
from wattledger.core.kernel.money import exponent_of
from wattledger.core.payments.facts import GatewayFacts, Payee
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

if TYPE_CHECKING:
    from mollie import ClientSDK

_TIMEOUT: Final = httpx.Timeout(20, connect=3)
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The SDK adds this to every call unless it is told otherwise; our keys do the repeating.
_NO_RETRIES: Final = None


class MollieGateway:
    """Settings: ``payee`` (the profile's id), ``mode``; ``base_url`` is for tests. Secrets: ``api_key``.

    Only POST takes keys (docs.mollie.com/reference/api-idempotency). Its text of 2023 keeps them a day; one hour
    is relied upon, five minutes kept in hand: calls are found again by their key in any case.
    """

    name = "mollie"
    capabilities = Capabilities(
        key_lifetime_s=3600 - 300,
        can_increment=False,
        can_charge_saved=True,
        debit_methods=("sepa_debit",),
        finds_calls=True,
    )
    account_shape = AccountShape(
        settings=("payee", "mode", "base_url"),
        secrets=("api_key",),
        needed=("api_key",),
        pages=("https://www.mollie.com", "https://pay.mollie.com"),
    )

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    def least_minor(self, currency: str) -> int:
        """One unit of the currency, which Mollie takes of every card."""
        whole: int = 10 ** exponent_of(currency)
        return whole

    async def ask_payee(self, access: GatewayAccess) -> Payee:
        profile = await _call(self._sdk(access).profiles.get_current_async(retries=_NO_RETRIES))
        return Payee(str(profile.get("id") or ""), str(profile.get("mode") or ""))

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        sdk = self._sdk(access)
        payer_ref = None
        if ask.payer_key is not None:
            payer = {"metadata": {"payer_key": ask.payer_key}} | ({"email": ask.email} if ask.email else {})
            call = sdk.customers.create_async(
                entity_customer=_any(payer), idempotency_key=f"{key}:payer", retries=_NO_RETRIES
            )
            payer_ref = str((await _call(call))["id"])
        body = transform.page_body(ask, payer_ref)
        payment = await self._create(sdk, body, key)
        page = ((payment.get("_links") or {}).get("checkout") or {}).get("href")
        if not page:
            raise GatewayUnsure("The page has no address.")
        return Checkout(str(payment["id"]), str(page))

    async def charge_saved(self, access: GatewayAccess, ask: SavedAsk, *, key: str) -> Checkout:
        payment = await self._create(self._sdk(access), transform.saved_body(ask), key)
        return Checkout(str(payment["id"]))

    async def fetch(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        return self._facts(await self._look(access, attempt), attempt)

    async def increment(
        self, access: GatewayAccess, attempt: AttemptView, *, total_minor: int, key: str
    ) -> GatewayFacts:
        del access, attempt, total_minor, key
        raise GatewayRefused("increment_not_supported", "Mollie does not change what is held.")

    async def capture(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str
    ) -> GatewayFacts:
        sdk = self._sdk(access)
        found = await self._look(access, attempt)
        if key not in {transform.key_of(one) for one in found.captures}:
            body = {
                "amount": transform.amount_of(amount_minor, attempt.currency),
                "description": key,
                "metadata": {"key": key},
            }
            await _call(
                sdk.captures.create_async(
                    payment_id=attempt.ref, entity_capture=_any(body), idempotency_key=key, retries=_NO_RETRIES
                )
            )
        if amount_minor < transform.minor_of(found.payment.get("amount")):
            await self._release(sdk, attempt, f"{key}:rest")
        # Mollie works on both for a while: until then the capture is taken, and not asked for again.
        return await self._fetch_after(access, attempt, accepted=(key,))

    async def void(self, access: GatewayAccess, attempt: AttemptView, *, key: str) -> GatewayFacts:
        sdk = self._sdk(access)
        found = await self._look(access, attempt)
        if found.payment.get("status") == "authorized":
            await self._release(sdk, attempt, key)
        elif found.payment.get("isCancelable"):
            await _call(
                sdk.payments.cancel_async(payment_id=attempt.ref, idempotency_key=key, retries=_NO_RETRIES)
            )
        elif found.payment.get("status") == "open":
            # Not every page can be closed: it ends by itself, and what is paid until then is given back.
            raise GatewayUnreached("The page cannot be closed before its time is over.")
        return await self._fetch_after(access, attempt)

    async def refund(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str, reason: str
    ) -> GatewayFacts:
        sdk = self._sdk(access)
        found = await self._look(access, attempt)
        if key not in {transform.key_of(one) for one in found.refunds}:
            body = {
                "amount": transform.amount_of(amount_minor, attempt.currency),
                "description": reason or "refund",
                "metadata": {"key": key},
            }
            await _call(
                sdk.refunds.create_async(
                    payment_id=attempt.ref, refund_request=_any(body), idempotency_key=key, retries=_NO_RETRIES
                )
            )
        return await self._fetch_after(access, attempt)

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        return webhook.verify(access, headers, raw, now)

    async def _create(self, sdk: ClientSDK, body: dict[str, Any], key: str) -> dict[str, Any]:
        return await _call(
            sdk.payments.create_async(payment_request=_any(body), idempotency_key=key, retries=_NO_RETRIES)
        )

    async def _release(self, sdk: ClientSDK, attempt: AttemptView, key: str) -> None:
        """The rest of the hold is given back; that it was already is no error."""
        try:
            await _call(
                sdk.payments.release_authorization_async(
                    payment_id=attempt.ref, idempotency_key=key, retries=_NO_RETRIES
                )
            )
        except GatewayRefused:
            found = await _call(sdk.payments.get_async(payment_id=attempt.ref, retries=_NO_RETRIES))
            if found.get("status") == "authorized":
                raise

    async def _look(self, access: GatewayAccess, attempt: AttemptView) -> Found:
        sdk = self._sdk(access)
        payment = await _call(sdk.payments.get_async(payment_id=attempt.ref, retries=_NO_RETRIES))
        captures: tuple[dict[str, Any], ...] = ()
        refunds: tuple[dict[str, Any], ...] = ()
        if payment.get("captureMode") == "manual" and payment.get("status") in {"authorized", "paid"}:
            listed = await _call(sdk.captures.list_async(payment_id=attempt.ref, retries=_NO_RETRIES))
            captures = _items(listed, "captures")
        if payment.get("status") == "paid":
            call = sdk.refunds.list_async(payment_id=attempt.ref, retries=_NO_RETRIES)
            refunds = _items(await _call(call), "refunds")
        return Found(payment, captures, refunds)

    def _facts(self, found: Found, attempt: AttemptView) -> GatewayFacts:
        facts = transform.facts_of(found, attempt)
        if facts is None:
            raise GatewayUnsure(f"Mollie says what is not known here: {found.payment.get('status')!r}.")
        return facts

    async def _fetch_after(
        self, access: GatewayAccess, attempt: AttemptView, *, accepted: tuple[str, ...] = ()
    ) -> GatewayFacts:
        """The facts after a call that took effect: if they cannot be had, the outcome must be queried later."""
        known = msgspec.structs.replace(attempt, accepted=(*attempt.accepted, *accepted))
        try:
            return await self.fetch(access, known)
        except (GatewayRefused, GatewayUnreached) as error:
            raise GatewayUnsure(str(error)) from error

    def _sdk(self, access: GatewayAccess) -> ClientSDK:
        # Imported here: the SDK is large, and most tenants never use it.
        from mollie import ClientSDK, models  # noqa: PLC0415

        return ClientSDK(
            security=models.Security(api_key=access.secrets["api_key"]),
            async_client=self._client,
            client=_NoSyncClient(),
            server_url=access.settings.get("base_url"),
        )


class _NoSyncClient:
    """Stands where the SDK would open a second, synchronous client for every object that it makes."""

    def send(self, *_: Any, **__: Any) -> httpx.Response:
        raise RuntimeError("Nothing is sent synchronously.")

    def build_request(self, *_: Any, **__: Any) -> httpx.Request:
        raise RuntimeError("Nothing is sent synchronously.")

    def close(self) -> None:
        """Nothing is open."""


def _any(body: dict[str, Any]) -> Any:
    """The SDK takes plain dictionaries and checks them; its types do not say so."""
    return body


def _items(listed: dict[str, Any], name: str) -> tuple[dict[str, Any], ...]:
    return tuple((listed.get("_embedded") or {}).get(name) or ())


async def _call(call: Awaitable[Any]) -> dict[str, Any]:
    """The answer with Mollie's own names; the SDK's errors as what they mean for us."""
    from mollie import models  # noqa: PLC0415

    try:
        answer = await call
    except _NOT_SENT as error:
        raise GatewayUnreached(type(error).__name__) from error
    except (httpx.HTTPError, models.NoResponseError) as error:
        raise GatewayUnsure(type(error).__name__) from error
    except models.ResponseValidationError as error:
        raise GatewayUnsure("The answer cannot be read.") from error
    except models.ClientError as error:
        raise _meaning(error.status_code, error.body) from error
    if answer is None:
        return {}
    # A list comes with the means to turn its page.
    found: dict[str, Any] = getattr(answer, "result", answer).model_dump(
        mode="json", by_alias=True, exclude_unset=True
    )
    return found


class _Fault(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""
    field: str = ""


def _meaning(status: int, body: str) -> Exception:
    if status in {409, 429, 503}:
        return GatewayUnreached(f"HTTP {status}")
    if 400 <= status < 500:
        try:
            fault = msgspec.json.decode(body, type=_Fault)
        except msgspec.MsgspecError:
            fault = _Fault()
        return GatewayRefused(f"mollie_{status}", f"{fault.title} {fault.field} {fault.detail}".strip())
    return GatewayUnsure(f"HTTP {status}")
