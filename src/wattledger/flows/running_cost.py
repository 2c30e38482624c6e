"""What a session has used and costs so far: the same evidence and the same rating as its bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.metering.events import Activity
from wattledger.core.metering.evidence import Evidence, Finding, weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.metering.usage import Usage
from wattledger.core.rating.price_terms import AWAITED, PriceTerms, listed_tariff, rate_by_terms
from wattledger.core.rating.rated import Rated
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.base import Work
from wattledger.flows.ports.sessions import SessionRecord
from wattledger.flows.price_terms import running_terms


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """Power and register at one reading, for the curve."""

    at: datetime
    power_w: int | None
    energy_milliwh: int


@dataclass(frozen=True, slots=True)
class Running:
    """A session's figures up to its last reading.

    ``rated`` is None while the evidence does not allow a price, or a market's price is not known yet; then
    ``estimate`` is what it would be at list prices.
    """

    energy_milliwh: int
    power_w: int | None
    soc_percent: int | None
    activity: Activity | None
    started_at: datetime | None
    ended_at: datetime | None
    findings: tuple[Finding, ...]
    rated: Rated | None
    curve: tuple[PowerPoint, ...]
    estimate: Rated | None = None


async def running_session(work: Work, session: SessionRecord, now: datetime | None = None) -> Running:
    """The running figures of a stored session; ``now`` (by the station's clock) lets time-based prices run on.

    Raises NotFound ``connector_unknown``.
    """
    place = await work.sessions.place(session.session_id)
    if place is None:
        raise NotFound("connector_unknown", "The session's connector is not known.")
    fold = SessionFold(await work.sessions.events(session.session_id))
    evidence = weigh(fold, place, now=now)
    rated = estimate = None
    tariff = await _tariff(work, session)
    if tariff is not None and evidence.usage is not None:
        terms = await running_terms(work, session, tariff, evidence.usage)
        rated = _rated(evidence.usage, tariff, terms)
        estimate = rated or rate_by_terms(evidence.usage, listed_tariff(tariff), terms)
    return _running(fold, evidence, rated, estimate)


async def _tariff(work: Work, session: SessionRecord) -> Tariff | None:
    if session.tariff_version_id is None:
        return None
    body = await work.sessions.tariff_body(session.tariff_version_id)
    return None if body is None else decode_tariff(body)


def _rated(usage: Usage, tariff: Tariff, terms: PriceTerms) -> Rated | None:
    try:
        return rate_by_terms(usage, tariff, terms)
    except InvalidInput as refusal:
        if refusal.code != AWAITED:
            raise
        return None


def _running(fold: SessionFold, evidence: Evidence, rated: Rated | None, estimate: Rated | None) -> Running:
    base = evidence.register_start_milliwh or 0
    return Running(
        energy_milliwh=evidence.energy_milliwh,
        power_w=fold.power_w,
        soc_percent=fold.soc_percent,
        activity=fold.activity,
        started_at=fold.started_at,
        ended_at=fold.ended_at,
        findings=evidence.findings,
        rated=rated,
        curve=tuple(
            PowerPoint(point.at, point.power_w, max(0, point.register_milliwh - base)) for point in fold.points
        ),
        estimate=estimate,
    )
