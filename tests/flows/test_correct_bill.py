"""A closed bill that proves too high is corrected by a document: a credit note, or a refund that brings one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from billed_sessions import NOON
from charger import Charger, values_16
from conftest import SettableClock
from patient_yard import Patience, open_patient_yard
from till import Till, open_till
from wattledger.adapters.clock import SystemIds
from wattledger.adapters.documents import build_documents
from wattledger.adapters.postgres.database import Database
from wattledger.core.billing.page import Page
from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.flows.correct_bill import correct_bill
from wattledger.flows.issue_invoices import issue_invoice
from wattledger.flows.issue_receipt import issue_receipt
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.settle_session import settle_session
from world import OpenSecrets

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class PlainDocuments:
    def render(self, page: Page) -> bytes:
        return f"%PDF {page.number}".encode()


@pytest.fixture
async def patience(database: Database, database_dsn: str, clock: SettableClock) -> AsyncIterator[Patience]:
    async with open_patient_yard(database, database_dsn, clock) as opened:
        yield opened


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


class TestAnInvoicedBill:
    async def correct(self, patience: Patience) -> None:
        yard = patience.yard
        ports = PaymentPorts(yard.database, {}, OpenSecrets(), patience.clock, SystemIds(), yard.bus, "")
        for row in await yard.rows("select subject_id from job where kind = 'correct_bill'"):
            await correct_bill(ports, PlainDocuments(), yard.world.tenant_id, row["subject_id"])

    async def invoiced(self, patience: Patience) -> tuple[Charger, int]:
        """10 kWh from a begin of 0, invoiced; then a reading that proves the 0 to be a placeholder."""
        yard = patience.yard
        ac = await yard.ac()
        number = await yard.charge_16(ac, meter_start=0, meter_stop=10_000)
        await issue_invoice(
            yard.database, PlainDocuments(), patience.clock, SystemIds(), yard.world.tenant_id,
            contract_id=yard.world.contract_id,
        )  # fmt: skip
        return ac, number

    async def test_is_lowered_by_a_credit_note_over_the_difference_once(self, patience: Patience) -> None:
        yard = patience.yard
        ac, number = await self.invoiced(patience)
        owed = await patience.owed_minor()
        await ac.call("MeterValues", values_16(number, 1, 9_900))
        await patience.do_jobs()
        for _ in range(2):
            await self.correct(patience)
        rows = await yard.rows("select kind, gross_minor, state from invoice order by issued_at, kind desc")
        assert [(row["kind"], row["gross_minor"]) for row in rows] == [("invoice", 999), ("credit_note", -495)]
        assert rows[0]["state"] == "finalized"
        assert await patience.owed_minor() == owed - 495
        assert await patience.bills() == [(1, 10_000, 500)]
        assert not await patience.findings()

    async def test_that_was_right_is_left_alone(self, patience: Patience) -> None:
        ac, number = await self.invoiced(patience)
        await ac.call("MeterValues", values_16(number, 30, 5_000))
        await patience.do_jobs()
        await self.correct(patience)
        assert await patience.yard.count("invoice") == 1
        assert not await patience.yard.reviews()


class TestAPaidBill:
    async def told(self, till: Till, session_id: UUID, kwh: int) -> None:
        """What the station told of the session by now: so many kWh."""
        async with till.database.begin(till.tenant_id) as work:
            for kind, minutes, milliwh in (
                (EventKind.STARTED, 0, 10**9),
                (EventKind.ENDED, 60, 10**9 + kwh * 10**6),
            ):
                at = NOON + timedelta(minutes=minutes)
                context = Context.BEGIN if kind is EventKind.STARTED else Context.END
                event = SessionEvent(kind, "tx", bytes([kind]), at, at, readings=(Reading(at, context, milliwh),))
                session = await work.sessions.session(session_id)
                assert session is not None
                await work.sessions.add_event(session_id, event, version=session.version)

    async def test_is_refunded_by_the_difference_once_with_its_credit_note(self, till: Till) -> None:
        payment_id = await till.held(4000)
        session_id = await till.bill(payment_id, kwh=10)
        await till.settle_down()
        documents = build_documents()
        await issue_receipt(till.database, documents, till.clock, till.ports.ids, till.tenant_id, payment_id)
        await self.told(till, session_id, kwh=8)
        await settle_session(till.database, till.clock, till.ports.ids, till.tenant_id, session_id)
        for _ in range(2):
            await correct_bill(till.ports, documents, till.tenant_id, session_id)
        refunds = await till.rows("select amount_minor, reason_code, state from refund_request")
        assert [tuple(row) for row in refunds] == [(100, "correction", "sent")]
        assert await till.rows("select 1 from job where kind = 'correct_bill'")
