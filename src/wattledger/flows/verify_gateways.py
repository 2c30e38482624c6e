"""The gateways' own books against ours: the same sums, and no payment that only one side knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.ports.verify import AuditPorts, GatewayRecord, RawAttempt, RawGatewayAccount

Fault = tuple[str, str, str]
# The place that a gateway account's secrets are sealed for; part of the stored format.
_SEALED_FOR: Final = "gateway_account.secrets"


async def gateway_faults(
    ports: AuditPorts, tenant_id: int, now: datetime, unasked: set[str]
) -> AsyncIterator[Fault]:
    """(code, subject, detail) of every difference; gateways that gave no answer are added to ``unasked``."""
    ours = await ports.raw.attempts(tenant_id, now)
    for account in await ports.raw.gateway_accounts(tenant_id):
        records = await _records(ports, account, tenant_id)
        if records is None:
            unasked.add(account.gateway)
            continue
        mine = {attempt.gateway_ref: attempt for attempt in ours if attempt.gateway == account.gateway}
        for fault in differences(mine, {record.ref: record for record in records}):
            yield fault


async def _records(
    ports: AuditPorts, account: RawGatewayAccount, tenant_id: int
) -> Sequence[GatewayRecord] | None:
    try:
        opened = ports.secrets.open(account.secrets, tenant_id=tenant_id, field=_SEALED_FOR)
        settings, secrets = json.loads(account.settings), json.loads(opened)
    except (WattledgerError, ValueError):
        return None  # another key than the programs have: its books cannot be asked from here
    return await ports.gateways.records(account.gateway, settings, secrets)


def differences(mine: Mapping[str, RawAttempt], theirs: Mapping[str, GatewayRecord]) -> Iterator[Fault]:
    """What one side says and the other does not; attempts with something under way are left for later."""
    for ref, record in theirs.items():
        known = mine.get(ref)
        if known is None and record.captured_minor:
            yield "gateway_orphan", ref, f"{record.captured_minor} {record.currency} captured, unknown here"
        if known is None or not known.is_settled:
            continue
        there = (record.currency, record.captured_minor, record.refunded_minor)
        here = (known.currency, known.captured_minor, known.refunded_minor)
        if there != here:
            yield "gateway_differs", str(known.payment_id), f"{ref}: {_sums(there)} there, {_sums(here)} here"
    for ref, known in mine.items():
        if ref not in theirs and known.captured_minor:
            yield "gateway_lacks", str(known.payment_id), f"{ref} is captured here and unknown there"


def _sums(sums: tuple[str, int, int]) -> str:
    currency, captured_minor, refunded_minor = sums
    return f"{captured_minor} captured and {refunded_minor} refunded {currency}"
