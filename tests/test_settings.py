"""The environment gives the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattledger.core.kernel.errors import InvalidInput
from wattledger.settings import load_settings, to_environment, unknown_names

HOME = {"HOME": "/home/ada"}


class TestReading:
    def test_without_any_variable_everything_stays_on_loopback(self) -> None:
        settings = load_settings(HOME)
        assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)
        assert (settings.station_host, settings.station_port) == ("127.0.0.1", 9000)
        assert settings.public_url == "http://127.0.0.1:8080"
        assert settings.dsn is None

    def test_each_variable_sets_its_field(self) -> None:
        settings = load_settings(
            HOME
            | {"WATTLEDGER_WEB_PORT": "8181", "WATTLEDGER_DATA_DIR": "/srv/w", "WATTLEDGER_IS_PGBOUNCER": "true"}
        )
        assert (settings.web_port, settings.data_dir, settings.is_pgbouncer) == (8181, Path("/srv/w"), True)

    def test_an_empty_variable_is_as_good_as_none(self) -> None:
        assert load_settings(HOME | {"WATTLEDGER_DSN": ""}).dsn is None

    def test_a_relative_data_directory_is_made_absolute(self) -> None:
        assert load_settings(HOME | {"WATTLEDGER_DATA_DIR": "var"}).data_dir == Path.cwd() / "var"

    def test_the_public_address_ends_without_a_slash(self) -> None:
        assert (
            load_settings(HOME | {"WATTLEDGER_PUBLIC_URL": "https://pay.example/"}).public_url
            == "https://pay.example"
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("WEB_PORT", "http"),
            ("WEB_PORT", "0"),
            ("STATION_PORT", "70000"),
            ("LOG_FORMAT", "xml"),
            ("IS_PGBOUNCER", "?"),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, name: str, value: str) -> None:
        with pytest.raises(InvalidInput, match="setting_malformed"):
            load_settings(HOME | {f"WATTLEDGER_{name}": value})


class TestPassingOn:
    def test_a_child_process_loads_the_same_settings(self) -> None:
        settings = load_settings(HOME | {"WATTLEDGER_WEB_PORT": "8181", "WATTLEDGER_IS_PGBOUNCER": "1"})
        assert load_settings(to_environment(settings)) == settings

    def test_a_misspelt_name_is_found(self) -> None:
        assert unknown_names({"WATTLEDGER_WEBPORT": "1", "WATTLEDGER_DSN": "", "PATH": ""}) == [
            "WATTLEDGER_WEBPORT"
        ]
