"""Provisions stations in sets in a lab tenant, each with a token of its own: the ground of a load test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from string import Formatter
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.taxes import Tax
from wattledger.core.tariffs.model import Dimension, Element, PriceComponent, Tariff
from wattledger.flows.manage_catalog import (
    NewConnector,
    NewStation,
    add_contract,
    add_customer,
    add_site,
    add_stations,
    station_password_purpose,
    token_uid,
)
from wattledger.flows.ports.base import Clock, Directory, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.catalog import Customer, Site, Token
from wattledger.flows.publish_tariff import publish
from wattledger.flows.set_up_tenant import NewTenant, ensure_tenant

STATIONS_MAX: Final = 99_999  # the number in an identity has five digits
PASSWORD_LENGTH_WISE: Final = 16  # OCPP 2.0.1, BasicAuthPassword: 16 to 40 characters
LAB_TENANT: Final = NewTenant(
    slug="lab",
    name="Load Lab",
    legal_name="Load Lab (no real business)",
    address_lines=("Test Bench 1", "10115 Berlin"),
    country="DE",
    time_zone="Europe/Berlin",
    currency="EUR",
    is_lab=True,
    velocity_starts_max=None,
)
TARIFF_NAME: Final = "Lab: 0.25 EUR per kWh plus 19 % VAT"
LAB_TARIFF: Final = Tariff(
    currency="EUR",
    name=TARIFF_NAME,
    elements=(Element((PriceComponent(Dimension.ENERGY, Decimal("0.25"), taxes=(Tax("VAT", 190_000),)),)),),
)
_CUSTOMER_NO: Final = "LAB-1"
_SITE_NAME: Final = "Load bench"
_SET_SIZE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What a load test finds: counts are of rows that this run added."""

    tenant_id: int
    station_count: int
    stations_added: int
    tokens_added: int
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class _Ground:
    site_id: UUID
    tariff_id: UUID
    contract_id: UUID


async def provision(
    uow: UnitOfWork,
    directory: Directory,
    clock: Clock,
    ids: Ids,
    secrets: Secrets,
    *,
    stations: int,
    prefix: str,
    password: str,
    token_pattern: str,
) -> Provisioned:
    """Stations ``<prefix>00001`` to N with one 150 kW DC connector each, and the token of each number.

    Running it again adds what is missing and gives all N stations the password of this run; ``{id}`` in the
    password stands for the identity. Raises InvalidInput ``station_count_absurd``, ``password_empty``,
    ``token_pattern_malformed``, ``identity_malformed``.
    """
    if not 1 <= stations <= STATIONS_MAX:
        raise InvalidInput("station_count_absurd", f"1 to {STATIONS_MAX} stations, not {stations}.")
    if not password:
        raise InvalidInput("password_empty", "A station needs a password.")
    check_token_pattern(token_pattern)
    tenant_id = await ensure_tenant(uow, directory, clock, ids, LAB_TENANT)
    async with uow.begin(tenant_id) as work:
        ground = await _lay_ground(work, ids, clock.now())
    stations_added = tokens_added = 0
    for first in range(1, stations + 1, _SET_SIZE):
        numbers = range(first, min(first + _SET_SIZE, stations + 1))
        async with uow.begin(tenant_id) as work:
            now = clock.now()
            stations_added += await _stations(
                work, ids, secrets, ground=ground, numbers=numbers, prefix=prefix, password=password, now=now
            )
            tokens_added += await _tokens(
                work, ids, ground=ground, numbers=numbers, token_pattern=token_pattern, now=now
            )
    return Provisioned(tenant_id, stations, stations_added, tokens_added, LAB_TARIFF)


def check_token_pattern(pattern: str) -> None:
    """Raises InvalidInput ``token_pattern_malformed`` unless ``{i}``, with a format or not, is its only field."""
    try:
        fields = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
        example = pattern.format(i=1) if fields <= {"i"} else ""
    except (ValueError, KeyError, IndexError):
        fields, example = set(), ""
    if not example:
        raise InvalidInput("token_pattern_malformed", f"{pattern[:40]!r}: write the number as {{i}} or {{i:06d}}.")
    token_uid(example)


def _identity(prefix: str, number: int) -> str:
    return f"{prefix}{number:05d}"


async def _lay_ground(work: Work, ids: Ids, now: datetime) -> _Ground:
    """The lab's site, tariff, customer and contract, added where they are missing."""
    tariff_id = await publish(work, ids, name=TARIFF_NAME, tariff=LAB_TARIFF, valid_from=None, at=now)
    sites = [site.site_id for site in await work.catalog.sites() if site.name == _SITE_NAME]
    if not sites:
        site = Site(
            ids.new(),
            _SITE_NAME,
            LAB_TENANT.address_lines,
            LAB_TENANT.country,
            LAB_TENANT.time_zone,
            LAB_TENANT.currency,
        )
        sites = [await add_site(work, site, at=now)]
    customer_id = await work.catalog.customer_id(_CUSTOMER_NO)
    if customer_id is None:
        customer = Customer(ids.new(), _CUSTOMER_NO, "company", "Load test driver", None, (), "DE")
        customer_id = await add_customer(work, customer, LAB_TENANT.currency, at=now)
        await add_contract(
            work,
            ids,
            customer_id=customer_id,
            plan_id=None,
            currency=LAB_TENANT.currency,
            spending_limit_minor=None,
            started_on=now.date(),
            at=now,
        )
    contract_ids = await work.catalog.contract_ids(customer_id)
    return _Ground(sites[0], tariff_id, contract_ids[0])


async def _stations(
    work: Work,
    ids: Ids,
    secrets: Secrets,
    *,
    ground: _Ground,
    numbers: range,
    prefix: str,
    password: str,
    now: datetime,
) -> int:
    wanted = {_identity(prefix, number): number for number in numbers}
    known = await work.catalog.station_ids(wanted)
    passwords = {identity: password.replace("{id}", identity) for identity in wanted}
    if known:
        await work.catalog.set_station_passwords(
            {
                station_id: secrets.fingerprint(passwords[identity], purpose=station_password_purpose(identity))
                for identity, station_id in known.items()
            }
        )
    new = [
        NewStation(
            identity=identity,
            name=identity,
            password=passwords[identity],
            connectors=(
                NewConnector(1, 1, f"DE*LAB*E{identity}*1", "IEC_62196_T2_COMBO", "DC", 150_000, ground.tariff_id),
            ),
            security_profile=1,  # a load test on loopback
        )
        for identity in wanted
        if identity not in known
    ]
    if new:
        await add_stations(work, ids, secrets, ground.site_id, new, at=now)
    return len(new)


async def _tokens(
    work: Work, ids: Ids, *, ground: _Ground, numbers: range, token_pattern: str, now: datetime
) -> int:
    wanted = {token_uid(token_pattern.format(i=number)) for number in numbers}
    new = sorted(wanted - await work.catalog.token_uids(wanted))
    if new:
        tokens = [Token(ids.new(), uid, "rfid", contract_id=ground.contract_id) for uid in new]
        await work.catalog.add_tokens(tokens, at=now)
    return len(new)
