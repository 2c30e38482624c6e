"""Why a line of a session's price is not another: the elements of its tariff that did not hold, with reasons."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.metering.evidence import weigh
from wattledger.core.metering.session import SessionFold
from wattledger.core.rating.rated import Rated
from wattledger.core.rating.why import Rejected, rejections
from wattledger.core.tariffs.model import Tariff
from wattledger.core.tariffs.versions import decode_tariff
from wattledger.flows.ports.base import Work

WhyNot = tuple[tuple[Rejected, ...], ...]


async def tariff_of_session(work: Work, session_id: UUID) -> Tariff | None:
    """The tariff that the session began under; None where there was none."""
    session = await work.sessions.session(session_id)
    if session is None or session.tariff_version_id is None:
        return None
    body = await work.sessions.tariff_body(session.tariff_version_id)
    return None if body is None else decode_tariff(body)


async def why_not(work: Work, session_id: UUID, rated: Rated) -> WhyNot:
    """For each line of ``rated``, in order, what of the tariff did not hold; empty where that cannot be told."""
    tariff, place = await tariff_of_session(work, session_id), await work.sessions.place(session_id)
    if tariff is None or place is None:
        return ()
    usage = weigh(SessionFold(await work.sessions.events(session_id)), place).usage
    return () if usage is None else rejections(rated, usage, (tariff,))
