"""Large files over HTTP: only what changed, streamed, taken up again where it was cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from phonofilm.errors import BotWallError, ParkedError, StoreError, storage_error
from phonofilm.net.transport import proxy_of
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Response

_CHUNK_BYTES = 1024 * 1024
_TRIES = 5
_MOST_REDIRECTS = 3
_PAUSE_SECONDS = 0.2
# Bodies stop arriving without the connection ending: half a minute of nothing is the end.
_SILENT_SECONDS = 30.0


class Validators(msgspec.Struct):
    """What a server said to recognise a file by."""

    etag: str = ""
    last_modified: str = ""


class DownloadResult(NamedTuple):
    """A file that was fetched (or was not changed), and its validators."""

    changed: bool
    validators: Validators


class DownloadCut(Exception):  # noqa: N818 - what happened
    """The body ended early; what came is kept and the rest can be asked for."""


Progress = Callable[[str, int, int | None], None]


class ResumableDownloads:
    """Files from one host. `now` is Unix seconds, for the minute of return of a ban."""

    def __init__(self, base_url: str, user_agent: str, now: Callable[[], float]) -> None:
        self._base, self._agent, self._now = base_url.rstrip("/"), user_agent, now
        self._session: aiohttp.ClientSession | None = None
        self.calls = 0

    async def __aenter__(self) -> ResumableDownloads:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=_SILENT_SECONDS),
            headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def fetch(
        self, name: str, target: Path, known: Validators | None, told: Progress | None = None
    ) -> DownloadResult | None:
        """Fetches `BASE/name` unless it is what `known` says; None when there is no such file.

        A cut download lies in `target.part` with its validators and goes on, in this call or in
        the next run. StoreError, ParkedError and BotWallError say what the server did.
        """
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)
            try:
                return await self._once(name, target, known, told)
            except (DownloadCut, aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                failed: Exception = error
        part = _part(target)
        size = part.stat().st_size if part.exists() else 0
        raise StoreError(
            f"{self._base}/{name} cannot be fetched: {type(failed).__name__} {failed}".rstrip(),
            saved=f"{size:,} bytes of it are here; the next run goes on from there.",
            next_step="Run the same command again.",
        )

    async def _once(
        self, name: str, target: Path, known: Validators | None, told: Progress | None
    ) -> DownloadResult | None:
        part, begun = _part(target), _begun(target)
        start = part.stat().st_size if begun and part.exists() else 0
        headers = _resuming(start, begun) if begun and start else _conditional(known)
        async with contextlib.AsyncExitStack() as stack:
            answer = await self._get(stack, f"{self._base}/{name}", headers)
            if answer.status in (404, 410):
                return None
            if answer.status == 304:
                return DownloadResult(False, known or Validators())
            if answer.status == 416:  # it changed to something shorter meanwhile
                part.unlink(missing_ok=True)
                raise DownloadCut("begun anew")
            if answer.status not in (200, 206):
                await self._refused(answer, name)
            validators = Validators(
                answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
            )
            going_on = answer.status == 206
            await _receive(answer, target, validators, start if going_on else 0, told)
        return DownloadResult(True, validators)

    async def _get(
        self, stack: contextlib.AsyncExitStack, url: str, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        """One GET; redirects stay on the host."""
        if self._session is None:
            raise RuntimeError("downloads are used outside `async with`")
        for _ in range(_MOST_REDIRECTS + 1):
            self.calls += 1
            answer = await stack.enter_async_context(
                self._session.get(url, headers=headers, allow_redirects=False, proxy=proxy_of(url))
            )
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            url = urljoin(url, answer.headers.get("Location", ""))
            if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
                raise StoreError(f"{self._base} sends elsewhere: {urlsplit(url).netloc}.")
        raise StoreError(f"{self._base} redirects without end.")

    async def _refused(self, answer: aiohttp.ClientResponse, name: str) -> None:
        body = await answer.content.read(20_000)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        outcome = classify_http(Response(answer.status, headers, body))
        if outcome.verdict == "bot_wall" or (answer.status == 202 and not body):
            raise BotWallError(
                f"{self._base} asks for a browser (HTTP {answer.status}); it is left alone.",
                saved="Nothing was changed.",
            )
        if outcome.verdict == "throttled":
            wait = outcome.retry_after_seconds or 60.0
            raise ParkedError(
                f"{self._base} asks to wait {wait:.0f} s.",
                resume_at=self._now() + wait,
                saved="What was fetched so far.",
                next_step="Run the same command then.",
            )
        if outcome.verdict == "unavailable":
            raise DownloadCut(f"HTTP {answer.status}")
        raise StoreError(f"{self._base}/{name} is refused: HTTP {answer.status}.")


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _note(target: Path) -> Path:
    return target.with_name(target.name + ".part.json")


def _fetched(target: Path) -> Path:
    return target.with_name(target.name + ".fetched.json")


def finished(target: Path) -> Validators | None:
    """What is known of a file that lies there whole from a run that did not get to its end."""
    try:
        if target.exists():
            return msgspec.json.decode(_fetched(target).read_bytes(), type=Validators)
    except (OSError, msgspec.DecodeError):
        pass
    return None


def _begun(target: Path) -> Validators | None:
    try:
        return msgspec.json.decode(_note(target).read_bytes(), type=Validators)
    except (OSError, msgspec.DecodeError):
        return None


def _conditional(known: Validators | None) -> dict[str, str]:
    """Only when it changed."""
    if known is None:
        return {}
    told = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in told.items() if value}


def _resuming(start: int, begun: Validators) -> dict[str, str]:
    """The rest, if it is still the same file; a weak etag does not promise equal bytes."""
    strong = begun.etag if begun.etag and not begun.etag.startswith("W/") else ""
    same = strong or begun.last_modified
    return {"Range": f"bytes={start}-", "If-Range": same} if same else {}


async def _receive(
    answer: aiohttp.ClientResponse,
    target: Path,
    validators: Validators,
    start: int,
    told: Progress | None,
) -> None:
    part, note = _part(target), _note(target)
    length = answer.content_length
    total = None if length is None else start + length
    try:
        if not start:
            note.write_bytes(msgspec.json.encode(validators))
        with part.open("ab" if start else "wb") as file:
            held = start
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                file.write(chunk)
                held += len(chunk)
                if told:
                    told(target.name, held, total)
            if total is not None and held != total:
                raise DownloadCut(f"{held:,} of {total:,} bytes")
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        note.replace(_fetched(target))
    except aiohttp.ClientError:
        raise
    except ConnectionError:
        raise
    except OSError as error:
        raise storage_error(target, error) from error
