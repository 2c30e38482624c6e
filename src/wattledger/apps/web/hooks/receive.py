"""A gateway's webhook: the raw bytes are verified and stored, then answered 2xx; work on them comes later.

4xx: signature, time or form are wrong, and nothing was stored. 5xx: it could not be stored; the gateway
sends it again. A message that was known before is answered as if it were new.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from prometheus_client import Counter

from wattledger.apps.payment_ports import payment_ports
from wattledger.apps.web.card_guard import STRIKES
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import InvalidInput, WattledgerError
from wattledger.flows.apply_webhook import RAW_BYTES_MAX, take_webhook

_LOG: Final = structlog.get_logger("hooks")
_TAKEN: Final = Counter("wattledger_webhooks_total", "Webhook deliveries by outcome.", ["gateway", "outcome"])
_KNOWN_GATEWAY_LENGTH_MAX: Final = 32
# Gateways wait for ten seconds or more (Stripe, Adyen), so that whoever needs longer is none.
BODY_WITHIN_S: Final = 10.0


@post(
    "/hooks/{gateway:str}/{endpoint_key:str}",
    status_code=200,
    include_in_schema=False,
    opt={"is_called_by_programs": True, STRIKES: True},
    request_max_body_size=RAW_BYTES_MAX,
)
async def receive_webhook(
    request: Request[Any, Any, State], container: Wired, gateway: FromPath[str], endpoint_key: FromPath[str]
) -> Response[str]:
    ports = payment_ports(container)
    label = gateway if gateway in container.gateways else "unknown"
    raw = b""
    try:
        raw = await _whole_body(request)
        stored = await take_webhook(
            ports,
            container.database,
            gateway=gateway[:_KNOWN_GATEWAY_LENGTH_MAX],
            endpoint_key=endpoint_key,
            headers={name.lower(): value for name, value in request.headers.items()},
            raw=raw,
        )
    except WattledgerError as refusal:
        _TAKEN.labels(label, refusal.code).inc()
        _LOG.warning("webhook_refused", gateway=label, code=refusal.code, byte_count=len(raw))
        raise
    _TAKEN.labels(label, "stored" if stored else "known").inc()
    return Response("[accepted]", media_type="text/plain")


async def _whole_body(request: Request[Any, Any, State]) -> bytes:
    """Raises InvalidInput ``webhook_incomplete`` where the rest does not come: nobody holds a place for ever."""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await request.body()
    except TimeoutError:
        raise InvalidInput("webhook_incomplete", "The message did not arrive whole in time.") from None


hook_routes: Final[list[ControllerRouterHandler]] = [receive_webhook]
