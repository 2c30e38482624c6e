"""Whatever bytes come, only documented errors come out."""

from __future__ import annotations

import json
import string
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wattledger.core.metering.evidence import Finding
from wattledger.core.stations.frames import FrameError, parse_frame
from wattledger.core.stations.link import Ask, Link
from wattledger.core.stations.refusals import CallRefused
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v16.actions import ACTIONS
from wattledger.core.stations.v201 import translate as v201

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

numbers = st.one_of(st.integers(), st.floats(allow_nan=True), st.sampled_from([2**63, -(2**63), 10**400, -1, 0]))
texts = st.text(max_size=60) | st.sampled_from(
    ["\u0000", "Wh", "2026-11-22T10:00:00Z", "9999-12-31T23:59:59-14:00"]
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(string.ascii_letters, max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
actions = st.sampled_from([*v16._READERS, *v201._READERS, *ACTIONS, "Nonsense"])
sample = st.fixed_dictionaries(
    {"value": anything},
    optional={
        "context": st.sampled_from(["Transaction.Begin", "Trigger", "Sample.Clock"]),
        "measurand": st.sampled_from(["SoC", "Power.Active.Import", "Energy.Active.Import.Register", "Voltage"]),
        "phase": st.sampled_from(["L1", "L2", "N", "L1-N", "L3-L1"]),
        "unit": st.sampled_from(["Wh", "kWh", "varh", "W"]),
        "unitOfMeasure": st.fixed_dictionaries({}, optional={"unit": texts, "multiplier": st.integers()}),
    },
)
meter_value = st.fixed_dictionaries({"timestamp": texts, "sampledValue": st.lists(sample, min_size=1, max_size=4)})
session_calls = st.one_of(
    st.tuples(
        st.just("TransactionEvent"),
        st.fixed_dictionaries(
            {
                "eventType": st.sampled_from(["Started", "Updated", "Ended"]),
                "timestamp": texts,
                "triggerReason": st.just("Trigger"),
                "seqNo": st.integers(),
                "transactionInfo": st.fixed_dictionaries({"transactionId": texts}),
            },
            optional={"meterValue": st.lists(meter_value, min_size=1, max_size=3), "evse": st.just({"id": -7})},
        ),
    ),
    st.tuples(
        st.just("MeterValues"),
        st.fixed_dictionaries(
            {"connectorId": st.integers(), "meterValue": st.lists(meter_value, min_size=1, max_size=3)},
            optional={"transactionId": st.integers()},
        ),
    ),
    st.tuples(
        st.just("StopTransaction"),
        st.fixed_dictionaries({"transactionId": st.integers(), "meterStop": st.integers(), "timestamp": texts}),
    ),
)


class TestAnyText:
    @given(st.text() | st.binary())
    def test_is_a_frame_or_a_documented_error(self, text: str | bytes) -> None:
        try:
            parse_frame(text)
        except FrameError as error:
            error.reply(is_v16=True)
            error.reply(is_v16=False)

    @given(st.lists(anything, max_size=6) | anything)
    def test_made_of_json_is_a_frame_or_a_documented_error(self, parts: Any) -> None:
        with suppress(FrameError):
            parse_frame(json.dumps(parts))


class TestAnyPayload:
    @given(actions, anything)
    def test_is_understood_or_refused(self, action: str, payload: Any) -> None:
        self.told_or_refused(action, json.dumps(payload).encode())

    @given(actions, st.binary(max_size=80))
    def test_of_bytes_is_understood_or_refused(self, action: str, payload: bytes) -> None:
        self.told_or_refused(action, payload)

    def told_or_refused(self, action: str, payload: bytes) -> None:
        for dialect in (v16, v201):
            with suppress(CallRefused):
                dialect.told(action, payload, received_at=NOW)

    @given(session_calls)
    def test_of_a_session_never_yields_a_register_below_zero(self, call: tuple[str, dict[str, Any]]) -> None:
        for version in ("ocpp1.6", "ocpp2.0.1"):
            inbound = Link(version, call_prefix="f").receive(json.dumps([2, "1", *call]), NOW)
            if isinstance(inbound, Ask):
                event = getattr(inbound.told, "event", inbound.told)
                assert set(getattr(event, "flaws", ())) <= set(Finding)
                for reading in getattr(event, "readings", ()):
                    assert reading.at.tzinfo is not None
                    assert reading.register_milliwh is None or 0 <= reading.register_milliwh <= 10**15
