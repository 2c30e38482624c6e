"""The lab's provider: the shared contract."""

from __future__ import annotations

from gateway_contract import GatewayContract
from sandbox_double import SandboxDouble


class TestSandbox(GatewayContract):
    double = SandboxDouble
