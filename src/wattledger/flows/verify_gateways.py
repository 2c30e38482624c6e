"""The gateways' own books against ours: the same sums, and no payment that only one side knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.ports.verify import (
    AuditPorts,
    BooksAsked,
    GatewayAnswer,
    GatewayRecord,
    RawAttempt,
    RawGatewayAccount,
)

Fault = tuple[str, str, str]
# The place that a gateway account's secrets are sealed for; part of the stored format.
_SEALED_FOR: Final = "gateway_account.secrets"
# Clocks differ, and a payment is made at the gateway some time after its attempt here.
_CLOCKS_APART: Final = timedelta(hours=1)


async def gateway_faults(
    ports: AuditPorts, tenant_id: int, now: datetime, notes: set[str]
) -> AsyncIterator[Fault]:
    """(code, subject, detail) of every difference; what was not asked, and how, is added to ``notes``."""
    ours = await ports.raw.attempts(tenant_id, now)
    for account in await ports.raw.gateway_accounts(tenant_id):
        mine = [attempt for attempt in ours if attempt.gateway == account.gateway]
        answer = await _answer(ports, account, tenant_id, now, mine)
        if answer is None:
            notes.add(f"{account.gateway}: not asked, or no answer")
            continue
        if answer.note:
            notes.add(f"{account.gateway}: {answer.note}")
        if answer.since is not None:
            notes.add(f"{account.gateway}: since {answer.since:%Y-%m-%d}")
        for fault in differences(mine, answer):
            yield fault


async def _answer(
    ports: AuditPorts, account: RawGatewayAccount, tenant_id: int, now: datetime, mine: Sequence[RawAttempt]
) -> GatewayAnswer | None:
    try:
        opened = ports.secrets.open(account.secrets, tenant_id=tenant_id, field=_SEALED_FOR)
        settings, secrets = json.loads(account.settings), json.loads(opened)
    except (WattledgerError, ValueError):
        return None  # another key than the programs have: its books cannot be asked from here
    since, is_read = now - timedelta(days=ports.gateway_days), account.gateway in ports.gateways.reads_messages_of
    asked = BooksAsked(
        gateway=account.gateway,
        settings=settings,
        secrets=secrets,
        since=since,
        messages=await ports.raw.messages(tenant_id, account.gateway, since) if is_read else (),
        sales=frozenset(one.reference for one in mine if one.is_sale),
    )
    return await ports.gateways.records(asked)


def differences(mine: Sequence[RawAttempt], answer: GatewayAnswer) -> Iterator[Fault]:
    """What one side says and the other does not; attempts with something under way are left for later."""
    by_ref = {ref: one for one in mine for ref in (one.gateway_ref, one.movement_ref) if ref}
    by_reference = {one.reference: one for one in mine}
    old = {one.reference for one in mine if answer.since and one.created_at < answer.since + _CLOCKS_APART}
    met: set[str] = set()
    for record in answer.records:
        known = by_ref.get(record.ref)
        if known is None:
            known = _by_reference(by_reference.get(record.reference), record, met)
        if known is None:
            yield from _orphan(record)
            continue
        met.add(known.reference)
        if known.is_settled and known.reference not in old:
            yield from _compare(known, record)
    for one in mine:
        is_due = one.is_settled and one.reference not in met | old
        if is_due and (one.captured_minor or one.held_minor):
            what = "captured" if one.captured_minor else "held"
            yield "gateway_lacks", str(one.payment_id), f"{one.gateway_ref} is {what} here and unknown there"


def _by_reference(named: RawAttempt | None, record: GatewayRecord, met: set[str]) -> RawAttempt | None:
    """The attempt that a payment says to be of; a second payment of one attempt is nobody's."""
    if named is None or named.reference in met or (named.movement_ref and named.movement_ref != record.ref):
        return None
    return named


def _orphan(record: GatewayRecord) -> Iterator[Fault]:
    for amount_minor, what in ((record.captured_minor, "captured"), (record.held_minor, "held")):
        if amount_minor:
            yield "gateway_orphan", record.ref, f"{amount_minor} {record.currency} {what}, unknown here"


def _compare(known: RawAttempt, record: GatewayRecord) -> Iterator[Fault]:
    subject = str(known.payment_id)
    there = (record.currency, record.captured_minor, record.refunded_minor)
    here = (known.currency, known.captured_minor, known.refunded_minor)
    if there != here:
        yield "gateway_differs", subject, f"{record.ref}: {_sums(there)} there, {_sums(here)} here"
    elif record.held_minor != known.held_minor:
        held = f"{record.held_minor} {record.currency} held there, {known.held_minor} here"
        yield "gateway_hold_differs", subject, f"{record.ref}: {held}"
    fees = (record.fee_minor, known.fee_minor)
    if None not in fees and fees[0] != fees[1]:
        yield "gateway_fee_differs", subject, f"{record.ref}: a fee of {fees[0]} there, {fees[1]} here"


def _sums(sums: tuple[str, int, int]) -> str:
    currency, captured_minor, refunded_minor = sums
    return f"{captured_minor} captured and {refunded_minor} refunded {currency}"
