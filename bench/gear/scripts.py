"""What a station says in a benchmark: it boots, and charges for an hour with five readings on the way.

Every answer is looked at: who is not accepted, not told the right price, or not answered by a result, breaks.
"""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from functools import lru_cache

from gear.wire import LineBroken, Script

METER_UPDATES = 5
MESSAGES_A_SESSION = METER_UPDATES + 3
HOUR_S = 3600
STEP_WH = 1000
# 6 kWh at 0.25 EUR and 19 % VAT: what `wattledger provision` says that such a session costs.
TOTAL_COST = "1.79"


class Station:
    """One station's memory: its token, its register, and the number of its next message."""

    def __init__(self, number: int, *, salt: str, is_echoed: bool = False) -> None:
        self.number = number
        self.token = f"DE{number:06d}"
        self._is_echoed = is_echoed
        self.register_wh = 1000 * number
        self._salt = f"{salt}-{number}"
        self._numbers = itertools.count(1)

    def call(self, action: str, payload: str) -> bytes:
        return f'[2,"{self._salt}-{next(self._numbers)}","{action}",{payload}]'.encode()

    def expect(self, part: str, answer: bytes) -> None:
        """Raises LineBroken unless ``answer`` is a result with ``part`` in it."""
        if not answer.startswith(b"[3") or (part.encode() not in answer and not self._is_echoed):
            raise LineBroken(f"expected {part}, was told {answer[:200]!r}")

    def session_name(self) -> str:
        return f"{self._salt}-s{next(self._numbers)}"

    def more_energy(self) -> int:
        self.register_wh += STEP_WH
        return self.register_wh


def boot_201(station: Station) -> Script:
    answer = yield station.call(
        "BootNotification", '{"reason":"PowerUp","chargingStation":{"vendorName":"Bench","model":"One"}}'
    )
    station.expect('"Accepted"', answer)
    answer = yield station.call(
        "StatusNotification",
        f'{{"timestamp":"{_text(time.time())}","connectorStatus":"Available","evseId":1,"connectorId":1}}',
    )
    station.expect("[3", answer)


def boot_16(station: Station) -> Script:
    answer = yield station.call("BootNotification", '{"chargePointVendor":"Bench","chargePointModel":"One"}')
    station.expect('"Accepted"', answer)
    answer = yield station.call(
        "StatusNotification", '{"connectorId":1,"errorCode":"NoError","status":"Available"}'
    )
    station.expect("[3", answer)


def charge_201(station: Station) -> Script:
    times, name = _times(), station.session_name()
    token = f'{{"idToken":"{station.token}","type":"ISO14443"}}'
    station.expect('"Accepted"', (yield station.call("Authorize", f'{{"idToken":{token}}}')))

    def event(kind: str, number: int, trigger: str, context: str, rest: str) -> bytes:
        return station.call(
            "TransactionEvent",
            f'{{"eventType":"{kind}","timestamp":"{times[number]}","triggerReason":"{trigger}","seqNo":{number},'
            f'"transactionInfo":{{"transactionId":"{name}",{rest},"evse":{{"id":1,"connectorId":1}},'
            f'"meterValue":[{{"timestamp":"{times[number]}","sampledValue":[{{"value":{station.register_wh},'
            f'"context":"{context}","measurand":"Energy.Active.Import.Register",'
            f'"unitOfMeasure":{{"unit":"Wh"}}}}]}}]}}',
        )

    charging = '"chargingState":"Charging"}'
    answer = yield event("Started", 0, "Authorized", "Transaction.Begin", f'{charging},"idToken":{token}')
    station.expect('"Accepted"', answer)
    for number in range(1, METER_UPDATES + 1):
        station.more_energy()
        answer = yield event("Updated", number, "MeterValuePeriodic", "Sample.Periodic", charging)
        station.expect("[3", answer)
    station.more_energy()
    answer = yield event(
        "Ended", METER_UPDATES + 1, "StopAuthorized", "Transaction.End",
        '"chargingState":"Idle","stoppedReason":"Local"}',
    )  # fmt: skip
    station.expect(f'"totalCost":{TOTAL_COST}', answer)


def charge_16(station: Station) -> Script:
    times = _times()
    station.expect('"Accepted"', (yield station.call("Authorize", f'{{"idTag":"{station.token}"}}')))
    answer = yield station.call(
        "StartTransaction",
        f'{{"connectorId":1,"idTag":"{station.token}","meterStart":{station.register_wh},"timestamp":"{times[0]}"}}',
    )
    station.expect('"Accepted"', answer)
    number = int(answer.partition(b'"transactionId":')[2].partition(b",")[0].rstrip(b"}]"))
    for step in range(1, METER_UPDATES + 1):
        answer = yield station.call(
            "MeterValues",
            f'{{"connectorId":1,"transactionId":{number},"meterValue":[{{"timestamp":"{times[step]}",'
            f'"sampledValue":[{{"value":"{station.more_energy()}","context":"Sample.Periodic",'
            f'"measurand":"Energy.Active.Import.Register","unit":"Wh"}}]}}]}}',
        )
        station.expect("[3", answer)
    answer = yield station.call(
        "StopTransaction",
        f'{{"transactionId":{number},"idTag":"{station.token}","meterStop":{station.more_energy()},'
        f'"timestamp":"{times[-1]}","reason":"Local"}}',
    )
    station.expect("[3", answer)


def many(station: Station, count: int, *, is_v16: bool) -> Script:
    """``count`` sessions, one after the other."""
    for _ in range(count):
        yield from charge_16(station) if is_v16 else charge_201(station)


@lru_cache(maxsize=64)
def _text(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _times() -> list[str]:
    """The instants of an hour that ends now, to the second so that a fleet shares them."""
    ended = int(time.time())
    return [_text(ended - HOUR_S + HOUR_S * n // (METER_UPDATES + 1)) for n in range(METER_UPDATES + 2)]
