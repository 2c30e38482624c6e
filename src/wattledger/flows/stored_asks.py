"""What opened an attempt, as it is stored with its first operation: the same bytes are asked again."""

from __future__ import annotations

from typing import Final

import msgspec

from wattledger.flows.ports.gateway import SAVED_TAG, AskHead, CheckoutAsk, SavedAsk

_ASK: Final = msgspec.json.Decoder(CheckoutAsk)
_SAVED: Final = msgspec.json.Decoder(SavedAsk)
_HEAD: Final = msgspec.json.Decoder(AskHead)


def encode_ask(ask: CheckoutAsk | SavedAsk) -> bytes:
    return msgspec.json.encode(ask)


def decode_ask(request: bytes | None) -> CheckoutAsk | SavedAsk:
    """What ``encode_ask`` wrote."""
    assert request is not None
    is_saved = _HEAD.decode(request).type == SAVED_TAG
    return _SAVED.decode(request) if is_saved else _ASK.decode(request)
