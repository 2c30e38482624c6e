"""A driver's pages: arrive, pay, charge, done."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

driver_routes: list[ControllerRouterHandler] = []
