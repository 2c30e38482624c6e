"""The provider's desk: applies the rules, keeps each key's answer, writes events and their deliveries."""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from wattledger.apps.lab.provider import rules
from wattledger.apps.lab.provider.rules import RuleBroken, SandboxPayment
from wattledger.apps.lab.provider.store import Misbehaviour, Store

_RETRY_S: Final = (1, 2, 5, 15, 60, 300)
_SHUFFLE_WITHIN_S: Final = 1.5
_BANK_SAYS_NO: Final = frozenset({"declined", "authentication_required"})


def webhook_secret(api_key: str) -> str:
    """The secret with which webhooks of this account are signed, unless it chose another."""
    return "whsec_" + hmac.new(api_key.encode(), b"webhook", hashlib.sha256).hexdigest()[:40]


def account_of(api_key: str) -> str:
    """Every key is an account of its own."""
    return "acct_" + hashlib.sha256(api_key.encode()).hexdigest()[:16]


class NewPayment(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: int
    currency: str
    reference: str
    description: str
    return_url: str
    cancel_url: str
    notify_url: str
    expires_at: datetime
    is_sale: bool = False
    payer: str = ""


class NewCharge(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: int
    currency: str
    reference: str
    description: str
    notify_url: str
    method: str
    payer: str
    is_hold: bool = False


class Amount(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: int


class Shown(msgspec.Struct):
    """A status and a body, as they are answered and kept."""

    status: int
    body: bytes


class Desk:
    """One provider. ``clock`` may be set by tests; everything else lives in the store."""

    def __init__(self, store: Store, base_url: str, clock: Callable[[], datetime] | None = None) -> None:
        self.store = store
        self.base_url = base_url.rstrip("/")
        self._clock = clock or (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self._clock()

    def call(self, api_key: str, key: str, request: bytes, act: Callable[[str], SandboxPayment]) -> Shown:
        """The answer to a call with an idempotency key: computed once, then replayed to the letter."""
        account = account_of(api_key)
        request_hash = hashlib.sha256(request).hexdigest()
        with self.store.transaction():
            self.store.put_account(account, webhook_secret(api_key))
            known = self.store.answer(account, key)
            if known is not None:
                if known[0] != request_hash:
                    return _error(422, "idempotency_mismatch")
                return Shown(known[1], known[2])
            try:
                shown = Shown(200, msgspec.json.encode(self.view(act(account))))
            except RuleBroken as broken:
                shown = _error(402 if broken.code in _BANK_SAYS_NO else 409, broken.code)
            self.store.put_answer(account, key, request_hash, shown.status, shown.body)
        return shown

    def create(self, account: str, asked: NewPayment) -> SandboxPayment:
        habits = self.store.misbehaviour(account)
        payment = SandboxPayment(
            id="pay_" + secrets.token_hex(12),
            account=account,
            reference=asked.reference,
            description=asked.description,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            return_url=asked.return_url,
            cancel_url=asked.cancel_url,
            notify_url=asked.notify_url,
            created_at=self.now(),
            page_expires_at=asked.expires_at,
            can_increment=habits.can_increment,
            hold_window_s=habits.hold_window_s or 7 * 86_400,
            has_longer_hold_by_increment=habits.has_longer_hold_by_increment,
            over_capture_percent=habits.over_capture_percent,
            is_sale=asked.is_sale,
            payer=asked.payer,
        )
        self.store.put(payment)
        return payment

    def charge(self, account: str, asked: NewCharge) -> SandboxPayment:
        """A kept method is charged or held on; raises RuleBroken where none has that name, or its bank says no."""
        habits = self.store.misbehaviour(account)
        payment = SandboxPayment(
            id="pay_" + secrets.token_hex(12),
            account=account,
            reference=asked.reference,
            description=asked.description,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            return_url="",
            cancel_url="",
            notify_url=asked.notify_url,
            created_at=self.now(),
            page_expires_at=self.now(),
            can_increment=habits.can_increment,
            hold_window_s=habits.hold_window_s or 7 * 86_400,
            has_longer_hold_by_increment=habits.has_longer_hold_by_increment,
            is_sale=not asked.is_hold,
            payer=asked.payer,
        )
        kind = rules.charge(payment, asked.method, self.now(), habits.saved_grant_percent)
        self.store.put(payment)
        self._tell(payment, kind)
        return payment

    def change(
        self, payment_id: str, api_key: str | None, change: Callable[[SandboxPayment], str | None]
    ) -> SandboxPayment:
        """The payment after ``change``, with the event it made; raises RuleBroken ``payment_unknown``."""
        payment = self.store.payment(payment_id)
        if payment is None or (api_key is not None and payment.account != account_of(api_key)):
            raise RuleBroken("payment_unknown")
        kind = rules.expire(payment, self.now())
        if kind is not None:
            self._tell(payment, kind)
        before = msgspec.json.encode(payment)
        kind = change(payment)
        self.store.put(payment)
        if kind is not None and msgspec.json.encode(payment) != before:
            self._tell(payment, kind)
        return payment

    def expire_due(self) -> None:
        """Holds and pages whose time is over are closed, each with its event."""
        for payment in self.store.live_payments():
            kind = rules.expire(payment, self.now())
            if kind is not None:
                with self.store.transaction():
                    self.store.put(payment)
                    self._tell(payment, kind)

    def view(self, payment: SandboxPayment) -> dict[str, Any]:
        """A payment as the API shows it."""
        shown: dict[str, Any] = msgspec.to_builtins(payment)
        for private in (
            "account",
            "hold_window_s",
            "over_capture_percent",
            "is_sale",
            "notify_url",
            "return_url",
            "cancel_url",
        ):
            del shown[private]
        shown["url"] = f"{self.base_url}/pay/{payment.id}"
        shown["payee"] = payment.account
        shown["refunded_minor"] = payment.refunded_minor
        return shown

    def _tell(self, payment: SandboxPayment, kind: str) -> None:
        habits = self.store.misbehaviour(payment.account)
        at, event_id = self.now(), "evt_" + secrets.token_hex(12)
        event = {"id": event_id, "type": kind, "created_at": at, "data": self.view(payment)}
        self.store.put_event(event_id, payment, kind, msgspec.json.encode(event), at)
        if habits.webhook_drop:
            habits.webhook_drop -= 1
            self.store.put_misbehaviour(payment.account, habits)
            return
        for _ in range(habits.webhook_copies):
            self.store.put_delivery(event_id, self._due_at(at, habits))
        if habits.webhook_forge:
            self.store.put_delivery(event_id, self._due_at(at, habits), is_forged=True)

    def _due_at(self, at: datetime, habits: Misbehaviour) -> float:
        due = at + timedelta(milliseconds=habits.webhook_delay_ms)
        if habits.webhook_shuffle:
            due += timedelta(seconds=random.uniform(0, _SHUFFLE_WITHIN_S))
        return due.timestamp()

    def retry_at(self, try_count: int) -> float | None:
        """When to deliver again after ``try_count`` earlier tries; None: never."""
        if try_count >= len(_RETRY_S):
            return None
        return self.now().timestamp() + _RETRY_S[try_count]


def _error(status: int, code: str) -> Shown:
    return Shown(status, msgspec.json.encode({"error": {"code": code}}))
