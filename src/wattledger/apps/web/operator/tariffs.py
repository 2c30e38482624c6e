"""Tariffs: every published version in plain sentences, as drivers read it before they pay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from litestar import Response, get

from wattledger.apps.web.operator.desk import AtDesk
from wattledger.core.kernel.errors import WattledgerError
from wattledger.core.rating.explain import PriceRow, price_table
from wattledger.core.tariffs.model import TaxTreatment
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.desk_rows import TariffRow


@dataclass(frozen=True, slots=True)
class Version:
    """A version with its prices; ``prices`` is empty where its content can no longer be read."""

    row: TariffRow
    prices: tuple[PriceRow, ...]
    currency: str
    has_tax_inside: bool


@get("/tariffs", include_in_schema=False)
async def tariffs(desk: AtDesk) -> Response[str]:
    async with desk.read() as work:
        rows = await work.desk.tariffs()
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row.tariff_id)]
    return desk.page(
        "tariffs.html",
        here="/desk/tariffs",
        tariffs=[(group[0], [_version(row) for row in group]) for group in groups],
    )


def _version(row: TariffRow) -> Version:
    try:
        tariff = decode_tariff(row.body)
    except WattledgerError:
        return Version(row, (), "", has_tax_inside=False)
    return Version(
        row, price_table(tariff), tariff.currency, has_tax_inside=tariff.tax_treatment is TaxTreatment.INCLUDED
    )
