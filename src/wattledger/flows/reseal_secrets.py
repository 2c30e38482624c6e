"""After a new key: everything that an older one sealed is sealed anew."""

from __future__ import annotations

from typing import Final

from wattledger.flows.manage_catalog import GATEWAY_SECRETS_FIELD
from wattledger.flows.ports.base import Secrets, UnitOfWork
from wattledger.flows.station_certificates import AUTHORITY_KEY_FIELD

# What each kind of sealed value is bound to, besides its tenant.
FIELDS: Final = {"gateway_account": GATEWAY_SECRETS_FIELD, "certificate_authority": AUTHORITY_KEY_FIELD}


async def reseal_secrets(uow: UnitOfWork, secrets: Secrets, tenant_id: int) -> int:
    """Every sealed value of the tenant is sealed by the key that seals now; how many were sealed anew.

    Raises Refused ``secret_unreadable`` where one opens with no key that is left; then nothing changed.
    """
    count = 0
    async with uow.begin(tenant_id) as work:
        for row in await work.sealed.all():
            if secrets.is_current(row.sealed):
                continue
            field = FIELDS[row.kind]
            plain = secrets.open(row.sealed, tenant_id=tenant_id, field=field)
            await work.sealed.replace(row, secrets.seal(plain, tenant_id=tenant_id, field=field))
            count += 1
    return count
