"""Templates to pages. Everything a template shows is escaped; a name it does not get is an error, not a blank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from wattledger.apps.web.assets import asset

_WEB: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class House:
    """Who runs the place a page speaks for: the tenant's name, and whom to call."""

    name: str
    help_phone: str | None = None


@cache
def environment() -> Environment:
    """Shared templates by name (``base.html``), those of a room by its folder (``driver/arrive.html``)."""
    jinja = Environment(
        loader=FileSystemLoader([_WEB / "templates", _WEB]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals["asset"] = asset
    return jinja


def render(template: str, **facts: object) -> str:
    """The HTML of one template; ``house`` is None where a page speaks for no tenant."""
    facts.setdefault("house", None)
    return environment().get_template(template).render(facts)


def page(
    template: str, *, status_code: int = 200, headers: dict[str, str] | None = None, **facts: object
) -> Response[str]:
    """A whole page, never kept by caches: it shows money as it is at this moment."""
    return Response(
        render(template, **facts),
        status_code=status_code,
        media_type=MediaType.HTML,
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )
