"""Fiscal documents as PDF, set by typst."""

from __future__ import annotations

from wattledger.adapters.documents.typeset import TypstDocuments


def build_documents() -> TypstDocuments:
    """The Documents port, ready to render."""
    return TypstDocuments()
