"""The protocol versions we speak. A version joins by its sub-protocol here and its package beside these two."""

from __future__ import annotations

from typing import Final

from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.dialect import Dialect
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v201 import translate as v201

# By preference.
SUBPROTOCOLS: Final = ("ocpp2.0.1", "ocpp1.6")
_DIALECTS: Final[dict[str, Dialect]] = {"ocpp2.0.1": v201, "ocpp1.6": v16}


def dialect_of(subprotocol: str) -> Dialect:
    """The dialect of a sub-protocol we speak. Raises InvalidInput ``version_unknown``."""
    dialect = _DIALECTS.get(subprotocol)
    if dialect is None:
        raise InvalidInput("version_unknown", f"{subprotocol[:20]!r} is no version of OCPP that is spoken here.")
    return dialect
