"""Everything that may be set from outside, read once from the environment."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from wattledger.core.kernel.errors import InvalidInput

PREFIX: Final = "WATTLEDGER_"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``WATTLEDGER_WEB_PORT=8081`` sets ``web_port``, and so on for every field."""

    #: Where the embedded PostgreSQL, the generated key and outgoing mail lie.
    data_dir: Path
    #: A PostgreSQL 15 or later of yours; without it one is run below ``data_dir``.
    dsn: str | None = None
    #: The same server without a pooler in between, for migrations and hints; ``dsn`` where not set.
    direct_dsn: str | None = None
    #: ``dsn`` leads through pgbouncer in transaction mode: nothing is prepared on the server.
    is_pgbouncer: bool = False
    pool_size_max: int = 6
    #: auto, system, embedded, or a directory with PostgreSQL's programs.
    postgres_binaries: str = "auto"
    #: Which account runs PostgreSQL when started as root.
    postgres_account: str | None = None

    web_host: str = "127.0.0.1"
    web_port: int = 8080
    station_host: str = "127.0.0.1"
    station_port: int = 9000
    #: Where stations connect over TLS (security profiles 2 and 3); without it, only where a proxy ends TLS.
    station_tls_port: int | None = None
    #: The certificate chain (PEM) of the name that stations connect to; without it one is made for the lab.
    station_tls_certificate: Path | None = None
    station_tls_key: Path | None = None
    #: Addresses of proxies that end TLS, with commas between: X-Forwarded-Proto and -For count from these alone.
    station_trusted_proxies: str = ""
    #: What stations are told to connect to when they are walked up to TLS: wss://host:port/ocpp
    station_public_url: str = ""
    #: How drivers' phones and gateways reach the web process.
    public_url: str = ""

    #: At least 32 random bytes in base64 or hex; without it a key is made in ``data_dir``. When rotated: the new
    #: key, a comma, the old one.
    secret_key: str | None = None
    #: ``postgres`` carries hints between processes; ``local`` suffices within one.
    station_bus: Literal["local", "postgres"] = "postgres"
    #: This process's name among several nodes.
    node: str = ""

    #: smtp://user:password@host:587; without it mail is written to files in ``data_dir``.
    smtp_url: str | None = None
    mail_from: str = "Wattledger <noreply@localhost>"

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def owner_dsn(self) -> str | None:
        """The address for what needs a connection of its own."""
        return self.direct_dsn or self.dsn


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Root's is the machine's; everybody else has their own."""
    if os.geteuid() == 0:
        return Path("/var/lib/wattledger")
    home = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "/")) / ".local" / "share"
    return Path(home) / "wattledger"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that ``environ`` (this process's environment) gives.

    Raises InvalidInput ``setting_malformed``.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, object] = {"data_dir": str(default_data_dir(environ))}
    for name in Settings.__struct_fields__:
        value = environ.get(PREFIX + name.upper(), "")
        if value:
            given[name] = value
    try:
        settings = msgspec.convert(given, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise InvalidInput("setting_malformed", f"A setting cannot be read: {error}") from None
    for name in ("web_port", "station_port", "station_tls_port"):
        port = getattr(settings, name)
        if port is not None and not 1 <= port <= 65535:
            raise InvalidInput("setting_malformed", f"{PREFIX}{name.upper()} is not a port: 1 to 65535.")
    return msgspec.structs.replace(
        settings,
        data_dir=settings.data_dir.expanduser().absolute(),
        public_url=(settings.public_url or f"http://127.0.0.1:{settings.web_port}").rstrip("/"),
        station_public_url=_station_url(settings).rstrip("/"),
        node=settings.node or f"{socket.gethostname()}:{settings.station_port}",
    )


def _station_url(settings: Settings) -> str:
    if settings.station_public_url:
        return settings.station_public_url
    if settings.station_tls_port is not None:
        return f"wss://{settings.station_host}:{settings.station_tls_port}/ocpp"
    return f"ws://{settings.station_host}:{settings.station_port}/ocpp"


def to_environment(settings: Settings) -> dict[str, str]:
    """The environment that makes another process load the same settings."""
    named: dict[str, str] = {}
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        if value is not None:
            named[PREFIX + name.upper()] = str(value).lower() if isinstance(value, bool) else str(value)
    return named


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none: misspelt, most likely."""
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise TypeError(f"No setting is read as {kind.__name__}.")
