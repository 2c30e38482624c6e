"""The gateways Wattledger can speak to; each is a folder with what it means, how it is called, how it calls us."""

from __future__ import annotations

from wattledger.flows.ports.gateway import Gateway


def build_gateways() -> dict[str, Gateway]:
    """Every gateway by its name. Nothing is connected before the first call."""
    # Imported here: the Stripe SDK is large, and most commands never pay anything.
    from wattledger.adapters.gateways.adyen.client import AdyenGateway  # noqa: PLC0415
    from wattledger.adapters.gateways.mollie.client import MollieGateway  # noqa: PLC0415
    from wattledger.adapters.gateways.sandbox.client import SandboxGateway  # noqa: PLC0415
    from wattledger.adapters.gateways.stripe.client import StripeGateway  # noqa: PLC0415

    gateways: tuple[Gateway, ...] = (SandboxGateway(), StripeGateway(), AdyenGateway(), MollieGateway())
    return {gateway.name: gateway for gateway in gateways}
