"""Books in good order, written row by row, for tests to damage.

One tenant at 10:00 of 22 November 2026: an ad hoc session, captured, partly refunded and receipted; a contract's
session and plan fee, invoiced; a credit note; a session a person must decide; one that runs; a hold that waits
for its start. Nothing is sealed yet.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import Template
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.ids import uuid7
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import Context, EventKind, Reading, SessionEvent
from wattledger.core.metering.usage import Period, Usage
from wattledger.core.rating.price_terms import PriceTerms, named_terms
from wattledger.core.rating.rate import rate
from wattledger.core.rating.rated import Rated, encode_rated
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import encode_tariff, tariff_version_id
from wattledger.core.tax.rules import DatedTax, TaxRules
from world import TARIFF, World

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RULES: Final = TaxRules(taxes=(DatedTax(tax=Tax("VAT", 190_000)),))
POSTED_AT: Final = NOW - timedelta(minutes=2)
_NAMES: Final = """
    paid_session contract_session held_session running_session free_session twin_session stranger
    paid_bill contract_bill free_bill payment waiting_payment authorize capture second_capture refund
    settlement plan_fee receipt invoice credit review
"""
_MS: Final = int((NOW - timedelta(hours=2)).timestamp() * 1000)
IDS: Final = {name: uuid7(_MS, number << 64 | number) for number, name in enumerate(_NAMES.split(), 1)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where and by whom a session was charged."""

    station_id: UUID
    connector_id: UUID
    token_uid: str
    contract_id: UUID | None = None
    payment_id: UUID | None = None


class SoundBooks:
    def __init__(self, connection: Any, world: World) -> None:
        self.connection = connection
        self.world = world
        self.tenant_id = world.tenant_id
        self.ad_hoc = Place(world.dc.station_id, world.dc.connector_id, "ADHOC1", payment_id=IDS["payment"])
        self.by_contract = Place(
            world.ac.station_id, world.ac.connector_id, world.token_uid, contract_id=world.contract_id
        )

    async def insert(self, table: str, **values: object) -> None:
        columns = {"tenant_id": self.tenant_id, **values}
        marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        await self.connection.execute(
            f"insert into {table} ({', '.join(columns)}) values ({marks})", *columns.values()
        )

    async def damage(self, statements: str) -> None:
        """Runs them as somebody who switched every guard off; ``$name`` stands for the id of that name."""
        names = {"tenant": self.tenant_id, "now": NOW.isoformat(), **IDS}
        await self.connection.execute("set local session_replication_role = replica")
        await self.connection.execute(Template(statements).substitute(names))
        await self.connection.execute("set local session_replication_role = origin")

    async def write(self) -> None:
        await self._sessions()
        await self._money()
        await self._wallet()
        await self._documents()
        await self._terms()

    async def session(
        self, name: str, place: Place, *, minutes_ago: int, is_ended: bool = True, state: str = "billed"
    ) -> None:
        """A session of half an hour and 10 kWh, told in two events (one, if it runs)."""
        started_at = NOW - timedelta(minutes=minutes_ago)
        ended_at = started_at + timedelta(minutes=30)
        told = [(EventKind.STARTED, started_at, Context.BEGIN, 1_000_000)]
        if is_ended:
            told.append((EventKind.ENDED, ended_at, Context.END, 11_000_000))
        await self.insert(
            "session", session_id=IDS[name], station_id=place.station_id, connector_id=place.connector_id,
            site_id=self.world.site_id, session_ref=name, ocpp_version="ocpp2.0.1", token_uid=place.token_uid,
            contract_id=place.contract_id, payment_id=place.payment_id,
            tariff_version_id=self.world.tariff_version_id, currency="EUR", time_zone="Europe/Berlin", state=state,
            started_at=started_at, ended_at=ended_at if is_ended else None, opened_at=started_at,
            told_at=told[-1][1], register_start_milliwh=1_000_000, register_last_milliwh=told[-1][3],
            energy_milliwh=told[-1][3] - 1_000_000, event_count=len(told), version=1,
        )  # fmt: skip
        for kind, at, context, register in told:
            event = SessionEvent(kind, name, bytes([kind]), at, at, readings=(Reading(at, context, register),))
            await self.insert(
                "session_event", session_id=IDS[name], event_key=event.event_key, kind=int(kind), station_at=at,
                received_at=at, register_milliwh=register, body=msgspec.json.encode(event),
            )  # fmt: skip

    async def bill(
        self, name: str, session: str, place: Place, *, minutes_ago: int, tariff: Tariff = TARIFF
    ) -> Rated:
        """The bill of such a session, and its journal unless it is free."""
        started_at = NOW - timedelta(minutes=minutes_ago)
        ended_at = started_at + timedelta(minutes=30)
        version_id = tariff_version_id(tariff)
        if tariff != TARIFF:
            body = encode_tariff(tariff)
            await self.insert(
                "tariff_version", tariff_version_id=version_id, currency="EUR", body=body, created_at=POSTED_AT
            )
        rated = rate(Usage((Period(started_at, ended_at, 10_000_000),), "Europe/Berlin", "DC"), tariff)
        await self.insert(
            "bill", session_id=IDS[session], revision=1, bill_id=IDS[name], site_id=self.world.site_id,
            contract_id=place.contract_id, payment_id=place.payment_id,
            tariff_version_id=version_id, currency="EUR", net_minor=rated.net_minor,
            tax_minor=rated.tax_minor, gross_minor=rated.gross_minor, energy_milliwh=10_000_000,
            register_start_milliwh=1_000_000, register_end_milliwh=11_000_000, started_at=started_at,
            ended_at=ended_at, billed_on=ended_at.date(), rated=encode_rated(rated), created_at=POSTED_AT,
        )  # fmt: skip
        debtor = "receivable:drivers" if place.payment_id else f"receivable:customer:{self.world.customer_no}"
        if rated.gross_minor:
            await self.journal(
                name, "bill", (debtor, "revenue:energy", rated.net_minor), (debtor, "tax:output", rated.tax_minor),
                session=session, payment_id=place.payment_id,
            )  # fmt: skip
        return rated

    async def journal(
        self, name: str, kind: str, *transfers: tuple[str, str, int], session: str | None = None,
        payment_id: UUID | None = None, posted_at: datetime | None = None,
    ) -> None:  # fmt: skip
        if posted_at is None:
            posted_at = POSTED_AT + timedelta(seconds=list(IDS).index(name))
        await self.insert(
            "journal", source_id=IDS[name], kind=kind, session_id=IDS[session] if session else None,
            payment_id=payment_id, transfer_count=len(transfers), happened_at=posted_at, posted_at=posted_at,
        )  # fmt: skip
        for line, (debit, credit, amount_minor) in enumerate(transfers, 1):
            await self.insert(
                "transfer", source_id=IDS[name], kind=kind, line=line, debit_code=debit, credit_code=credit,
                currency="EUR", amount_minor=amount_minor,
            )  # fmt: skip

    async def payment(self, name: str, **values: object) -> None:
        await self.insert("payment", **{
            "payment_id": IDS[name], "purpose": "session", "gateway": "sandbox", "currency": "EUR",
            "asked_minor": 4000, "held_minor": 4000, "captured_minor": 0, "refunded_minor": 0,
            "state": "authorized", "link_code": name, "capture_before": NOW + timedelta(days=6), "version": 1,
            "created_at": NOW - timedelta(hours=1), "changed_at": NOW - timedelta(minutes=20), **values,
        })  # fmt: skip

    async def operation(self, name: str, number: int, kind: str, amount_minor: int, **values: object) -> None:
        await self.insert("operation", **{
            "operation_id": IDS[name], "payment_id": IDS["payment"], "attempt_no": 1, "operation_no": number,
            "kind": kind, "amount_minor": amount_minor, "currency": "EUR", "idempotency_key": name,
            "state": "succeeded", "try_count": 1, "created_at": POSTED_AT, "done_at": POSTED_AT, **values,
        })  # fmt: skip

    async def document(
        self, name: str, kind: str, series: str, subject: UUID, rateds: list[Rated], *, sign: int = 1
    ) -> None:
        sums = ("net_minor", "tax_minor", "gross_minor")
        lines = [{key: sign * getattr(one, key) for key in sums} for one in rateds]
        totals = {key: sum(line[key] for line in lines) for key in sums}
        body = {"kind": kind, "series": series, "number": 1, "currency": "EUR", "lines": lines, **totals}
        pdf = f"%PDF {name}".encode()
        await self.insert("number_series", series=series, next_number=2)
        await self.insert(
            "invoice", invoice_id=IDS[name], kind=kind, series=series, number=1, subject_id=subject,
            currency="EUR", issued_at=POSTED_AT, issued_on=POSTED_AT.date(), body=json.dumps(body).encode(),
            pdf=pdf, pdf_sha256=hashlib.sha256(pdf).digest(), state="paid", **totals,
        )  # fmt: skip

    async def _terms(self) -> None:
        """The paid session began by tax rules that say what its tariff states."""
        await self.priced_by(("paid_session", "paid_bill"), PriceTerms(tax_rules=RULES))

    async def priced_by(self, names: tuple[str, ...], terms: PriceTerms) -> None:
        terms_id, body = named_terms(terms)
        await self.insert("price_terms", price_terms_id=terms_id, body=body, created_at=POSTED_AT)
        for name in names:
            await self.insert(
                "priced_by", subject_id=IDS[name], subject_kind=name.split("_")[1], price_terms_id=terms_id,
                fixed_at=POSTED_AT,
            )  # fmt: skip

    async def _sessions(self) -> None:
        await self.session("paid_session", self.ad_hoc, minutes_ago=60)
        await self.session("contract_session", self.by_contract, minutes_ago=120)
        await self.session("held_session", self.by_contract, minutes_ago=80, state="under_review")
        await self.session("running_session", self.by_contract, minutes_ago=20, is_ended=False, state="active")
        await self.insert(
            "review_item", review_item_id=IDS["review"], reason_code="register_backwards", subject_kind="session",
            subject_id=IDS["held_session"], summary="Look at it.", state="open", opened_at=NOW,
        )  # fmt: skip

    async def _money(self) -> None:
        paid = {"session_id": IDS["paid_session"], "payment_id": IDS["payment"]}
        await self.payment(
            "payment", state="partially_refunded", captured_minor=500, refunded_minor=100,
            session_id=paid["session_id"],
        )  # fmt: skip
        await self.payment("waiting_payment", start_deadline_at=NOW + timedelta(minutes=5))
        await self.insert(
            "attempt", payment_id=IDS["payment"], attempt_no=1, gateway="sandbox", gateway_ref="pay_1",
            created_at=POSTED_AT,
        )  # fmt: skip
        await self.operation("authorize", 1, "authorize", 4000)
        await self.operation("capture", 2, "capture", 500, fee_minor=33)
        await self.operation("refund", 3, "refund", 100)
        about: dict[str, Any] = {"session": "paid_session", "payment_id": IDS["payment"]}
        await self.journal("capture", "capture", ("clearing:sandbox", "receivable:drivers", 500), **about)
        await self.journal("capture", "fee", ("expense:gateway_fees", "clearing:sandbox", 33), **about)
        await self.journal("refund", "refund", ("receivable:drivers", "clearing:sandbox", 100), **about)
        await self.journal("settlement", "settlement", ("asset:bank", "clearing:sandbox", 367))

    async def _wallet(self) -> None:
        customer_id = self.world.customer_id
        await self.insert(
            "wallet", customer_id=customer_id, currency="EUR", balance_minor=0, limit_minor=0, opened_at=NOW
        )

    async def _documents(self) -> None:
        paid = await self.bill("paid_bill", "paid_session", self.ad_hoc, minutes_ago=60)
        owed = await self.bill("contract_bill", "contract_session", self.by_contract, minutes_ago=120)
        debtor = f"receivable:customer:{self.world.customer_no}"
        await self.journal("plan_fee", "plan_fee", (debtor, "revenue:plans", 419), (debtor, "tax:output", 80))
        fee = msgspec.structs.replace(owed, net_minor=419, tax_minor=80, gross_minor=499)
        await self.document("receipt", "receipt", "R2026", IDS["payment"], [paid])
        await self.document("invoice", "invoice", "I2026", self.world.contract_id, [owed, fee])
        await self.document("credit", "credit_note", "C2026", IDS["receipt"], [paid], sign=-1)
        for part, document in (("paid_bill", "receipt"), ("contract_bill", "invoice"), ("plan_fee", "invoice")):
            await self.insert("invoice_part", part_id=IDS[part], invoice_id=IDS[document])


def free(tariff: Tariff = TARIFF) -> Tariff:
    """The same tariff at no price."""
    (element,) = tariff.elements
    (component,) = element.components
    component = msgspec.structs.replace(component, price=Decimal(0))
    element = msgspec.structs.replace(element, components=(component,))
    return msgspec.structs.replace(tariff, elements=(element,))
