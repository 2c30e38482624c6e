"""The port that keeps the passwords people choose."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """A slow, salted, memory-hard hash: what is stored does not help who steals it."""

    def hash(self, password: str) -> str:
        """A new hash of ``password``, with its salt and parameters."""
        ...

    def is_right(self, password_hash: str, password: str) -> bool:
        """Whether ``password_hash`` was made of ``password``; takes as long for a wrong one."""
        ...
