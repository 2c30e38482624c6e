"""Pages of a provider's list, read with the account's key and no further than they must be."""

from __future__ import annotations

from typing import Final, TypeVar

import httpx
import msgspec

# Of one list; what is older is then not compared, and the report says so.
PAGES_MAX: Final = 200
_T = TypeVar("_T")


class Unanswered(Exception):
    """The provider says something that is no page of its list."""


class Pages:
    def __init__(self, client: httpx.AsyncClient, api_key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def read(self, url: str, shape: type[_T], parameters: dict[str, str] | None = None) -> _T:
        """Raises httpx.HTTPError, msgspec.MsgspecError where there is no such page."""
        response = await self._client.get(url, params=parameters, headers=self._headers)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=shape)
