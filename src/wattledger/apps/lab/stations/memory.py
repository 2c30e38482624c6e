"""What a fleet's meters remember through a power cut: a file, written before anything is told of a reading."""

from __future__ import annotations

import json
from pathlib import Path


class MeterMemory:
    """Registers by identity and EVSE, in milliwatt-hours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._registers: dict[str, int] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def of(self, identity: str) -> dict[int, int]:
        """Where the station's meters stood; empty for one that never counted."""
        own = (key.rpartition("/") for key in self._registers)
        return {int(no): self._registers[f"{name}/{no}"] for name, _, no in own if name == identity}

    def note(self, identity: str, evse_no: int, register_milliwh: int) -> None:
        """The register stands there from now on, whatever ends this process."""
        self._registers[f"{identity}/{evse_no}"] = register_milliwh
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._registers), "utf-8")
        partial.replace(self._path)
