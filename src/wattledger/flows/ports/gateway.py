"""The port to payment gateways: few calls, each with our idempotency key, each answered in facts.

A gateway keeps no state of ours: everything it needs of a tenant comes with the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import msgspec

from wattledger.core.payments.facts import GatewayFacts, Method, Payee

SAVED_TAG: Final = "saved"
MODE_SETTING: Final = "mode"


class GatewayAccess(msgspec.Struct, frozen=True):
    """How one tenant reaches one gateway. Secrets are open here: never logged, never stored."""

    tenant_id: int
    gateway: str
    endpoint_key: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]

    def __repr__(self) -> str:
        return f"GatewayAccess(tenant_id={self.tenant_id}, gateway={self.gateway!r})"


class Capabilities(msgspec.Struct, frozen=True):
    """What the gateway can do at all; what it does for one payment stands in its facts.

    ``key_lifetime_s``: how long it remembers an idempotency key; beyond it we only query. ``can_charge_saved``:
    it keeps methods and charges them without the payer; ``can_hold_saved``: it also holds on them so.
    ``debit_methods``: direct debits it takes. ``tells_fee``: a capture's fee can be asked for; others tell it in
    their settlement reports. ``finds_calls``: before it makes a capture or refund its adapter looks for one of
    that key, so that they may be repeated at any time.
    """

    key_lifetime_s: int
    can_increment: bool
    is_sandbox: bool = False
    can_charge_saved: bool = False
    can_hold_saved: bool = False
    debit_methods: tuple[str, ...] = ()
    tells_fee: bool = False
    finds_calls: bool = False


class AccountShape(msgspec.Struct, frozen=True):
    """The names of what a tenant's account is made of; ``needed`` must be there before anything is paid.

    ``pages`` are the origins of the gateway's hosted pages, as a content security policy names them.
    ``payee_setting`` names the tenant's account there, ``MODE_SETTING`` says live or test: who must be paid.
    """

    settings: tuple[str, ...]
    secrets: tuple[str, ...]
    needed: tuple[str, ...]
    pages: tuple[str, ...] = ()
    payee_setting: str = "payee"

    def payee(self, settings: Mapping[str, str]) -> Payee:
        """Who must be paid by what an account's settings say."""
        return Payee(settings.get(self.payee_setting, ""), settings.get(MODE_SETTING, ""))


class AttemptView(msgspec.Struct, frozen=True):
    """What we have of one attempt. ``heard`` are the raw verified messages about it, oldest first: of a gateway
    that answers by message only, the facts follow from them. ``movement_ref`` is "" until it was told;
    ``accepted`` are keys of calls whose word is still to follow; ``is_page_over``: nobody can pay there any more.
    """

    ref: str
    reference: str  # payment_id:attempt_no
    currency: str
    asked_minor: int
    is_sale: bool = False
    is_page_over: bool = False
    movement_ref: str = ""
    accepted: tuple[str, ...] = ()
    heard: tuple[bytes, ...] = ()


class CheckoutAsk(msgspec.Struct, frozen=True):
    """A hosted page that holds ``amount_minor``, or takes it at once (``is_sale``). Stored with the operation,
    and sent again just so.

    ``payer_key``: the payer agreed that the method be kept under this name, for charges without them.
    ``method``: card, or a direct debit that the gateway takes.
    """

    reference: str  # payment_id:attempt_no
    amount_minor: int
    currency: str
    description: str
    return_url: str
    cancel_url: str
    notify_url: str
    expires_at: datetime
    locale: str | None = None
    email: str | None = None
    is_sale: bool = False
    payer_key: str | None = None
    method: str = "card"


class SavedAsk(msgspec.Struct, frozen=True, tag=SAVED_TAG):
    """A charge of a kept method while the payer is not there; stored and sent again as a CheckoutAsk is.

    ``page``: what is opened instead where the payer's bank wants to see them. ``is_hold``: nothing is taken, the
    amount is held.
    """

    reference: str  # payment_id:attempt_no
    amount_minor: int
    currency: str
    description: str
    notify_url: str
    method: Method
    page: CheckoutAsk | None = None
    is_hold: bool = False


class AskHead(msgspec.Struct, frozen=True):
    """Tells a stored SavedAsk from a CheckoutAsk."""

    type: str = ""


class Checkout(msgspec.Struct, frozen=True):
    """The gateway's name of the attempt, and the page to send the driver to: None where nobody need act."""

    ref: str
    url: str | None = None


class WebhookHint(msgspec.Struct, frozen=True):
    """A verified message: look again at ``reference`` (ours) or ``object_ref`` (the gateway's).

    ``payee`` is whose account the message is about, where it says so.
    """

    event_ref: str
    kind: str
    object_ref: str | None = None
    reference: str | None = None
    payee: Payee | None = None


class GatewayRefused(Exception):
    """The gateway answered no: the call had no effect and will have none."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


class GatewayUnreached(Exception):
    """The call did not reach the gateway, or it asked us to come again: no effect; repeat later."""


class GatewayUnsure(Exception):
    """No telling whether the call had its effect: query, then repeat with the same key."""


class Gateway(Protocol):
    """Every call may raise GatewayRefused, GatewayUnreached or GatewayUnsure, and nothing else by design."""

    name: str
    capabilities: Capabilities
    account_shape: AccountShape

    def least_minor(self, currency: str) -> int:
        """The smallest sum the gateway takes, in minor units."""
        ...

    async def ask_payee(self, access: GatewayAccess) -> Payee:
        """Whose account these secrets open, as the gateway says; what it does not say is left empty."""
        ...

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout: ...

    async def charge_saved(self, access: GatewayAccess, ask: SavedAsk, *, key: str) -> Checkout:
        """Raises GatewayRefused ``authentication_required`` where the payer must confirm on a page."""
        ...

    async def fetch(self, access: GatewayAccess, attempt: AttemptView) -> GatewayFacts:
        """The attempt as the gateway knows it now, or as it has told."""
        ...

    async def increment(
        self, access: GatewayAccess, attempt: AttemptView, *, total_minor: int, key: str
    ) -> GatewayFacts: ...

    async def capture(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str
    ) -> GatewayFacts:
        """Takes the amount and releases the rest of the hold. ``key`` is among the facts' ``accepted`` where the
        gateway's word is still to follow; the same holds for every call here.
        """
        ...

    async def void(self, access: GatewayAccess, attempt: AttemptView, *, key: str) -> GatewayFacts:
        """Releases the hold; closes a page that was not paid yet."""
        ...

    async def refund(
        self, access: GatewayAccess, attempt: AttemptView, *, amount_minor: int, key: str, reason: str
    ) -> GatewayFacts: ...

    def verify_webhook(
        self, access: GatewayAccess, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[WebhookHint, ...]:
        """Every item of a message whose signature and time are right; header names are lower case.

        Raises Unauthorized ``webhook_unsigned``, ``webhook_signature_wrong``, ``webhook_time_wrong`` or
        InvalidInput ``webhook_malformed``.
        """
        ...


Gateways = Mapping[str, Gateway]
