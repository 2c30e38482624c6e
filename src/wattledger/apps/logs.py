"""Logs are data, one line an event; what must stay secret is taken out before it is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

from wattledger.core.kernel.card_numbers import replace_card_numbers

REDACTED: Final = "[redacted]"

_SECRET_NAME: Final = re.compile(
    r"pass(?:word|wd|phrase)|secret|authoriz|cookie|api_?key|signature|credential|(?:^|_)pwd$|dsn$|"
    r"(?:^|_)(?:pan|cvv|cvc|iban)$|token$|token_uid$|^id_?tag$|card_number",
    re.IGNORECASE,
)
#: Secrets that stand inside sentences: log-in headers, keys of gateways, passwords within addresses.
_SECRET_WORDS: Final = (
    (re.compile(r"\b(Basic|Bearer|Digest)\s+[A-Za-z0-9+/=._~-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\b(?:[sr]k_(?:live|test)|whsec)_\w+"), REDACTED),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), rf"\1:{REDACTED}@"),
    (
        re.compile(
            r"\b(password|passwd|secret|api_?key|access_token)\b(\"?\s*[=:]\s*)\"?[^\s\",;&)}]+", re.IGNORECASE
        ),
        rf"\1\2{REDACTED}",
    ),
)
_DEPTH_MAX: Final = 8


def redact_text(text: str) -> str:
    """``text`` without log-in headers, gateway keys, passwords in addresses and card numbers."""
    for pattern, replacement in _SECRET_WORDS:
        text = pattern.sub(replacement, text)
    return replace_card_numbers(text, lambda _: REDACTED)


def redact(value: Any, name: str = "", depth: int = 0) -> Any:
    """``value`` with every secret in it hidden: by its name, or by how it looks."""
    if value is None or isinstance(value, bool):
        return value
    if name and _SECRET_NAME.search(name):
        return REDACTED
    if depth > _DEPTH_MAX:
        return "[too deep]"
    match value:
        case str():
            return redact_text(value)
        case bytes():
            return redact_text(value.decode("utf-8", "replace"))
        case int():
            text = str(value)
            return value if redact_text(text) == text else REDACTED
        case float():
            return value
        case Mapping():
            return {redact_text(str(key)): redact(item, str(key), depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redact(item, "", depth + 1) for item in value]
        case _:
            return redact_text(str(value))


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: runs last before rendering, so that tracebacks are seen too."""
    return {redact_text(name): redact(value, name) for name, value in event.items()}


def configure_logging(*, log_format: str, level: str, process: str, stream: TextIO | None = None) -> None:
    """From here on structlog and the standard library write to ``stream`` (stderr), redacted, in UTC."""
    out = sys.stderr if stream is None else stream
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
        structlog.processors.StackInfoRenderer(),
    ]
    is_json = log_format == "json"
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact_event,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("websockets", "uvicorn", "httpx", "httpcore", "stripe", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Its pool tells of every try while a database is away; who asks for a connection is told already.
    logging.getLogger("asyncpg").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _named(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("process", process)
        return event

    return add
