"""Publishes a tariff version: from an instant on, sessions that start are priced by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.kernel.instants import utc
from wattledger.core.rating.price_terms import series_of
from wattledger.core.tariffs.check import check_tariff
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import encode_tariff, tariff_version_id
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work


async def publish_tariff(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    tenant_id: int,
    *,
    name: str,
    tariff: Tariff,
    valid_from: datetime | None = None,
) -> UUID:
    """The id of the tariff of that ``name``, in force from ``valid_from`` (now, if None) as ``tariff`` says.

    Publishing what is in force already changes nothing. Raises InvalidInput as ``check_tariff`` does,
    ``price_series_unknown`` and ``currency_mixed``; Refused ``publication_exists`` when another version begins at
    that very instant.
    """
    async with uow.begin(tenant_id) as work:
        return await publish(work, ids, name=name, tariff=tariff, valid_from=valid_from, at=clock.now())


async def publish(
    work: Work, ids: Ids, *, name: str, tariff: Tariff, valid_from: datetime | None, at: datetime
) -> UUID:
    """As ``publish_tariff``, within a transaction of the caller's."""
    check_tariff(tariff)
    await _check_series(work, tariff)
    starts_at = utc(valid_from) if valid_from else at
    version_id = tariff_version_id(tariff)
    await work.catalog.add_tariff_version(version_id, tariff.currency, encode_tariff(tariff), at=at)
    tariff_id = await work.catalog.tariff_id(name)
    if tariff_id is None:
        tariff_id = ids.new()
        await work.catalog.add_tariff(tariff_id, name, at=at)
    if await work.catalog.tariff_version_id_at(tariff_id, starts_at) != version_id:
        await work.catalog.publish(tariff_id, version_id, valid_from=starts_at, at=at)
    return tariff_id


async def _check_series(work: Work, tariff: Tariff) -> None:
    """What sessions could not be priced with, for want of prices that nobody tells, is not offered."""
    for name in sorted(series_of(tariff)):
        series = await work.price_terms.series(name)
        if series is None:
            raise InvalidInput("price_series_unknown", f"No price series is named {name[:60]!r}: add it first.")
        if series.currency != tariff.currency:
            raise InvalidInput(
                "currency_mixed", f"{name!r} is in {series.currency}, the tariff in {tariff.currency}."
            )
