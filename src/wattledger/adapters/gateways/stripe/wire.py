"""What of Stripe's objects is read; the rest may change without anybody noticing."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SessionStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class IntentStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class WireIncrement(msgspec.Struct, frozen=True):
    status: str = "unavailable"


class WireOvercapture(msgspec.Struct, frozen=True):
    status: str = "unavailable"
    maximum_amount_capturable: int = 0


class WireCard(msgspec.Struct, frozen=True):
    brand: str | None = None
    last4: str | None = None
    fingerprint: str | None = None
    funding: str | None = None
    capture_before: int | None = None
    incremental_authorization: WireIncrement | None = None
    overcapture: WireOvercapture | None = None
    mandate: str | None = None


class WireDebit(msgspec.Struct, frozen=True):
    last4: str | None = None
    fingerprint: str | None = None
    mandate: str | None = None


class WireMethod(msgspec.Struct, frozen=True):
    card: WireCard | None = None
    sepa_debit: WireDebit | None = None


class WireFee(msgspec.Struct, frozen=True):
    fee: int
    currency: str


class WireRefund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    status: str | None = None
    metadata: dict[str, str] | None = None


class WireRefunds(msgspec.Struct, frozen=True):
    data: tuple[WireRefund, ...] = ()


class WireCharge(msgspec.Struct, frozen=True):
    id: str
    amount: int
    disputed: bool = False
    payment_method_details: WireMethod | None = None
    balance_transaction: WireFee | str | None = None
    refunds: WireRefunds | None = None


class WirePaymentError(msgspec.Struct, frozen=True):
    code: str | None = None
    decline_code: str | None = None


class WireAccount(msgspec.Struct, frozen=True):
    id: str


class WireTransfer(msgspec.Struct, frozen=True):
    destination: str = ""


class WireIntent(msgspec.Struct, frozen=True):
    id: str
    status: IntentStatus
    amount: int
    amount_capturable: int = 0
    amount_received: int = 0
    cancellation_reason: str | None = None
    currency: str = ""
    customer: str | None = None
    payment_method: str | None = None
    setup_future_usage: str | None = None
    metadata: dict[str, str] | None = None
    latest_charge: WireCharge | None = None
    last_payment_error: WirePaymentError | None = None
    livemode: bool | None = None
    on_behalf_of: str | None = None
    transfer_data: WireTransfer | None = None


class WireSession(msgspec.Struct, frozen=True):
    id: str
    amount_total: int
    currency: str
    status: SessionStatus
    client_reference_id: str | None = None
    payment_intent: WireIntent | str | None = None
    url: str | None = None
    livemode: bool | None = None

    @property
    def intent(self) -> WireIntent | None:
        """The intent where it was asked for whole (EXPAND)."""
        return self.payment_intent if isinstance(self.payment_intent, WireIntent) else None


class WireDispute(msgspec.Struct, frozen=True):
    status: str


class WireDisputes(msgspec.Struct, frozen=True):
    data: tuple[WireDispute, ...] = ()
