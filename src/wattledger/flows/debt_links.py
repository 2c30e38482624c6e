"""Links to the page of a debt: an invoice, or the rest of a session's bill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import Unauthorized
from wattledger.core.payments.links import Purpose
from wattledger.flows.ports.base import Clock, Secrets
from wattledger.flows.short_links import make_link, open_link


class DebtKind(StrEnum):
    INVOICE = "invoice"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class DebtName:
    """``subject_id`` is the invoice's, or that of the payment whose session left a rest."""

    kind: DebtKind
    tenant_id: int
    subject_id: UUID


_PURPOSES: Final = {DebtKind.INVOICE: Purpose.INVOICE, DebtKind.REST: Purpose.REST}


def debt_token(secrets: Secrets, clock: Clock, name: DebtName) -> str:
    return make_link(secrets, clock, _PURPOSES[name.kind], f"{name.tenant_id}:{name.subject_id}")[0]


def debt_address(secrets: Secrets, clock: Clock, name: DebtName, *, public_url: str) -> str:
    """The address of the page where it is paid."""
    return f"{public_url.rstrip('/')}/p/pay/{debt_token(secrets, clock, name)}"


def debt_named(secrets: Secrets, clock: Clock, token: str) -> DebtName:
    """What a token leads to. Raises Unauthorized ``link_invalid``, Refused ``link_expired``."""
    kind = next((one for one, purpose in _PURPOSES.items() if f".{purpose}." in token[:40]), None)
    if kind is None:
        raise Unauthorized("link_invalid", "This link is not one of ours, or it was not copied whole.")
    tenant_id, _, subject_id = open_link(secrets, clock, _PURPOSES[kind], token).partition(":")
    return DebtName(kind, int(tenant_id), UUID(subject_id))
