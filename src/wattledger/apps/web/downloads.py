"""Files of strangers on their way to a person: never taken for a page of ours."""

from __future__ import annotations

from litestar import Response


def log_download(content: bytes, file_name: str | None) -> Response[bytes]:
    """A station's file, never to be taken for a page of ours."""
    name = "".join(one if one.isalnum() or one in "._-" else "_" for one in file_name or "log.bin")[-100:]
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
