"""A small operator to show Wattledger with: two sites, eight stations, lawful tariffs, three customers.

Everything is made up. Every password follows from the installation's own key, so no two installations share
one, and seeding again tells the same ones.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wattledger.core.kernel.ids import content_id
from wattledger.flows import demo_catalog as catalog
from wattledger.flows.manage_catalog import (
    NewConnector,
    NewStation,
    add_contract,
    add_customer,
    add_plan,
    add_site,
    add_staff,
    add_stations,
    add_token,
    open_gateway_account,
)
from wattledger.flows.ports.base import Clock, Directory, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.catalog import Customer, Plan, Site
from wattledger.flows.ports.passwords import Passwords
from wattledger.flows.publish_tariff import publish
from wattledger.flows.set_up_tenant import ensure_tenant

GATEWAY: Final = "sandbox"


@dataclass(frozen=True, slots=True)
class DemoStation:
    """``version`` is "1.6" or "2.0.1"; ``public_ids`` in the order of the EVSEs, from 1."""

    identity: str
    password: str
    version: str
    is_dc: bool
    power_max_w: int
    public_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demonstration needs to know of its tenant. ``token_uids`` are cards that may charge."""

    tenant_id: int
    stations: tuple[DemoStation, ...]
    token_uids: tuple[str, ...]
    owner_email: str
    owner_password: str
    endpoint_key: str


async def seed_demo(
    uow: UnitOfWork,
    directory: Directory,
    clock: Clock,
    ids: Ids,
    *,
    secrets: Secrets,
    passwords: Passwords,
    gateway_settings: Mapping[str, str],
    gateway_secrets: Mapping[str, str],
) -> Demo:
    """The demonstration's tenant, whole; seeded once, and only the gateway's settings follow each call."""
    tenant_id = await ensure_tenant(uow, directory, clock, ids, catalog.TENANT)
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        if not await work.catalog.sites():
            await _fill(work, ids, secrets, now)
        endpoint_key = await open_gateway_account(
            work,
            ids,
            secrets,
            gateway=GATEWAY,
            settings=msgspec.json.encode(gateway_settings),
            secrets=msgspec.json.encode(gateway_secrets),
            at=now,
        )
    owner_password = demo_password(secrets, catalog.OWNER_EMAIL)
    if await directory.find("staff", catalog.OWNER_EMAIL) is None:
        await add_staff(
            uow,
            clock,
            ids,
            passwords,
            tenant_id,
            email=catalog.OWNER_EMAIL,
            name=catalog.OWNER_NAME,
            role="owner",
            password=owner_password,
        )
    stations = tuple(
        DemoStation(
            identity=plan.identity,
            password=demo_password(secrets, plan.identity),
            version=plan.version,
            is_dc=plan.is_dc,
            power_max_w=plan.power_max_w,
            public_ids=plan.public_ids,
        )
        for plan in catalog.STATIONS
    )
    uids = tuple(uid for plan in catalog.CUSTOMERS for uid in plan.token_uids)
    return Demo(tenant_id, stations, uids, catalog.OWNER_EMAIL, owner_password, endpoint_key)


def demo_password(secrets: Secrets, name: str) -> str:
    """24 characters that follow from the installation's key and ``name``."""
    digest = secrets.fingerprint(name, purpose="demo_password")
    return urlsafe_b64encode(digest[:18]).decode()


async def _fill(work: Work, ids: Ids, secrets: Secrets, now: datetime) -> None:
    tariff_ids = {
        name: await publish(work, ids, name=name, tariff=tariff, valid_from=catalog.VALID_FROM, at=now)
        for name, tariff in catalog.TARIFFS.items()
    }
    for place in catalog.SITES:
        site = Site(
            site_id=content_id("demo_site", str(work.tenant_id), place.name),
            name=place.name,
            address_lines=place.address_lines,
            country=catalog.TENANT.country,
            time_zone=catalog.TENANT.time_zone,
            currency=catalog.TENANT.currency,
            latitude=place.latitude,
            longitude=place.longitude,
        )
        await add_site(work, site, at=now)
        stations = [plan for plan in catalog.STATIONS if plan.site_name == place.name]
        new = [_station(plan, secrets, tariff_ids) for plan in stations]
        await add_stations(work, ids, secrets, site.site_id, new, at=now)
    plan = Plan(
        plan_id=ids.new(),
        name=catalog.PLAN_NAME,
        currency=catalog.TENANT.currency,
        monthly_fee_minor=catalog.PLAN_FEE_MINOR,
        tax_rate_bp=catalog.TAX_RATE_BP,
        member_tariff_id=tariff_ids[catalog.MEMBER_TARIFF],
    )
    await add_plan(work, plan, at=now)
    for customer in catalog.CUSTOMERS:
        await _customer(work, ids, customer, plan.plan_id, now)


def _station(plan: catalog.StationPlan, secrets: Secrets, tariff_ids: Mapping[str, UUID]) -> NewStation:
    connectors = tuple(
        NewConnector(
            evse_no=evse_no,
            connector_no=1,
            public_id=public_id,
            plug_type="IEC_62196_T2_COMBO" if plan.is_dc else "IEC_62196_T2",
            current_kind="DC" if plan.is_dc else "AC",
            power_max_w=plan.power_max_w,
            tariff_id=tariff_ids[catalog.DC_TARIFF if plan.is_dc else catalog.AC_TARIFF],
        )
        for evse_no, public_id in enumerate(plan.public_ids, start=1)
    )
    return NewStation(
        plan.identity, plan.name, demo_password(secrets, plan.identity), connectors, security_profile=1
    )


async def _customer(work: Work, ids: Ids, plan: catalog.CustomerPlan, plan_id: UUID, now: datetime) -> None:
    customer = Customer(
        customer_id=ids.new(),
        customer_no=plan.customer_no,
        kind=plan.kind,
        name=plan.name,
        email=plan.email,
        address_lines=plan.address_lines,
        country=catalog.TENANT.country,
        vat_id=plan.vat_id,
    )
    await add_customer(work, customer, catalog.TENANT.currency, at=now)
    contract_id = await add_contract(
        work,
        ids,
        customer_id=customer.customer_id,
        plan_id=plan_id if plan.is_member else None,
        currency=catalog.TENANT.currency,
        spending_limit_minor=plan.spending_limit_minor,
        started_on=now.date(),
        at=now,
    )
    for uid in plan.token_uids:
        await add_token(work, ids, uid=uid, contract_id=contract_id, at=now)
