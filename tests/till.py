"""A small world with the lab's payment provider behind it, both in this process: no socket, no waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from billed_sessions import Lab
from wattledger.adapters.gateways.sandbox.client import SandboxGateway
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.apps.lab.provider.deliveries import deliver_due
from wattledger.apps.lab.provider.desk import Desk, account_of
from wattledger.apps.lab.provider.main import create_provider
from wattledger.apps.lab.provider.rules import pay
from wattledger.apps.lab.provider.store import Misbehaviour, Store
from wattledger.apps.web.failures import answer_refusal
from wattledger.apps.web.hooks import hook_routes
from wattledger.apps.worker.handlers import HANDLERS
from wattledger.apps.worker.run_jobs import run_job
from wattledger.core.kernel.errors import WattledgerError
from wattledger.flows.apply_webhook import apply_webhook
from wattledger.flows.hold_payment import Held, HoldAsk, hold_payment
from wattledger.flows.manage_catalog import open_gateway_account
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.gateway import Gateway
from wattledger.flows.ports.mailer import Mail
from wattledger.flows.ports.payments import PaymentRecord
from wattledger.flows.run_operation import run_operation
from wattledger.flows.sweep_payments import sweep_payments
from world import OpenSecrets, World, small_world

API_KEY = "sandbox-key-of-a-test"
PUBLIC_URL = "http://wattledger.test"


@dataclass
class Till:
    """What a payment test needs: press the page's buttons, deliver webhooks, let the worker work, look."""

    ports: PaymentPorts
    world: World
    database: Database
    desk: Desk
    lab: Lab
    clock: Any
    hooks: httpx.AsyncClient
    receipts: list[UUID] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    gateway: str = "sandbox"

    @property
    def tenant_id(self) -> int:
        return self.world.tenant_id

    async def hold(self, amount_minor: int = 4000, currency: str = "EUR", *, is_renewable: bool = False) -> Held:
        ask = HoldAsk(
            gateway=self.gateway,
            connector_id=self.world.dc.connector_id,
            tariff_version_id=self.world.tariff_version_id,
            amount_minor=amount_minor,
            currency=currency,
            description="Harbour Street 1",
            is_renewable=is_renewable,
        )
        return await hold_payment(self.ports, self.tenant_id, ask)

    async def held(self, amount_minor: int = 4000, *, card: str = "visa", holder: str = "") -> UUID:
        """A payment whose page was paid with ``card``, and all that follows from it."""
        held = await self.hold(amount_minor)
        await self.press(held.payment_id, card, holder or str(held.payment_id))
        await self.settle_down()
        return held.payment_id

    async def press(self, payment_id: UUID, card: str, holder: str = "one phone") -> None:
        ref = (await self.record(payment_id)).attempts[-1].gateway_ref
        assert ref is not None
        with self.desk.store.transaction():
            self.desk.change(ref, None, lambda payment: pay(payment, card, holder, self.desk.now()))

    async def deliver(self) -> int:
        return await deliver_due(self.desk, self.hooks)

    async def settle_down(self, rounds: int = 12) -> None:
        """Webhooks arrive and the worker works until nothing is due at this instant."""
        for _ in range(rounds):
            found = await self.deliver()
            found += await self.work()
            if not found:
                return

    async def work(self) -> int:
        found = 0
        while (
            await apply_webhook(self.ports, self.tenant_id)
            or await run_operation(self.ports, self.tenant_id)
            or await run_job(cast("Any", self._container()), self.tenant_id, self._handlers())
        ):
            found += 1
            assert found < 200, "the worker finds no end"
        return found

    async def later(self, **duration: float) -> None:
        """Time passes; the sweep and the worker do what is due then."""
        self.clock.forward(**duration)
        await sweep_payments(self.ports, self.tenant_id)
        await self.settle_down()

    async def record(self, payment_id: UUID) -> PaymentRecord:
        async with self.database.begin_read(self.tenant_id) as work:
            record = await work.payments.get(payment_id)
        assert record is not None
        return record

    async def state(self, payment_id: UUID) -> str:
        return (await self.record(payment_id)).row.state

    async def bill(self, payment_id: UUID, *, kwh: int = 10) -> UUID:
        """The payment's session took place and is billed at 0.50 EUR a kWh; its id."""
        billed = await self.lab.session(kwh=kwh, payment_id=payment_id)
        async with self.database.begin(self.tenant_id) as work:
            now = self.clock.now()
            await work.jobs.add("settle_payment", payment_id, due_at=now, at=now)
        return billed.session_id

    async def change_payment(self, payment_id: UUID, *, driver_email: str, driver_locale: str) -> None:
        """The driver left an address and speaks a language."""
        async with self.database.begin(self.tenant_id) as work:
            await cast("Any", work).connection.execute(
                "update payment set driver_email = $3, driver_locale = $4 "
                "where tenant_id = $1 and payment_id = $2",
                self.tenant_id,
                payment_id,
                driver_email,
                driver_locale,
            )

    async def send(self, mail: Mail) -> None:
        """As the Mailer port: the mail lies here."""
        self.mails.append(mail)

    async def balance(self, code: str) -> int:
        async with self.database.begin_read(self.tenant_id) as work:
            return sum(one.amount_minor for one in await work.books.balances(code) if one.code == code)

    async def reviews(self) -> set[str]:
        return {row["reason_code"] for row in await self.rows("select reason_code from review_item")}

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.begin_read(self.tenant_id) as work:
            return list(await cast("Any", work).connection.fetch(statement))

    def misbehave(self, **habits: Any) -> None:
        with self.desk.store.transaction():
            self.desk.store.put_misbehaviour(account_of(API_KEY), Misbehaviour(**habits))

    def theirs(self, payment_id: UUID) -> list[Any]:
        """The provider's own books of a payment."""
        return self.desk.store.payments(account_of(API_KEY), f"{payment_id}:1")

    async def post_webhook(self, raw: bytes, signature: str, endpoint_key: str = "") -> httpx.Response:
        path = f"/hooks/sandbox/{endpoint_key or self.world.endpoint_key}"
        return await self.hooks.post(path, content=raw, headers={"Sandbox-Signature": signature})

    def _container(self) -> SimpleNamespace:
        return SimpleNamespace(
            database=self.database,
            clock=self.clock,
            ids=self.ports.ids,
            secrets=self.ports.secrets,
            gateways=self.ports.gateways,
            hints=self.ports.hints,
            mailer=self,
            settings=SimpleNamespace(public_url=self.ports.public_url),
        )

    def _handlers(self) -> Any:
        async def issue_receipt(_: Any, __: int, payment_id: UUID) -> None:
            self.receipts.append(payment_id)

        return {**HANDLERS, "issue_receipt": issue_receipt}


async def open_till(database: Database, clock: Any, ids: Any, *, gateway: Gateway | None = None) -> Till:
    """The till of the lab's provider, or of ``gateway`` in its place."""
    secrets = OpenSecrets()
    world = await small_world(database, clock=clock, ids=ids, secrets=secrets)
    async with database.begin(world.tenant_id) as work:
        await open_gateway_account(
            work,
            ids,
            secrets,
            gateway="sandbox",
            settings=msgspec.json.encode({"base_url": "http://sandbox.test"}),
            secrets=msgspec.json.encode({"api_key": API_KEY}),
            at=clock.now(),
        )
    desk = Desk(Store(":memory:"), "http://sandbox.test", clock.now)
    provider = httpx.ASGITransport(app=cast("Any", create_provider(desk)))
    sandbox = gateway or SandboxGateway(httpx.AsyncClient(transport=provider))
    ports = PaymentPorts(database, {"sandbox": sandbox}, secrets, clock, ids, LocalBus(), PUBLIC_URL)
    till = Till(ports, world, database, desk, Lab(database, world, clock, ids), clock, httpx.AsyncClient())
    hooks = httpx.ASGITransport(app=cast("Any", _hooks_app(till)))
    till.hooks = httpx.AsyncClient(transport=hooks, base_url=PUBLIC_URL)
    return till


def _hooks_app(till: Till) -> Litestar:
    container = till._container()
    return Litestar(
        route_handlers=hook_routes,
        dependencies={"container": Provide(lambda: container, sync_to_thread=False)},
        exception_handlers={WattledgerError: answer_refusal},
        state=State({"public_url": PUBLIC_URL}),
        openapi_config=None,
        logging_config=None,
    )
