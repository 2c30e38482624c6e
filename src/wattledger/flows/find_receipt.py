"""A guest finds a receipt by what their bank shows: card's last four digits, amount, day. Nothing else is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused, WattledgerError
from wattledger.core.kernel.money import money_from_decimal
from wattledger.core.payments.links import Purpose
from wattledger.flows.ports.base import Clock, Directory, Secrets, UnitOfWork, Work
from wattledger.flows.short_links import make_link

WINDOW: Final = timedelta(hours=1)
# A person mistypes a few times; whoever goes through amounts or days gets nowhere.
TRIES_A_CARD_MAX: Final = 10
TRIES_A_GUEST_MAX: Final = 30
TRIES_IN_ALL_MAX: Final = 600


@dataclass(frozen=True, slots=True)
class ReceiptQuestion:
    """What a guest typed; ``guest`` is their address, for counting only. ``number`` is a connector's."""

    last4: str
    amount: str
    day: str
    guest: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    uow: UnitOfWork
    directory: Directory
    secrets: Secrets
    clock: Clock


async def find_receipt(ports: Finding, question: ReceiptQuestion) -> str:
    """A token for the one receipt that fits, good for half an hour.

    Raises NotFound ``receipt_not_found`` alike for none and for several; InvalidInput ``receipt_form_malformed``,
    ``operator_unknown``; Refused ``receipt_tries_used_up``. Every try counts, whatever came of it.
    """
    tenant_id = await _tenant(ports.directory, question.number)
    day, last4 = _day(question.day), question.last4.strip()
    if len(last4) != 4 or not last4.isascii() or not last4.isdigit():
        raise _malformed("The last four digits of the card are four digits.")
    async with ports.uow.begin(tenant_id) as work:
        is_free = await _count(ports, work, last4, question.guest)
    if not is_free:
        raise Refused("receipt_tries_used_up", "Too many tries. Please wait an hour, or call the number below.")
    async with ports.uow.begin_read(tenant_id) as work:
        tenant = await work.catalog.tenant()
        assert tenant is not None
        amount_minor = _amount_minor(question.amount, tenant.currency)
        found = await work.driver.receipts_like(last4, amount_minor, day)
    if len(found) != 1:
        raise NotFound("receipt_not_found", "No single receipt fits this. The day is that of charging.")
    return make_link(ports.secrets, ports.clock, Purpose.RECEIPT, f"{tenant_id}:{found[0]}")[0]


def receipt_subject(subject: str) -> tuple[int, UUID]:
    """(tenant_id, payment_id) of a receipt link's subject."""
    tenant_id, _, payment_id = subject.partition(":")
    return int(tenant_id), UUID(payment_id)


async def _tenant(directory: Directory, number: str) -> int:
    """Where there is one operator, nobody need say which."""
    typed = number.strip().upper()
    if typed:
        found = await directory.find("connector", typed)
        if found is not None:
            return found[0]
    tenants = await directory.tenants()
    if len(tenants) == 1 and not typed:
        return tenants[0]
    raise InvalidInput("operator_unknown", "Type the number of the connector, as it stands near the plug.")


async def _count(ports: Finding, work: Work, last4: str, guest: str) -> bool:
    """Whether this try is within every limit; all of them count it."""
    now = ports.clock.now()
    began_at = now.replace(minute=0, second=0, microsecond=0)
    limits = {f"card:{last4}": TRIES_A_CARD_MAX, f"guest:{guest}": TRIES_A_GUEST_MAX, "all": TRIES_IN_ALL_MAX}
    is_free = True
    for name, most in limits.items():
        # Kept as a keyed digest: neither digits nor addresses are stored for this.
        key = ports.secrets.fingerprint(name, purpose="receipt_tries")
        is_free &= await work.driver.count_try(key, window_at=began_at) <= most
    return is_free


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _malformed("The day could not be read.") from None


def _amount_minor(text: str, currency: str) -> int:
    try:
        typed = Decimal(text.strip().replace(",", "."))
        return money_from_decimal(typed, currency).amount_minor
    except (InvalidOperation, WattledgerError):
        raise _malformed("The amount could not be read: 12.34, as the bank shows it.") from None


def _malformed(message: str) -> InvalidInput:
    return InvalidInput("receipt_form_malformed", message)
