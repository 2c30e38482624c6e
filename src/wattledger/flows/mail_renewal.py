"""The letter to a driver whose charging goes on only if they confirm another hold."""

from __future__ import annotations

from uuid import UUID

from wattledger.core.payments.hold_guard import END_MARGIN
from wattledger.core.payments.states import PaymentState
from wattledger.core.stations.reasons import language_of
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.letters import Letter, LetterKind, WriteLetter
from wattledger.flows.ports.mailer import Mail, Mailer


async def mail_renewal(
    ports: PaymentPorts, mailer: Mailer, write: WriteLetter, tenant_id: int, payment_id: UUID
) -> bool:
    """Whether a letter was handed over: none where nothing waits for the driver, or no address is known.

    A crash after handing over sends the same mail, under the same Message-ID, again. Raises Unavailable
    ``mail_not_sent``. Job ``mail_renewal``.
    """
    now = ports.clock.now()
    async with ports.uow.begin_read(tenant_id) as work:
        record, tenant = await work.payments.get(payment_id), await work.catalog.tenant()
        if record is None or tenant is None or record.row.connector_id is None:
            return False
        place = await work.driver.connector(record.row.connector_id, now)
    row, newest = record.row, record.fold.attempts[-1]
    is_waiting = newest.attempt_no > 1 and newest.state is PaymentState.REQUIRES_ACTION
    if place is None or row.driver_email is None or row.capture_before is None or not is_waiting:
        return False
    letter = Letter(
        kind=LetterKind.RENEW,
        language=row.driver_locale or language_of(place.time_zone),
        seller=tenant.name,
        help_phone=tenant.help_phone,
        amount_minor=newest.operations[0].amount_minor,
        currency=row.currency,
        address=f"{ports.public_url.rstrip('/')}/p/{row.link_code}",
        time_zone=place.time_zone,
        site_name=place.site_name,
        stops_at=row.capture_before - END_MARGIN,
    )
    subject, text = write(letter)
    key = f"{tenant_id}:{payment_id}:renew:{newest.attempt_no}"
    await mailer.send(Mail(key, tenant.name, row.driver_email, subject, text))
    return True
