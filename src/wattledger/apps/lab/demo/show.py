"""The two sessions of the demonstration, from the plug to the paper, over every real part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from wattledger.apps.lab.demo.house import House
from wattledger.apps.lab.demo.phone import Phone
from wattledger.apps.lab.demo.telling import Step
from wattledger.apps.lab.stations.fleet import FleetSpec, StationSpec
from wattledger.apps.lab.stations.steering import SteeredFleet
from wattledger.apps.present.figures import energy_kwh, money, power_kw
from wattledger.core.kernel.errors import Refused, Unavailable
from wattledger.flows.demo_catalog import CUSTOMERS
from wattledger.flows.ports.desk import ListQuery
from wattledger.flows.ports.desk_rows import BillHead, SessionRow
from wattledger.flows.seed_demo import DemoStation
from wattledger.flows.show_charging import Charging, Stage, show_charging

PATIENCE_S: Final = 180.0
_POLL_S: Final = 0.25
_QR_CAR: Final = {"battery_wh": 77_000, "soc_percent": 18, "power_max_w": 135_000}
_QR_MILLIWH: Final = 18_000_000
_QR_SPEED: Final = 60.0
_RFID_CAR: Final = {"battery_wh": 58_000, "soc_percent": 35, "power_max_w": 22_000}
_RFID_MILLIWH: Final = 9_000_000
_RFID_SPEED: Final = 180.0
_FAILED: Final = frozenset({Stage.UNPAID, Stage.RELEASED, Stage.REFUSED, Stage.REVIEW})


@dataclass(frozen=True, slots=True)
class Shown:
    """One session as it ended. ``paid`` is the payment's state, or ``on_account`` of the contract's customer."""

    kind: str
    ocpp: str
    station: str
    public_id: str
    session_id: UUID
    energy_milliwh: int
    net_minor: int
    tax_minor: int
    total_minor: int
    currency: str
    paid: str
    customer: str | None
    held_minor: int
    captured_minor: int
    gateway_fee_minor: int
    webhook_count: int
    receipt_number: str | None
    receipt_byte_count: int
    seconds: float


async def free_stations(house: House, version: str) -> list[DemoStation]:
    """Those of that OCPP version where nothing runs; an earlier demonstration may have been killed in between."""
    async with house.container.database.begin_read(house.demo.tenant_id) as work:
        rows = await work.desk.connectors()
    busy = {row.identity for row in rows if row.session_id is not None}
    found = [one for one in house.demo.stations if one.version == version and one.identity not in busy]
    if not found:
        raise Unavailable("demo_stuck", f"No station of OCPP {version} is free.")
    return found


class Yard:
    """The show's two stations, in a process of their own, with clocks that run fast."""

    def __init__(self, fast: DemoStation, slow: DemoStation) -> None:
        self.fast, self.slow = fast, slow
        self.online: set[str] = set()
        self.fleet: SteeredFleet

    async def open(self, house: House) -> None:
        """Both stations are connected and accepted. Raises Unavailable ``demo_stuck``."""
        spec = FleetSpec(
            house.station_url,
            (_spec(self.fast, _QR_SPEED), _spec(self.slow, _RFID_SPEED)),
            memory=str(house.meter_memory),
        )
        self.fleet = await SteeredFleet.launched(spec, house.environment, self._heard, errors=house.errors)
        await until("The virtual stations do not get online.", lambda: _told(len(self.online) == 2))

    async def close(self) -> None:
        await self.fleet.ask(do="send_home")
        await self.fleet.end()

    def _heard(self, said: dict[str, Any]) -> None:
        if said["event"] == "online":
            self.online.add(said["station"])


def _spec(station: DemoStation, speed: float) -> StationSpec:
    return StationSpec(
        identity=station.identity,
        version=station.version,
        password=station.password,
        evses=len(station.public_ids),
        speed=speed,
        is_dc=station.is_dc,
        power_max_w=station.power_max_w,
    )


async def ad_hoc(house: House, yard: Yard, step: Step) -> Shown:
    """A driver without account or app: scan, pay, plug in, watch, stop, receipt; only what a browser can do.

    Raises Unavailable ``demo_stuck`` and Refused ``demo_failed`` where it does not come to that.
    """
    began = monotonic()
    station, public_id = yard.fast, yard.fast.public_ids[0]
    async with Phone() as phone, _patience("The session by QR code does not get on."):
        code = await _pay(house, phone, public_id, step)
        charging = await _charge(house, phone, yard, code, step)
        await phone.open(f"{house.settings.public_url}/p/{code}/receipt")
        paper = await phone.fetch(f"{house.settings.public_url}/p/{code}/receipt.pdf")
        if not paper.startswith(b"%PDF-"):
            raise Refused("demo_failed", "The receipt is no PDF.")
        assert charging.session is not None
        bill = await _bill(house, charging.session.session_id)
        fee_minor, webhook_count = await _settled(house, charging.visit.payment_id)
    receipt_number = None if charging.end is None else charging.end.receipt_number
    step.say(f"{_summary(bill)}, receipt {receipt_number}")
    return Shown(
        **_of_bill(bill),
        kind="ad_hoc",
        ocpp=station.version,
        station=station.identity,
        public_id=public_id,
        session_id=charging.session.session_id,
        paid=charging.visit.state,
        customer=None,
        held_minor=charging.visit.held_minor,
        captured_minor=charging.visit.captured_minor,
        gateway_fee_minor=fee_minor,
        webhook_count=webhook_count,
        receipt_number=receipt_number,
        receipt_byte_count=len(paper),
        seconds=round(monotonic() - began, 1),
    )


async def _pay(house: House, phone: Phone, public_id: str, step: Step) -> str:
    """The code of the paid link."""
    address = f"{house.settings.public_url}/c/{quote(public_id, safe='*')}"

    async def is_open() -> bool:
        await phone.open(address)
        return 'name="price"' in phone.body

    await until("The connector's page offers no button.", is_open)
    step.say("price seen; to the provider's page")
    await phone.press(action="/c/")
    if not phone.url.startswith(house.provider_url):
        raise Refused("demo_failed", f"The button led to {phone.url}, not to the provider's page.")
    step.say("paying with a test card")
    await phone.press("visa")
    return phone.url.partition("?")[0].rpartition("/")[2]


async def _charge(house: House, phone: Phone, yard: Yard, code: str, step: Step) -> Charging:
    """Plugs in when the page says so, stops after a while, and returns once the receipt is written."""
    is_plugged = is_stopped = False
    async for _ in phone.hear(f"/p/{code}/live"):
        charging = await show_charging(
            house.container.database, house.container.database, house.container.clock, code
        )
        step.say(_sentence(charging))
        if charging.stage in _FAILED:
            raise Refused("demo_failed", f"The page ended at {charging.stage!r} ({charging.reason}).")
        if charging.stage is Stage.PLUG_IN and not is_plugged:
            is_plugged = True
            await yard.fleet.ask(do="plug_in", station=yard.fast.identity, evse=1, car=_QR_CAR)
        running = charging.running
        if (
            charging.stage is Stage.CHARGING
            and running
            and running.energy_milliwh >= _QR_MILLIWH
            and not is_stopped
        ):
            is_stopped = True
            await phone.open(f"{house.settings.public_url}/p/{code}")
            await phone.press(action="/stop")
    return await show_charging(house.container.database, house.container.database, house.container.clock, code)


def _sentence(charging: Charging) -> str:
    running = charging.running
    if running is None or charging.stage not in (Stage.CHARGING, Stage.STOPPING):
        return charging.stage.value.replace("_", " ")
    cost = "" if running.rated is None else f"  {money(running.rated.gross_minor, running.rated.currency)}"
    power = "" if running.power_w is None else f"  {power_kw(running.power_w)} kW"
    return f"{charging.stage.value}  {energy_kwh(running.energy_milliwh)} kWh{cost}{power}"


async def rfid(house: House, yard: Yard, step: Step) -> Shown:
    """A customer with a card at a station of 1.6: the session is billed to their contract.

    Raises Unavailable ``demo_stuck``.
    """
    began = monotonic()
    station, customer = yard.slow, CUSTOMERS[0]
    at = {"station": station.identity, "evse": 1}
    token = customer.token_uids[0]
    async with _patience("The session by card does not get on."):
        await yard.fleet.ask(do="plug_in", car=_RFID_CAR, **at)
        if not (await yard.fleet.ask(do="present_token", token=token, **at))["is_accepted"]:
            raise Refused("demo_failed", f"The card of {customer.name} was refused.")
        session = await _watched(house, station, step)
        await yard.fleet.ask(do="present_token", token=token, **at)
        await yard.fleet.ask(do="unplug", **at)
        bill = await _bill(house, session.session_id)
    step.say(f"{_summary(bill)}, to {customer.name}")
    return Shown(
        **_of_bill(bill),
        kind="rfid",
        ocpp=station.version,
        station=station.identity,
        public_id=station.public_ids[0],
        session_id=session.session_id,
        paid="on_account",
        customer=customer.name,
        held_minor=0,
        captured_minor=0,
        gateway_fee_minor=0,
        webhook_count=0,
        receipt_number=None,
        receipt_byte_count=0,
        seconds=round(monotonic() - began, 1),
    )


async def _watched(house: House, station: DemoStation, step: Step) -> SessionRow:
    """The session that runs at the station, once it has some energy."""
    found: list[SessionRow] = []

    async def has_energy() -> bool:
        async with house.container.database.begin_read(house.demo.tenant_id) as work:
            rows = await work.desk.sessions(ListQuery(states=("active",), text=station.public_ids[0], limit=1))
        found[:] = rows
        if rows:
            power = "" if rows[0].power_w is None else f"  {power_kw(rows[0].power_w)} kW"
            step.say(f"charging  {energy_kwh(rows[0].energy_milliwh)} kWh{power}")
        return bool(rows) and rows[0].energy_milliwh >= _RFID_MILLIWH

    await until("No energy flows.", has_energy)
    return found[0]


async def _bill(house: House, session_id: UUID) -> BillHead:
    bills: list[BillHead] = []

    async def is_billed() -> bool:
        async with house.container.database.begin_read(house.demo.tenant_id) as work:
            bills[:] = await work.desk.bills(session_id)
        return bool(bills)

    await until("The session is not billed.", is_billed)
    return bills[-1]


async def _settled(house: House, payment_id: UUID) -> tuple[int, int]:
    """The provider's fee and how many of its messages were applied, once both are known."""
    fees: list[int] = []
    applied: list[str] = []

    async def is_settled() -> bool:
        async with house.container.database.begin_read(house.demo.tenant_id) as work:
            operations = await work.desk.operations(payment_id)
            webhooks = await work.desk.webhooks(payment_id)
        fees[:] = [one.fee_minor for one in operations if one.fee_minor is not None]
        applied[:] = [one.state for one in webhooks if one.state != "received"]
        return bool(fees) and len(applied) == len(webhooks) > 0

    await until("The provider's fee or its messages are missing.", is_settled)
    return sum(fees), len(applied)


def _of_bill(bill: BillHead) -> dict[str, Any]:
    return {
        "energy_milliwh": bill.energy_milliwh,
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.gross_minor,
        "currency": bill.currency,
    }


def _summary(bill: BillHead) -> str:
    return f"{energy_kwh(bill.energy_milliwh, decimals=3)} kWh, {money(bill.gross_minor, bill.currency)}"


@asynccontextmanager
async def _patience(sentence: str) -> AsyncIterator[None]:
    """Bounds a block. Raises Unavailable ``demo_stuck`` with the sentence."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except TimeoutError:
        raise Unavailable("demo_stuck", sentence) from None


async def until(sentence: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Returns once it holds. Raises Unavailable ``demo_stuck`` with the sentence when it does not in time."""
    deadline = monotonic() + PATIENCE_S
    while not await holds():
        if monotonic() > deadline:
            raise Unavailable("demo_stuck", sentence)
        await asyncio.sleep(_POLL_S)


async def _told(holds: bool) -> bool:
    return holds
