"""The made-up operator of the demonstration, as data; its tariffs follow AFIR (Reg. (EU) 2023/1804, Art. 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from wattledger.core.kernel.taxes import Tax
from wattledger.core.tariffs.model import (
    UNRESTRICTED,
    Dimension,
    Element,
    PriceComponent,
    Restrictions,
    Tariff,
    TaxTreatment,
)
from wattledger.flows.set_up_tenant import NewTenant

TENANT: Final = NewTenant(
    slug="lantern-quay",
    name="Lantern Quay",
    legal_name="Lantern Quay Charging GmbH",
    address_lines=("Laternenkai 4", "20457 Hamburg"),
    country="DE",
    time_zone="Europe/Berlin",
    currency="EUR",
    vat_id="DE000000000",
    help_phone="+49 40 0000 100",
    velocity_starts_max=60,  # a few cards drive a whole busy day
)
OWNER_EMAIL: Final = "owner@lantern-quay.example"
OWNER_NAME: Final = "Olivia Hafner"
TAX_RATE_BP: Final = 1900
VALID_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
DC_TARIFF: Final = "Fast charging"
AC_TARIFF: Final = "Normal charging"
MEMBER_TARIFF: Final = "Member prices"
PLAN_NAME: Final = "Lantern Plus"
PLAN_FEE_MINOR: Final = 599
_VAT: Final = (Tax("VAT", TAX_RATE_BP * 100),)


def _energy(price: str) -> PriceComponent:
    return PriceComponent(Dimension.ENERGY, Decimal(price), taxes=_VAT)


def _idle(per_hour: str, *, grace_min: int, cap: str) -> PriceComponent:
    """An occupancy fee per minute, after a grace period and up to a cap: all that AFIR allows beside the kWh."""
    return PriceComponent(Dimension.IDLE, Decimal(per_hour), taxes=_VAT, grace_s=grace_min * 60, cap=Decimal(cap))


def _tariff(name: str, *elements: tuple[Restrictions, tuple[PriceComponent, ...]]) -> Tariff:
    return Tariff(
        currency="EUR",
        name=name,
        elements=tuple(Element(components, restrictions) for restrictions, components in elements),
        tax_treatment=TaxTreatment.INCLUDED,
    )


_DC_IDLE: Final = _idle("6.00", grace_min=15, cap="12.00")
_AC_IDLE: Final = _idle("1.20", grace_min=60, cap="9.60")
TARIFFS: Final = {
    DC_TARIFF: _tariff(DC_TARIFF, (UNRESTRICTED, (_energy("0.59"), _DC_IDLE))),
    AC_TARIFF: _tariff(AC_TARIFF, (UNRESTRICTED, (_energy("0.49"), _AC_IDLE))),
    MEMBER_TARIFF: _tariff(
        MEMBER_TARIFF,
        (Restrictions(current_kind="DC"), (_energy("0.47"), _DC_IDLE)),
        (Restrictions(current_kind="AC"), (_energy("0.39"), _AC_IDLE)),
    ),
}


@dataclass(frozen=True, slots=True)
class SitePlan:
    name: str
    address_lines: tuple[str, ...]
    latitude: Decimal
    longitude: Decimal


@dataclass(frozen=True, slots=True)
class StationPlan:
    site_name: str
    identity: str
    name: str
    version: str
    is_dc: bool
    power_max_w: int
    public_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    customer_no: str
    kind: str
    name: str
    email: str | None
    address_lines: tuple[str, ...]
    token_uids: tuple[str, ...]
    is_member: bool = False
    vat_id: str | None = None
    spending_limit_minor: int | None = None


HAMBURG: Final = SitePlan(
    "Laternenkai", ("Laternenkai 4", "20457 Hamburg"), Decimal("53.541200"), Decimal("9.991500")
)
BERLIN: Final = SitePlan(
    "Lindenhof", ("Lindenhofstrasse 21", "10969 Berlin"), Decimal("52.503100"), Decimal("13.399800")
)
SITES: Final = (HAMBURG, BERLIN)


def _dc(site: SitePlan, number: int) -> StationPlan:
    """One cable of 150 kW, OCPP 2.0.1."""
    public_ids = (f"DE*LQC*E{number:05d}*1",)
    return StationPlan(
        site.name, f"LQC-DC-{number:02d}", f"{site.name} {number}", "2.0.1", is_dc=True,
        power_max_w=150_000, public_ids=public_ids,
    )  # fmt: skip


def _ac(site: SitePlan, number: int) -> StationPlan:
    """Two sockets of 22 kW, OCPP 1.6."""
    public_ids = tuple(f"DE*LQC*E{number:05d}*{evse_no}" for evse_no in (1, 2))
    return StationPlan(
        site.name, f"LQC-AC-{number:02d}", f"{site.name} {number}", "1.6", is_dc=False,
        power_max_w=22_000, public_ids=public_ids,
    )  # fmt: skip


STATIONS: Final = (
    _dc(HAMBURG, 1), _dc(HAMBURG, 2), _dc(HAMBURG, 3), _ac(HAMBURG, 4), _ac(HAMBURG, 5),
    _dc(BERLIN, 6), _ac(BERLIN, 7), _ac(BERLIN, 8),
)  # fmt: skip
CUSTOMERS: Final = (
    CustomerPlan(
        customer_no="C1001",
        kind="driver",
        name="Mara Lindqvist",
        email="mara@driver.example",
        address_lines=("Lindenweg 3", "22765 Hamburg"),
        token_uids=("04A1B2C3D4E501",),
        is_member=True,
    ),
    CustomerPlan(
        customer_no="C1002",
        kind="company",
        name="Nordlicht Paketdienst GmbH",
        email="invoices@nordlicht.example",
        address_lines=("Speicherring 12", "20457 Hamburg"),
        token_uids=("04A1B2C3D4E502", "04A1B2C3D4E503"),
        is_member=True,
        vat_id="DE000000001",
    ),
    CustomerPlan(
        customer_no="C1003",
        kind="driver",
        name="Tomasz Wilk",
        email="tomasz@driver.example",
        address_lines=("Lindenhofstrasse 40", "10969 Berlin"),
        token_uids=("04A1B2C3D4E504",),
        spending_limit_minor=15_000,
    ),
)
