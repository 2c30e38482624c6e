"""How a handler asks for the container: ``container: Wired``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.di import NamedDependency
from litestar.params import SkipValidation

if TYPE_CHECKING:
    from wattledger.bootstrap import Container

    Wired = NamedDependency[SkipValidation[Container]]
else:
    # Loading the adapters is the business of whoever opens the container.
    Wired = NamedDependency[SkipValidation[Any]]
