"""What an operator's pages show, one struct a kind of row; energy in thousandths of a watt-hour."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as a page or the API shows it."""


class TenantRow(Row, frozen=True):
    tenant_id: int
    name: str
    country: str
    time_zone: str
    currency: str
    is_lab: bool


class WorkItem(Row, frozen=True):
    """Something a person should look at; ``kind_count`` is how many of its kind there are in all."""

    kind: str
    subject_kind: str
    subject_id: UUID
    reason: str
    about: str
    at: datetime
    amount_minor: int | None
    currency: str | None
    kind_count: int


class Figures(Row, frozen=True):
    """The state of the house at this moment, and what went wrong today."""

    charging_count: int
    power_w: int
    connected_count: int
    station_count: int
    failed_start_count: int
    start_count: int
    open_review_count: int


class MoneyToday(Row, frozen=True):
    currency: str
    session_count: int
    gross_minor: int
    energy_milliwh: int


class SiteRow(Row, frozen=True):
    site_id: UUID
    name: str
    time_zone: str


class SessionRow(Row, frozen=True):
    """A session in a list; ``gross_minor`` is its live bill's, None before there is one."""

    session_id: UUID
    session_ref: str
    state: str
    review_reason: str | None
    activity: str | None
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    told_at: datetime
    time_zone: str
    currency: str
    energy_milliwh: int
    power_w: int | None
    soc_percent: int | None
    station_id: UUID
    station_name: str
    site_id: UUID
    site_name: str
    public_id: str | None
    token_uid: str | None
    payment_id: UUID | None
    payment_state: str | None
    card_brand: str | None
    card_last4: str | None
    contract_id: UUID | None
    customer_id: UUID | None
    customer_name: str | None
    gross_minor: int | None
    version: int


class SessionExtra(Row, frozen=True):
    """What only a session's own page shows."""

    ocpp_version: str
    station_identity: str
    end_reason: str | None
    register_start_milliwh: int | None
    register_last_milliwh: int | None
    event_count: int
    tariff_version_id: UUID | None
    tariff_name: str | None
    plug_type: str | None
    power_max_w: int | None


class EventRow(Row, frozen=True):
    """One fact about a session: the neutral event (JSON) and, where kept, the station's own bytes."""

    kind: int
    station_at: datetime
    received_at: datetime
    register_milliwh: int | None
    body: bytes
    raw: bytes | None


class BillHead(Row, frozen=True):
    bill_id: UUID
    revision: int
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    energy_milliwh: int
    register_start_milliwh: int
    register_end_milliwh: int
    started_at: datetime
    ended_at: datetime
    rated: bytes
    created_at: datetime
    invoice_id: UUID | None
    document: str | None


class CommandRow(Row, frozen=True):
    station_command_id: UUID
    kind: str
    state: str
    answer: str | None
    asked_by: str
    session_id: UUID | None
    payment_id: UUID | None
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class StationRow(Row, frozen=True):
    station_id: UUID
    identity: str
    name: str
    site_id: UUID
    site_name: str
    time_zone: str
    ocpp_version: str | None
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    security_profile: int
    is_disabled: bool
    is_connected: bool
    link_changed_at: datetime | None
    booted_at: datetime | None
    connector_count: int
    charging_count: int
    faulted_count: int


class ConnectorRow(Row, frozen=True):
    """A connector with the session that runs on it, if any."""

    connector_id: UUID
    station_id: UUID
    station_name: str
    identity: str
    site_name: str
    time_zone: str
    is_connected: bool
    link_changed_at: datetime | None
    evse_no: int
    connector_no: int
    public_id: str
    plug_type: str
    current_kind: str
    power_max_w: int
    tariff_id: UUID
    tariff_name: str
    status: str
    error_code: str | None
    status_at: datetime | None
    session_id: UUID | None
    session_state: str | None
    session_started_at: datetime | None
    session_activity: str | None
    session_energy_milliwh: int | None
    session_power_w: int | None
    session_soc_percent: int | None


class CauseRow(Row, frozen=True):
    cause: str
    count: int
    last_at: datetime


class ParkedRow(Row, frozen=True):
    parked_message_id: UUID
    station_id: UUID
    station_name: str
    action: str
    reason_code: str
    raw: bytes
    received_at: datetime


class PaymentRow(Row, frozen=True):
    payment_id: UUID
    purpose: str
    gateway: str
    currency: str
    asked_minor: int
    held_minor: int
    captured_minor: int
    refunded_minor: int
    state: str
    state_reason: str | None
    session_id: UUID | None
    invoice_id: UUID | None
    site_name: str | None
    public_id: str | None
    card_brand: str | None
    card_last4: str | None
    capture_before: datetime | None
    created_at: datetime
    changed_at: datetime


class AttemptRow(Row, frozen=True):
    attempt_no: int
    gateway: str
    gateway_ref: str | None
    created_at: datetime


class OperationRow(Row, frozen=True):
    operation_id: UUID
    attempt_no: int
    operation_no: int
    kind: str
    amount_minor: int
    currency: str
    idempotency_key: str
    state: str
    gateway_ref: str | None
    error_code: str | None
    fee_minor: int | None
    try_count: int
    created_at: datetime
    done_at: datetime | None


class WebhookRow(Row, frozen=True):
    webhook_event_id: UUID
    event_ref: str
    kind: str
    state: str
    note: str | None
    raw: bytes
    received_at: datetime


class TransferRow(Row, frozen=True):
    """One movement in the books, with the journal it belongs to."""

    source_id: UUID
    kind: str
    line: int
    debit_code: str
    credit_code: str
    currency: str
    amount_minor: int
    posted_at: datetime
    sealed: bool


class InvoiceRow(Row, frozen=True):
    invoice_id: UUID
    kind: str
    series: str
    number: int
    customer_id: UUID | None
    customer_name: str | None
    session_id: UUID | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    issued_at: datetime
    due_on: date | None
    state: str


class CustomerRow(Row, frozen=True):
    """``owed_minor`` is the balance of the customer's account: what they have not paid yet."""

    customer_id: UUID
    customer_no: str
    kind: str
    name: str
    email: str | None
    country: str
    contract_count: int
    token_count: int
    owed_minor: int
    currency: str
    last_session_at: datetime | None


class ContractRow(Row, frozen=True):
    contract_id: UUID
    customer_id: UUID
    state: str
    currency: str
    plan_name: str | None
    monthly_fee_minor: int | None
    spending_limit_minor: int | None
    started_on: date
    ended_on: date | None
    spent_minor: int
    session_count: int


class TokenRow(Row, frozen=True):
    token_id: UUID
    contract_id: UUID | None
    uid: str
    kind: str
    state: str
    expires_at: datetime | None
    created_at: datetime
    last_used_at: datetime | None


class TariffRow(Row, frozen=True):
    """A published version of a tariff; ``connector_count`` counts the connectors that use the tariff."""

    tariff_id: UUID
    name: str
    valid_from: datetime
    valid_until: datetime | None
    tariff_version_id: UUID
    body: bytes
    connector_count: int


class DayRow(Row, frozen=True):
    """What was billed for sessions that ended on one day at one site, in one currency."""

    day: date
    site_id: UUID
    site_name: str
    currency: str
    session_count: int
    energy_milliwh: int
    net_minor: int
    tax_minor: int
    gross_minor: int


class ReviewRow(Row, frozen=True):
    review_item_id: UUID
    reason_code: str
    subject_kind: str
    subject_id: UUID
    summary: str
    state: str
    resolution: str | None
    resolved_by: str | None
    opened_at: datetime
    resolved_at: datetime | None
