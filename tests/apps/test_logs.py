"""No secret reaches the log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from wattledger.apps.logs import REDACTED, configure_logging, redact, redact_text

CARD = "4242424242424242"


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["password", "Authorization", "cookie", "stripe_api_key", "webhook_secret", "token_uid", "idTag", "dsn",
         "access_token", "csrf_token", "X-Signature", "smtp_password", "iban"],
    )  # fmt: skip
    def test_what_is_named_like_a_secret_is_hidden(self, name: str) -> None:
        assert redact({name: "value"}) == {name: REDACTED}

    @pytest.mark.parametrize("name", ["token_id", "session_id", "station", "company", "signed_at", "amount_minor"])
    def test_what_is_no_secret_is_shown(self, name: str) -> None:
        assert redact({name: "value"}) == {name: "value"}

    def test_depth_does_not_hide_from_us(self) -> None:
        assert redact([{"headers": ({"Authorization": "x"},)}]) == [{"headers": [{"Authorization": REDACTED}]}]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("Authorization: Basic bG9hZDpwYXNz", "bG9hZDpwYXNz"),
            ("sent bearer eyJhbGciOi.J9-x_y", "eyJhbGciOi"),
            ("key sk_live_51Habc and whsec_9f9f", "51Habc"),
            ("key sk_live_51Habc and whsec_9f9f", "9f9f"),
            ("postgresql://wl:hunter2@db/wl is gone", "hunter2"),
            ('{"password": "hunter2"}', "hunter2"),
            ("password=hunter2&x=1", "hunter2"),
            (f"paid with {CARD}.", CARD),
            ("paid with 4242 4242 4242 4242", "4242 4242"),
            ("paid with 3782-822463-10005", "822463"),
        ],
    )
    def test_a_secret_within_a_sentence_is_hidden(self, text: str, hidden: str) -> None:
        assert hidden not in redact_text(text)
        assert REDACTED in redact_text(text)

    @pytest.mark.parametrize(
        "text",
        [
            "019abcde-4242-7242-8242-424242424242",
            "1764000000000",
            "4242424242424241",
            "register 12345678 milliwh",
            "http://127.0.0.1:8080/c/DE*WLT*E00001*1",
        ],
    )
    def test_ids_instants_and_readings_are_shown(self, text: str) -> None:
        assert redact_text(text) == text

    def test_a_card_number_as_an_integer_is_hidden_too(self) -> None:
        assert redact({"n": int(CARD), "m": 12}) == {"n": REDACTED, "m": 12}

    def test_a_card_number_as_a_name_is_hidden_too(self) -> None:
        assert redact({"said": {CARD: 1}, CARD: 2}) == {"said": {REDACTED: 1}, REDACTED: 2}


class TestLines:
    @pytest.fixture
    def stream(self) -> Iterator[io.StringIO]:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        yield io.StringIO()
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()

    def lines(self, stream: io.StringIO) -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    def test_our_own_events_are_one_json_object_a_line(self, stream: io.StringIO) -> None:
        configure_logging(log_format="json", level="info", process="web", stream=stream)
        structlog.get_logger("wattledger").info("signed_in", staff="ada", password="hunter2")
        (line,) = self.lines(stream)
        assert (line["event"], line["process"], line["staff"], line["password"]) == (
            "signed_in",
            "web",
            "ada",
            REDACTED,
        )
        assert line["timestamp"].endswith("Z")

    def test_libraries_write_the_same_lines(self, stream: io.StringIO) -> None:
        configure_logging(log_format="json", level="info", process="stations", stream=stream)
        logging.getLogger("uvicorn.error").warning("header %s", "Authorization: Basic bG9hZDpwYXNz")
        (line,) = self.lines(stream)
        assert line["event"] == f"header Authorization: Basic {REDACTED}"
        assert line["level"] == "warning"

    def test_a_traceback_is_kept_without_its_secrets(self, stream: io.StringIO) -> None:
        configure_logging(log_format="json", level="info", process="worker", stream=stream)
        structlog.get_logger().error("failed", exc_info=ValueError(f"declined {CARD}"))
        (line,) = self.lines(stream)
        assert "ValueError: declined [redacted]" in line["exception"]

    def test_on_a_console_secrets_are_hidden_too(self, stream: io.StringIO) -> None:
        configure_logging(log_format="console", level="info", process="web", stream=stream)
        structlog.get_logger().error("failed", note=f"card {CARD}", exc_info=ValueError(f"declined {CARD}"))
        assert CARD not in stream.getvalue()
        assert "ValueError: declined [redacted]" in stream.getvalue()
