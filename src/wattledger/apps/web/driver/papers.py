"""What remains of a charging: why it cost what it cost, the receipt, the meter's signed words."""

from __future__ import annotations

from litestar import Response, get

from wattledger.apps.present.figures import energy_kwh, moment
from wattledger.apps.web.driver.derivation import bill_of
from wattledger.apps.web.driver.follow import Code, facts_of, seen
from wattledger.apps.web.driver.place import price_caption, price_lines
from wattledger.apps.web.driver.sight import bill_so_far
from wattledger.apps.web.pages import page
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import NotFound
from wattledger.core.kernel.instants import zone
from wattledger.core.metering.evidence import Finding
from wattledger.flows.show_charging import Charging, receipt_of, signed_readings, why_not_of

_FINDINGS = {
    Finding.BASELINE_REPLACED: "The meter was read anew just after the start; energy counts from that reading.",
    Finding.END_FROM_LAST_READING: "The station sent no last reading; the one before it counts, in your favour.",
    Finding.CLOCK_UNREADABLE: "One of the station's times could not be read; its arrival is shown instead.",
}


@get("/p/{code:str}/why", include_in_schema=False)
async def why(container: Wired, code: Code) -> Response[str]:
    charging = await seen(container, code)
    tariff, rated = charging.tariff, bill_so_far(charging)
    facts = facts_of(charging)
    if rated is not None:
        facts["bill"] = bill_of(rated, await why_not_of(container.database, charging, rated))
    return page(
        "driver/why.html",
        **facts,
        is_final=charging.rated is not None,
        is_priced=rated is not None,
        prices=[] if tariff is None else price_lines(tariff),
        caption="" if tariff is None else f"{price_caption(tariff)}, as you agreed to it",
        readings=_readings(charging),
        findings=_findings(charging),
        has_signed=bool(await signed_readings(container.database, charging)),
    )


@get("/p/{code:str}/receipt", include_in_schema=False)
async def receipt_page(container: Wired, code: Code) -> Response[str]:
    charging = await seen(container, code)
    end = charging.end
    if end is None or end.receipt_number is None or end.receipt_issued_at is None:
        raise NotFound("receipt_not_issued", "The receipt is not written yet. It follows the final amount.")
    local = zone(charging.place.time_zone)
    session = charging.session
    return page(
        "driver/receipt.html",
        **facts_of(charging),
        number=end.receipt_number,
        issued=moment(end.receipt_issued_at, local),
        began=None if session is None or session.started_at is None else moment(session.started_at, local),
        ended=None if session is None or session.ended_at is None else moment(session.ended_at, local),
    )


@get("/p/{code:str}/receipt.pdf", include_in_schema=False, media_type="application/pdf")
async def receipt_pdf(container: Wired, code: Code) -> Response[bytes]:
    receipt = await receipt_of(container.database, container.database, code)
    headers = {
        "Content-Disposition": f'attachment; filename="receipt-{receipt.number}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(receipt.pdf, media_type="application/pdf", headers=headers)


@get("/p/{code:str}/meter.txt", include_in_schema=False, media_type="text/plain")
async def signed_meter_data(container: Wired, code: Code) -> Response[str]:
    """The meter's signed records as it made them, one after the other, for a transparency programme."""
    records = await signed_readings(container.database, await seen(container, code))
    if not records:
        raise NotFound("no_signed_readings", "This station's meter does not sign its readings.")
    headers = {"Content-Disposition": 'attachment; filename="meter.txt"', "Cache-Control": "private, no-store"}
    return Response("\n".join(records) + "\n", media_type="text/plain", headers=headers)


def _readings(charging: Charging) -> list[tuple[str, str]]:
    """The first and the last reading of energy that the price rests on, and those between in short."""
    running = charging.running
    if running is None or not running.curve:
        return []
    local = zone(charging.place.time_zone)
    points = [running.curve[0], running.curve[-1]] if len(running.curve) > 1 else [running.curve[0]]
    return [(moment(one.at, local), f"{energy_kwh(one.energy_milliwh, decimals=3)} kWh") for one in points]


def _findings(charging: Charging) -> list[str]:
    running = charging.running
    if running is None:
        return []
    return [_FINDINGS[finding] for finding in running.findings if finding in _FINDINGS]
