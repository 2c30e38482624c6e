"""What each kind of job does. A handler commits its own effect, and doing it twice is doing it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

from wattledger.apps.certificate_ports import certificate_ports
from wattledger.apps.payment_ports import payment_ports
from wattledger.apps.present.debts import write_letter
from wattledger.flows.ask_refund import CREDIT_JOB
from wattledger.flows.correct_bill import correct_bill
from wattledger.flows.credit_refund import credit_refund
from wattledger.flows.issue_receipt import issue_receipt
from wattledger.flows.learn_fee import learn_fee
from wattledger.flows.mail_debt import INVOICE_JOBS, mail_invoice_letter, mail_rest_letter
from wattledger.flows.mail_document import mail_document
from wattledger.flows.mail_renewal import mail_renewal
from wattledger.flows.match_parked import match_parked
from wattledger.flows.ports.letters import LetterKind
from wattledger.flows.rest_debt import MAIL_REST_JOB
from wattledger.flows.run_campaign import advance_campaign
from wattledger.flows.run_operation import MAIL_RENEWAL_JOB
from wattledger.flows.settle_payment import settle_payment
from wattledger.flows.settle_session import settle_session
from wattledger.flows.station_certificates import sign_certificate
from wattledger.flows.take_command_answer import take_answer
from wattledger.flows.take_station_notice import take_notice
from wattledger.flows.wallets import SPEND_JOB, spend_wallet

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

Handler = Callable[["Container", int, UUID], Awaitable[None]]


async def _settle_session(container: Container, tenant_id: int, session_id: UUID) -> None:
    await settle_session(container.database, container.clock, container.ids, tenant_id, session_id)
    await container.hints.nudge("sessions", str(session_id))


async def _correct_bill(container: Container, tenant_id: int, session_id: UUID) -> None:
    await correct_bill(payment_ports(container), container.documents, tenant_id, session_id)


async def _match_parked(container: Container, tenant_id: int, parked_message_id: UUID) -> None:
    await match_parked(container.database, container.clock, container.ids, tenant_id, parked_message_id)


async def _settle_payment(container: Container, tenant_id: int, payment_id: UUID) -> None:
    await settle_payment(payment_ports(container), tenant_id, payment_id)


async def _learn_fee(container: Container, tenant_id: int, payment_id: UUID) -> None:
    await learn_fee(payment_ports(container), tenant_id, payment_id)


async def _issue_receipt(container: Container, tenant_id: int, payment_id: UUID) -> None:
    await issue_receipt(
        container.database,
        container.documents,
        container.clock,
        container.ids,
        tenant_id,
        payment_id,
        public_url=container.settings.public_url,
    )
    await container.hints.nudge("payments", str(payment_id))


async def _mail_document(container: Container, tenant_id: int, invoice_id: UUID) -> None:
    await mail_document(container.database, container.mailer, tenant_id, invoice_id)


async def _sign_certificate(container: Container, tenant_id: int, certificate_request_id: UUID) -> None:
    await sign_certificate(certificate_ports(container), tenant_id, certificate_request_id)
    await container.hints.nudge("commands")


async def _take_notice(container: Container, tenant_id: int, notice_id: UUID) -> None:
    await take_notice(container.database, container.clock, container.ids, tenant_id, notice_id)


async def _take_answer(container: Container, tenant_id: int, command_id: UUID) -> None:
    await take_answer(container.database, container.clock, tenant_id, command_id)


async def _advance_campaign(container: Container, tenant_id: int, campaign_id: UUID) -> None:
    if await advance_campaign(container.database, container.clock, container.ids, tenant_id, campaign_id):
        await container.hints.nudge("commands")


async def _credit_refund(container: Container, tenant_id: int, refund_id: UUID) -> None:
    await credit_refund(
        container.database, container.documents, container.clock, container.ids, tenant_id, refund_id
    )


async def _spend_wallet(container: Container, tenant_id: int, invoice_id: UUID) -> None:
    await spend_wallet(container.database, container.clock, container.ids, tenant_id, invoice_id)


def _mail_letter(kind: LetterKind) -> Handler:
    async def mail(container: Container, tenant_id: int, invoice_id: UUID) -> None:
        ports = payment_ports(container)
        await mail_invoice_letter(ports, container.mailer, write_letter, tenant_id, invoice_id, kind=kind)

    return mail


async def _mail_rest(container: Container, tenant_id: int, payment_id: UUID) -> None:
    await mail_rest_letter(payment_ports(container), container.mailer, write_letter, tenant_id, payment_id)


async def _mail_renewal(container: Container, tenant_id: int, payment_id: UUID) -> None:
    await mail_renewal(payment_ports(container), container.mailer, write_letter, tenant_id, payment_id)


HANDLERS: Final[Mapping[str, Handler]] = {
    "settle_session": _settle_session,
    "match_parked": _match_parked,
    "correct_bill": _correct_bill,
    "settle_payment": _settle_payment,
    "learn_fee": _learn_fee,
    "issue_receipt": _issue_receipt,
    "mail_document": _mail_document,
    CREDIT_JOB: _credit_refund,
    SPEND_JOB: _spend_wallet,
    **{job: _mail_letter(kind) for job, kind in INVOICE_JOBS.items()},
    MAIL_REST_JOB: _mail_rest,
    MAIL_RENEWAL_JOB: _mail_renewal,
    "sign_certificate": _sign_certificate,
    "take_notice": _take_notice,
    "take_answer": _take_answer,
    "advance_campaign": _advance_campaign,
}
