"""``wattledger gateway`` and ``wattledger bank``: an operator sets up how it is paid, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wattledger.adapters.gateways import build_gateways
from wattledger.apps.cli.main import build
from wattledger.core.kernel.errors import InvalidInput, NotFound, Refused
from world import World, small_world

SECRETS = {
    "stripe": {"api_key": "sk_test_1", "webhook_secret": "whsec_1"},
    "adyen": {"api_key": "an-adyen-api-key", "webhook_secret": "AB" * 32},
    "mollie": {"api_key": "test_1"},
    "sandbox": {"api_key": "sandbox-key"},
}
# Where nobody listens: who is paid is asked at setup, and here it is not told.
NOWHERE = ["--setting", "base_url=http://127.0.0.1:9"]
SETTINGS = {
    "adyen": ["--setting", "merchant_account=Harbour", *NOWHERE],
    **dict.fromkeys(("stripe", "mollie", "sandbox"), NOWHERE),
}


class Terminal:
    """Runs commands on the test's database."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, *words: str, text: bytes | None = None) -> str:
        result = CliRunner().invoke(build(words[0]), [*words, "--tenant", self.world.slug], input=text)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    def set(self, gateway: str) -> str:
        secrets = json.dumps(SECRETS[gateway]).encode()
        return self.run("gateway", "set", gateway, "--secrets", "-", *SETTINGS.get(gateway, []), text=secrets)

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("gateway", "list", "--json"))
        return found


@pytest.fixture
def terminal(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    import asyncio

    from wattledger.adapters.postgres.database import Database
    from wattledger.adapters.secrets import KeyedSecrets, read_key

    key = "ab" * 32
    for name, value in (("DSN", database_dsn), ("DATA_DIR", str(tmp_path)), ("SECRET_KEY", key)):
        monkeypatch.setenv(f"WATTLEDGER_{name}", value)
    monkeypatch.setenv("WATTLEDGER_STATION_BUS", "local")

    async def found() -> World:
        database = await Database.open(database_dsn, size_max=2)
        try:
            return await small_world(database, secrets=KeyedSecrets(read_key(key)))
        finally:
            await database.close()

    return Terminal(asyncio.run(found()))


class TestAGateway:
    @pytest.mark.parametrize("gateway", sorted(build_gateways()))
    def test_is_set_up_and_chosen(self, terminal: Terminal, gateway: str) -> None:
        said = terminal.set(gateway)
        assert f"/hooks/{gateway}/" in said
        assert all(secret not in said for secret in SECRETS[gateway].values())
        terminal.run("gateway", "use", gateway)
        first = terminal.listed()[0]
        assert (first["gateway"], first["is_chosen"], first["missing"]) == (gateway, True, [])

    def test_keeps_what_is_not_named_again(self, terminal: Terminal) -> None:
        terminal.set("adyen")
        terminal.run("gateway", "set", "adyen", "--setting", "live_prefix=1797a841fbb37ca7-Harbour")
        adyen = next(one for one in terminal.listed() if one["gateway"] == "adyen")
        assert adyen["settings"] == {
            "merchant_account": "Harbour",
            "live_prefix": "1797a841fbb37ca7-Harbour",
            "base_url": "http://127.0.0.1:9",
        }
        assert adyen["secret_names"] == ["api_key", "webhook_secret"]

    def test_that_is_off_takes_no_new_payments(self, terminal: Terminal) -> None:
        terminal.set("mollie")
        terminal.run("gateway", "switch", "mollie", "--off")
        with pytest.raises(Refused, match="gateway_account_unusable"):
            terminal.run("gateway", "use", "mollie")
        terminal.set("mollie")  # new secrets do not switch it on
        assert not next(one for one in terminal.listed() if one["gateway"] == "mollie")["is_enabled"]

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("set", "adyen", "--setting", "merchant=x"), "gateway_setting_unknown"),
            (("set", "adyen", "--setting", "merchant_account=x"), "gateway_setting_missing"),
            (("set", "adyen", "--setting", "merchant_account"), "gateway_setting_malformed"),
        ],
    )
    def test_is_told_wrongly_and_nothing_changes(
        self, terminal: Terminal, words: tuple[str, ...], code: str
    ) -> None:
        with pytest.raises(InvalidInput, match=code):
            terminal.run("gateway", *words)
        assert [one["gateway"] for one in terminal.listed()] == ["sandbox"]

    def test_that_nobody_knows_is_refused(self, terminal: Terminal) -> None:
        with pytest.raises(NotFound, match="gateway_unknown"):
            terminal.run("gateway", "set", "cash")


class TestABankStatement:
    def test_is_imported_from_a_file(self, terminal: Terminal, tmp_path: Path) -> None:
        path = tmp_path / "statement.csv"
        path.write_text("date;amount;reference\n2026-11-20;5,00;a gift\n", "utf-8")
        assert json.loads(terminal.run("bank", "import", str(path), "--json")) == {
            "matched": 0, "parked": 1, "known": 0,
        }  # fmt: skip
        assert "1 known already" in terminal.run("bank", "import", str(path))

    def test_that_is_not_there_is_said_so(self, terminal: Terminal) -> None:
        with pytest.raises(InvalidInput, match="file_unreadable"):
            terminal.run("bank", "import", "/nowhere.csv")
