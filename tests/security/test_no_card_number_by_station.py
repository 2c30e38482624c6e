"""No message of a station leaves a card number behind; every one is answered."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from card_traces import rows_with_card_numbers
from charger import CallError
from wattledger.core.kernel.card_numbers import has_card_number
from wattledger.core.stations.card_guard import without_card_numbers
from yard import Yard, open_yard

CARD = "4111111111111111"
STRUCK = "XXXXXXXXXXXX1111"
# Numbers of SIMs, devices, certificates and sessions, which are not ours to change.
LEFT_ALONE = {
    "certificate", "certificateChain", "chargeBoxSerialNumber", "chargePointSerialNumber", "csr", "exiRequest",
    "iccid", "imsi", "issuerKeyHash", "issuerNameHash", "meterSerialNumber", "publicKey", "serialNumber",
    "transactionId",
}  # fmt: skip
OCMF = 'OCMF|{"FV":"1.0","GS":"4111111111111111","IT":"%s","ID":"4111111111111111"}|{"SD":"3046"}'


def schemas() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(version, action, schema) of every request of every version that the ``ocpp`` package knows."""
    for version in ("v16", "v201", "v21"):
        folder = importlib.resources.files("ocpp") / version / "schemas"
        for file in folder.iterdir():
            name = file.name.removesuffix(".json")
            if name.endswith("Response") or not file.name.endswith(".json"):
                continue
            schema = json.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
            yield version, name.removesuffix("Request"), schema


def planted(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
    """An instance whose every free text is a card number."""
    reference = schema.get("$ref")
    if reference is not None:
        schema = root["definitions"][reference.rsplit("/", 1)[1]]
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object" and depth < 9:
        return {name: planted(one, root, depth + 1) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [planted(schema["items"], root, depth + 1)]
    return {"integer": 7, "number": 1.5, "boolean": True}.get(str(kind), CARD)


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str):
        yield name, value


class TestEveryAction:
    def test_loses_the_card_numbers_in_its_texts_and_nothing_else(self) -> None:
        seen = 0
        for version, action, schema in schemas():
            frame = [2, "19", action, planted(schema, schema)]
            heard = without_card_numbers(json.dumps(frame))
            kept = json.loads(heard.kept)
            for (name, before), (_, after) in zip(texts(frame[3]), texts(kept[3]), strict=True):
                is_struck = before == CARD and name not in LEFT_ALONE
                assert after == (STRUCK if is_struck else before), (version, action, name)
                seen += is_struck
            assert heard.had_card_number == (STRUCK in heard.kept.decode()), (version, action)
        assert seen > 150

    def test_of_an_answer_to_us_too(self) -> None:
        heard = without_card_numbers(json.dumps([3, "1", {"data": f"pan {CARD}"}]))
        assert json.loads(heard.kept) == [3, "1", {"data": f"pan {STRUCK}"}]


class TestAMessage:
    def test_without_one_is_the_very_same_text(self) -> None:
        text = '[2, "1", "Heartbeat", {}]'
        assert without_card_numbers(text).text is text

    def test_keeps_its_number_for_the_answer_and_not_in_the_store(self) -> None:
        heard = without_card_numbers(json.dumps([2, CARD, "Heartbeat", {}]))
        assert json.loads(heard.text)[1] == CARD
        assert json.loads(heard.kept)[1] == STRUCK
        assert not heard.had_card_number

    def test_with_a_bare_number_has_a_text_there_which_its_field_refuses(self) -> None:
        heard = without_card_numbers(f'[2,"1","StopTransaction",{{"meterStop":{CARD}}}]')
        assert json.loads(heard.text)[3] == {"meterStop": STRUCK}

    @pytest.mark.parametrize(
        "text",
        ['[2,"1","Data', f'[2,"1","DataTransfer",{{"data":"{CARD}"', f'{{"idTag":"{CARD}"}}', CARD, f'"{CARD}"'],
    )
    def test_that_is_no_frame_loses_it_as_well(self, text: str) -> None:
        heard = without_card_numbers(text)
        assert not has_card_number(heard.kept.decode())
        assert not has_card_number(str(heard.text))

    def test_written_with_escapes_loses_it_as_well(self) -> None:
        escaped = "".join(f"\\u{ord(digit):04x}" for digit in CARD)
        assert STRUCK in without_card_numbers(f'[2,"1","DataTransfer",{{"data":"{escaped}"}}]').text

    def test_in_bytes_that_are_no_text_loses_it_as_well(self) -> None:
        assert CARD.encode() not in without_card_numbers(b"\xff" + CARD.encode()).kept

    def test_of_any_depth_is_survived(self) -> None:
        deep = "[" * 5_000 + f'"{CARD}"' + "]" * 5_000
        assert not has_card_number(without_card_numbers(f'[2,"1","DataTransfer",{deep}]').kept.decode())


class TestASignedReading:
    def test_is_not_touched_or_its_signature_would_break(self) -> None:
        text = json.dumps([2, "1", "MeterValues", {"value": OCMF % "ISO14443"}])
        assert without_card_numbers(text).text is text

    def test_that_says_it_holds_a_bank_card_loses_it_and_its_proof(self) -> None:
        heard = without_card_numbers(json.dumps([2, "1", "MeterValues", {"value": OCMF % "ISO7812"}]))
        assert CARD not in heard.kept.decode()


@pytest.mark.database
@pytest.mark.sockets
class TestAStationThatReadsBankCards:
    async def test_is_answered_and_nothing_of_the_card_is_kept(self, database: Any, database_dsn: str) -> None:
        async with open_yard(database, database_dsn) as yard:
            await _tell_everything(yard)
            assert await rows_with_card_numbers(database_dsn) == []
            assert await yard.reviews() != []
            assert "card_number_sent" in await yard.reviews()


async def _tell_everything(yard: Yard) -> None:
    ac, dc = await yard.ac(), await yard.dc()
    reply = await ac.call("Authorize", {"idTag": CARD})
    assert reply["idTagInfo"]["status"] == "Invalid"
    started = {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": "2026-11-22T10:00:00Z"}
    number = (await ac.call("StartTransaction", started))["transactionId"]
    stopped = {"transactionId": number, "idTag": CARD, "meterStop": 5000, "timestamp": "2026-11-22T10:30:00Z"}
    assert "idTagInfo" in await ac.call("StopTransaction", stopped)
    await ac.call("DataTransfer", {"vendorId": CARD, "data": f'{{"pan":"{CARD}"}}'})
    status = {
        "connectorId": 1,
        "errorCode": "OtherError",
        "status": "Faulted",
        "info": CARD,
        "vendorErrorCode": CARD,
    }
    await ac.call("StatusNotification", status)
    token = {"idToken": CARD, "type": "ISO14443", "additionalInfo": [{"additionalIdToken": CARD, "type": "pan"}]}
    assert (await dc.call("Authorize", {"idToken": token}))["idTokenInfo"]["status"] == "Unknown"
    event = {
        "eventType": "Started", "seqNo": 0, "timestamp": "2026-11-22T10:00:00Z", "triggerReason": "Authorized",
        "transactionInfo": {"transactionId": "tx-1"}, "idToken": token, "evse": {"id": 1, "connectorId": 1},
    }  # fmt: skip
    await dc.call("TransactionEvent", event)
    with pytest.raises(CallError) as refused:
        await dc.call("TransactionEvent", event | {"seqNo": int(CARD)})
    assert not has_card_number(str(refused.value))
    with pytest.raises(CallError) as refused:
        await dc.call(f"Pay{CARD}", {})
    assert not has_card_number(str(refused.value))
