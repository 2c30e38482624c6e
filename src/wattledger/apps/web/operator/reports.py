"""Reports: revenue, energy and sessions by day and site; the table is the truth, the plot its picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get

from wattledger.apps.web.operator.desk import AtDesk, Desk
from wattledger.apps.web.operator.lists import Asked, asked, day_of
from wattledger.apps.web.operator.spreadsheet import csv_file
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.money import Money, exponent_of
from wattledger.flows.ports.desk_rows import DayRow

DAYS_MAX: Final = 400
DAYS_DEFAULT: Final = 30
_CSV_HEAD: Final = ("day", "site", "currency", "sessions", "energy_kwh", "net", "tax", "gross")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a set of days comes to, in one currency."""

    currency: str
    session_count: int
    energy_milliwh: int
    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class Report:
    since: date
    until: date
    rows: list[DayRow]

    @property
    def sums(self) -> list[Sums]:
        """Totals, one a currency: amounts of two currencies are never added."""
        return [_sums(self.rows, currency) for currency in sorted({row.currency for row in self.rows})]

    @property
    def sites(self) -> list[tuple[str, UUID, list[Sums]]]:
        names = {row.site_id: row.site_name for row in self.rows}
        found = []
        for site_id, name in sorted(names.items(), key=lambda pair: (pair[1], pair[0])):
            rows = [row for row in self.rows if row.site_id == site_id]
            found.append((name, site_id, [_sums(rows, one) for one in sorted({row.currency for row in rows})]))
        return found


@get("/reports", include_in_schema=False)
async def reports(request: Request[Any, Any, Any], desk: AtDesk) -> Response[str]:
    view, report = await _report(request, desk)
    async with desk.read() as work:
        sites = await work.desk.sites()
    return desk.page(
        "reports.html",
        here="/desk/reports",
        view=view,
        report=report,
        sites=sites,
        chart=_chart(report),
        csv_link=view.link().replace("/desk/reports", "/desk/reports.csv", 1),
    )


@get("/reports.csv", include_in_schema=False)
async def reports_csv(request: Request[Any, Any, Any], desk: AtDesk) -> Response[bytes]:
    _, report = await _report(request, desk)
    return csv_file(f"report-{report.since}-{report.until}.csv", _CSV_HEAD, map(_csv_row, report.rows))


async def _report(request: Request[Any, Any, Any], desk: Desk) -> tuple[Asked, Report]:
    """Raises InvalidInput ``range_reversed`` or ``range_too_long``."""
    view = asked(request, desk.shown.zone)
    until = day_of(view["to"]) or desk.shown.today
    since = day_of(view["from"]) or until - timedelta(days=DAYS_DEFAULT - 1)
    if since > until:
        raise InvalidInput("range_reversed", f"{since} lies after {until}.")
    if (until - since).days >= DAYS_MAX:
        raise InvalidInput("range_too_long", f"A report covers {DAYS_MAX} days at most.")
    async with desk.read() as work:
        rows = await work.desk.days(since, until, view.query.site_id)
    view.values.update({"from": since.isoformat(), "to": until.isoformat()})
    return view, Report(since, until, rows)


def _sums(rows: Iterable[DayRow], currency: str) -> Sums:
    own = [row for row in rows if row.currency == currency]
    return Sums(
        currency,
        sum(row.session_count for row in own),
        sum(row.energy_milliwh for row in own),
        sum(row.net_minor for row in own),
        sum(row.tax_minor for row in own),
        sum(row.gross_minor for row in own),
    )


def _chart(report: Report) -> str | None:
    """Per day: gross amount of the leading currency, kWh and sessions, as JSON for the plot."""
    if not report.rows:
        return None
    currency = max(report.sums, key=lambda sums: sums.session_count).currency
    days = [report.since + timedelta(days=number) for number in range((report.until - report.since).days + 1)]
    by_day = {day: _sums([row for row in report.rows if row.day == day], currency) for day in days}
    scale = 10 ** exponent_of(currency)
    facts = {
        "kind": "days",
        "zone": "UTC",
        "currency": currency,
        "data": [
            [datetime.combine(day, time(), UTC).timestamp() for day in days],
            [by_day[day].gross_minor / scale for day in days],
            [by_day[day].energy_milliwh / 1e6 for day in days],
            [by_day[day].session_count for day in days],
        ],
    }
    return json.dumps(facts)


def _csv_row(row: DayRow) -> Sequence[object]:
    amounts = (Money(minor, row.currency).decimal() for minor in (row.net_minor, row.tax_minor, row.gross_minor))
    kwh = f"{row.energy_milliwh // 1_000_000}.{row.energy_milliwh % 1_000_000:06d}"
    return (row.day.isoformat(), row.site_name, row.currency, row.session_count, kwh, *amounts)
