"""The store of tenants, sites, stations, connectors, tariffs, customers, contracts, tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from wattledger.core.ledger.accounts import Account


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: int
    slug: str
    name: str
    legal_name: str
    address_lines: tuple[str, ...]
    country: str
    time_zone: str
    currency: str
    vat_id: str | None = None
    help_phone: str | None = None
    is_lab: bool = False
    velocity_starts_max: int | None = 5
    velocity_window_s: int = 900


@dataclass(frozen=True, slots=True)
class Site:
    site_id: UUID
    name: str
    address_lines: tuple[str, ...]
    country: str
    time_zone: str
    currency: str
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """``password_hash`` is the keyed fingerprint of the station's high-entropy password."""

    station_id: UUID
    site_id: UUID
    identity: str
    name: str
    password_hash: bytes
    security_profile: int
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Connector:
    """``public_id`` is eMI3's EVSE id and the connector, ``DE*WLT*E00001*1``; plug types are OCPI's words."""

    connector_id: UUID
    station_id: UUID
    evse_no: int
    connector_no: int
    public_id: str
    plug_type: str
    current_kind: str
    power_max_w: int
    tariff_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """``monthly_fee_minor`` is gross, per calendar month, with tax of ``tax_rate_bp`` inside."""

    plan_id: UUID
    name: str
    currency: str
    monthly_fee_minor: int
    tax_rate_bp: int
    member_tariff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: UUID
    customer_no: str
    kind: str  # "driver" or "company"
    name: str
    email: str | None
    address_lines: tuple[str, ...]
    country: str
    vat_id: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    contract_id: UUID
    customer_id: UUID
    plan_id: UUID | None
    currency: str
    spending_limit_minor: int | None
    started_on: date
    ended_on: date | None = None
    state: str = "active"


@dataclass(frozen=True, slots=True)
class Token:
    """An RFID card or app token of a contract, or an ad hoc token of one payment."""

    token_id: UUID
    uid: str
    kind: str  # "rfid", "app" or "ad_hoc"
    contract_id: UUID | None = None
    payment_id: UUID | None = None
    expires_at: datetime | None = None
    state: str = "active"


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """``secrets`` are sealed; ``endpoint_key`` is the unguessable end of the path that webhooks come to."""

    gateway: str
    endpoint_key: str
    settings: bytes
    secrets: bytes
    is_enabled: bool = True
    chosen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffMember:
    staff_id: UUID
    email: str
    name: str
    role: str  # "owner", "staff" or "viewer"
    password_hash: str


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What lets ``key`` be found before its tenant is known; ``kind`` as in the table directory."""

    kind: str
    key: str
    target_id: UUID


class CatalogStore(Protocol):
    """Reads and writes within one transaction of one tenant. Sequences are written as one set."""

    async def add_tenant(self, tenant: Tenant, *, organisation_id: UUID, at: datetime) -> None: ...

    async def tenant(self) -> Tenant | None:
        """The tenant this transaction is for; None before it is set up."""
        ...

    async def add_directory(self, entries: Sequence[DirectoryEntry]) -> None:
        """Raises Refused ``name_taken`` when another row has one of the keys; the transaction is then over."""
        ...

    async def add_accounts(
        self, accounts: Sequence[Account], *, at: datetime, customer_id: UUID | None = None
    ) -> None:
        """Accounts that exist are left as they are."""
        ...

    async def add_site(self, site: Site, *, at: datetime) -> None: ...

    async def sites(self) -> list[Site]: ...

    async def add_stations(self, stations: Sequence[Station], *, at: datetime) -> None: ...

    async def station(self, station_id: UUID) -> Station | None: ...

    async def station_ids(self, identities: Collection[str]) -> dict[str, UUID]:
        """The ids of those identities that exist."""
        ...

    async def set_station_passwords(self, password_hashes: dict[UUID, bytes]) -> None: ...

    async def add_connectors(self, connectors: Sequence[Connector], *, at: datetime) -> None: ...

    async def connector_id(self, public_id: str) -> UUID | None: ...

    async def add_tariff(self, tariff_id: UUID, name: str, *, at: datetime) -> None: ...

    async def tariff_id(self, name: str) -> UUID | None:
        """The tariff of that name."""
        ...

    async def add_tariff_version(
        self, tariff_version_id: UUID, currency: str, body: bytes, *, at: datetime
    ) -> None:
        """A version that exists is left as it is: its id says what is in it."""
        ...

    async def publish(
        self, tariff_id: UUID, tariff_version_id: UUID, *, valid_from: datetime, at: datetime
    ) -> None: ...

    async def tariff_version_id_at(self, tariff_id: UUID, instant: datetime) -> UUID | None:
        """The version in force at ``instant``."""
        ...

    async def tariff_version(self, tariff_version_id: UUID) -> bytes | None:
        """The canonical encoding of a version."""
        ...

    async def add_plan(self, plan: Plan, *, at: datetime) -> None: ...

    async def plan(self, plan_id: UUID) -> Plan | None: ...

    async def add_customer(self, customer: Customer, *, at: datetime) -> None: ...

    async def customer(self, customer_id: UUID) -> Customer | None: ...

    async def customer_id(self, customer_no: str) -> UUID | None: ...

    async def add_contract(self, contract: Contract, *, at: datetime) -> None: ...

    async def contract(self, contract_id: UUID) -> Contract | None: ...

    async def contract_ids(self, customer_id: UUID | None = None) -> list[UUID]:
        """Every contract, or those of one customer, oldest first."""
        ...

    async def add_tokens(self, tokens: Sequence[Token], *, at: datetime) -> None: ...

    async def token_uids(self, uids: Collection[str]) -> set[str]:
        """Those of ``uids`` that exist."""
        ...

    async def put_gateway_account(self, account: GatewayAccount, *, at: datetime) -> None:
        """Adds the account, or gives an existing one new settings and secrets; its endpoint key stays."""
        ...

    async def gateway_account(self, gateway: str) -> GatewayAccount | None: ...

    async def gateway_accounts(self) -> list[GatewayAccount]:
        """Every account, the one that takes new payments first (as far as it is switched on)."""
        ...

    async def choose_gateway(self, gateway: str, *, at: datetime) -> bool:
        """New payments go there from now on; False where the tenant has no such account, or it is off."""
        ...

    async def switch_gateway(self, gateway: str, *, is_enabled: bool) -> bool:
        """False where the tenant has no such account."""
        ...

    async def add_staff(self, member: StaffMember, *, at: datetime) -> None: ...
