"""A driver's phone without a screen: opens pages, presses their buttons, hears their live parts."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import httpx

from wattledger.core.kernel.errors import NotFound, Unavailable

_TIMEOUT: Final = httpx.Timeout(30, connect=5)
_TAG: Final = re.compile(r"<[^>]+>")


@dataclass(slots=True)
class Form:
    """A form as its page sends it; ``buttons`` are the (name, value) pairs that submit it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        elif self.found and tag == "input" and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")
        elif self.found and tag == "button":
            self.found[-1].buttons.append((given.get("name", ""), given.get("value", "")))


def words_of(markup: str) -> str:
    """What somebody reads there, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())


class Phone:
    """One browser's worth of cookies, at one page at a time: ``url`` and ``body``."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)
        self.url = ""
        self.body = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._client.aclose()

    @property
    def text(self) -> str:
        return words_of(self.body)

    async def open(self, url: str) -> None:
        """The page is open. Raises Unavailable ``page_failed``."""
        await self._arrive(await self._client.get(url))

    async def press(self, button: str = "", *, action: str = "") -> None:
        """Submits the form that has this button's value, or ``action`` in its address, and follows where it leads.

        Raises NotFound ``button_missing``, Unavailable ``page_failed``.
        """
        forms = _Forms()
        forms.feed(self.body)
        for form in forms.found:
            pressed = [(name, value) for name, value in form.buttons if value == button]
            if (button and pressed) or (action and action in form.action):
                target = urljoin(self.url, form.action)
                fields = form.fields | {name: value for name, value in pressed if name}
                origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
                await self._arrive(await self._client.post(target, data=fields, headers={"Origin": origin}))
                return
        raise NotFound("button_missing", f"{self.url} has no button {button or action!r}: {self.text[:300]}")

    async def fetch(self, url: str) -> bytes:
        """A file. Raises Unavailable ``page_failed``."""
        response = await self._client.get(url)
        _check(response)
        return response.content

    async def hear(self, path: str) -> AsyncIterator[dict[str, str]]:
        """The live parts of a page, all of them at each change, until it says that nothing changes any more."""
        parts: dict[str, str] = {}
        url = urljoin(self.url, path)
        async with self._client.stream("GET", url, headers={"Accept": "text/event-stream"}) as response:
            if response.is_error:
                await response.aread()
            _check(response)
            event = ""
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event == "parts":
                    parts |= json.loads(value)
                    yield parts
                elif event == "over":
                    return

    async def _arrive(self, response: httpx.Response) -> None:
        for _ in range(10):
            if not response.has_redirect_location:
                break
            response = await self._client.get(urljoin(str(response.url), response.headers["location"]))
        _check(response)
        self.url, self.body = str(response.url), response.text


def _check(response: httpx.Response) -> None:
    if response.status_code != httpx.codes.OK:
        said = words_of(response.text)[:300]
        raise Unavailable("page_failed", f"{response.request.url} answers {response.status_code}: {said}")
