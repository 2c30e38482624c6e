"""Gateways' secrets: set, replaced, sealed anew under a new key, and never read back."""

from __future__ import annotations

from typing import Any

import pytest

from till import API_KEY, Till, open_till
from wattledger.adapters.secrets import KeyedSecrets, KeyRing
from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.flows.open_access import PaymentPorts, open_access
from wattledger.flows.reseal_secrets import reseal_secrets
from wattledger.flows.set_gateway_secret import hints_of, set_gateway_secret
from world import OpenSecrets

FIELD = "gateway_account.secrets"
OLD, NEW = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
async def till(database: Any, clock: Any, ids: Any) -> Till:
    return await open_till(database, clock, ids)


async def put(till: Till, name: str, value: str) -> str:
    return await set_gateway_secret(
        till.ports, till.tenant_id, gateway="sandbox", name=name, value=value, actor="owner@harbour.example"
    )


async def secrets_of(till: Till, ports: PaymentPorts | None = None) -> dict[str, str]:
    async with till.database.begin_read(till.tenant_id) as work:
        return dict((await open_access(ports or till.ports, work, "sandbox")).secrets)


class TestASecret:
    async def test_is_set_beside_the_others(self, till: Till) -> None:
        await put(till, "webhook_secret_next", "whsec_new")
        assert await secrets_of(till) == {"api_key": API_KEY, "webhook_secret_next": "whsec_new"}

    async def test_is_taken_away_by_an_empty_one(self, till: Till) -> None:
        await put(till, "webhook_secret_next", "whsec_new")
        await put(till, "webhook_secret_next", "")
        assert await secrets_of(till) == {"api_key": API_KEY}

    async def test_shows_four_signs_of_a_fingerprint_and_nothing_of_itself(self, till: Till) -> None:
        hint = await put(till, "api_key", "sk_live_a_secret_of_4242")
        assert len(hint) == 4
        assert hint not in "sk_live_a_secret_of_4242"
        async with till.database.begin_read(till.tenant_id) as work:
            account = await work.catalog.gateway_account("sandbox")
        assert account is not None
        assert hints_of(till.ports.secrets, till.tenant_id, account) == {"api_key": hint}

    async def test_stands_in_the_audit_trail_by_its_hint(self, till: Till) -> None:
        hint = await put(till, "api_key", "sk_live_a_secret")
        (audit,) = await till.rows("select actor, action, detail from audit_event")
        assert tuple(audit) == ("owner@harbour.example", "gateway_secret_set", f"sandbox api_key: {hint}")

    @pytest.mark.parametrize(
        ("name", "value"), [("API KEY", "x"), ("", "x"), ("api_key", "a\x00b"), ("k" * 41, "x")]
    )
    async def test_that_is_malformed_is_refused(self, till: Till, name: str, value: str) -> None:
        with pytest.raises(InvalidInput):
            await put(till, name, value)

    async def test_of_no_account_is_refused(self, till: Till) -> None:
        with pytest.raises(NotFound, match="gateway_account_unknown"):
            await set_gateway_secret(
                till.ports, till.tenant_id, gateway="other", name="api_key", value="x", actor="me"
            )


class TestANewKey:
    async def test_seals_everything_anew_and_only_once(self, till: Till) -> None:
        old, both, new = (
            KeyedSecrets(OLD),
            KeyedSecrets(KeyRing((NEW, OLD), OLD)),
            KeyedSecrets(KeyRing((NEW,), OLD)),
        )
        async with till.database.begin(till.tenant_id) as work:
            for row in await work.sealed.all():
                plain = OpenSecrets().open(row.sealed, tenant_id=till.tenant_id, field="gateway_account.secrets")
                await work.sealed.replace(
                    row, old.seal(plain, tenant_id=till.tenant_id, field="gateway_account.secrets")
                )
        assert await reseal_secrets(till.database, both, till.tenant_id) == 1
        assert await reseal_secrets(till.database, both, till.tenant_id) == 0
        ports = PaymentPorts(
            till.database, till.ports.gateways, new, till.clock, till.ports.ids, till.ports.hints, "http://x"
        )
        assert await secrets_of(till, ports) == {"api_key": API_KEY}


class TestEverySealedColumn:
    async def test_is_known_to_the_rotation(self, database: Any) -> None:
        """A column named like a sealed one that no rotation reaches would be lost with the old key."""
        async with database.begin_read(1) as work:
            found = await work.connection.fetch(
                "select table_name || '.' || column_name as name from information_schema.columns "
                "where table_schema = 'public' and data_type = 'bytea' "
                "and (column_name like '%sealed%' or column_name like '%secrets%')"
            )
        assert {row["name"] for row in found} == {"gateway_account.secrets", "certificate_authority.key_sealed"}
