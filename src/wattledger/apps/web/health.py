"""Whether this process can do its work, and how much it did."""

from __future__ import annotations

from litestar import MediaType, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import Unavailable


@get("/healthz", include_in_schema=False, media_type=MediaType.TEXT, opt={"is_public": True})
async def healthz(container: Wired) -> str:
    """``ok`` once the database answers. Raises Unavailable ``database_unavailable``."""
    try:
        await container.database.tenants()
    except (OSError, TimeoutError) as error:
        raise Unavailable("database_unavailable", "The database does not answer.") from error
    return "ok"


@get("/metrics", include_in_schema=False, opt={"is_public": True})
async def metrics() -> Response[bytes]:
    """This process's counters, in Prometheus' text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
