"""The store of catalog on PostgreSQL; its statements are in catalog.sql."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.core.ledger.accounts import Account
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
    Tenant,
    Token,
)

_Q: Final = queries("catalog")


class PgCatalogStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    # --- tenant ---------------------------------------------------------------------------------------------

    async def add_tenant(self, tenant: Tenant, *, organisation_id: UUID, at: datetime) -> None:
        assert tenant.tenant_id == self._tenant_id
        await self._connection.execute(_Q.add_organisation, organisation_id, tenant.legal_name)
        await self._write(
            _Q.add_tenant,
            1,
            organisation_id,
            tenant.slug,
            tenant.name,
            tenant.legal_name,
            list(tenant.address_lines),
            tenant.country,
            tenant.time_zone,
            tenant.currency,
            tenant.vat_id,
            tenant.help_phone,
            tenant.is_lab,
            tenant.velocity_starts_max,
            tenant.velocity_window_s,
            at,
        )

    async def tenant(self) -> Tenant | None:
        row = await self._connection.fetchrow(_Q.tenant, self._tenant_id)
        return None if row is None else Tenant(**_with_lines(row))

    async def add_directory(self, entries: Sequence[DirectoryEntry]) -> None:
        kinds, keys, targets = _columns(entries, "kind", "key", "target_id")
        done = await self._connection.execute(_Q.add_directory, self._tenant_id, kinds, keys, targets)
        if _count(done) != len(entries):
            raise Refused("name_taken", "A name in this set is already in use.", names=keys[:5])

    async def add_accounts(
        self, accounts: Sequence[Account], *, at: datetime, customer_id: UUID | None = None
    ) -> None:
        codes, currencies, kinds = _columns(accounts, "code", "currency", "kind")
        await self._connection.execute(_Q.add_accounts, self._tenant_id, codes, currencies, kinds, customer_id, at)

    # --- sites and stations ---------------------------------------------------------------------------------

    async def add_site(self, site: Site, *, at: datetime) -> None:
        await self._write(
            _Q.add_site,
            1,
            site.site_id,
            site.name,
            list(site.address_lines),
            site.country,
            site.time_zone,
            site.currency,
            site.latitude,
            site.longitude,
            at,
        )

    async def sites(self) -> list[Site]:
        rows = await self._connection.fetch(_Q.sites, self._tenant_id)
        return [Site(**_with_lines(row)) for row in rows]

    async def add_stations(self, stations: Sequence[Station], *, at: datetime) -> None:
        columns = _columns(
            stations,
            "station_id",
            "site_id",
            "identity",
            "name",
            "password_hash",
            "security_profile",
            "is_disabled",
        )
        await self._write(_Q.add_stations, len(stations), *columns, at)

    async def station(self, station_id: UUID) -> Station | None:
        row = await self._connection.fetchrow(_Q.station, self._tenant_id, station_id)
        return None if row is None else Station(**row)

    async def station_ids(self, identities: Collection[str]) -> dict[str, UUID]:
        rows = await self._connection.fetch(_Q.station_ids, self._tenant_id, list(identities))
        return {row["identity"]: row["station_id"] for row in rows}

    async def set_station_passwords(self, password_hashes: dict[UUID, bytes]) -> None:
        await self._write(
            _Q.set_station_passwords, len(password_hashes), list(password_hashes), list(password_hashes.values())
        )

    async def add_connectors(self, connectors: Sequence[Connector], *, at: datetime) -> None:
        columns = _columns(
            connectors,
            "connector_id",
            "station_id",
            "evse_no",
            "connector_no",
            "public_id",
            "plug_type",
            "current_kind",
            "power_max_w",
            "tariff_id",
        )
        await self._write(_Q.add_connectors, len(connectors), *columns, at)

    async def connector_id(self, public_id: str) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.connector_id, self._tenant_id, public_id)
        return found

    # --- tariffs and plans ----------------------------------------------------------------------------------

    async def add_tariff(self, tariff_id: UUID, name: str, *, at: datetime) -> None:
        await self._write(_Q.add_tariff, 1, tariff_id, name, at)

    async def tariff_id(self, name: str) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.tariff_id, self._tenant_id, name)
        return found

    async def add_tariff_version(
        self, tariff_version_id: UUID, currency: str, body: bytes, *, at: datetime
    ) -> None:
        await self._connection.execute(
            _Q.add_tariff_version, self._tenant_id, tariff_version_id, currency, body, at
        )

    async def publish(
        self, tariff_id: UUID, tariff_version_id: UUID, *, valid_from: datetime, at: datetime
    ) -> None:
        done = await self._connection.execute(
            _Q.publish, self._tenant_id, tariff_id, valid_from, tariff_version_id, at
        )
        if not _count(done):
            raise Refused("publication_exists", "Another version of this tariff holds from that very instant.")

    async def tariff_version_id_at(self, tariff_id: UUID, instant: datetime) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(
            _Q.tariff_version_id_at, self._tenant_id, tariff_id, instant
        )
        return found

    async def tariff_version(self, tariff_version_id: UUID) -> bytes | None:
        body: bytes | None = await self._connection.fetchval(_Q.tariff_version, self._tenant_id, tariff_version_id)
        return body

    async def add_plan(self, plan: Plan, *, at: datetime) -> None:
        await self._write(
            _Q.add_plan,
            1,
            plan.plan_id,
            plan.name,
            plan.currency,
            plan.monthly_fee_minor,
            plan.tax_rate_bp,
            plan.member_tariff_id,
            at,
        )

    async def plan(self, plan_id: UUID) -> Plan | None:
        row = await self._connection.fetchrow(_Q.plan, self._tenant_id, plan_id)
        return None if row is None else Plan(**row)

    # --- customers, contracts, tokens -----------------------------------------------------------------------

    async def add_customer(self, customer: Customer, *, at: datetime) -> None:
        await self._write(
            _Q.add_customer,
            1,
            customer.customer_id,
            customer.customer_no,
            customer.kind,
            customer.name,
            customer.email,
            list(customer.address_lines),
            customer.country,
            customer.vat_id,
            at,
        )

    async def customer(self, customer_id: UUID) -> Customer | None:
        row = await self._connection.fetchrow(_Q.customer, self._tenant_id, customer_id)
        return None if row is None else Customer(**_with_lines(row))

    async def customer_id(self, customer_no: str) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.customer_id, self._tenant_id, customer_no)
        return found

    async def add_contract(self, contract: Contract, *, at: datetime) -> None:
        await self._write(
            _Q.add_contract,
            1,
            contract.contract_id,
            contract.customer_id,
            contract.plan_id,
            contract.state,
            contract.currency,
            contract.spending_limit_minor,
            contract.started_on,
            contract.ended_on,
            at,
        )

    async def contract(self, contract_id: UUID) -> Contract | None:
        row = await self._connection.fetchrow(_Q.contract, self._tenant_id, contract_id)
        return None if row is None else Contract(**row)

    async def contract_ids(self, customer_id: UUID | None = None) -> list[UUID]:
        rows = await self._connection.fetch(_Q.contract_ids, self._tenant_id, customer_id)
        return [row["contract_id"] for row in rows]

    async def add_tokens(self, tokens: Sequence[Token], *, at: datetime) -> None:
        columns = _columns(tokens, "token_id", "uid", "kind", "state", "contract_id", "payment_id", "expires_at")
        await self._write(_Q.add_tokens, len(tokens), *columns, at)

    async def token_uids(self, uids: Collection[str]) -> set[str]:
        return {row["uid"] for row in await self._connection.fetch(_Q.token_uids, self._tenant_id, list(uids))}

    # --- gateway accounts and staff -------------------------------------------------------------------------

    async def put_gateway_account(self, account: GatewayAccount, *, at: datetime) -> None:
        await self._write(
            _Q.put_gateway_account,
            1,
            account.gateway,
            account.is_enabled,
            account.endpoint_key,
            account.settings,
            account.secrets,
            at,
        )

    async def gateway_accounts(self) -> list[GatewayAccount]:
        rows = await self._connection.fetch(_Q.gateway_accounts, self._tenant_id)
        return [GatewayAccount(**row) for row in rows]

    async def choose_gateway(self, gateway: str, *, at: datetime) -> bool:
        done = await self._connection.execute(_Q.choose_gateway, self._tenant_id, gateway, at)
        return bool(done == "UPDATE 1")

    async def switch_gateway(self, gateway: str, *, is_enabled: bool) -> bool:
        done = await self._connection.execute(_Q.switch_gateway, self._tenant_id, gateway, is_enabled)
        return bool(done == "UPDATE 1")

    async def gateway_account(self, gateway: str) -> GatewayAccount | None:
        row = await self._connection.fetchrow(_Q.gateway_account, self._tenant_id, gateway)
        return None if row is None else GatewayAccount(**row)

    async def add_staff(self, member: StaffMember, *, at: datetime) -> None:
        await self._write(
            _Q.add_staff, 1, member.staff_id, member.email, member.name, member.role, member.password_hash, at
        )

    async def _write(self, statement: str, expected: int, *values: object) -> None:
        """The statement wrote ``expected`` rows; anything else means that the tenant is not there."""
        done = await self._connection.execute(statement, self._tenant_id, *values)
        if _count(done) != expected:
            raise Refused("tenant_missing", f"Tenant {self._tenant_id} is not set up.", wrote=done)


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])


def _columns(rows: Sequence[object], *names: str) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in names]


def _with_lines(row: Any) -> dict[str, Any]:
    return {**row, "address_lines": tuple(row["address_lines"])}
