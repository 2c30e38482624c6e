"""Pages as PDF/A-2b: archive-proof, with typst's embedded fonts only, so every machine gives the same bytes."""

from __future__ import annotations

import threading
from importlib.resources import files

import msgspec
import typst

from wattledger.core.billing.page import Page


class TypstDocuments:
    """Implements the Documents port. The compiler is kept, as its fonts are; one page at a time."""

    def __init__(self) -> None:
        self._template = files("wattledger.adapters.documents").joinpath("document.typ").read_bytes()
        self._compiler = typst.Compiler(ignore_system_fonts=True)
        self._lock = threading.Lock()

    def render(self, page: Page) -> bytes:
        inputs = {"page": msgspec.json.encode(page).decode()}
        with self._lock:
            try:
                return self._compile(inputs, page, ["a-2b"])
            except typst.TypstError as error:
                if "could not be displayed" not in error.message:
                    raise
                # PDF/A wants every sign to have a shape. A name in a script that the fonts lack must not
                # keep a document from being issued: it is then an ordinary PDF, the text still in it.
                return self._compile(inputs, page, [])

    def _compile(self, inputs: dict[str, str], page: Page, standards: list[typst.PDFStandard]) -> bytes:
        made_at = page.issued_at.replace(microsecond=0)  # PDF counts in seconds
        pdf = self._compiler.compile(
            self._template, format="pdf", sys_inputs=inputs, pdf_standards=standards, timestamp=made_at
        )
        assert isinstance(pdf, bytes)
        return pdf
