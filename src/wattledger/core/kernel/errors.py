"""Every refusal Wattledger can give, each with a code that never changes.

::

    WattledgerError
    ├── InvalidInput       the caller must change the request        422
    ├── NotFound           nothing of that name for this caller      404
    ├── Refused            understood, and not allowed now           409
    ├── Unauthorized       who are you?                              401
    ├── Forbidden          not yours                                 403
    └── Unavailable        try again later                           503

A refusal is an answer, not a fault: it changes nothing and pages nobody.
"""

from __future__ import annotations

from typing import ClassVar


class WattledgerError(Exception):
    """A refusal with a stable ``code`` and a sentence a person can act on."""

    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class InvalidInput(WattledgerError):
    http_status = 422


class NotFound(WattledgerError):
    http_status = 404


class Refused(WattledgerError):
    http_status = 409


class Unauthorized(WattledgerError):
    http_status = 401


class Forbidden(WattledgerError):
    http_status = 403


class Unavailable(WattledgerError):
    http_status = 503
    retryable = True
