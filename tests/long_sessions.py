"""Sessions that outlast their hold: planted with a meter, ended and billed by the flows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from audits import FakeGatewayBooks
from driver_scenes import Scenes
from till import API_KEY, Till
from wattledger.adapters.postgres.stores.verify import open_raw_books
from wattledger.apps.lab.provider.desk import account_of
from wattledger.core.metering.events import Context, EventKind
from wattledger.flows.guard_holds import guard_holds
from wattledger.flows.ports.verify import AuditPorts, GatewayRecord
from wattledger.flows.seal_books import seal_books
from wattledger.flows.settle_session import settle_session
from wattledger.flows.verify_books import verify_books
from world import OpenSecrets

# The lab's provider drops a hold after 7 days: it is renewed from 131 hours on, and the session stops at 143.
TO_RENEWAL = timedelta(hours=132)
TO_STOP = timedelta(hours=11)


async def charging(till: Till, held_minor: int = 9000, *, card: str = "visa", minutes: int = 21) -> UUID:
    """A session on a hold that ends in 36 hours, renewable if its driver agreed: about 20 euros so far."""
    payment_id = await held(till, held_minor, card=card)
    till.clock.forward(seconds=TO_RENEWAL.total_seconds())
    await plant(till, payment_id, minutes=minutes)
    return payment_id


async def held(till: Till, held_minor: int, *, card: str = "visa", is_renewable: bool = True) -> UUID:
    payment_id = (await till.hold(held_minor, is_renewable=is_renewable)).payment_id
    await till.press(payment_id, card, str(payment_id))
    await till.settle_down()
    return payment_id


async def plant(till: Till, payment_id: UUID, *, minutes: int = 21) -> UUID:
    scenes = Scenes(till.database, till.world, till.clock, till.ports.ids)
    session_id = await scenes.session(payment_id, minutes=minutes)
    async with till.database.begin(till.tenant_id) as work:
        # The station numbers its sessions; several of one test are planted.
        await work.connection.execute(
            "update session set session_ref = session_id::text where session_id = $1", session_id
        )
    return session_id


async def guard(till: Till) -> int:
    acted = await guard_holds(till.ports, till.tenant_id)
    await till.settle_down()
    return acted


async def tell(till: Till, payment_id: UUID, *, more_kwh: int = 0, is_end: bool = False) -> UUID:
    """The station tells its meter once more, now; the session's id."""
    session_id = (await till.record(payment_id)).row.session_id
    assert session_id is not None
    async with till.database.begin(till.tenant_id) as work:
        session = await work.sessions.session(session_id)
        last = max(await work.sessions.events(session_id), key=lambda one: one.seq_no or 0)
        assert session is not None
        register_milliwh = (last.readings[-1].register_milliwh or 0) + more_kwh * 1_000_000
        now, number = till.clock.now(), (last.seq_no or 0) + 1
        context = Context.END if is_end else Context.PERIODIC
        reading = msgspec.structs.replace(
            last.readings[-1], at=now, context=context, register_milliwh=register_milliwh
        )
        told = msgspec.structs.replace(
            last,
            kind=EventKind.ENDED if is_end else EventKind.UPDATED,
            event_key=session_id.bytes + bytes([number]),
            station_at=now,
            received_at=now,
            seq_no=number,
            reason="Local" if is_end else None,
            readings=(reading,),
        )
        await work.sessions.add_event(session_id, told, version=session.version)
        await work.connection.execute(
            "update session set told_at = $2::timestamptz, ended_at = case when $3 then $2::timestamptz end "
            "where session_id = $1",
            session_id,
            now,
            is_end,
        )
    return session_id


async def bill(till: Till, payment_id: UUID) -> int:
    """The station told the end; the session is billed by what it told. The gross amount."""
    session_id = await tell(till, payment_id, is_end=True)
    await settle_session(till.database, till.clock, till.ports.ids, till.tenant_id, session_id)
    async with till.database.begin_read(till.tenant_id) as work:
        billed = await work.sessions.bill(session_id)
    assert billed is not None
    return billed.gross_minor


async def finish(till: Till, payment_id: UUID) -> int:
    """Billed, and everything done that follows at once."""
    gross_minor = await bill(till, payment_id)
    await till.settle_down()
    return gross_minor


async def stops(till: Till) -> list[str]:
    found = await till.rows("select asked_by from station_command where kind = 'stop_session' order by created_at")
    return [row["asked_by"] for row in found]


def holds(till: Till, payment_id: UUID) -> list[tuple[str, int, int]]:
    """(status, held, taken) of every hold in the provider's own books, first to last."""
    return [
        (one.status.value, one.authorized_minor if one.status == "authorized" else 0, one.captured_minor)
        for number in range(1, 9)
        for one in till.desk.store.payments(account_of(API_KEY), f"{payment_id}:{number}")
    ]


def their_books(till: Till) -> FakeGatewayBooks:
    """The provider's own books, as the auditor asks for them."""
    return FakeGatewayBooks(
        *(
            GatewayRecord(one.id, one.currency, one.captured_minor, one.refunded_minor)
            for one in till.desk.store.payments(account_of(API_KEY))
        )
    )


async def findings(till: Till, dsn: str) -> list[str]:
    """What `wattledger books verify` says, the provider's own books beside ours."""
    await seal_books(till.database, till.clock, till.tenant_id)
    async with open_raw_books(dsn) as raw:
        report = await verify_books(AuditPorts(raw, till.clock, OpenSecrets(), their_books(till)))
    return sorted(f"{one.code}: {one.detail}" for one in report.findings)
