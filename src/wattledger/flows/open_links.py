"""What a committer does about doors: proves who knocks, opens links in sets, and writes down what looks wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wattledger.core.kernel.errors import Forbidden, Refused, WattledgerError
from wattledger.core.stations.claim import Claim
from wattledger.flows.ports.base import Ids, Secrets
from wattledger.flows.ports.station_work import Batch, FoundStation, SessionQuestion, StationWork
from wattledger.flows.prove_station import Proof, prove
from wattledger.flows.station_state import LiveStation


@dataclass(slots=True, eq=False)
class LinkWanted:
    """A socket that claims to be a station; ``done`` gets the station, or what ``prove`` raises.

    Where another process holds the link, ``done`` gets LinkElsewhere unless the claim ``may_displace`` it.
    """

    claim: Claim
    ocpp_version: str
    done: asyncio.Future[LiveStation]
    node: str
    may_displace: bool = False
    attempt: int = 0


class LinkElsewhere(Exception):
    """The claim is proven; by the database, another process holds the station's link."""


@dataclass(slots=True, eq=False)
class ProofWanted:
    """The same question without opening a link: somebody holds that identity's link at present."""

    claim: Claim
    done: asyncio.Future[FoundStation]
    attempt: int = 0


@dataclass(slots=True, eq=False)
class AlarmRaised:
    """A person should know; one open review item a station and reason, however often it happens."""

    identity: str
    reason_code: str
    summary: str
    done: asyncio.Future[None]
    attempt: int = 0


DoorItem = LinkWanted | ProofWanted | AlarmRaised


async def take_door_items(
    items: Sequence[DoorItem],
    batch: Batch,
    answer: Callable[[asyncio.Future[Any], Any], None],
    *,
    store: StationWork,
    secrets: Secrets,
    ids: Ids,
) -> None:
    """Plain refusals are told at once; what ``batch`` is to write, also for a refusal, is told by ``answer``."""
    if not items:
        return
    identities = {_identity(one) for one in items}
    found = {one.identity: one for one in await store.find_stations([*identities], batch.now)}
    opened: dict[UUID, LiveStation] = {}
    for item in items:
        known = found.get(_identity(item))
        if isinstance(item, AlarmRaised):
            if known is not None:
                _alarm(known, item.reason_code, item.summary, batch, ids)
            answer(item.done, None)
            continue
        try:
            proof = prove(item.claim, known, secrets)
        except WattledgerError as refusal:
            if isinstance(refusal, Forbidden) and known is not None:
                _alarm(known, "downgrade_refused", _shown_on(known, item.claim), batch, ids)
                answer(item.done, refusal)
            else:
                _refuse(item.done, refusal)
            continue
        assert known is not None
        if isinstance(item, ProofWanted):
            answer(item.done, known)
            continue
        if known.station_id in opened:
            _refuse(item.done, Refused("station_linked", "This station is connecting already."))
            continue
        if known.is_connected and known.link_node != item.node and not item.may_displace:
            _refuse(item.done, LinkElsewhere())
            continue
        live = LiveStation(known, item.ocpp_version)
        opened[live.station_id] = live
        _open(live, item.claim, proof, batch)
        answer(item.done, live)
    if opened:
        questions = [SessionQuestion(one.tenant_id, one.station_id, None, None) for one in opened.values()]
        for session in await store.sessions(questions):
            opened[session.station_id].restore(session)


def _identity(item: DoorItem) -> str:
    return item.identity if isinstance(item, AlarmRaised) else item.claim.identity


def _shown_on(found: FoundStation, claim: Claim) -> str:
    where = "an unencrypted link" if not claim.is_encrypted else "a link without its certificate"
    return (
        f"{found.identity} showed its password on {where} from {claim.source}, though it has "
        f"security profile {found.security_profile}. Set a new password unless you know why."
    )


def _refuse(done: asyncio.Future[Any], refusal: Exception) -> None:
    if not done.done():
        done.set_exception(refusal)


def _open(live: LiveStation, claim: Claim, proof: Proof, batch: Batch) -> None:
    batch.opened_links.append((live.tenant_id, live.station_id, live.epoch, live.ocpp_version))
    batch.proven_links.append(
        (live.tenant_id, live.station_id, proof.profile, claim.source, proof.is_next_password, proof.fingerprint)
    )


def _alarm(found: FoundStation, reason_code: str, summary: str, batch: Batch, ids: Ids) -> None:
    batch.reviews.append((found.tenant_id, ids.new(), reason_code, "station", found.station_id, summary))
