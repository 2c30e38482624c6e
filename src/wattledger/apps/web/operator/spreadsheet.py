"""Tables as CSV files that a spreadsheet may open without running what a station wrote into a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from litestar import Response

# What makes a spreadsheet read a cell as a formula (OWASP, CSV injection).
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response[bytes]:
    """A download in UTF-8 with a byte order mark (spreadsheets guess wrongly without), comma, CRLF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return Response(
        text.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def cell(value: object) -> str:
    """A cell's text; one that would be a formula begins with an apostrophe, a number never does."""
    if value is None:
        return ""
    if isinstance(value, (int, Decimal)):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_SIGNS) else text
