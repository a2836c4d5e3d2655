"""Large files over HTTP: fetched only when they changed, streamed, resumed where they were cut."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import aiohttp
from yarl import URL

from phonofilm.errors import StoreError, storage_error
from phonofilm.net.bodies import headers_of, range_start
from phonofilm.net.http_client import UNCOMPRESSED, ClientOptions, HttpClient
from phonofilm.net.partial_file import PartialFile, Validators
from phonofilm.net.redirects import REDIRECT_STATUSES, Redirect, RedirectBlocked, follow, same_host
from phonofilm.net.refusals import EXCERPT_BYTES, classify_document, refusal_error
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.sources.contract import Response

_CHUNK_BYTES = 1024 * 1024
# Chosen, not tuned: pauses of 25 to 50 seconds in all.
RETRIES = RetryPolicy(attempts_max=8, first_pause_seconds=0.4)
# Bodies stop arriving without the connection ending: half a minute of silence is the end. Chosen,
# not tuned.
_SILENCE_SECONDS_MAX = 30.0


class DownloadResult(NamedTuple):
    """A file that was fetched, or did not change, and its validators."""

    changed: bool
    validators: Validators


class DownloadCut(Exception):  # noqa: N818 - it is no error before the last attempt
    """A body that ended early; what arrived is kept and the rest can be requested."""


Progress = Callable[[str, int, int | None], None]
"""Takes a file's name, the bytes received so far, and its size when the server announced it."""


class ResumableDownloads:
    """Files from one host. `now` returns Unix seconds, for the time of return of a ban."""

    def __init__(self, base_url: str, user_agent: str, now: Callable[[], float]) -> None:
        self._base_url, self._now = base_url.rstrip("/"), now
        self._client = HttpClient(
            ClientOptions(
                user_agent=user_agent, read_seconds=_SILENCE_SECONDS_MAX, headers=UNCOMPRESSED
            )
        )
        self.requests = 0

    async def __aenter__(self) -> ResumableDownloads:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(*error)

    async def fetch(
        self, name: str, target: Path, known: Validators | None, on_progress: Progress | None = None
    ) -> DownloadResult | None:
        """Fetch `BASE/name` unless it is the `known` version; None when there is no such file.

        A cut download lies in `target.part` with its validators; this call or the next run resumes
        it. Raises StoreError, ParkedError or BotWallError for what the server did.
        """
        download = _Download(f"{self._base_url}/{name}", PartialFile(target), known, on_progress)
        failures = 0
        while True:
            try:
                return await self._attempt(download)
            except (DownloadCut, aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                failures += 1
                pause = RETRIES.pause_seconds(failures)
                if pause is None:
                    raise _given_up(download, error) from error
            await asyncio.sleep(pause)

    async def _attempt(self, download: _Download) -> DownloadResult | None:
        headers = download.headers()

        async def send(url: str) -> DownloadResult | None | Redirect:
            self.requests += 1
            async with self._client.request("GET", URL(url), headers=headers) as response:
                if response.status in REDIRECT_STATUSES:
                    return Redirect(response.headers.get("Location", ""))
                return await self._result(download, response)

        try:
            return await follow(send, download.url, same_host(self._base_url))
        except RedirectBlocked as blocked:
            raise StoreError(f"{self._base_url} redirects {blocked}.") from None

    async def _result(
        self, download: _Download, response: aiohttp.ClientResponse
    ) -> DownloadResult | None:
        if response.status in (404, 410):
            return None
        if response.status == 304:
            return DownloadResult(False, download.known or Validators())
        if response.status == 416:  # the file became shorter than what is here
            download.partial.drop()
            raise DownloadCut("begun anew")
        if response.status not in (200, 206):
            await self._refuse(response, download.name)
        return DownloadResult(True, await download.receive(response))

    async def _refuse(self, response: aiohttp.ClientResponse, name: str) -> NoReturn:
        excerpt = await response.content.read(EXCERPT_BYTES)
        outcome = classify_document(Response(response.status, headers_of(response), excerpt))
        if outcome.verdict == "unavailable":
            raise DownloadCut(outcome.reason)
        raise refusal_error(
            outcome, self._base_url, self._now(), saved="What was fetched so far.", what=name
        )


class _Download:
    """One file on its way."""

    def __init__(
        self, url: str, partial: PartialFile, known: Validators | None, on_progress: Progress | None
    ) -> None:
        self.url, self.partial, self.known = url, partial, known
        self._on_progress = on_progress
        self._start = 0

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.partial.target.name

    def headers(self) -> dict[str, str]:
        """Return the headers that ask for the rest of a file, or for a newer one."""
        begun = self.partial.validators()
        self._start = self.partial.size if begun else 0
        return _resuming(self._start, begun) if begun and self._start else _newer(self.known)

    async def receive(self, response: aiohttp.ClientResponse) -> Validators:
        """Write the body to its place. Raises DownloadCut when it is not whole."""
        validators = Validators(
            response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        )
        start = self._start if response.status == 206 else 0
        if response.status == 206 and range_start(response) not in (None, start):
            self.partial.drop()
            raise DownloadCut("a part that was not asked for")
        try:
            if not start:
                self.partial.begin(validators)
            await self._write(response, start)
            self.partial.finish()
        except (aiohttp.ClientError, ConnectionError):
            raise
        except OSError as error:
            raise storage_error(self.partial.target, error) from error
        return validators

    async def _write(self, response: aiohttp.ClientResponse, start: int) -> None:
        length, size = response.content_length, start
        total = None if length is None else start + length
        with self.partial.body.open("ab" if start else "wb") as file:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                file.write(chunk)
                size += len(chunk)
                if self._on_progress:
                    self._on_progress(self.name, size, total)
            if total is not None and size != total:
                raise DownloadCut(f"{size:,} of {total:,} bytes")
            file.flush()
            os.fsync(file.fileno())


def _given_up(download: _Download, error: Exception) -> StoreError:
    return StoreError(
        f"{download.url} cannot be fetched: {type(error).__name__} {error}".rstrip(),
        saved=f"{download.partial.size:,} bytes of it are here; the next run goes on from there.",
        next_step="Run the same command again.",
    )


def _newer(known: Validators | None) -> dict[str, str]:
    """Return the headers that ask for a version other than the known one."""
    if known is None:
        return {}
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _resuming(start: int, begun: Validators) -> dict[str, str]:
    """Return the headers that ask for the rest of the same version.

    A weak etag does not promise equal bytes (RFC 9110, 8.8.1).
    """
    strong = begun.etag if begun.etag and not begun.etag.startswith("W/") else ""
    version = strong or begun.last_modified
    return {"Range": f"bytes={start}-", "If-Range": version} if version else {}
