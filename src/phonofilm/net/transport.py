"""Sends, measures, reports. It never sleeps and never retries: the engine decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from phonofilm.about import __version__
from phonofilm.sources.contract import Query, Response

BODY_BYTES_MAX = 32 * 1024 * 1024
_MOST_REDIRECTS = 3
# Shorter ones are words that stand in texts by themselves.
_SHORTEST_SECRET = 8


class NoResponse(NamedTuple):
    """Why nothing usable came back: `unreachable`, `timeout`, `cut`, `too_large`, `redirected`."""

    kind: str
    detail: str

    @property
    def worth_another_try(self) -> bool:
        """Whether the same call may work later."""
        return self.kind in ("unreachable", "timeout", "cut")


class Transport:
    """HTTP to one host. `user_agent` says who asks and how to reach them."""

    def __init__(
        self,
        base_url: str,
        user_agent: str = "",
        connections: int = 16,
        timeout_seconds: float = 60.0,
        key: Mapping[str, str] | None = None,
    ) -> None:
        self._key = urlencode(key or {})  # goes out with every call, and into nothing else
        values = (key or {}).values()
        self._secrets = [v.encode() for v in values if len(v) >= _SHORTEST_SECRET]
        self.base_url = base_url.rstrip("/")
        self._agent = user_agent or f"phonofilm/{__version__}"
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_seconds, sock_connect=timeout_seconds / 4, sock_read=timeout_seconds / 2
        )
        # Looked up once: aiohttp's own trust_env asks a thread for every single request.
        self._proxy = proxy_of(self.base_url)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Transport:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=self._timeout,
            headers={"User-Agent": self._agent, "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def get(
        self, path: str, query: Query, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """One GET; redirects are followed on the same host only, so that no token leaves it."""
        base = base_url.rstrip("/") or self.base_url
        url = f"{base}{path}?{urlencode(query, doseq=True)}" if query else base + path
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._once("GET", url, headers=headers)
            if isinstance(found, NoResponse) or found.status not in (301, 302, 303, 307, 308):
                return found
            try:
                target = urljoin(url, found.headers.get("location", ""))
                elsewhere = urlsplit(target)[:2] != urlsplit(base)[:2]
            except ValueError:
                return NoResponse("redirected", "to no address")
            if elsewhere:
                return NoResponse("redirected", f"to {urlsplit(target).netloc or 'nowhere'}")
            url = target
        return NoResponse("redirected", "more than three times")

    async def get_once(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> Response | NoResponse:
        """One GET that is not followed on: where it sends us is what was asked for."""
        return await self._once("GET", f"{self.base_url}{path}?{urlencode(query)}", headers=headers)

    async def post(
        self, path: str, body: object, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """One POST of JSON, for look-ups of more ids than an address takes; never redirected."""
        url = (base_url.rstrip("/") or self.base_url) + path
        return await self._once("POST", url, json=body, headers=headers)

    async def post_form(
        self, url: str, form: dict[str, str], headers: dict[str, str]
    ) -> Response | NoResponse:
        """One POST of a form, for tokens; never redirected."""
        return await self._once("POST", url, data=form, headers=headers)

    async def _once(self, method: str, url: str, **arguments: object) -> Response | NoResponse:
        if self._session is None:
            raise RuntimeError("the transport is used outside `async with`")
        began = time.monotonic()
        sent = url
        if self._key and url.startswith(self.base_url):
            sent += ("&" if "?" in url else "?") + self._key
        try:
            async with self._session.request(
                method,
                URL(sent, encoded=True),
                allow_redirects=False,
                proxy=self._proxy,
                **arguments,  # type: ignore[arg-type]
            ) as answer:
                body = await _bounded(answer)
                if body is None:
                    return NoResponse("too_large", f"over {BODY_BYTES_MAX >> 20} MiB")
                for secret in self._secrets:  # some services say again what they were told
                    body = body.replace(secret, b"***")
                headers = {name.lower(): _latin(value) for name, value in answer.headers.items()}
                if answer.cookies:  # several come as several headers
                    pairs = (f"{name}={held.value}" for name, held in answer.cookies.items())
                    headers["set-cookie"] = "; ".join(pairs)
                return Response(answer.status, headers, body, url, time.monotonic() - began)
        except TimeoutError:
            return NoResponse("timeout", f"no answer within {time.monotonic() - began:.0f} s")
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
            return NoResponse("cut", type(error).__name__)
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            told = str(error).replace(self._key, "***") if self._key else str(error)
            return NoResponse("unreachable", f"{type(error).__name__}: {told}")


def _latin(value: str) -> str:
    """A header's text without the half characters that stand for bytes over 127."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")


def proxy_of(url: str) -> str | None:
    """The proxy of the environment for an address, unless `no_proxy` names its host."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


async def _bounded(answer: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None when it is longer than allowed, compressed or expanded."""
    length = answer.content_length
    if length is not None and length > BODY_BYTES_MAX:
        return None
    if length is not None and "Content-Encoding" not in answer.headers:
        return await answer.read()
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)
