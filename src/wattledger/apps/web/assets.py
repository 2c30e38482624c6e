"""Static files, each under an address that follows from its content, so that browsers may keep it for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "LICENSE": "text/plain; charset=utf-8",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every file below ``static`` by its path; read once, they are small."""
    return dict(_walk(files("wattledger.apps.web") / "static", ""))


def asset(path: str) -> str:
    """The address of ``static/<path>`` as it is now.

    A browser library that was not fetched (`make assets`) is an address that answers 404: pages work without
    it. Raises LookupError for a file of our own that is missing.
    """
    found = assets().get(path)
    if found is None and not path.startswith("vendor/"):
        raise LookupError(f"static/{path} is missing")
    return f"/static/{'missing' if found is None else found.digest}/{path}"


@get("/static/{digest:str}/{path:path}", include_in_schema=False, opt={"is_public": True})
async def static_file(
    request: Request[Any, Any, Any], digest: FromPath[str], path: FromPath[str]
) -> Response[bytes]:
    """The file's bytes; an older digest is answered with today's file, and then not kept."""
    found = assets().get(path.lstrip("/"))
    if found is None:
        raise NotFoundException
    headers = {
        "Cache-Control": FOR_EVER if digest == found.digest else "no-cache",
        "ETag": f'"{found.digest}"',
        "Vary": "Accept-Encoding",
    }
    is_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    if is_gzip:
        headers["Content-Encoding"] = "gzip"
    return Response(found.gzipped if is_gzip else found.body, media_type=found.media_type, headers=headers)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            found += _walk(entry, f"{path}/")
            continue
        media_type = MEDIA_TYPES.get(path.rpartition(".")[2])
        if media_type is not None:
            body = entry.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:16]
            found.append((path, Asset(body, gzip.compress(body, 9, mtime=0), media_type, digest)))
    return found
