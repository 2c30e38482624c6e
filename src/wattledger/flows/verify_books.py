"""Checks every book again from raw rows, sharing no code with what it checks.

Each check looks at one side of the invariants P1 to P12 (docs/explanation/books.md). A finding has a code that
never changes, names its row, and says what is wrong; an installation without findings keeps its promises.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from wattledger.flows.ports.base import Clock
from wattledger.flows.ports.verify import AuditPorts, RawBooks
from wattledger.flows.verify_bills import bill_faults, document_faults, tariff_faults
from wattledger.flows.verify_chain import chain_faults
from wattledger.flows.verify_gateways import gateway_faults
from wattledger.flows.verify_terms import terms_faults

Recompute = Callable[[RawBooks, int, datetime], AsyncIterator[tuple[str, str, str]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """``tenant_id`` is None for what concerns the schema."""

    code: str
    tenant_id: int | None
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """``codes`` are found by statements of those names, further ones by ``recompute`` in Python."""

    name: str
    invariants: str
    says: str
    codes: tuple[str, ...] = ()
    recompute: Recompute | None = None
    is_of_schema: bool = False


CHECKS: Final = (
    Check(
        "sessions",
        "P2",
        "ended sessions have one live bill, or a person decides",
        (
            "session_unbilled",
            "session_billed_twice",
            "bill_revision_missing",
            "bill_orphaned",
            "bill_of_running_session",
        ),
    ),
    Check(
        "energy",
        "P2",
        "billed energy is the register's difference, once",
        ("bill_energy_differs", "bill_register_unproved", "energy_billed_twice"),
    ),
    Check(
        "replay",
        "P5",
        "what was told is counted once",
        ("event_count_differs", "event_orphaned", "session_end_differs", "start_counted_twice"),
    ),
    Check("prices", "P7 P11", "bills are their lines, at their tariff's prices and taxes", recompute=bill_faults),
    Check("tariffs", "P7", "tariff versions say what they said", recompute=tariff_faults),
    Check(
        "terms",
        "P7",
        "what bills were priced by says what it said",
        ("bill_terms_missing", "month_counted_twice"),
        terms_faults,
    ),
    Check(
        "journals",
        "P1",
        "journals are whole and balanced",
        (
            "journal_incomplete",
            "journal_mixes_currencies",
            "transfer_orphaned",
            "transfer_malformed",
            "account_missing",
        ),
    ),
    Check("chain", "P1", "the chain of seals is unbroken", recompute=chain_faults),
    Check(
        "postings",
        "P1 P11",
        "bills are booked as billed",
        ("bill_unposted", "bill_posting_differs", "posting_without_bill"),
    ),
    Check(
        "payments",
        "P4",
        "captured is booked, once, within the hold",
        (
            "captured_twice",
            "operation_unposted",
            "operation_posting_differs",
            "posting_without_operation",
            "payment_posting_differs",
            "capture_exceeds_hold",
            "refund_exceeds_capture",
            "bill_not_collected",
        ),
    ),
    Check(
        "holds",
        "P12",
        "holds are taken or given back in time",
        ("hold_overdue", "hold_left_behind", "hold_without_start", "hold_doubled"),
    ),
    Check("wallets", "P1 P7", "wallets are what moved, and what the books owe", ("wallet_differs",)),
    Check("work", "P10", "due work is done", ("work_stuck",)),
    Check(
        "documents",
        "P8 P11",
        "documents are numbered without gaps, and unchanged",
        (
            "number_missing",
            "number_counter_differs",
            "document_total_differs",
            "part_orphaned",
            "credit_note_differs",
        ),
        document_faults,
    ),
    Check("references", "P9", "nothing names another tenant's rows", ("foreign_reference", "directory_wrong")),
    Check(
        "guards",
        "P9 P1",
        "the database's own guards stand",
        ("table_unguarded", "role_too_strong", "books_rewritable", "guard_disabled"),
        is_of_schema=True,
    ),
)
# What a check counts where it is not named like its own counter.
_COUNTED: Final = {"prices": "energy", "chain": "journals"}


@dataclass(slots=True)
class Result:
    """What one check looked at and found; ``note`` says why it looked at nothing."""

    name: str
    invariants: str
    says: str
    checked_count: int = 0
    duration_ms: int = 0
    findings: list[Finding] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    checked_at: datetime
    tenant_count: int
    results: tuple[Result, ...]

    @property
    def findings(self) -> list[Finding]:
        return [finding for result in self.results for finding in result.findings]


async def verify_books(ports: AuditPorts) -> Report:
    """Every check over every tenant, as of one moment; reads only."""
    raw, clock = ports.raw, ports.clock
    now = clock.now()
    tenants = await raw.tenants()
    results = []
    for check in CHECKS:
        began_at = clock.now()
        result = Result(check.name, check.invariants, check.says)
        for tenant_id in (None,) if check.is_of_schema else tenants:
            await _run(check, raw, tenant_id, now, result)
        results.append(_timed(result, began_at, clock))
    began_at = clock.now()
    results.append(_timed(await _compare(ports, tenants, now), began_at, clock))
    return Report(now, len(tenants), tuple(results))


async def _run(check: Check, raw: RawBooks, tenant_id: int | None, now: datetime, result: Result) -> None:
    result.checked_count += await raw.count(_COUNTED.get(check.name, check.name), tenant_id)
    for code in check.codes:
        found = await raw.find(code, tenant_id, now)
        result.findings += [Finding(code, tenant_id, one.subject, one.detail) for one in found]
    if check.recompute is not None and tenant_id is not None:
        async for code, subject, detail in check.recompute(raw, tenant_id, now):
            result.findings.append(Finding(code, tenant_id, subject, detail))


async def _compare(ports: AuditPorts, tenants: Sequence[int], now: datetime) -> Result:
    """Gateways that can be asked have what we have: the same sums, and nothing that we do not know."""
    result = Result("gateways", "P4", "the gateways' books equal ours")
    notes: set[str] = set()
    for tenant_id in tenants:
        async for code, subject, detail in gateway_faults(ports, tenant_id, now, notes):
            result.findings.append(Finding(code, tenant_id, subject, detail))
        result.checked_count += len(await ports.raw.attempts(tenant_id, now))
    result.note = "; ".join(sorted(notes))
    return result


def _timed(result: Result, began_at: datetime, clock: Clock) -> Result:
    result.duration_ms = (clock.now() - began_at) // timedelta(milliseconds=1)
    return result
