"""Bank statements as files: camt.053 of any version, and CSV as banks export it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wattledger.core.billing.bank_match import Credit
from wattledger.core.kernel.errors import InvalidInput

BYTES_MAX: Final = 20 * 1024 * 1024


class FileStatements:
    """Implements the Statements port."""

    def read(self, raw: bytes) -> Sequence[Credit]:
        # Imported here: the XML library is large, and most commands never see a statement.
        from wattledger.adapters.statements.camt import read_camt  # noqa: PLC0415
        from wattledger.adapters.statements.table import read_table  # noqa: PLC0415

        if len(raw) > BYTES_MAX:
            raise InvalidInput("statement_too_large", f"A statement may have {BYTES_MAX} bytes.")
        return read_camt(raw) if raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else read_table(raw)


def unreadable(why: str) -> InvalidInput:
    return InvalidInput("statement_unreadable", f"This is no statement that can be read: {why}")
