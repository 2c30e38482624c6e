"""What a demonstration came to: for a person, and for a machine."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wattledger.apps.cli.books import report_facts
from wattledger.apps.lab.demo.day import Busy
from wattledger.apps.lab.demo.house import House
from wattledger.apps.lab.demo.show import Shown
from wattledger.apps.present.figures import energy_kwh, money, power_kw
from wattledger.core.kernel.money import Money
from wattledger.flows.verify_books import Report
from wattledger.settings import default_data_dir

_TITLE_CELLS: Final = 22
_KINDS: Final = {"ad_hoc": "QR code, no account", "rfid": "RFID card"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both sessions and the verdict on the books; ``is_compared``: the provider's own books were asked too."""

    sessions: tuple[Shown, ...]
    report: Report
    is_compared: bool
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.is_compared and not self.report.findings


def facts(outcome: Outcome, house: House) -> dict[str, Any]:
    """The JSON; its shape only grows."""
    return {
        "ok": outcome.is_good,
        "seconds": outcome.seconds,
        "data_dir": str(house.settings.data_dir),
        "web_url": house.settings.public_url,
        "station_url": house.station_url,
        "sessions": [_session_facts(one) for one in outcome.sessions],
        "verify": {"is_compared_with_provider": outcome.is_compared, **report_facts(outcome.report)},
    }


def _session_facts(shown: Shown) -> dict[str, Any]:
    def decimal(amount_minor: int) -> str:
        return str(Money(amount_minor, shown.currency).decimal())

    return {
        "kind": shown.kind,
        "ocpp": shown.ocpp,
        "station": shown.station,
        "evse": shown.public_id,
        "session_id": str(shown.session_id),
        "energy_kwh": f"{Decimal(shown.energy_milliwh).scaleb(-6):f}",
        "energy_milliwh": shown.energy_milliwh,
        "currency": shown.currency,
        "net": decimal(shown.net_minor),
        "tax": decimal(shown.tax_minor),
        "total": decimal(shown.total_minor),
        "payment": {
            "state": shown.paid,
            "held": decimal(shown.held_minor),
            "captured": decimal(shown.captured_minor),
            "gateway_fee": decimal(shown.gateway_fee_minor),
            "webhooks": shown.webhook_count,
        },
        "customer": shown.customer,
        "receipt": {"number": shown.receipt_number, "pdf_bytes": shown.receipt_byte_count},
        "seconds": shown.seconds,
    }


def show_outcome(console: Console, outcome: Outcome) -> None:
    """A column a session, and the verdict."""
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="dim")
    for _ in outcome.sessions:
        table.add_column()
    for title, values in _rows(outcome.sessions):
        table.add_row(title, *values)
    console.print()
    console.print(table)
    console.print()
    report = outcome.report
    count = len(report.findings)
    if outcome.is_good:
        console.print(
            Text("Books verified: ", style="green").append(
                f"{len(report.results)} checks, the provider's own books among them; no findings.",
                style="default",
            )
        )
        return
    console.print(Text(f"Books NOT verified: {count} finding{'' if count == 1 else 's'}.", style="red"))
    for one in report.findings[:20]:
        console.print(f"  {one.code}: {one.subject}: {one.detail}", highlight=False, markup=False)
    if not outcome.is_compared:
        console.print("  The sandbox provider's books could not be asked.")


def _rows(sessions: tuple[Shown, ...]) -> list[tuple[str, list[Text]]]:
    def row(title: str, *values: str, style: str = "") -> tuple[str, list[Text]]:
        return title, [Text(value, style=style) for value in values]

    return [
        row("", *(_KINDS[one.kind] for one in sessions), style="bold"),
        row("Station", *(f"{one.station}, OCPP {one.ocpp}" for one in sessions)),
        row("Energy", *(f"{energy_kwh(one.energy_milliwh, decimals=3)} kWh" for one in sessions)),
        row("Total", *(money(one.total_minor, one.currency) for one in sessions), style="bold"),
        row("of which VAT", *(money(one.tax_minor, one.currency) for one in sessions)),
        row("Payment", *(_payment(one) for one in sessions)),
        row("Document", *(one.receipt_number or "invoice at the month's end" for one in sessions)),
    ]


def _payment(shown: Shown) -> str:
    if shown.kind != "ad_hoc":
        return f"on the account of {shown.customer}"
    held, taken = (money(one, shown.currency) for one in (shown.held_minor, shown.captured_minor))
    return f"{held} held, {taken} {shown.paid}"


def show_addresses(console: Console, house: House, visitor_id: str) -> None:
    """Where to look, and how to get in; whole lines, so that addresses can be clicked and commands copied."""
    url = house.settings.public_url
    lines = (
        ("Charge as a driver", Text(f"{url}/c/{visitor_id}", style="bold cyan")),
        ("", "pay with a test card; a car plugs itself in soon after"),
        ("Look as the operator", Text(f"{url}/desk", style="bold cyan")),
        ("", f"sign in as {house.demo.owner_email}"),
        ("", f"with {house.demo.owner_password}"),
        ("Check the books", f"{_where(house)}.venv/bin/wattledger books verify"),
        ("Data and demo.log", str(house.settings.data_dir)),
    )
    console.print()
    for title, what in lines:
        console.print(Text.assemble((f"{title:{_TITLE_CELLS}}", "dim"), what), soft_wrap=True)
    console.print()


def _where(house: House) -> str:
    """What must stand before another command so that it finds this installation."""
    data_dir = house.settings.data_dir
    return "" if data_dir == default_data_dir(house.environment) else f"WATTLEDGER_DATA_DIR={data_dir} "


def busy_line(busy: Busy) -> str:
    """``6 cars charging, 214 kW; 31 sessions today, 96.2 kWh, €48.10``."""
    now = busy.figures
    cars = "1 car" if now.charging_count == 1 else f"{now.charging_count} cars"
    parts = [f"{cars} charging, {power_kw(now.power_w)} kW"]
    parts += [
        f"{one.session_count} sessions today, {energy_kwh(one.energy_milliwh, decimals=1)} kWh, "
        f"{money(one.gross_minor, one.currency)}"
        for one in busy.today
    ]
    return "; ".join(parts)
