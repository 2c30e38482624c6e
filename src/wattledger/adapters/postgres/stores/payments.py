"""The store of payments on PostgreSQL; its statements are in payments.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.core.payments.attempts import Attempt, Operation
from wattledger.core.payments.facts import decode_facts
from wattledger.core.payments.holds import HoldPolicy
from wattledger.core.payments.machine import Payment
from wattledger.core.payments.states import OperationKind, OperationState
from wattledger.flows.ports.payments import (
    AttemptRow,
    OperationRow,
    PaymentRecord,
    PaymentRow,
    Stalled,
    WebhookEventRow,
)

_Q: Final = queries("payments")


class PgPaymentStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    # --- payments -------------------------------------------------------------------------------------------

    async def add(self, row: PaymentRow) -> None:
        await self._one(
            _Q.add_payment, row.payment_id, row.purpose, row.gateway, row.currency, row.asked_minor, row.state,
            row.state_reason, row.connector_id, row.session_id, row.invoice_id, row.tariff_version_id,
            row.link_code, row.driver_email, row.driver_locale, row.created_at,
        )  # fmt: skip
        await self._one(_Q.add_link, row.link_code, row.payment_id)

    async def add_attempt(self, row: AttemptRow) -> None:
        await self._one(
            _Q.add_attempt, row.payment_id, row.attempt_no, row.gateway, row.gateway_ref, row.checkout_url,
            row.facts, row.created_at,
        )  # fmt: skip

    async def add_operation(self, row: OperationRow) -> None:
        await self._one(
            _Q.add_operation, row.operation_id, row.payment_id, row.attempt_no, row.operation_no, row.kind,
            row.amount_minor, row.currency, row.idempotency_key, row.request, row.state, row.gateway_ref,
            row.outcome, row.error_code, row.fee_minor, row.due_at, row.lease_until, row.try_count,
            row.created_at, row.done_at,
        )  # fmt: skip

    async def get(self, payment_id: UUID) -> PaymentRecord | None:
        row = await self._connection.fetchrow(_Q.payment, self._tenant_id, payment_id)
        if row is None:
            return None
        payment = PaymentRow(**row)
        attempts = await self._rows(AttemptRow, _Q.attempts, payment_id)
        operations = await self._rows(OperationRow, _Q.operations, payment_id)
        return PaymentRecord(
            row=payment, attempts=attempts, operations=operations, fold=_fold(payment, attempts, operations)
        )

    async def lock(self, payment_id: UUID) -> PaymentRecord | None:
        # Read after the lock: what the row was before someone else's commit must not be decided upon.
        await self._connection.execute(_Q.lock_payment, self._tenant_id, payment_id)
        return await self.get(payment_id)

    async def save(self, record: PaymentRecord, *, changed_at: datetime) -> None:
        row = record.row
        done = await self._connection.execute(
            _Q.save_payment, self._tenant_id, row.payment_id, row.version, row.held_minor, row.captured_minor,
            row.refunded_minor, row.state, row.state_reason, row.token_id, row.session_id, row.card_brand,
            row.card_last4, row.card_fingerprint, row.capture_before, row.start_deadline_at, changed_at,
        )  # fmt: skip
        if done != "UPDATE 1":
            raise Refused("payment_changed", "The payment was changed meanwhile; read it again.")
        row.version += 1
        row.changed_at = changed_at
        for attempt in record.attempts:
            await self._one(
                _Q.save_attempt, attempt.payment_id, attempt.attempt_no, attempt.gateway_ref,
                attempt.checkout_url, attempt.facts,
            )  # fmt: skip
        for operation in record.operations:
            await self._one(
                _Q.save_operation, operation.operation_id, operation.state, operation.gateway_ref,
                operation.outcome, operation.error_code, operation.fee_minor, operation.due_at,
                operation.lease_until, operation.try_count, operation.done_at,
            )  # fmt: skip

    async def find_by_ref(self, gateway: str, gateway_ref: str) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.find_by_ref, self._tenant_id, gateway, gateway_ref)
        return found

    # --- due work -------------------------------------------------------------------------------------------

    async def claim_operation(self, now: datetime, lease_until: datetime) -> OperationRow | None:
        row = await self._connection.fetchrow(_Q.claim_operation, self._tenant_id, now, lease_until)
        return None if row is None else OperationRow(**row)

    async def hurry(self, payment_id: UUID, *, now: datetime) -> None:
        await self._connection.execute(_Q.hurry, self._tenant_id, payment_id, now)

    async def card_uses(self, fingerprint: str, *, since: datetime, but: UUID) -> int:
        count: int = await self._connection.fetchval(_Q.card_uses, self._tenant_id, fingerprint, since, but)
        return count

    async def stalled(self, now: datetime) -> list[Stalled]:
        return await self._rows(Stalled, _Q.stalled, now)

    async def clear_start_deadlines(self) -> int:
        done = await self._connection.execute(_Q.clear_start_deadlines, self._tenant_id)
        return int(done.rsplit(" ", 1)[1])

    async def charging(self) -> list[tuple[UUID, UUID]]:
        rows = await self._connection.fetch(_Q.charging, self._tenant_id)
        return [(row["payment_id"], row["session_id"]) for row in rows]

    async def renewed(self) -> list[tuple[UUID, UUID]]:
        rows = await self._connection.fetch(_Q.renewed, self._tenant_id)
        return [(row["payment_id"], row["session_id"]) for row in rows]

    async def hold_policy(self, currency: str) -> HoldPolicy | None:
        return (await self.hold_policies()).get(currency)

    async def hold_policies(self) -> dict[str, HoldPolicy]:
        rows = await self._connection.fetch(_Q.hold_policies, self._tenant_id)
        return {row["currency"]: HoldPolicy(row["units_min"], row["units_max"]) for row in rows}

    async def set_hold_policy(self, currency: str, policy: HoldPolicy | None, *, at: datetime) -> None:
        if policy is None:
            await self._connection.execute(_Q.unset_hold_policy, self._tenant_id, currency)
            return
        await self._one(_Q.set_hold_policy, currency, policy.units_min, policy.units_max, at)

    async def unsettled(self, ended_before: datetime) -> list[UUID]:
        rows = await self._connection.fetch(_Q.unsettled, self._tenant_id, ended_before)
        return [row["payment_id"] for row in rows]

    async def expiring(self, before: datetime) -> list[UUID]:
        rows = await self._connection.fetch(_Q.expiring, self._tenant_id, before)
        return [row["payment_id"] for row in rows]

    async def quiet(
        self, changed_before: datetime, taken_changed_before: datetime, *, taken_since: datetime, limit: int
    ) -> list[UUID]:
        rows = await self._connection.fetch(
            _Q.quiet, self._tenant_id, changed_before, taken_changed_before, taken_since, limit
        )
        return [row["payment_id"] for row in rows]

    async def learn_habits(self, *, since: date, today: date, session_count_min: int) -> int:
        done = await self._connection.execute(_Q.learn_habits, self._tenant_id, since, today, session_count_min)
        return int(done.rsplit(" ", 1)[1])

    async def stop_asked(self, session_id: UUID, *, since: datetime) -> bool:
        asked: bool = await self._connection.fetchval(_Q.stop_asked, self._tenant_id, session_id, since)
        return asked

    # --- webhook events -------------------------------------------------------------------------------------

    async def add_webhook_event(self, row: WebhookEventRow) -> bool:
        done = await self._connection.execute(
            _Q.add_webhook_event, self._tenant_id, row.gateway, row.event_ref, row.webhook_event_id,
            row.object_ref, row.kind, row.raw, row.state, row.note, row.received_at, row.due_at,
        )  # fmt: skip
        return bool(done == "INSERT 0 1")

    async def claim_webhook_event(self, now: datetime, lease_until: datetime) -> WebhookEventRow | None:
        row = await self._connection.fetchrow(_Q.claim_webhook_event, self._tenant_id, now, lease_until)
        return None if row is None else WebhookEventRow(**row)

    async def set_webhook_event(
        self, row: WebhookEventRow, *, state: str, note: str | None, due_at: datetime | None
    ) -> None:
        await self._one(_Q.set_webhook_event, row.gateway, row.event_ref, state, note, due_at)

    async def webhook_events(self, record: PaymentRecord) -> list[WebhookEventRow]:
        names = [f"{one.payment_id}:{one.attempt_no}" for one in record.attempts]
        names += [one.gateway_ref for one in record.attempts if one.gateway_ref]
        return await self._rows(WebhookEventRow, _Q.webhook_events, names)

    async def _one(self, statement: str, *arguments: object) -> None:
        done = await self._connection.execute(statement, self._tenant_id, *arguments)
        assert done.endswith(" 1"), done

    async def _rows(self, shape: type[Any], statement: str, *arguments: object) -> list[Any]:
        return [shape(**row) for row in await self._connection.fetch(statement, self._tenant_id, *arguments)]


def _fold(payment: PaymentRow, attempts: Sequence[AttemptRow], operations: Sequence[OperationRow]) -> Payment:
    return Payment(
        str(payment.payment_id),
        payment.currency,
        payment.asked_minor,
        tuple(_attempt(attempt, operations) for attempt in attempts),
    )


def _attempt(attempt: AttemptRow, operations: Sequence[OperationRow]) -> Attempt:
    calls = tuple(
        Operation(
            one.operation_no,
            OperationKind(one.kind),
            one.amount_minor,
            one.idempotency_key,
            OperationState(one.state),
        )
        for one in operations
        if one.attempt_no == attempt.attempt_no
    )
    return Attempt(attempt.attempt_no, calls, decode_facts(attempt.facts) if attempt.facts else None)
