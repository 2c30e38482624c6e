"""A till whose payments go to a stand-in of any provider, through a proxy that spoils calls on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec

from billed_sessions import Lab
from fault_proxy import Fault, FaultProxy
from forecourt import Forecourt
from provider_double import ProviderDouble, Tab
from sandbox_double import SandboxDouble
from till import PUBLIC_URL, Till, _hooks_app
from wattledger.adapters.gateway_books import ListedGatewayBooks
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.postgres.stores.verify import open_raw_books
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.core.ledger.accounts import house_accounts
from wattledger.flows.manage_catalog import open_gateway_account
from wattledger.flows.open_access import PaymentPorts
from wattledger.flows.ports.verify import AuditPorts
from wattledger.flows.seal_books import seal_books
from wattledger.flows.verify_books import verify_books
from world import OpenSecrets, small_world

_PLANTED = ("bill_", "session_", "energy_", "start_", "event_")


class Shop(Till):
    """``double`` is the provider, ``proxy`` the line to it."""

    double: ProviderDouble
    proxy: FaultProxy
    is_deaf = False  # no message of the provider arrives
    forecourt: Forecourt | None = None

    async def close(self) -> None:
        if self.forecourt is not None:
            await self.forecourt.close()

    async def press(self, payment_id: UUID, card: str, holder: str = "one phone") -> None:
        del card, holder
        ref = (await self.record(payment_id)).attempts[-1].gateway_ref
        assert ref is not None
        self.double.pay(ref)

    async def deliver(self) -> int:
        told, self.double.messages = self.double.messages, []
        if self.is_deaf:
            self.double.messages = told
            return 0
        (endpoint,) = await self.rows(
            "select endpoint_key from gateway_account where gateway = '" + self.gateway + "'"
        )
        for message in told:
            path = f"/hooks/{self.gateway}/{endpoint['endpoint_key']}"
            answer = await self.hooks.post(path, content=message.raw, headers=message.headers)
            assert answer.status_code == 200, answer.text
        return len(told)

    def theirs(self, payment_id: UUID) -> list[Tab]:
        return self.double.of(f"{payment_id}:1")

    def spoil(self, verb: str, fault: Fault, times: int, *, and_looks: bool = False) -> None:
        """The next ``times`` calls of that kind meet the fault; looks at the payment too, if wanted."""
        left = {"calls": times, "looks": times if and_looks else 0}

        def judge(method: str, path: str) -> Fault | None:
            kind = "looks" if method == "GET" else "calls"
            is_meant = method == "GET" or (method != "GET" and self.double.is_call(verb, method, path))
            if not is_meant or not left[kind]:
                return None
            left[kind] -= 1
            return fault

        self.proxy.spoil = judge

    async def audit(self, dsn: str) -> list[str]:
        """The codes of what `wattledger books verify` says, the provider's own books beside ours.

        Without a forecourt sessions are planted, without a meter: what is said of those is left out.
        """
        await seal_books(self.database, self.clock, self.tenant_id)
        async with open_raw_books(dsn) as raw:
            books = ListedGatewayBooks(FaultProxy(self.double))
            report = await verify_books(AuditPorts(raw, self.clock, OpenSecrets(), books))
        assert all(result.checked_count for result in report.results if result.name == "gateways")
        left_out = _PLANTED if self.forecourt is None else ()
        return sorted({one.code for one in report.findings if not one.code.startswith(left_out)})


async def open_shop(
    make: type[ProviderDouble],
    database: Database,
    clock: Any,
    ids: Any,
    currencies: Sequence[str] = ("EUR",),
    *,
    dsn: str = "",
) -> Shop:
    """With a ``dsn`` it has a ``forecourt``, whose sessions are real; who opens it closes it."""
    secrets = OpenSecrets()
    world = await small_world(database, clock=clock, ids=ids, secrets=secrets)
    double = make(clock)
    proxy = FaultProxy(double)
    settings, hidden = double.account()
    async with database.begin(world.tenant_id) as work:
        await open_gateway_account(
            work,
            ids,
            secrets,
            gateway=double.name,
            settings=msgspec.json.encode(settings),
            secrets=msgspec.json.encode(hidden),
            at=clock.now(),
        )
        # The world has a sandbox's account too: new payments go to the double.
        await cast("Any", work).connection.execute(
            "update gateway_account set chosen_at = $3 where tenant_id = $1 and gateway = $2",
            world.tenant_id,
            double.name,
            clock.now(),
        )
        for currency in currencies:
            await work.catalog.add_accounts(house_accounts(currency, (double.name,)), at=clock.now())
    ports = PaymentPorts(
        database, {double.name: double.gateway(proxy)}, secrets, clock, ids, LocalBus(), PUBLIC_URL
    )
    shop = Shop(
        ports, world, database, cast("Any", None), Lab(database, world, clock, ids), clock, httpx.AsyncClient()
    )
    if dsn:
        shop.forecourt = Forecourt(dsn, database, world, ports)
    shop.gateway, shop.double, shop.proxy = double.name, double, proxy
    hooks = httpx.ASGITransport(app=cast("Any", _hooks_app(shop)))
    shop.hooks = httpx.AsyncClient(transport=hooks, base_url=PUBLIC_URL)
    return shop


__all__ = ["SandboxDouble", "Shop", "open_shop"]
