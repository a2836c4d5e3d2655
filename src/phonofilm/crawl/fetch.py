"""Fetches files into the data folder: named by content, whole or not at all.

A small file is written beside its place and renamed into it. A large one grows in `media/parts` and
goes on there after a cut, when the server still has the same file.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from phonofilm.crawl.content import BOUNDS, ENDINGS, HEAD_BYTES, Bound, type_of, words_for
from phonofilm.crawl.transport import proxy_of
from phonofilm.landing.log import disk_failed
from phonofilm.sources.base import Outcome, Response, judge_http

_SMALL = 1 << 20
_CHUNK = 1 << 16
_MOST_REDIRECTS = 3
PARTS = "parts"


class File(NamedTuple):
    """A file that is in its place now."""

    path: str
    sha256: str
    bytes: int
    content_type: str


class Fetcher:
    """Fetches into `media` under a data folder. `allowed` says of a host whether it may be asked.

    `headers` go to `token_host` and to nobody else.
    """

    def __init__(
        self, root: Path, session: aiohttp.ClientSession, allowed: Callable[[str], bool],
        token_host: str = "", headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._root, self._session, self._allowed = root, session, allowed
        self._token_host, self._headers = token_host, headers or {}
        self._proxies: dict[str, str | None] = {}
        self._folders: set[str] = set()
        (root / "media" / PARTS).mkdir(parents=True, exist_ok=True)

    async def fetch(self, url: str, role: str) -> File | Outcome:
        """A file, or why there is none: refused ones are not worth another try."""
        part = self._root / "media" / PARTS / hashlib.sha256(url.encode()).hexdigest()[:32]
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                found = await self._ask(url, BOUNDS[role], part)
                if not isinstance(found, str):
                    return found
                url = found
        except TimeoutError:
            return Outcome("unavailable", "timeout")
        except (aiohttp.ClientError, ValueError) as error:
            return Outcome("unavailable", type(error).__name__)
        except OSError as error:
            if error.errno is None or isinstance(error, ConnectionError):
                return Outcome("unavailable", type(error).__name__)
            raise disk_failed(self._root / "media", error) from error
        return Outcome("refused", "redirected more than three times")

    async def _ask(self, url: str, bound: Bound, part: Path) -> File | Outcome | str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not self._allowed(parts.netloc):
            return Outcome("refused", f"not asked: {parts.netloc[:80] or 'no address'}")
        headers = dict(self._headers) if parts.netloc == self._token_host else {}
        held = part.stat().st_size if part.exists() else 0
        etag = _etag(part)
        if held and etag:
            headers |= {"Range": f"bytes={held}-", "If-Range": etag}
        address, proxy = URL(url, encoded="%" in url), self._proxy(url, parts.netloc)
        async with self._session.get(
            address, allow_redirects=False, proxy=proxy, headers=headers
        ) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                return str(answer.url.join(URL(answer.headers.get("Location", ""))))
            if answer.status not in (200, 206):
                return await _refusal(answer)
            return await self._take(answer, bound, part, held if answer.status == 206 else 0)

    def _proxy(self, url: str, host: str) -> str | None:
        if host not in self._proxies:
            self._proxies[host] = proxy_of(url)
        return self._proxies[host]

    async def _take(
        self, answer: aiohttp.ClientResponse, bound: Bound, part: Path, held: int
    ) -> File | Outcome:
        """The body, in one piece when it is small."""
        length = answer.content_length
        if length is not None and held + length > bound.most:
            return _too_large(bound)
        if length is not None and length <= _SMALL and not held:
            body = await answer.read()
            return self._keep(body, bound) if len(body) <= bound.most else _too_large(bound)
        return await self._stream(answer, bound, part, held)

    def _keep(self, body: bytes, bound: Bound) -> File | Outcome:
        kind = type_of(body[:HEAD_BYTES])
        if kind not in bound.types:
            return _wrong(kind, body)
        digest = hashlib.sha256(body).hexdigest()
        path = self._place(digest, kind)
        if not path.exists():
            growing = path.with_name(f".{digest}.{os.getpid()}")
            growing.write_bytes(body)
            growing.replace(path)
        return File(self._name(path), digest, len(body), kind)

    async def _stream(
        self, answer: aiohttp.ClientResponse, bound: Bound, part: Path, held: int
    ) -> File | Outcome:
        """A large file grows in its part; what was cut stays there for the next try."""
        etag = answer.headers.get("ETag", "")
        part.with_suffix(".etag").write_text(etag if etag.startswith('"') else "")
        with part.open("r+b" if held else "wb") as file:
            file.seek(held)
            file.truncate()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                file.write(chunk)
                if file.tell() > bound.most:
                    break
        if part.stat().st_size > bound.most:
            _forget(part)
            return _too_large(bound)
        with part.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        kind, size = type_of(head), part.stat().st_size
        if kind not in bound.types:
            _forget(part)
            return _wrong(kind, head)
        path = self._place(digest, kind)
        part.replace(path)
        _forget(part)
        return File(self._name(path), digest, size, kind)

    def _place(self, digest: str, kind: str) -> Path:
        folder = digest[:2]
        if folder not in self._folders:
            (self._root / "media" / folder).mkdir(exist_ok=True)
            self._folders.add(folder)
        return self._root / "media" / folder / f"{digest}.{ENDINGS[kind]}"

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def _etag(part: Path) -> str:
    with contextlib.suppress(OSError):
        return part.with_suffix(".etag").read_text()
    return ""


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".etag").unlink(missing_ok=True)


def _too_large(bound: Bound) -> Outcome:
    return Outcome("refused", f"over {bound.most >> 20} MiB")


def _wrong(kind: str, head: bytes) -> Outcome:
    return Outcome("refused", f"not what it should be: {kind or words_for(head)}")


async def _refusal(answer: Any) -> Outcome:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = await answer.content.read(4096)
    return judge_http(Response(answer.status, headers, body))


def is_public(netloc: str) -> bool:
    """Whether a host is one of the world: this machine and its network are not asked."""
    host = (urlsplit(f"//{netloc}").hostname or "").strip(".").lower()
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))
