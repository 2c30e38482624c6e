"""``wattledger secrets rotate`` from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from wattledger.apps.cli.main import main
from wattledger.bootstrap import build_secrets, opened
from wattledger.flows.manage_catalog import GATEWAY_SECRETS_FIELD, open_gateway_account
from wattledger.settings import Settings, load_settings
from world import small_world


@pytest.fixture(autouse=True)
def _settings(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLEDGER_DSN", database_dsn)
    monkeypatch.setenv("WATTLEDGER_DATA_DIR", str(tmp_path))


def said(*words: str) -> int | str | None:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


async def _plant(settings: Settings) -> int:
    async with opened(settings) as container:
        world = await small_world(container.database, secrets=container.secrets)
        async with container.database.begin(world.tenant_id) as work:
            await open_gateway_account(
                work,
                container.ids,
                container.secrets,
                gateway="stripe",
                settings=b"{}",
                secrets=b'{"api_key":"sk_live"}',
                at=container.clock.now(),
            )
        return world.tenant_id


async def _sealed(settings: Settings, tenant_id: int) -> list[Any]:
    async with opened(settings) as container, container.database.begin(tenant_id) as work:
        return await work.sealed.all()


class TestRotating:
    def test_seals_anew_drops_the_old_key_and_keeps_passwords_valid(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = load_settings()
        tenant_id = asyncio.run(_plant(settings))
        old = build_secrets(settings)
        fingerprint = old.fingerprint("station-password", purpose="p")
        first_key = (tmp_path / "secret.key").read_text().split()[0]

        assert said("secrets", "rotate") == 0

        assert "2 sealed values" in capsys.readouterr().out
        keys = (tmp_path / "secret.key").read_text().split()
        assert len(keys) == 2
        assert keys[1] == f"fingerprints:{first_key}"
        fresh = build_secrets(settings)
        assert fresh.fingerprint("station-password", purpose="p") == fingerprint
        for row in asyncio.run(_sealed(settings, tenant_id)):
            assert fresh.is_current(row.sealed)
            assert fresh.open(row.sealed, tenant_id=tenant_id, field=GATEWAY_SECRETS_FIELD).startswith(b"{")
            # A process that was running all along reads the keys again.
            assert old.open(row.sealed, tenant_id=tenant_id, field=GATEWAY_SECRETS_FIELD).startswith(b"{")

    def test_refuses_to_make_a_key_where_keys_are_a_setting(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("WATTLEDGER_SECRET_KEY", "ab" * 32)
        assert said("secrets", "rotate") == 1
        assert "secret_key_is_set" in capsys.readouterr().err
        assert said("secrets", "rotate", "--reseal-only") == 0
