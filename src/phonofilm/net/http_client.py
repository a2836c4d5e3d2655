"""Pool of HTTP connections that every sender shares: timeouts, agent, proxy, no cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from phonofilm.about import __version__
from phonofilm.net.public_addresses import PublicResolver, is_public

AGENT = f"phonofilm/{__version__}"


class ClientOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a client; times in seconds.

    `total_seconds` bounds a whole request, None leaves long downloads alone. With `public_only`
    no address of this machine or its network is connected to; `resolver` is for tests.
    """

    user_agent: str = AGENT
    connections: int = 16
    connect_seconds: float = 15.0
    read_seconds: float = 30.0
    total_seconds: float | None = None
    headers: Mapping[str, str] = {}
    public_only: bool = False
    resolver: AbstractResolver | None = None


# For files: what is not compressed has the size that Content-Length and Range speak of.
UNCOMPRESSED = {"Accept-Encoding": "identity"}


class ConnectionDropped(aiohttp.ClientPayloadError):
    """A connection that ended before the response."""


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once, also where its connection is dropped.

    aiohttp (3.14) repeats a GET whose kept connection ended, uncounted by any limiter; it does not
    for errors other than the ones that are replaced here.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionDropped(f"{type(error).__name__}: {error}") from error


class HttpClient:
    """HTTP connections of one user agent; redirects are left to the caller, cookies dropped."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._session: aiohttp.ClientSession | None = None
        self._resolver: AbstractResolver | None = None
        # Looked up once per host: aiohttp's own trust_env asks a thread for every single request.
        self._has_proxy = bool(getproxies())
        self._proxies: dict[tuple[str, str | None], str | None] = {}

    async def __aenter__(self) -> HttpClient:
        options = self._options
        self._resolver = self._make_resolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=options.connections, resolver=self._resolver),
            timeout=aiohttp.ClientTimeout(
                total=options.total_seconds,
                sock_connect=options.connect_seconds,
                sock_read=options.read_seconds,
            ),
            headers={"User-Agent": options.user_agent, **options.headers},
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(send_once,),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()
        if self._resolver:  # the connector closes only a resolver that it made itself
            await self._resolver.close()

    def _make_resolver(self) -> AbstractResolver | None:
        if not self._options.public_only:
            return self._options.resolver
        return PublicResolver(self._options.resolver, exempt=proxy_hosts())

    def request(self, method: str, url: URL, **arguments: Any) -> Any:
        """Send one request; an async context manager that gives aiohttp's response."""
        if self._session is None:
            raise RuntimeError("the HTTP client is used outside `async with`")
        return self._session.request(
            method, url, allow_redirects=False, proxy=self._proxy(url), **arguments
        )

    def _proxy(self, url: URL) -> str | None:
        if not self._has_proxy:
            return None
        host = url.scheme, url.raw_host
        if host not in self._proxies:
            self._proxies[host] = proxy_of(url.scheme, url.raw_host)
        return self._proxies[host]

    def may_connect(self, authority: str) -> bool:
        """Tell whether a host may be asked, by its name; addresses are checked on connecting."""
        if not self._options.public_only:
            return True
        return is_public(authority) and _host_of(f"//{authority}") not in proxy_hosts()


def proxy_of(scheme: str, host: str | None) -> str | None:
    """Return the environment's proxy for a host, unless `no_proxy` names the host."""
    if not host or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def proxy_hosts() -> frozenset[str]:
    """Return the host names of the environment's proxies, which lie in one's own network."""
    return frozenset(filter(None, map(_host_of, getproxies().values())))


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
