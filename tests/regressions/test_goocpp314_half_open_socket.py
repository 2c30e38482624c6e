"""lorenzodonini/ocpp-go#314: a socket that died unnoticed kept its station out as a duplicate."""

from __future__ import annotations

import pytest

from charger import session_201
from patient_yard import Patience
from wattledger.apps.stations import door

pytestmark = [pytest.mark.database, pytest.mark.sockets]


class TestASocketThatDiedUnnoticed:
    async def test_gives_way_to_the_station_that_is_back_and_its_session_goes_on(
        self, patience: Patience, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "PROOF_WITHIN_S", 0.2)
        yard = patience.yard
        dc = await yard.dc()
        told = session_201("tx-1", yard.world.token_uid)
        await yard.tell(dc, told[:2])
        dc.socket.transport.pause_reading()  # no FIN, no answer to a ping: the station's router lost power
        back = await yard.dc(is_booted=False)
        await yard.tell(back, told[1:])
        await yard.assert_billed_once(wh=10_000)
        dc.socket.transport.abort()  # or closing it would wait for an answer
