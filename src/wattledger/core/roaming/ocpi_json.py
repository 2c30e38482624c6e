"""OCPI's JSON: numbers that stay decimal, fields that are there, and a named refusal where they are not."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import parse_instant

Json = dict[str, Any]

_PLAIN_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")


def _exact(text: str) -> Decimal:
    """A fraction as it is written. An exponent is a slip of some program's float, and not guessed at."""
    if not _PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]} is not written as a plain decimal number of at most 30 digits")
    return Decimal(text)


_DECODER: Final = msgspec.json.Decoder(float_hook=_exact)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_BYTES_MAX: Final = 16_000_000
_NUMBER_MAX: Final = Decimal(10) ** 12
_DECIMALS_MAX: Final = 20


def parse_ocpi(raw: bytes | str) -> Json:
    """A JSON object with every fraction a Decimal, never a float.

    An envelope with ``data`` (OCPI's response format) is opened, also around a list of one object. Raises
    InvalidInput ``json_malformed``, ``json_several_objects`` and, of a number with an exponent, which JSON allows,
    ``ocpi_number_malformed``.
    """
    if len(raw) > _BYTES_MAX:
        raise InvalidInput("json_malformed", f"More than {_BYTES_MAX} bytes.")
    if isinstance(raw, bytes):
        raw = raw.removeprefix(b"\xef\xbb\xbf")  # some editors begin a file with a byte order mark
    try:
        value = _DECODER.decode(raw)
    except msgspec.ValidationError as error:  # of what the hook above refuses, JSON itself is fine
        raise InvalidInput("ocpi_number_malformed", str(error).partition(" - at ")[0]) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation, ValueError) as error:
        raise InvalidInput("json_malformed", f"Not JSON: {error}") from None
    return _opened(value)


def _opened(value: Any) -> Json:
    if isinstance(value, dict) and "data" in value:
        value = value["data"]
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
    elif isinstance(value, dict) and "status_code" in value:
        raise InvalidInput("json_malformed", "The response holds no data, only a status.")
    if isinstance(value, list) and len(value) > 1:
        raise InvalidInput("json_several_objects", f"It holds {len(value)} objects; one at a time is read.")
    if not isinstance(value, dict):
        raise InvalidInput("json_malformed", "A JSON object is expected.")
    return value


def encode_ocpi(value: Json) -> bytes:
    """JSON in which every Decimal is an exact number, as OCPI writes them."""
    return _ENCODER.encode(value)


def required(source: Json, name: str, where: str) -> Any:
    """The field, or InvalidInput ``ocpi_field_missing``."""
    value = source.get(name)
    if value is None:
        raise InvalidInput("ocpi_field_missing", f"{where} has no {name!r}.")
    return value


def number(value: Any, where: str) -> Decimal:
    """An exact, finite number of sane size; text that is a number is taken as one.

    Raises InvalidInput ``ocpi_number_malformed``.
    """
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    is_text = isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value) is not None
    found = Decimal(value) if is_number or is_text else None
    if found is None or not found.is_finite() or abs(found) > _NUMBER_MAX or _decimals(found) > _DECIMALS_MAX:
        raise InvalidInput("ocpi_number_malformed", f"{where}: {str(value)[:40]!r} is not a number to price with.")
    return found


def whole(value: Any, where: str) -> int:
    """A whole number. Raises InvalidInput ``ocpi_number_malformed``."""
    found = number(value, where)
    if found != found.to_integral_value():
        raise InvalidInput("ocpi_number_malformed", f"{where}: {found} is not a whole number.")
    return int(found)


def text(value: Any, where: str) -> str:
    """A string. Raises InvalidInput ``ocpi_text_malformed``."""
    if not isinstance(value, str):
        raise InvalidInput("ocpi_text_malformed", f"{where}: {str(value)[:40]!r} is not a text.")
    return value


def instant(value: Any, where: str) -> datetime:
    """An OCPI DateTime. Raises InvalidInput ``instant_malformed``."""
    return parse_instant(text(value, where))


def objects(value: Any, where: str) -> list[Json]:
    """A list of objects, empty where absent. Raises InvalidInput ``ocpi_list_malformed``."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InvalidInput("ocpi_list_malformed", f"{where} is not a list of objects.")
    return value


def _decimals(found: Decimal) -> int:
    exponent = found.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
