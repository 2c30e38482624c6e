"""The living style page: every component in every state, from the same templates as the pages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Final

from litestar import Response, get

from wattledger.apps.web.pages import House, page

_PRICES: Final = (
    SimpleNamespace(word="Energy", note="Monday to Friday, 08:00 to 20:00", price="€0.59", unit="per kWh"),
    SimpleNamespace(word="Energy", note="at all other times", price="€0.49", unit="per kWh"),
    SimpleNamespace(word="Idle time", note="after 30 minutes, at most €12.00", price="€0.10", unit="per minute"),
)
_STEPS: Final = (
    SimpleNamespace(title="Paid", detail="€40.00 are held on your card", state="done"),
    SimpleNamespace(title="Plug in the cable", detail="Within 5 minutes; then the hold is released", state="now"),
    SimpleNamespace(title="Charging", detail=None, state="next"),
)
_TIMELINE: Final = (
    SimpleNamespace(at="11:52", iso=None, title="Plugged in", detail="Connector 2", meaning="good"),
    SimpleNamespace(at="11:53", iso=None, title="Charging", detail="The car takes up to 96 kW", meaning="info"),
    SimpleNamespace(at="12:21", iso=None, title="Station offline", detail="It reports later", meaning="notice"),
    SimpleNamespace(at="12:40", iso=None, title="Card refused", detail="The bank said no", meaning="bad"),
    SimpleNamespace(at="12:41", iso=None, title="Waiting for the bank", detail=None, meaning=""),
)
_COLUMNS: Final = (
    SimpleNamespace(key="at", word="Started", is_number=False, is_sortable=True),
    SimpleNamespace(key="site", word="Site", is_number=False, is_sortable=True),
    SimpleNamespace(key="state", word="State", is_number=False, is_sortable=False),
    SimpleNamespace(key="energy", word="Energy", is_number=True, is_sortable=True),
    SimpleNamespace(key="gross", word="Total", is_number=True, is_sortable=True),
)
_ROWS: Final = (
    ("22 Nov, 11:52", "Harbour Street", ("Charging", "info"), "18.42", "€10.87"),
    ("22 Nov, 09:10", "Old Town", ("Billed", "good"), "6.00", "€3.54"),
    ("21 Nov, 22:47", "Harbour Street", ("Under review", "notice"), "0.00", "–"),
)
_SWATCHES: Final = (
    "page", "surface", "sunken", "line", "control", "quiet", "text", "accent", "accent-soft",
    "good", "notice", "bad", "info",
)  # fmt: skip


@get("/style", include_in_schema=False, opt={"is_public": True})
async def style() -> Response[str]:
    return page(
        "style.html",
        house=House("Harbour Energy", "+49 30 1234 567"),
        prices=_PRICES,
        steps=_STEPS,
        timeline=_TIMELINE,
        columns=_COLUMNS,
        rows=_ROWS,
        swatches=_SWATCHES,
    )
