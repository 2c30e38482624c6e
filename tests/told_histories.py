"""Short histories of one session as stations send them, in both versions, and the bill that each arrival gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import permutations
from typing import Any, Final
from uuid import UUID

import msgspec

from charger import Json, at, event, start_16, stop_16, values_16
from wattledger.core.billing.close_session import Terms, close_session
from wattledger.core.billing.session_bill import SessionBill
from wattledger.core.kernel.taxes import Tax
from wattledger.core.metering.events import SessionEvent
from wattledger.core.metering.evidence import Place, weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.rating.compiled import compile_tariff
from wattledger.core.rating.rated import encode_rated
from wattledger.core.stations import talk
from wattledger.core.stations.link import Ask, Link
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Restrictions, Tariff, TaxTreatment

PLACE: Final = Place("Europe/Berlin", power_max_w=150_000, current_kind="DC", connector_type="IEC_62196_T2_COMBO")
RECEIVED_AT: Final = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
_VAT: Final = (Tax("VAT", 190_000),)
# Energy, time and idling all have their price, and each ten minutes their own, so that no part of a history goes
# unnoticed.
TARIFF: Final = compile_tariff(
    Tariff(
        currency="EUR",
        name="All that can be told",
        elements=tuple(
            Element(
                (
                    PriceComponent(Dimension.ENERGY, Decimal(f"0.{41 + tens * tens}"), taxes=_VAT),
                    PriceComponent(Dimension.TIME, Decimal("1.20"), taxes=_VAT),
                    PriceComponent(Dimension.IDLE, Decimal("6.00"), taxes=_VAT),
                ),
                Restrictions(duration_s_min=tens * 600),
            )
            for tens in reversed(range(7))
        ),
        tax_treatment=TaxTreatment.INCLUDED,
    )
)
_TERMS: Final = Terms("EUR", TARIFF, "receivable:customer:C1", None)
_ID: Final = UUID(int=7)

_Told = tuple[str, Json]


def history_201(message_count: int) -> list[_Told]:
    """Two to six messages of a 2.0.1 session: start, readings, a pause of the vehicle's, end."""
    idle = event("Updated", 3, "tx", 44, 1_013_010)
    idle["transactionInfo"]["chargingState"] = "SuspendedEV"
    between = [event("Updated", 1, "tx", 13, 1_004_003), event("Updated", 2, "tx", 29, 1_009_500), idle]
    between.append(event("Updated", 4, "tx", 52, 1_013_011))
    told = [
        event("Started", 0, "tx", 0, 1_000_001, token="CARD", context="Transaction.Begin"),
        *between[: message_count - 2],
        event("Ended", message_count - 1, "tx", 61, 1_013_012, context="Transaction.End"),
    ]
    return [("TransactionEvent", one) for one in told]


def history_16(message_count: int) -> list[_Told]:
    """The same of a 1.6 session, whose stop brings a reading of its own."""
    between = [values_16(7, 13, 4_002), values_16(7, 29, "9.499", "kWh"), values_16(7, 44, 13_009)]
    between.append(values_16(7, 52, 13_010))
    data = [{"timestamp": at(35), "sampledValue": [{"value": "11000"}]}]
    stop = stop_16(7, meter=13_011, minutes=61) | {"transactionData": data}
    return [
        ("StartTransaction", start_16("CARD")),
        *(("MeterValues", one) for one in between[: message_count - 2]),
        ("StopTransaction", stop),
    ]


HISTORIES: Final = {"2.0.1": history_201, "1.6": history_16}


def translated(version: str, told: _Told, received_at: datetime) -> SessionEvent:
    """The event that the message becomes, through the link's own parsing."""
    action, payload = told
    asked = Link(f"ocpp{version}", call_prefix="c").receive(json.dumps([2, "m", action, payload]), received_at)
    assert isinstance(asked, Ask)
    assert isinstance(asked.told, talk.SessionTold)
    return asked.told.event


@dataclass(frozen=True)
class Arrivals:
    """The messages of one history, ready to arrive in any order: ``bill(order)`` is what comes of it."""

    version: str
    message_count: int

    @cache  # noqa: B019 (a handful of histories, for the length of a test run)
    def _event(self, message: int, place: int) -> SessionEvent:
        told = HISTORIES[self.version](self.message_count)[message]
        received_at = RECEIVED_AT + timedelta(seconds=17 * place)
        # A 1.6 start has no name of its own yet: the server names the session in its answer.
        return msgspec.structs.replace(translated(self.version, told, received_at), session_ref="tx")

    def bill(self, order: Sequence[int]) -> tuple[Any, ...]:
        """Everything that a bill says, of the messages with these numbers arriving in this order."""
        fold = SessionFold(self._event(message, place) for place, message in enumerate(order))
        evidence = weigh(fold, PLACE)
        assert fold.is_complete
        bill = close_session(bill_id=_ID, session_id=_ID, evidence=evidence, terms=_TERMS)
        assert isinstance(bill, SessionBill), bill
        return (
            encode_rated(bill.rated), bill.register_start_milliwh, bill.register_end_milliwh, bill.started_at,
            bill.ended_at, bill.billed_on, bill.journal, evidence.findings,
        )  # fmt: skip

    @property
    def in_order(self) -> tuple[int, ...]:
        return tuple(range(self.message_count))


def orders(message_count: int) -> Iterator[tuple[int, ...]]:
    """Every permutation."""
    return permutations(range(message_count))


def orders_with_one_twice(message_count: int) -> Iterator[tuple[int, ...]]:
    """Every arrival in which one message, whichever, comes a second time, wherever."""
    for twice in range(message_count):
        yield from set(permutations((*range(message_count), twice)))


def orders_with_all_twice(message_count: int) -> set[tuple[int, ...]]:
    """Every arrival in which every message comes twice."""
    return set(permutations([*range(message_count)] * 2))
