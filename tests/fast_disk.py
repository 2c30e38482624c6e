"""Where the databases of tests lie."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
_BYTES_NEEDED: Final = 2_000_000_000


def fast_root() -> Path:
    """Memory where there is enough of it: fsync stays on, and costs nothing there."""
    return MEMORY if _is_fit(MEMORY) else Path(tempfile.gettempdir())


def _is_fit(memory: Path) -> bool:
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return False
    # PostgreSQL's programs are copied beside the data where its account cannot reach them.
    is_for_data_alone = bool(os.statvfs(memory).f_flag & os.ST_NOEXEC)
    return not is_for_data_alone and shutil.disk_usage(memory).free > _BYTES_NEEDED
