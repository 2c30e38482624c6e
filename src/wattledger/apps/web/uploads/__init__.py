"""Where stations send the logs they were asked for: an address nobody can guess, good for one file and a day."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post, put
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from wattledger.apps.web.card_guard import STRIKES
from wattledger.apps.web.wired import Wired
from wattledger.core.kernel.errors import InvalidInput
from wattledger.flows.fetch_log import LOG_BYTES_MAX, receive_log

_PATH: Final = "/station-logs/{tenant_id:int}/{log_id:uuid}/{secret:str}"
_OPEN: Final = {"is_called_by_programs": True, "is_public": True, STRIKES: True}
_FORM_BYTES: Final = 64 * 1024  # what a form adds around a file


async def _take(
    request: Request[Any, Any, Any],
    container: Wired,
    *,
    tenant_id: FromPath[int],
    log_id: FromPath[UUID],
    secret: FromPath[str],
) -> Response[None]:
    """The file is kept: the body itself, or the file of a form, as stations send either."""
    if not 0 < tenant_id < 1 << 63:
        raise InvalidInput("log_unknown", "Nothing is expected here.")
    content, name = await _file(request)
    await receive_log(
        container.database,
        container.clock,
        container.secrets,
        tenant_id=tenant_id,
        log_id=log_id,
        secret=secret,
        file_name=name or request.path_params.get("file_name"),
        content=content,
    )
    return Response(None, status_code=201)


async def _file(request: Request[Any, Any, Any]) -> tuple[bytes, str | None]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body(), None
    for part in (await request.form()).values():
        if isinstance(part, UploadFile):
            return await part.read(), part.filename
    return b"", None


upload_routes: Final[list[ControllerRouterHandler]] = [
    method(
        [_PATH, f"{_PATH}/{{file_name:str}}"],
        include_in_schema=False,
        opt=_OPEN,
        status_code=201,
        request_max_body_size=LOG_BYTES_MAX + _FORM_BYTES,
        name=f"station-log-{word}",
    )(_take)
    for word, method in (("put", put), ("post", post))
]

__all__ = ["upload_routes"]
