"""The port that sets fiscal documents in type."""

from __future__ import annotations

from typing import Protocol

from wattledger.core.billing.page import Page


class Documents(Protocol):
    def render(self, page: Page) -> bytes:
        """A PDF of the page: the same bytes for the same page. It takes tens of milliseconds of one core."""
        ...
