"""What a station is told when its CALL cannot be taken: one CALLERROR code and a sentence.

The codes are the protocol's own words. 1.6 misspells one of them ("Occurence") and names another differently
("FormationViolation"), so each version owns a ``Codes``.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from wattledger.core.kernel.errors import InvalidInput

DESCRIPTION_LENGTH_MAX = 255  # OCPP-J 1.6 and 2.0.1, errorDescription


class CallRefused(InvalidInput):
    """A CALL whose payload breaks its schema or whose action is not ours; ``error_code`` is the wire's word."""

    def __init__(self, error_code: str, description: str) -> None:
        super().__init__("call_refused", description[:DESCRIPTION_LENGTH_MAX])
        self.error_code = error_code
        self.description = self.message


@dataclass(frozen=True, slots=True)
class Codes:
    """The CALLERROR codes of one version, by what went wrong."""

    malformed: str  # the payload is no object, or names a field that does not exist
    occurrence: str  # a field, or an item of a list, is missing or one too many
    property_value: str = "PropertyConstraintViolation"
    type_mismatch: str = "TypeConstraintViolation"
    not_implemented: str = "NotImplemented"  # the action is unknown
    not_supported: str = "NotSupported"  # the action is known, and not one a station sends


def refusal_of(error: msgspec.MsgspecError | RecursionError | UnicodeError, codes: Codes) -> CallRefused:
    """The refusal that says what msgspec found wrong."""
    said = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return CallRefused(codes.malformed, said)
    return CallRefused(_code_of(said, codes), said)


def refuse_nul(payload: bytes | msgspec.Raw, codes: Codes) -> None:
    """Raises CallRefused where a text of the payload holds U+0000, which no store of text can keep."""
    if b"\\u0000" in bytes(payload):
        raise CallRefused(codes.property_value, "A text holds the character U+0000.")


def _code_of(said: str, codes: Codes) -> str:
    if "unknown field" in said or (said.startswith("Expected `object`") and " at `$" not in said):
        return codes.malformed
    if "missing required" in said or "`array` of length" in said:
        return codes.occurrence
    if "enum value" in said or "of length" in said or "out of range" in said or "` <= " in said or "` >= " in said:
        return codes.property_value
    return codes.type_mismatch
