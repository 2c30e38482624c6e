"""A house in full swing for the desk's pictures: a month of sessions at two sites, some of it gone wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from bank_statements import credit_line, issued_invoice, receive
from desk_care import care
from desk_scene import Scene
from wattledger.core.kernel.taxes import Tax
from wattledger.core.stations.limits import ChargingLimit
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Restrictions, Tariff, TaxTreatment
from wattledger.core.tariffs.versions import tariff_version_id
from wattledger.flows.manage_catalog import NewConnector, NewStation, add_site, add_stations
from wattledger.flows.ports.catalog import Site
from wattledger.flows.ports.waits import WaitRow
from wattledger.flows.publish_tariff import publish
from world import STATION_PASSWORD, OpenSecrets, WorldStation

_VAT = (Tax("VAT", 190_000),)
DAY_AND_NIGHT = Tariff(
    currency="EUR",
    name="Day and night",
    elements=(
        Element(
            (PriceComponent(Dimension.ENERGY, Decimal("0.59"), taxes=_VAT),),
            Restrictions(time_from="08:00", time_until="10:30"),
        ),
        Element((PriceComponent(Dimension.ENERGY, Decimal("0.49"), taxes=_VAT),)),
        Element(
            (PriceComponent(Dimension.IDLE, Decimal("6.00"), taxes=_VAT, grace_s=1800, cap=Decimal("12.00")),)
        ),
    ),
    tax_treatment=TaxTreatment.INCLUDED,
)


async def fill(scene: Scene) -> dict[str, UUID]:
    """Everything a page can show, shown once at least; the ids by which the pictures find it."""
    now = scene.clock.now()
    await scene.execute("update tenant set sealed_until = $2 where tenant_id = $1", now - timedelta(hours=2))
    station, version_id = await _second_site(scene, now)
    await _month(scene, station, version_id, now)
    found = await _paid(scene, version_id, now)
    found |= await _doubts(scene, now)
    running = await scene.session(
        started_at=now - timedelta(minutes=20), minutes=20, power_w=96_000, is_ended=False
    )
    await scene.session(
        started_at=now - timedelta(minutes=35), minutes=35, power_w=11_000, station=station, is_ended=False
    )
    await scene.execute(
        "update station set is_connected = true, link_changed_at = $2, booted_at = $2, vendor = 'Virtual', "
        "model = 'Pole 150', firmware = '4.2.1', serial = 'VP-0001', ocpp_version = 'ocpp2.0.1' "
        "where tenant_id = $1 and station_id <> $3",
        now - timedelta(hours=5),
        scene.world.ac.station_id,
    )
    await scene.execute(
        "update connector set status = case when station_id = $2 then 'faulted' else 'occupied' end, "
        "error_code = case when station_id = $2 then 'GroundFailure' end, status_at = $3 where tenant_id = $1",
        scene.world.ac.station_id,
        now - timedelta(minutes=40),
    )
    await scene.execute(
        "update contract set spending_limit_minor = 15000 where tenant_id = $1 and contract_id = $2",
        scene.world.contract_id,
    )
    await _patience_and_limits(scene, running, now)
    return found | {
        "running": running,
        "token": scene.world.token_id,
        "contract": scene.world.contract_id,
        "site": scene.world.site_id,
        "station": scene.world.dc.station_id,
        "customer": scene.world.customer_id,
        **await care(scene),
    }


async def _patience_and_limits(scene: Scene, running: UUID, now: datetime) -> None:
    async with scene.database.begin(scene.world.tenant_id) as work:
        await work.waits.put(
            running,
            WaitRow("unlinked", now - timedelta(minutes=12), None, 0, now + timedelta(hours=23, minutes=48), None),
        )
        await work.limits.put(
            scene.world.token_id,
            "token",
            ChargingLimit(
                site_ids=(scene.world.site_id,),
                weekdays=(1, 2, 3, 4, 5),
                minute_from=420,
                minute_to=1200,
                day_milliwh_max=60_000_000,
                month_minor_max=20_000,
                sessions_at_once_max=1,
            ),
            at=now,
        )
        await work.limits.set_offline_policy(scene.world.site_id, "listed")


async def _second_site(scene: Scene, now: datetime) -> tuple[WorldStation, UUID]:
    site = Site(scene.ids.new(), "Old Town", ("Marktplatz 2", "20095 Hamburg"), "DE", "Europe/Berlin", "EUR")
    async with scene.database.begin(scene.world.tenant_id) as work:
        await add_site(work, site, at=now)
        tariff_id = await publish(
            work,
            scene.ids,
            name="Day and night",
            tariff=DAY_AND_NIGHT,
            valid_from=now - timedelta(days=90),
            at=now,
        )
        connector = NewConnector(1, 1, "DE*WLT*EOLDTOWN*1", "IEC_62196_T2", "AC", 22_000, tariff_id)
        new = NewStation("OLDTOWN-1", "Old Town 1", STATION_PASSWORD, (connector,), security_profile=1)
        (station_id,) = await add_stations(work, scene.ids, OpenSecrets(), site.site_id, [new], at=now)
        connector_id = await work.catalog.connector_id("DE*WLT*EOLDTOWN*1")
    assert connector_id is not None
    return WorldStation(station_id, "OLDTOWN-1", connector_id, "DE*WLT*EOLDTOWN*1"), tariff_version_id(
        DAY_AND_NIGHT
    )


async def _month(scene: Scene, station: WorldStation, version_id: UUID, now: datetime) -> None:
    town = replace(scene, world=replace(scene.world, site_id=await _site_of(scene, station)))
    for day in range(28):
        began = now - timedelta(days=day, hours=3)
        await scene.session(started_at=began, minutes=25 + day % 4 * 10, power_w=30_000 + day % 7 * 9_000)
        if day % 2:
            await town.session(
                started_at=began - timedelta(hours=2),
                minutes=90,
                power_w=11_000,
                station=station,
                tariff_version_id=version_id,
            )


async def _site_of(scene: Scene, station: WorldStation) -> UUID:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        row = await work.desk.station(station.station_id)
    assert row is not None
    return row.site_id


async def _paid(scene: Scene, version_id: UUID, now: datetime) -> dict[str, UUID]:
    began = now - timedelta(minutes=55)
    payment_id = await scene.payment(at=began - timedelta(minutes=2))
    await scene.command("start_session", "accepted", at=began - timedelta(minutes=1))
    session_id = await scene.session(
        started_at=began, minutes=45, power_w=60_000, payment_id=payment_id, tariff_version_id=version_id
    )
    await scene.capture(payment_id, session_id, at=now + timedelta(seconds=3))
    stuck = await scene.payment(at=now - timedelta(hours=2))
    await scene.execute(
        "update payment set start_deadline_at = $3 where tenant_id = $1 and payment_id = $2",
        stuck,
        now - timedelta(hours=1),
    )
    failed = await scene.payment(at=now - timedelta(hours=6), held_minor=2500)
    await scene.operation(
        failed, 2, "capture", 1834, at=now - timedelta(hours=5), state="failed", error_code="card_expired"
    )
    await scene.payment(at=now - timedelta(days=1), state="voided")
    return {"session": session_id, "payment": payment_id, "held": stuck}


async def _credits(scene: Scene) -> list[UUID]:
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        return [row.entry_id for row in await work.desk.bank_entries("parked", None, limit=9, offset=0)]


async def _doubts(scene: Scene, now: datetime) -> dict[str, UUID]:
    doubtful = await scene.session(started_at=now - timedelta(hours=8), minutes=40, skips=(3, 4))
    async with scene.database.begin_read(scene.world.tenant_id) as work:
        (review,) = await work.desk.reviews(subject_ids=[doubtful])
    raw = b'[2,"88123","StopTransaction",{"transactionId":-1,"meterStop":4821734,"timestamp":"2026-11-22T07:11Z"}]'
    parked = await scene.parked(raw, at=now - timedelta(hours=3))
    for state in ("rejected", "timed_out", "accepted"):
        await scene.command("start_session", state, at=now - timedelta(hours=4))
    issued = await issued_invoice(scene)
    await receive(
        scene,
        credit_line(499, "Ladekarte November", "Mara Lind GbR"),
        credit_line(12_000, "Miete Stellplatz 14, bitte zurueck", "Hausverwaltung Nord GmbH & Co. KG"),
        file_name="Umsatzanzeige_DE02120300000000202051_20261122.csv",
        actor=scene.world.staff_email,
    )
    (credit, *_) = await _credits(scene)
    return {
        "invoice": issued.invoice_id,
        "credit": credit,
        "doubtful": doubtful,
        "review": review.review_item_id,
        "parked": parked,
    }
