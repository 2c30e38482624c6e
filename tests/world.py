"""A small tenant to test with: one site, two stations, a tariff, a customer with a card, a gateway, a person."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher

from wattledger.adapters.clock import SystemClock, SystemIds
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.taxes import Tax
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff, TaxTreatment
from wattledger.core.tariffs.versions import tariff_version_id
from wattledger.flows.manage_catalog import (
    NewConnector,
    NewStation,
    add_contract,
    add_customer,
    add_plan,
    add_site,
    add_stations,
    add_token,
    open_gateway_account,
)
from wattledger.flows.ports.base import Clock, Ids, Secrets, Work
from wattledger.flows.ports.catalog import Customer, DirectoryEntry, Plan, Site, StaffMember
from wattledger.flows.publish_tariff import publish
from wattledger.flows.set_up_tenant import NewTenant, set_up_tenant

STAFF_PASSWORD: Final = "correct horse battery"
STATION_PASSWORD: Final = "station-password-0001"
GATEWAY_SECRETS: Final = b'{"api_key":"sandbox-key","webhook_secret":"sandbox-hook-secret"}'
# 0.50 EUR per kWh and nothing else, 19 % VAT inside: 10 kWh cost 5.00 EUR, of which 0.80 are tax.
TARIFF: Final = Tariff(
    currency="EUR",
    name="Standard",
    elements=(Element((PriceComponent(Dimension.ENERGY, Decimal("0.50"), taxes=(Tax("VAT", 190_000),)),)),),
    tax_treatment=TaxTreatment.INCLUDED,
)


class OpenSecrets:
    """Secrets with a fixed key and no encryption: for tests that are not about secrets."""

    def seal(self, plain: bytes, *, tenant_id: int, field: str) -> bytes:
        return f"{tenant_id}:{field}:".encode() + plain

    def open(self, sealed: bytes, *, tenant_id: int, field: str) -> bytes:
        mark = f"{tenant_id}:{field}:".encode()
        assert sealed.startswith(mark), "sealed for another place"
        return sealed[len(mark) :]

    def is_current(self, sealed: bytes) -> bool:
        return True

    def fingerprint(self, secret: str, *, purpose: str) -> bytes:
        return hmac.digest(b"a key for tests", f"{purpose}\0{secret}".encode(), hashlib.sha256)


class PlainPasswords:
    """Passwords without a hash: for tests that are not about passwords."""

    def hash(self, password: str) -> str:
        return password[::-1]

    def is_right(self, password_hash: str, password: str) -> bool:
        return password_hash == password[::-1]


@dataclass(frozen=True, slots=True)
class WorldStation:
    station_id: UUID
    identity: str
    connector_id: UUID
    public_id: str


@dataclass(frozen=True, slots=True)
class World:
    """``dc`` speaks OCPP 2.0.1 with 150 kW, ``ac`` 1.6 with 22 kW; both have the tariff and EVSE 1 connector 1."""

    tenant_id: int
    slug: str
    site_id: UUID
    tariff_id: UUID
    tariff_version_id: UUID
    plan_id: UUID
    dc: WorldStation
    ac: WorldStation
    customer_id: UUID
    customer_no: str
    contract_id: UUID
    token_id: UUID
    token_uid: str
    endpoint_key: str
    staff_id: UUID
    staff_email: str


async def small_world(
    database: Database,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    secrets: Secrets | None = None,
    slug: str = "harbour",
) -> World:
    """A new tenant named ``slug``; call it again with another slug for a second one in the same database.

    The tariff holds since a year ago. Staff sign in with STAFF_PASSWORD, stations with STATION_PASSWORD.
    """
    clock, ids, secrets = clock or SystemClock(), ids or SystemIds(), secrets or OpenSecrets()
    tenant_id = await set_up_tenant(
        database,
        database,
        clock,
        ids,
        NewTenant(
            slug=slug,
            name=slug.title(),
            legal_name=f"{slug.title()} Energy GmbH",
            address_lines=("Kaistrasse 1", "20457 Hamburg"),
            country="DE",
            time_zone="Europe/Berlin",
            currency="EUR",
            vat_id="DE999999999",
            help_phone="+49 40 5550 100",
        ),
    )
    async with database.begin(tenant_id) as work:
        return await _fill(work, clock, ids, secrets, slug)


async def _fill(work: Work, clock: Clock, ids: Ids, secrets: Secrets, slug: str) -> World:
    now = clock.now()
    mark = slug.upper()
    site = Site(ids.new(), "Harbour Street", ("Harbour Street 7", "20457 Hamburg"), "DE", "Europe/Berlin", "EUR")
    await add_site(work, site, at=now)
    tariff_id = await publish(
        work, ids, name="Standard", tariff=TARIFF, valid_from=now - timedelta(days=365), at=now
    )
    dc = await _station(
        work, ids, secrets, site_id=site.site_id, tariff_id=tariff_id, identity=f"{mark}-DC-1", at=now
    )
    ac = await _station(
        work, ids, secrets, site_id=site.site_id, tariff_id=tariff_id, identity=f"{mark}-AC-1", at=now
    )
    plan = Plan(ids.new(), "Regular", "EUR", 499, 1900)
    await add_plan(work, plan, at=now)
    customer = Customer(
        ids.new(), "C1001", "driver", "Mara Lind", "mara@driver.example", ("Lindenweg 3", "22765 Hamburg"), "DE"
    )
    await add_customer(work, customer, "EUR", at=now)
    contract_id = await add_contract(
        work,
        ids,
        customer_id=customer.customer_id,
        plan_id=plan.plan_id,
        currency="EUR",
        spending_limit_minor=None,
        started_on=(now - timedelta(days=365)).date(),
        at=now,
    )
    token_uid = f"CARD{mark[:20]}01"
    token_id = await add_token(work, ids, uid=token_uid, contract_id=contract_id, at=now)
    endpoint_key = await open_gateway_account(
        work,
        ids,
        secrets,
        gateway="sandbox",
        settings=b'{"base_url":"http://127.0.0.1:9"}',
        secrets=GATEWAY_SECRETS,
        at=now,
    )
    staff = StaffMember(ids.new(), f"owner@{slug}.example", "Ole Owner", "owner", _staff_password_hash())
    await work.catalog.add_directory([DirectoryEntry("staff", staff.email, staff.staff_id)])
    await work.catalog.add_staff(staff, at=now)
    return World(
        tenant_id=work.tenant_id,
        slug=slug,
        site_id=site.site_id,
        tariff_id=tariff_id,
        tariff_version_id=tariff_version_id(TARIFF),
        plan_id=plan.plan_id,
        dc=dc,
        ac=ac,
        customer_id=customer.customer_id,
        customer_no=customer.customer_no,
        contract_id=contract_id,
        token_id=token_id,
        token_uid=token_uid,
        endpoint_key=endpoint_key,
        staff_id=staff.staff_id,
        staff_email=staff.email,
    )


async def _station(
    work: Work, ids: Ids, secrets: Secrets, *, site_id: UUID, tariff_id: UUID, identity: str, at: datetime
) -> WorldStation:
    is_dc = "DC" in identity
    public_id = f"DE*WLT*E{identity.replace('-', '')}*1"
    plug_type = "IEC_62196_T2_COMBO" if is_dc else "IEC_62196_T2"
    connector = NewConnector(
        1, 1, public_id, plug_type, "DC" if is_dc else "AC", 150_000 if is_dc else 22_000, tariff_id
    )
    new = NewStation(identity, identity, STATION_PASSWORD, (connector,), security_profile=1)
    (station_id,) = await add_stations(work, ids, secrets, site_id, [new], at=at)
    connector_id = await work.catalog.connector_id(public_id)
    assert connector_id is not None
    return WorldStation(station_id, identity, connector_id, public_id)


@cache
def _staff_password_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(STAFF_PASSWORD)
