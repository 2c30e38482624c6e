"""A station's way to its own certificate, through real processes: asked for, signed, shown at the door."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from charger import Charger
from keyring import client_tls, key_and_request
from ports import free_port
from waiting import PATIENCE_S, until

pytestmark = pytest.mark.journey
PASSWORD = "secret-LOAD00001-0123456"
NAME = "LOAD00001"


class House:
    """`wattledger run` with both doors open and one station."""

    def __init__(self, directory: Path, log: Path) -> None:
        self.directory = directory
        self.plain_port, self.tls_port = free_port(), free_port()
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("WATTLEDGER_")} | {
            "WATTLEDGER_DATA_DIR": str(directory),
            "WATTLEDGER_WEB_PORT": str(free_port()),
            "WATTLEDGER_STATION_PORT": str(self.plain_port),
            "WATTLEDGER_STATION_TLS_PORT": str(self.tls_port),
        }
        with log.open("w") as errors:
            self._run = subprocess.Popen(
                self._words("run"), env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self._run.stdout is not None
        assert "is ready" in self._run.stdout.readline(), log.read_text()
        self.command("provision", "--stations", "1", "--password", "secret-{id}-0123456")

    def command(self, *words: str) -> str:
        return subprocess.run(
            self._words(*words), env=self._environment, capture_output=True, text=True, check=True
        ).stdout

    def close(self) -> None:
        self._run.terminate()
        self._run.wait(PATIENCE_S)
        assert self._run.stdout is not None
        self._run.stdout.close()

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "wattledger.apps.cli.main", *words]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path / "data", tmp_path / "run.log")
    try:
        yield one
    finally:
        one.close()


async def test_a_station_gets_its_certificate_and_never_falls_back(house: House, tmp_path: Path) -> None:
    url, folder = f"wss://127.0.0.1:{house.tls_port}", house.directory / "station-tls"
    key, csr = key_and_request(NAME)
    async with Charger(url, NAME, "2.0.1", PASSWORD, tls=client_tls(folder, tmp_path)) as station:
        await station.boot()
        assert await station.call("SignCertificate", {"csr": csr}) == {"status": "Accepted"}
        given = await station.answer("CertificateSigned", {"status": "Accepted"})
    own = tmp_path / "own.pem"
    own.write_bytes(given["certificateChain"].encode() + key)
    await show(url, folder, own)
    assert "active" in house.command("station", "certificates", NAME)
    with pytest.raises(InvalidStatus, match="403"):
        await Charger(f"ws://127.0.0.1:{house.plain_port}", NAME, "2.0.1", PASSWORD).connect()


async def show(url: str, folder: Path, own: Path) -> None:
    """The certificate opens the door, as soon as the new authority is trusted there."""

    async def is_let_in() -> bool:
        tls = client_tls(folder, own.parent)
        tls.load_cert_chain(own)
        try:
            async with Charger(url, NAME, "2.0.1", None, tls=tls) as station:
                await station.boot()
                return True
        except (InvalidHandshake, OSError, EOFError):
            return False

    await until(is_let_in)
