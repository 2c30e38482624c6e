"""How a handler asks for the container: ``container: Wired``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from litestar.params import Dependency

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

    Wired = Annotated[Container, Dependency(skip_validation=True)]
else:
    # Loading the adapters is the business of whoever opens the container.
    Wired = Annotated[Any, Dependency(skip_validation=True)]
