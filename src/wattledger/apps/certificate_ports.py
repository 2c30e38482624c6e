"""What the certificate flows need, from a process's container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattledger.flows.station_certificates import CertificatePorts

if TYPE_CHECKING:
    from wattledger.bootstrap import Container


def certificate_ports(container: Container) -> CertificatePorts:
    return CertificatePorts(
        container.database, container.clock, container.ids, container.secrets, container.issuing_ca
    )
