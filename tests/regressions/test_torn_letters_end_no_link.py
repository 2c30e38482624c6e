"""Bytes that are no UTF-8 inside a payload left the translation as UnicodeDecodeError, and ended the link."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wattledger.core.stations import talk
from wattledger.core.stations.asking import result_of
from wattledger.core.stations.link import Link, Say
from wattledger.core.stations.v16.actions import ACTIONS as ACTIONS_16
from wattledger.core.stations.v201.actions import ACTIONS as ACTIONS_201

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TORN = b'{"status":"\xff"}'


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
def test_a_call_with_torn_letters_is_refused(version: str) -> None:
    heard = Link(version, call_prefix="t").receive(b'[2,"x","Heartbeat",{"\xff":1}]', NOW)
    assert isinstance(heard, Say)


def test_an_answer_with_torn_letters_has_failed() -> None:
    for actions in (ACTIONS_16, ACTIONS_201):
        for name in actions:
            assert result_of(actions, name, TORN) is talk.CommandResult.FAILED
