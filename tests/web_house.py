"""The web process of a test, on its database: a site to ask, and a gateway that holds what it is asked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from litestar import Litestar

from wattledger.adapters.advisories import shipped_advisories
from wattledger.adapters.postgres.database import Database
from wattledger.adapters.station_bus.local import LocalBus
from wattledger.apps.web.driver import driver_routes
from wattledger.apps.web.main import create_app
from wattledger.bootstrap import Container
from wattledger.flows.ports.base import Clock, Ids
from wattledger.flows.ports.gateway import AccountShape, Capabilities, Checkout, CheckoutAsk, GatewayAccess
from world import OpenSecrets

PUBLIC_URL = "http://testserver.local"


@dataclass
class QuietGateway:
    """Opens hosted pages and remembers what for; nothing else is asked of it here."""

    name: str = "sandbox"
    capabilities: Capabilities = field(default=Capabilities(key_lifetime_s=86_400, can_increment=False))
    account_shape: AccountShape = field(default=AccountShape((), (), ()))
    asked: list[CheckoutAsk] = field(default_factory=list)

    def least_minor(self, currency: str) -> int:
        del currency
        return 50

    async def begin_checkout(self, access: GatewayAccess, ask: CheckoutAsk, *, key: str) -> Checkout:
        del access, key
        self.asked.append(ask)
        return Checkout(f"ref-{len(self.asked)}", f"https://pay.example/{len(self.asked)}")


def web_container(
    database: Database, clock: Clock, ids: Ids, *, gateway: Any = None, public_url: str = PUBLIC_URL
) -> Container:
    gateway = gateway or QuietGateway()
    return cast(
        "Container",
        SimpleNamespace(
            settings=SimpleNamespace(public_url=public_url, web_host="127.0.0.1", web_port=0),
            clock=clock,
            ids=ids,
            secrets=OpenSecrets(),
            database=database,
            hints=LocalBus(),
            gateways={gateway.name: gateway},
            advisories=shipped_advisories(),
        ),
    )


def driver_app(container: Container) -> Litestar:
    """The site with the driver's room alone."""
    return create_app(container, routes=driver_routes)
