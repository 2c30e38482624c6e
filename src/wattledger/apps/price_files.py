"""Files of market prices, as operators get them: CSV or JSON, for the command line and the API."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.tariffs.price_points import PricePoint

_BYTES_MAX: Final = 20_000_000
_PER: Final = {"kwh": 0, "mwh": -3}


class ToldPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price from ``starts_at`` on; until ``ends_at``, or for as long as the file's intervals are."""

    starts_at: datetime
    price: Decimal
    ends_at: datetime | None = None


_JSON: Final = msgspec.json.Decoder(list[ToldPrice])


def read_prices(raw: bytes, *, minutes: int | None, per: str) -> list[PricePoint]:
    """The prices of a file: JSON where it begins with a bracket, else CSV with a line of names.

    Instants have their offset. ``minutes`` is how long a price holds where the file does not say; ``per`` is
    "kwh" or "mwh". Raises InvalidInput ``price_file_malformed``.
    """
    if len(raw) > _BYTES_MAX:
        raise InvalidInput("price_file_malformed", f"A file may have {_BYTES_MAX} bytes.")
    if per not in _PER:
        raise InvalidInput("price_file_malformed", "Prices are per kwh or per mwh.")
    told = _from_json(raw) if raw.lstrip()[:1] == b"[" else _from_csv(raw)
    return points_told(told, minutes=minutes, per=per)


def points_told(told: list[ToldPrice], *, minutes: int | None, per: str = "kwh") -> list[PricePoint]:
    """``told`` as prices of a kWh, each with its end. Raises InvalidInput ``price_file_malformed``."""
    found = []
    for number, one in enumerate(told, 1):
        if one.starts_at.tzinfo is None or (one.ends_at is not None and one.ends_at.tzinfo is None):
            raise InvalidInput("price_file_malformed", f"Price {number} has an instant without its offset.")
        if one.ends_at is None and minutes is None:
            raise InvalidInput("price_file_malformed", f"Price {number} has no end, and no minutes are given.")
        ends_at = one.ends_at or one.starts_at + timedelta(minutes=minutes or 0)
        found.append(PricePoint(one.starts_at, ends_at, one.price.scaleb(_PER[per])))
    return found


def _from_json(raw: bytes) -> list[ToldPrice]:
    try:
        return _JSON.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("price_file_malformed", f"No list of prices: {error}") from None


def _from_csv(raw: bytes) -> list[ToldPrice]:
    try:
        text = raw.decode("utf-8-sig")
        dialect = csv.excel()
        dialect.delimiter = ";" if ";" in text.partition("\n")[0] else ","
        rows = list(csv.DictReader(io.StringIO(text), dialect=dialect, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("price_file_malformed", f"No CSV: {error}") from None
    return [_row(number, row) for number, row in enumerate(rows, 2)]


def _row(number: int, row: dict[str, str]) -> ToldPrice:
    try:
        ends_at = (row.get("ends_at") or "").strip()
        return ToldPrice(
            starts_at=datetime.fromisoformat(row["starts_at"].strip()),
            price=Decimal(row["price"].strip()),
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
        )
    except (KeyError, ValueError, InvalidOperation, AttributeError) as error:
        what = f"column {error}" if isinstance(error, KeyError) else str(error)
        raise InvalidInput("price_file_malformed", f"Line {number} of the file: {what}") from None
