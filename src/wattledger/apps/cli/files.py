"""What a command reads and writes: a file or standard input, and sentences that fold where a terminal ends."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from wattledger.core.kernel.errors import InvalidInput

_BYTES_MAX: Final = 16_000_001  # one more than any reader takes, so that it is refused as too much
_COLUMNS_MIN: Final = 40


def read_source(name: str) -> bytes:
    """A file's bytes, or standard input's for ``-``. Raises InvalidInput ``file_unreadable``."""
    try:
        if name != "-":
            with Path(name).open("rb") as file:
                return file.read(_BYTES_MAX)
        if sys.stdin is not None:  # a process may be started without one
            return sys.stdin.buffer.read(_BYTES_MAX)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InvalidInput("file_unreadable", f"{name}: {reason}") from None
    raise InvalidInput("file_unreadable", "There is no standard input.")


def folded(sentences: Iterable[str]) -> str:
    """A sentence a line; on a terminal folded between words, what goes on standing further in."""
    if not sys.stdout.isatty():
        return "\n".join(sentences)
    columns = max(shutil.get_terminal_size().columns, _COLUMNS_MIN)
    return "\n".join(_fold(sentence, columns) for sentence in sentences)


def _fold(sentence: str, columns: int) -> str:
    indent = " " * (len(sentence) - len(sentence.lstrip()) + 4)
    return textwrap.fill(sentence, columns, subsequent_indent=indent, break_on_hyphens=False)
