"""The crawl's sender: one request, one response. It never sleeps and never retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from phonofilm.net.base import NoResponse
from phonofilm.net.bodies import headers_of, read_bounded
from phonofilm.net.http_client import AGENT, ClientOptions, HttpClient
from phonofilm.net.redirects import REDIRECT_STATUSES, Redirect, RedirectBlocked, follow, same_host
from phonofilm.sources.contract import Query, Response

# Chosen, not tuned.
BODY_BYTES_MAX = 32 * 1024 * 1024
# Shorter values of a key are words that occur in texts by themselves.
_SECRET_LENGTH_MIN = 8


class TransportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a transport. `key` are parameters that sign every request to the source."""

    user_agent: str = AGENT
    connections: int = 16
    timeout_seconds: float = 60.0
    key: Mapping[str, str] = {}


class Transport:
    """HTTP requests to one source. Failures come back as `NoResponse`, never as exceptions."""

    def __init__(self, base_url: str, options: TransportOptions | None = None) -> None:
        options = options or TransportOptions()
        self.base_url = base_url.rstrip("/")
        self._key = urlencode(options.key)  # it is sent with requests, and stands nowhere else
        contact = options.user_agent.removeprefix(AGENT).strip(" ()")
        values = [*options.key.values(), contact]
        self._secrets = [v.encode() for v in values if len(v) >= _SECRET_LENGTH_MIN]
        self._is_same_host = same_host(self.base_url)
        self._client = HttpClient(
            ClientOptions(
                user_agent=options.user_agent,
                connections=options.connections,
                connect_seconds=options.timeout_seconds / 4,
                read_seconds=options.timeout_seconds / 2,
                total_seconds=options.timeout_seconds,
                headers={"Accept": "application/json"},
            )
        )

    async def __aenter__(self) -> Transport:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(*error)

    async def get(
        self, path: str, query: Query, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """Send one GET; redirects are followed on the same host only, so no token leaves it."""
        base = base_url.rstrip("/") or self.base_url
        url = f"{base}{path}?{urlencode(query, doseq=True)}" if query else base + path
        may_follow = same_host(base) if base_url else self._is_same_host

        async def send(url: str) -> Response | NoResponse | Redirect:
            response = await self._send_once("GET", url, headers=headers)
            if isinstance(response, Response) and response.status in REDIRECT_STATUSES:
                return Redirect(response.headers.get("location", ""))
            return response

        try:
            return await follow(send, url, may_follow)
        except RedirectBlocked as blocked:
            return NoResponse("redirected", str(blocked))

    async def get_once(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> Response | NoResponse:
        """Send one GET and return its response even when that is a redirect."""
        return await self._send_once(
            "GET", f"{self.base_url}{path}?{urlencode(query)}", headers=headers
        )

    async def post(
        self, path: str, body: object, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """Send one POST of JSON: more ids than an address takes. Redirects are not followed."""
        url = (base_url.rstrip("/") or self.base_url) + path
        return await self._send_once("POST", url, json=body, headers=headers)

    async def post_form(
        self, url: str, form: dict[str, str], headers: dict[str, str]
    ) -> Response | NoResponse:
        """Send one POST of a form, for tokens. Redirects are not followed."""
        return await self._send_once("POST", url, data=form, headers=headers)

    async def _send_once(self, method: str, url: str, **arguments: Any) -> Response | NoResponse:
        began = time.monotonic()
        try:
            async with self._client.request(method, self._signed(url), **arguments) as response:
                body = await read_bounded(response, BODY_BYTES_MAX)
                if body is None:
                    return NoResponse("too_large", f"over {BODY_BYTES_MAX >> 20} MiB")
                headers = headers_of(response)
                if "set-cookie" in headers:  # several come as several headers
                    cookies = response.cookies.items()
                    headers["set-cookie"] = "; ".join(f"{n}={c.value}" for n, c in cookies)
                received = Response(status=response.status, headers=headers, body=body, url=url)
                return self._without_secrets(received, arguments.get("headers", {}))
        except TimeoutError:
            return NoResponse("timeout", f"no answer within {time.monotonic() - began:.0f} s")
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
            return NoResponse("cut", type(error).__name__)
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            detail = str(error).replace(self._key, "***") if self._key else str(error)
            return NoResponse("unreachable", f"{type(error).__name__}: {detail}")

    def _without_secrets(self, response: Response, sent: dict[str, str]) -> Response:
        """Remove key, token and contact of the request, which some services repeat."""
        token = sent.get("Authorization", "").rpartition(" ")[2].encode()
        secrets = [*self._secrets, *([token] if len(token) >= _SECRET_LENGTH_MIN else [])]
        if not secrets:
            return response
        body, headers = response.body, response.headers
        for secret in secrets:
            body = body.replace(secret, b"***")
            text = secret.decode()
            headers = {name: value.replace(text, "***") for name, value in headers.items()}
        return response._replace(body=body, headers=headers)

    def _signed(self, url: str) -> URL:
        """Return the address as it is sent, with the key where it belongs."""
        if self._key and self._is_same_host(url):
            url += ("&" if "?" in url else "?") + self._key
        return URL(url, encoded=True)
