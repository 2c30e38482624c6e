"""The store of what sessions are priced by beside their tariff, and of the tax rules it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from wattledger.core.metering.usage import MonthUsage
from wattledger.core.rating.price_terms import PriceTerms
from wattledger.core.tariffs.adjustments import Adjustment
from wattledger.core.tariffs.price_points import PricePoint
from wattledger.core.tax.rules import TaxRules


class TaxPublication(msgspec.Struct, frozen=True):
    """Tax rules of one site, or of a whole country: for everybody, or for one customer."""

    tax_publication_id: UUID
    country: str | None
    site_id: UUID | None
    customer_id: UUID | None
    rules: TaxRules
    published_at: datetime
    published_by: str


class PublishedTaxes(msgspec.Struct, frozen=True):
    """A publication as it is listed, its site and customer by the names people know."""

    published_at: datetime
    published_by: str
    country: str | None
    site_name: str | None
    customer_no: str | None
    rules: TaxRules


class SeriesRow(msgspec.Struct, frozen=True):
    """A price series; ``known_from`` and ``known_until`` are the first and last instant with a price, if any."""

    price_series_id: UUID
    name: str
    market: str
    currency: str
    known_from: datetime | None = None
    known_until: datetime | None = None


class AdjustmentPublication(msgspec.Struct, frozen=True):
    """An adjustment of everybody, one customer or a plan's customers; None says that it ends."""

    adjustment_publication_id: UUID
    name: str
    customer_id: UUID | None
    plan_id: UUID | None
    adjustment: Adjustment | None
    valid_from: datetime
    published_at: datetime
    published_by: str


class PublishedAdjustment(msgspec.Struct, frozen=True):
    """A publication as it is listed, its customer and plan by the names people know."""

    name: str
    customer_no: str | None
    plan_name: str | None
    valid_from: datetime
    published_by: str
    adjustment: Adjustment | None


class PriceTermsStore(Protocol):
    """Reads and writes within one transaction of one tenant; what is written stays as it is."""

    async def tax_rules(self, place_id: UUID, *, customer_id: UUID | None = None, at: datetime) -> TaxRules | None:
        """The rules published last, by ``at``, for a connector or station: the customer's before everybody's, the
        site's before its country's.
        """
        ...

    async def publish_taxes(self, publication: TaxPublication) -> None: ...

    async def tax_publications(self) -> list[PublishedTaxes]:
        """Every publication, the newest first."""
        ...

    async def add_series(self, series: SeriesRow, *, at: datetime) -> None: ...

    async def series(self, name: str) -> SeriesRow | None: ...

    async def all_series(self) -> list[SeriesRow]:
        """By name."""
        ...

    async def add_points(
        self, price_series_id: UUID, price_import_id: UUID, points: Sequence[PricePoint], *, at: datetime
    ) -> None: ...

    async def points(
        self, price_series_id: UUID, begin: datetime, end: datetime, *, told_by: datetime | None = None
    ) -> list[PricePoint]:
        """What was told of that time (by an instant), earliest told first."""
        ...

    async def waiting_for_prices(self) -> list[UUID]:
        """The sessions whose bill waits for a market's price."""
        ...

    async def month_usage(
        self, contract_id: UUID, begin: datetime, end: datetime, *, but: UUID, for_update: bool
    ) -> MonthUsage:
        """What the live bills say of the customer's sessions that began in that time, ``but`` one.

        ``for_update`` locks the customer first: nobody counts beside whoever writes the next bill.
        """
        ...

    async def adjustments(self, *, at: datetime) -> tuple[Adjustment, ...]:
        """What everybody has at ``at``, by name."""
        ...

    async def publish_adjustment(self, publication: AdjustmentPublication) -> None: ...

    async def adjustment_publications(self) -> list[PublishedAdjustment]:
        """Every publication, the one that holds last first."""
        ...

    async def plan_id(self, name: str) -> UUID | None: ...

    async def fixed(self, subject_id: UUID) -> PriceTerms:
        """The terms fixed with a payment, a session or a bill; none where the tariff's alone hold."""
        ...

    async def fix(self, kind: str, subject_id: UUID, terms: PriceTerms, *, at: datetime) -> None:
        """The subject (``payment``, ``session`` or ``bill``) is priced by ``terms`` from then on."""
        ...
