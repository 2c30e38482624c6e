"""The TLS side of the door: versions, suites, whose client certificates are looked at (OCPP 2.0.1 part 2, A00)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wattledger.core.kernel.errors import InvalidInput

# Forward secrecy and authenticated encryption only. OCPP also names TLS_RSA_WITH_AES_128_GCM_SHA256 for stations
# that cannot do better: one stolen key would open everything ever recorded, so it is left out.
SUITES: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context for TLS 1.2 and later. Raises InvalidInput ``tls_certificate_unusable``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            "tls_certificate_unusable", f"{certificate} and {key} make no TLS certificate: {error}"
        ) from None
    return context


def trust(context: ssl.SSLContext, roots: Sequence[str]) -> None:
    """Client certificates of these authorities (PEM) are asked for from the next connection on, and verified.

    A station without one may still come with its password. Whether a certificate is this station's own is the
    door's question, not OpenSSL's.
    """
    if roots:
        context.load_verify_locations(cadata="\n".join(roots))
        context.verify_mode = ssl.CERT_OPTIONAL
