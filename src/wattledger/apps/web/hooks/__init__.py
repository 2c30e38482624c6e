"""Where gateways call us."""

from wattledger.apps.web.hooks.receive import hook_routes

__all__ = ["hook_routes"]
