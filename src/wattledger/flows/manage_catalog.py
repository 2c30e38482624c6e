"""What a tenant adds to its catalog: sites, stations, plans, customers, contracts, tokens, gateways, staff.

Functions that take a ``Work`` act within a transaction of the caller's: a set-up is whole or not there at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import exponent_of
from wattledger.core.ledger.accounts import Account, AccountKind, clearing_account, customer_account
from wattledger.flows.ports.base import Clock, Ids, Secrets, UnitOfWork, Work
from wattledger.flows.ports.catalog import (
    Connector,
    Contract,
    Customer,
    DirectoryEntry,
    GatewayAccount,
    Plan,
    Site,
    StaffMember,
    Station,
    Token,
)
from wattledger.flows.ports.passwords import Passwords
from wattledger.flows.set_up_tenant import check_country

_IDENTITY: Final = re.compile(r"[A-Za-z0-9*\-_=:+|@.]{1,48}")
_CUSTOMER_NO: Final = re.compile(r"[A-Za-z0-9-]{1,20}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
# PCI DSS 4.0.1, 8.3.6.
PASSWORD_LENGTH_MIN: Final = 12
GATEWAY_SECRETS_FIELD: Final = "gateway_account.secrets"


@dataclass(frozen=True, slots=True)
class NewConnector:
    evse_no: int
    connector_no: int
    public_id: str
    plug_type: str
    current_kind: str
    power_max_w: int
    tariff_id: UUID


@dataclass(frozen=True, slots=True)
class NewStation:
    """``password`` is high-entropy, made by a machine; OCPP asks for 16 to 40 characters.

    ``security_profile`` 1 allows this one station to show its password on an unencrypted link: say so, or don't.
    """

    identity: str
    name: str
    password: str
    connectors: tuple[NewConnector, ...]
    security_profile: int = 2


async def add_site(work: Work, site: Site, *, at: datetime) -> UUID:
    """Raises InvalidInput ``country_malformed``, ``time_zone_unknown``, ``currency_unknown``."""
    check_country(site.country)
    zone(site.time_zone)
    exponent_of(site.currency)
    await work.catalog.add_site(site, at=at)
    return site.site_id


def station_password_purpose(identity: str) -> str:
    """The purpose under which a station's password is fingerprinted: it proves this identity and no other."""
    return f"station_password:{identity}"


async def add_stations(
    work: Work, ids: Ids, secrets: Secrets, site_id: UUID, new: Sequence[NewStation], *, at: datetime
) -> list[UUID]:
    """Stations with their connectors, findable by identity and by each connector's public id.

    Raises InvalidInput ``identity_malformed``, ``connector_missing``; Refused ``name_taken`` where an identity
    or a public id is in use by any tenant.
    """
    stations: list[Station] = []
    connectors: list[Connector] = []
    for spec in new:
        _check_station(spec)
        password_hash = secrets.fingerprint(spec.password, purpose=station_password_purpose(spec.identity))
        station = Station(ids.new(), site_id, spec.identity, spec.name, password_hash, spec.security_profile)
        stations.append(station)
        connectors += [
            Connector(
                connector_id=ids.new(),
                station_id=station.station_id,
                evse_no=connector.evse_no,
                connector_no=connector.connector_no,
                public_id=connector.public_id,
                plug_type=connector.plug_type,
                current_kind=connector.current_kind,
                power_max_w=connector.power_max_w,
                tariff_id=connector.tariff_id,
            )
            for connector in spec.connectors
        ]
    await work.catalog.add_directory(
        [
            *(DirectoryEntry("station", station.identity, station.station_id) for station in stations),
            *(
                DirectoryEntry("connector", connector.public_id, connector.connector_id)
                for connector in connectors
            ),
        ]
    )
    await work.catalog.add_stations(stations, at=at)
    await work.catalog.add_connectors(connectors, at=at)
    return [station.station_id for station in stations]


async def add_plan(work: Work, plan: Plan, *, at: datetime) -> UUID:
    """Raises InvalidInput ``currency_unknown``, ``fee_negative``."""
    exponent_of(plan.currency)
    if plan.monthly_fee_minor < 0:
        raise InvalidInput("fee_negative", "A monthly fee is zero or more.")
    await work.catalog.add_plan(plan, at=at)
    return plan.plan_id


async def add_customer(work: Work, customer: Customer, currency: str, *, at: datetime) -> UUID:
    """A customer with an account in ``currency`` for what it owes.

    Raises InvalidInput ``customer_no_malformed``, ``email_malformed``, ``country_malformed``.
    """
    if not _CUSTOMER_NO.fullmatch(customer.customer_no):
        raise InvalidInput(
            "customer_no_malformed", f"{customer.customer_no!r}: letters, digits, hyphens, up to 20."
        )
    if customer.email is not None:
        _check_email(customer.email)
    check_country(customer.country)
    await work.catalog.add_customer(customer, at=at)
    account = Account(customer_account(customer.customer_no), currency, AccountKind.ASSET)
    await work.catalog.add_accounts([account], at=at, customer_id=customer.customer_id)
    return customer.customer_id


async def add_contract(
    work: Work,
    ids: Ids,
    *,
    customer_id: UUID,
    plan_id: UUID | None,
    currency: str,
    spending_limit_minor: int | None,
    started_on: date,
    at: datetime,
) -> UUID:
    """A contract of a customer. Raises InvalidInput ``limit_negative``, ``currency_unknown``."""
    exponent_of(currency)
    if spending_limit_minor is not None and spending_limit_minor < 0:
        raise InvalidInput("limit_negative", "A spending limit is zero or more; none is no limit.")
    contract = Contract(ids.new(), customer_id, plan_id, currency, spending_limit_minor, started_on)
    await work.catalog.add_contract(contract, at=at)
    return contract.contract_id


async def add_token(
    work: Work, ids: Ids, *, uid: str, contract_id: UUID, at: datetime, kind: str = "rfid"
) -> UUID:
    """A card or app token of a contract. Raises InvalidInput ``token_malformed``."""
    token = Token(ids.new(), token_uid(uid), kind, contract_id=contract_id)
    await work.catalog.add_tokens([token], at=at)
    return token.token_id


def token_uid(text: str) -> str:
    """The one spelling of a token's uid: capitals. Raises InvalidInput ``token_malformed``."""
    uid = text.strip().upper()
    if not 1 <= len(uid) <= 36 or not uid.isprintable():
        raise InvalidInput("token_malformed", f"{text[:40]!r} is not a token of 1 to 36 characters.")
    return uid


async def open_gateway_account(
    work: Work, ids: Ids, sealer: Secrets, *, gateway: str, settings: bytes, secrets: bytes, at: datetime
) -> str:
    """The endpoint key to which the gateway's webhooks come; ``settings`` and ``secrets`` are JSON.

    What the gateway will hold for the tenant has its accounts in the books from now on.
    """
    tenant = await work.catalog.tenant()
    currencies = {site.currency for site in await work.catalog.sites()} | ({tenant.currency} if tenant else set())
    clearing = [Account(clearing_account(gateway), one, AccountKind.ASSET) for one in sorted(currencies)]
    await work.catalog.add_accounts(clearing, at=at)
    known = await work.catalog.gateway_account(gateway)
    endpoint_key = known.endpoint_key if known else ids.secret()
    sealed = sealer.seal(secrets, tenant_id=work.tenant_id, field=GATEWAY_SECRETS_FIELD)
    is_enabled = known.is_enabled if known else True
    account = GatewayAccount(gateway, endpoint_key, settings, sealed, is_enabled)
    await work.catalog.put_gateway_account(account, at=at)
    if known is None:
        target_id = content_id("gateway_account", str(work.tenant_id), gateway)
        await work.catalog.add_directory([DirectoryEntry("webhook", f"{gateway}/{endpoint_key}", target_id)])
    return endpoint_key


async def add_staff(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    passwords: Passwords,
    tenant_id: int,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
) -> UUID:
    """A person who may sign in. Raises InvalidInput ``email_malformed``, ``password_too_short``;
    Refused ``name_taken`` where the address is in use.
    """
    address = email.strip().lower()
    _check_email(address)
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InvalidInput("password_too_short", f"A password has at least {PASSWORD_LENGTH_MIN} characters.")
    # Hashing is slow on purpose: not while a transaction is open.
    member = StaffMember(ids.new(), address, name, role, await asyncio.to_thread(passwords.hash, password))
    async with uow.begin(tenant_id) as work:
        await work.catalog.add_directory([DirectoryEntry("staff", address, member.staff_id)])
        await work.catalog.add_staff(member, at=clock.now())
    return member.staff_id


def _check_station(spec: NewStation) -> None:
    if not _IDENTITY.fullmatch(spec.identity):
        raise InvalidInput("identity_malformed", f"{spec.identity[:60]!r} is not an OCPP identity.")
    if not spec.connectors:
        raise InvalidInput("connector_missing", f"{spec.identity} needs at least one connector.")


def _check_email(email: str) -> None:
    if not _EMAIL.fullmatch(email):
        raise InvalidInput("email_malformed", f"{email[:80]!r} is not an e-mail address.")
