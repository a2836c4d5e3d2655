"""Fetch one file into the data folder: bounded, checked by content, resumed after a cut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import aiohttp
from yarl import URL

from phonofilm.errors import storage_error
from phonofilm.file_types import LIMITS, FileLimits
from phonofilm.media.base import StoredFile
from phonofilm.media.store import GrowingFile, MediaStore
from phonofilm.net.auth.token_server import TokenUnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.bodies import is_compressed, range_start, read_bounded
from phonofilm.net.http_client import HttpClient
from phonofilm.net.public_addresses import PrivateAddressError
from phonofilm.net.redirects import REDIRECT_STATUSES, Redirect, RedirectBlocked, follow
from phonofilm.net.refusals import classify_refusal
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Outcome

# Chosen, not tuned: smaller files are read at once, larger ones grow in a part that can resume.
_SMALL_BYTES_MAX = 1 << 20
_CHUNK_BYTES = 1 << 16


class Signer(NamedTuple):
    """The headers of a source, for its own origin (`https://host`) and for no other."""

    origin: str
    headers: Callable[[], Awaitable[dict[str, str]]]


class Fetcher:
    """Sends one request per file. `may_request` tells of a host whether it may be requested.

    It waits for nothing and repeats nothing: senders that do wrap it.
    """

    def __init__(
        self,
        root: Path,
        client: HttpClient,
        may_request: Callable[[str], bool],
        signer: Signer | None = None,
    ) -> None:
        self._store, self._client = MediaStore(root), client
        self._may_request, self._signer = may_request, signer
        self._hosts: dict[str, bool] = {}

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """Return the stored file, or why there is none; `refused` ones are not worth a retry."""
        limits, part = LIMITS[role], self._store.growing(url)

        async def send(address: str) -> StoredFile | Outcome | Redirect:
            return await self._send(URL(address, encoded="%" in address), limits, part)

        try:
            return await follow(send, url)
        except RedirectBlocked as blocked:
            return Outcome("refused", f"redirected {blocked}")
        except TokenUnavailableError as error:
            received = error.received
            if isinstance(received, NoResponse):
                return Outcome("unavailable", received.kind)
            return classify_http(received)
        except TimeoutError:
            return Outcome("unavailable", "timeout")
        except aiohttp.ClientConnectorError as error:
            return _unreachable(error)
        except (aiohttp.ClientError, ValueError) as error:
            return Outcome("unavailable", type(error).__name__)
        except OSError as error:
            if error.errno is None or isinstance(error, ConnectionError):
                return Outcome("unavailable", type(error).__name__)
            raise storage_error(self._store.root, error) from error

    async def _send(
        self, address: URL, limits: FileLimits, part: GrowingFile
    ) -> StoredFile | Outcome | Redirect:
        host = address.authority  # as the client itself reads it
        if not self._is_allowed(address, host):
            return Outcome("refused", f"not asked: {host[:80] or 'no address'}")
        start, etag = self._store.progress(part)
        headers = await self._headers(address, host)
        if start and etag:
            headers |= {"Range": f"bytes={start}-", "If-Range": etag}
        async with self._client.request("GET", address, headers=headers) as response:
            if response.status in REDIRECT_STATUSES:
                return Redirect(response.headers.get("Location", ""))
            is_beyond_end = response.status == 416 and start
            if not is_beyond_end:
                return await self._result(response, limits, part, start)
        self._store.drop(part)  # the file is another one by now
        return await self._send(address, limits, part)

    def _is_allowed(self, address: URL, host: str) -> bool:
        if address.scheme not in ("http", "https") or address.user is not None:
            return False
        if host not in self._hosts:
            self._hosts[host] = self._may_request(host)
        return self._hosts[host]

    async def _headers(self, address: URL, host: str) -> dict[str, str]:
        if self._signer is None or f"{address.scheme}://{host}" != self._signer.origin:
            return {}
        return dict(await self._signer.headers())

    async def _result(
        self, response: aiohttp.ClientResponse, limits: FileLimits, part: GrowingFile, start: int
    ) -> StoredFile | Outcome:
        if response.status == 206 and not (start and range_start(response) == start):
            self._store.drop(part)
            return Outcome("unavailable", "a part that was not asked for")
        if response.status not in (200, 206):
            return await classify_refusal(response)
        start = start if response.status == 206 else 0
        length = response.content_length
        if length is not None and start + length > limits.bytes_max:
            return _too_large(limits)
        is_small = length is not None and length <= _SMALL_BYTES_MAX
        if is_small and not start and not is_compressed(response):
            body = await read_bounded(response, limits.bytes_max)
            return _too_large(limits) if body is None else self._store.save(body, limits)
        return await self._stream(response, limits, part, start)

    async def _stream(
        self, response: aiohttp.ClientResponse, limits: FileLimits, part: GrowingFile, start: int
    ) -> StoredFile | Outcome:
        """Receive a large file into its part; after a cut it stays there for the next attempt."""
        self._store.begin(part, response.headers.get("ETag", ""))
        with part.path.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                file.write(chunk)
                if file.tell() > limits.bytes_max:
                    break
            size = file.tell()
        if size > limits.bytes_max:
            self._store.drop(part)
            return _too_large(limits)
        return self._store.adopt(part, limits)


def _unreachable(error: aiohttp.ClientConnectorError) -> Outcome:
    """Return the outcome of a failed connection; a private address will never be connected to."""
    if isinstance(error.os_error, PrivateAddressError):
        return Outcome("refused", f"not asked: {error.os_error}")
    return Outcome("unavailable", type(error).__name__)


def _too_large(limits: FileLimits) -> Outcome:
    return Outcome("refused", f"over {limits.bytes_max >> 20} MiB")
