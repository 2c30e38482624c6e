"""The store of price terms on PostgreSQL; its statements are in price_terms.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wattledger.adapters.postgres.queries import queries
from wattledger.core.kernel.errors import Refused
from wattledger.core.metering.usage import MonthUsage
from wattledger.core.rating.price_terms import AWAITED, NO_TERMS, PriceTerms, decode_terms, named_terms
from wattledger.core.tariffs.adjustments import Adjustment, decode_adjustment, encode_adjustment
from wattledger.core.tariffs.price_points import PricePoint
from wattledger.core.tax.rules import TaxRules, decode_tax_rules, encode_tax_rules
from wattledger.flows.ports.price_terms import (
    AdjustmentPublication,
    PublishedAdjustment,
    PublishedTaxes,
    SeriesRow,
    TaxPublication,
)

_Q: Final = queries("price_terms")


class PgPriceTermsStore:
    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def tax_rules(self, place_id: UUID, *, customer_id: UUID | None = None, at: datetime) -> TaxRules | None:
        body = await self._connection.fetchval(_Q.tax_rules, self._tenant_id, place_id, customer_id, at)
        return None if body is None else decode_tax_rules(body)

    async def publish_taxes(self, publication: TaxPublication) -> None:
        await self._connection.execute(
            _Q.publish_taxes,
            self._tenant_id,
            publication.tax_publication_id,
            publication.country,
            publication.site_id,
            publication.customer_id,
            encode_tax_rules(publication.rules),
            publication.published_at,
            publication.published_by,
        )

    async def tax_publications(self) -> list[PublishedTaxes]:
        rows = await self._connection.fetch(_Q.tax_publications, self._tenant_id)
        return [PublishedTaxes(*(*tuple(row)[:-1], decode_tax_rules(row["body"]))) for row in rows]

    async def add_series(self, series: SeriesRow, *, at: datetime) -> None:
        values = (series.price_series_id, series.name, series.market, series.currency)
        done = await self._connection.execute(_Q.add_series, self._tenant_id, *values, at)
        if done != "INSERT 0 1":
            raise Refused("price_series_exists", f"There is a price series named {series.name!r} already.")

    async def series(self, name: str) -> SeriesRow | None:
        row = await self._connection.fetchrow(_Q.series, self._tenant_id, name)
        return None if row is None else SeriesRow(*row)

    async def all_series(self) -> list[SeriesRow]:
        return [SeriesRow(*row) for row in await self._connection.fetch(_Q.all_series, self._tenant_id)]

    async def add_points(
        self, price_series_id: UUID, price_import_id: UUID, points: Sequence[PricePoint], *, at: datetime
    ) -> None:
        columns = [[getattr(one, name) for one in points] for name in ("starts_at", "ends_at", "price")]
        done = await self._connection.execute(
            _Q.add_points, self._tenant_id, price_series_id, price_import_id, *columns, at
        )
        assert done == f"INSERT 0 {len(points)}", done

    async def points(
        self, price_series_id: UUID, begin: datetime, end: datetime, *, told_by: datetime | None = None
    ) -> list[PricePoint]:
        rows = await self._connection.fetch(_Q.points, self._tenant_id, price_series_id, begin, end, told_by)
        return [PricePoint(*row) for row in rows]

    async def waiting_for_prices(self) -> list[UUID]:
        rows = await self._connection.fetch(_Q.waiting_for_prices, self._tenant_id, AWAITED)
        return [row["subject_id"] for row in rows]

    async def month_usage(
        self, contract_id: UUID, begin: datetime, end: datetime, *, but: UUID, for_update: bool
    ) -> MonthUsage:
        if for_update:
            await self._connection.execute(_Q.lock_customer, self._tenant_id, contract_id)
        row = await self._connection.fetchrow(_Q.month_usage, self._tenant_id, contract_id, begin, end, but)
        return MonthUsage(*row)

    async def adjustments(self, *, at: datetime) -> tuple[Adjustment, ...]:
        rows = await self._connection.fetch(_Q.adjustments, self._tenant_id, at)
        return tuple(decode_adjustment(row["body"]) for row in rows)

    async def publish_adjustment(self, publication: AdjustmentPublication) -> None:
        one = publication
        await self._connection.execute(
            _Q.publish_adjustment, self._tenant_id, one.adjustment_publication_id, one.name, one.customer_id,
            one.plan_id, None if one.adjustment is None else encode_adjustment(one.adjustment), one.valid_from,
            one.published_at, one.published_by,
        )  # fmt: skip

    async def adjustment_publications(self) -> list[PublishedAdjustment]:
        rows = await self._connection.fetch(_Q.adjustment_publications, self._tenant_id)
        return [
            PublishedAdjustment(
                *(*tuple(row)[:-1], None if row["body"] is None else decode_adjustment(row["body"]))
            )
            for row in rows
        ]

    async def plan_id(self, name: str) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(_Q.plan_id, self._tenant_id, name)
        return found

    async def fixed(self, subject_id: UUID) -> PriceTerms:
        body = await self._connection.fetchval(_Q.fixed, self._tenant_id, subject_id)
        return NO_TERMS if body is None else decode_terms(body)

    async def fix(self, kind: str, subject_id: UUID, terms: PriceTerms, *, at: datetime) -> None:
        if terms == NO_TERMS:
            return
        terms_id, body = named_terms(terms)
        await self._connection.execute(_Q.keep, self._tenant_id, terms_id, body, at)
        await self._connection.execute(_Q.fix, self._tenant_id, subject_id, kind, terms_id, at)
