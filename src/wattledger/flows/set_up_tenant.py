"""Sets up a tenant: its row, its name in the directory, the accounts its first posting needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.kernel.ids import content_id
from wattledger.core.kernel.instants import zone
from wattledger.core.kernel.money import exponent_of
from wattledger.core.ledger.accounts import house_accounts
from wattledger.flows.ports.base import Clock, Directory, Ids, UnitOfWork
from wattledger.flows.ports.catalog import DirectoryEntry, Tenant

GATEWAYS: Final = ("sandbox", "stripe", "adyen", "mollie")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A charging-point operator; ``velocity_starts_max`` None switches the velocity rule off."""

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


async def set_up_tenant(uow: UnitOfWork, directory: Directory, clock: Clock, ids: Ids, new: NewTenant) -> int:
    """The id of the tenant, which now has a name in the directory and all house accounts.

    Raises InvalidInput ``slug_malformed``, ``country_malformed``, ``currency_unknown``, ``time_zone_unknown``;
    Refused ``name_taken``.
    """
    _check(new)
    if await directory.find("slug", new.slug) is not None:
        raise Refused("name_taken", f"There is a tenant named {new.slug!r} already.")
    tenant_id = max(await directory.tenants(), default=0) + 1
    tenant = Tenant(tenant_id=tenant_id, **{name: getattr(new, name) for name in new.__slots__})
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        if await work.catalog.tenant() is not None:
            raise Refused("name_taken", "Another tenant was set up at this very moment; try again.")
        await work.catalog.add_tenant(tenant, organisation_id=ids.new(), at=now)
        target_id = content_id("tenant", str(tenant_id))
        await work.catalog.add_directory([DirectoryEntry("slug", new.slug, target_id)])
        await work.catalog.add_accounts(house_accounts(new.currency, GATEWAYS), at=now)
    return tenant_id


async def ensure_tenant(uow: UnitOfWork, directory: Directory, clock: Clock, ids: Ids, new: NewTenant) -> int:
    """The id of the tenant of that slug, set up if it was not there; an existing one keeps what it has."""
    found = await directory.find("slug", new.slug)
    return found[0] if found else await set_up_tenant(uow, directory, clock, ids, new)


def _check(new: NewTenant) -> None:
    if not _SLUG.fullmatch(new.slug):
        raise InvalidInput("slug_malformed", f"{new.slug!r}: small letters, digits and hyphens, 2 to 40.")
    check_country(new.country)
    zone(new.time_zone)
    exponent_of(new.currency)


def check_country(country: str) -> None:
    """Raises InvalidInput ``country_malformed``."""
    if not _COUNTRY.fullmatch(country):
        raise InvalidInput("country_malformed", f"{country!r} is not an ISO 3166 code of two capitals.")
