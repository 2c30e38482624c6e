"""A tariff as bytes, its name by content, and which version holds at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.ids import content_id
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.model import Tariff

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(Tariff)
_BYTES_MAX: Final = 1_000_000


def encode_tariff(tariff: Tariff) -> bytes:
    """The tariff's canonical JSON."""
    return canonical_json(tariff)


def canonical_json(value: Any) -> bytes:
    """Sorted keys, defaults left out, decimals as the shortest plain text that is exact."""
    return _ENCODER.encode(_canonical(msgspec.to_builtins(value, builtin_types=(Decimal,))))


def decode_tariff(raw: bytes | str, *, is_checked: bool = True) -> Tariff:
    """The tariff that ``encode_tariff`` wrote; checked, unless it is only to be looked at.

    Raises InvalidInput ``tariff_malformed``, ``tariff_too_large`` and what ``check_tariff`` raises.
    """
    if len(raw) > _BYTES_MAX:
        raise InvalidInput("tariff_too_large", f"A tariff may have {_BYTES_MAX} bytes.")
    try:
        tariff = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("tariff_malformed", f"Not a tariff: {error}") from None
    return check_tariff(tariff) if is_checked else tariff


def tariff_version_id(tariff: Tariff) -> UUID:
    """The same id for the same content on every machine; 0.5 and 0.50 are the same price."""
    return content_id("tariff", encode_tariff(tariff))


def version_at(versions: Iterable[Tariff], instant: datetime) -> Tariff | None:
    """The version in force at ``instant``: of those whose validity holds it, the one that began last."""
    best: Tariff | None = None
    for version in versions:
        is_begun = version.valid_from is None or version.valid_from <= instant
        is_over = version.valid_until is not None and version.valid_until <= instant
        if is_begun and not is_over and (best is None or _began_later(version, best)):
            best = version
    return best


def _began_later(version: Tariff, other: Tariff) -> bool:
    if version.valid_from is None:
        return False
    return other.valid_from is None or version.valid_from > other.valid_from


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(inner) for inner in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value


def plain(number: Decimal) -> str:
    """The shortest text of ``number`` without an exponent: Decimal("1E+2") is "100", Decimal("0.50") "0.5"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
