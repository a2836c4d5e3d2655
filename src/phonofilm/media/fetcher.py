"""Fetches files into the data folder: named by content, whole or not at all.

A small file is written beside its place and renamed into it. A large one grows in `media/parts` and
goes on there after a cut, when the server still has the same file.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from phonofilm.errors import storage_error
from phonofilm.media.file_types import BOUNDS, ENDINGS, HEAD_BYTES, Bound, type_of, words_for
from phonofilm.net.transport import proxy_of
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Outcome, Response

_SMALL = 1 << 20
_CHUNK = 1 << 16
_MOST_REDIRECTS = 3
PARTS = "parts"
_EMBEDDING = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address at its end
_TOLD_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class StoredFile(NamedTuple):
    """A file that is in its place now."""

    path: str
    sha256: str
    bytes: int
    content_type: str


class Fetcher:
    """Fetches into `media` under a data folder. `allowed` says of a host whether it may be asked.

    `headers` are asked for each file, and go to `token_origin` and to nobody else.
    """

    def __init__(
        self,
        root: Path,
        session: aiohttp.ClientSession,
        allowed: Callable[[str], bool],
        token_origin: str = "",
        headers: Callable[[], Awaitable[dict[str, str]]] | None = None,
    ) -> None:
        self._root, self._session, self._allowed = root, session, allowed
        self._token_origin, self._headers = token_origin, headers
        self._hosts: dict[tuple[str, str], tuple[bool, str | None]] = {}
        self._folders: set[str] = set()
        parts = root / "media" / PARTS
        parts.mkdir(parents=True, exist_ok=True)
        self._begun = {path.name for path in parts.iterdir()}
        for left in (root / "media").glob("??/*.growing"):  # of a run that was killed
            left.unlink(missing_ok=True)

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """A file, or why there is none: refused ones are not worth another try."""
        part = hashlib.sha256(url.encode()).hexdigest()[:32]
        try:
            address = URL(url, encoded="%" in url)
            for _ in range(_MOST_REDIRECTS + 1):
                found = await self._ask(address, BOUNDS[role], part)
                if not isinstance(found, URL):
                    return found
                address = found
        except TimeoutError:
            return Outcome("unavailable", "timeout")
        except (aiohttp.ClientError, ValueError) as error:
            return Outcome("unavailable", type(error).__name__)
        except OSError as error:
            if error.errno is None or isinstance(error, ConnectionError):
                return Outcome("unavailable", type(error).__name__)
            raise storage_error(self._root / "media", error) from error
        return Outcome("refused", "redirected more than three times")

    async def _ask(self, address: URL, bound: Bound, part: str) -> StoredFile | Outcome | URL:
        host = address.authority  # as the client itself reads it, whatever stands in the address
        place = address.scheme, host
        if place not in self._hosts:
            web = address.scheme in ("http", "https") and address.user is None
            self._hosts[place] = web and self._allowed(host), proxy_of(str(address))
        allowed, proxy = self._hosts[place]
        if not allowed:
            return Outcome("refused", f"not asked: {host[:80] or 'no address'}")
        ours = f"{address.scheme}://{host}" == self._token_origin
        headers = dict(await self._headers()) if ours and self._headers else {}
        held, etag = self._held(part) if part in self._begun else (0, "")
        if held and etag:
            headers |= {"Range": f"bytes={held}-", "If-Range": etag}
        async with self._session.get(
            address, allow_redirects=False, proxy=proxy, headers=headers
        ) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                return answer.url.join(URL(answer.headers.get("Location", "")))
            if answer.status == 416 and held:  # the file is another one by now
                self._drop(part)
                return address
            if answer.status == 206 and not (held and _begins_at(answer) == held):
                self._drop(part)
                return Outcome("unavailable", "a part that was not asked for")
            if answer.status not in (200, 206):
                return await _refusal(answer)
            return await self._take(answer, bound, part, held if answer.status == 206 else 0)

    def _drop(self, part: str) -> None:
        _forget(self._part(part))
        self._begun.discard(part)

    def _part(self, name: str) -> Path:
        return self._root / "media" / PARTS / name

    def _held(self, name: str) -> tuple[int, str]:
        """How much of a file came before, and of which version of it."""
        part = self._part(name)
        with contextlib.suppress(OSError):
            return part.stat().st_size, part.with_suffix(".etag").read_text()
        return 0, ""

    async def _take(
        self, answer: aiohttp.ClientResponse, bound: Bound, part: str, held: int
    ) -> StoredFile | Outcome:
        """The body, in one piece when it is small."""
        length = answer.content_length
        if length is not None and held + length > bound.most:
            return _too_large(bound)
        plain = "Content-Encoding" not in answer.headers  # unpacked it may be of any size
        if length is not None and length <= _SMALL and not held and plain:
            body = await answer.read()
            return self._keep(body, bound) if len(body) <= bound.most else _too_large(bound)
        return await self._stream(answer, bound, self._part(part), held)

    def _keep(self, body: bytes, bound: Bound) -> StoredFile | Outcome:
        kind = type_of(body[:HEAD_BYTES])
        if kind not in bound.types:
            return _wrong(kind, body)
        digest = hashlib.sha256(body).hexdigest()
        name, path = self._place(digest, kind)
        if not os.path.exists(path):  # noqa: PTH110 - paths as objects cost as much as the hash
            growing = f"{path}.{os.getpid()}.growing"
            with open(growing, "wb") as file:  # noqa: PTH123
                file.write(body)
            os.replace(growing, path)  # noqa: PTH105
        return StoredFile(name, digest, len(body), kind)

    async def _stream(
        self, answer: aiohttp.ClientResponse, bound: Bound, part: Path, held: int
    ) -> StoredFile | Outcome:
        """A large file grows in its part; what was cut stays there for the next try."""
        self._begun.add(part.name)
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
        name, path = self._place(digest, kind)
        part.replace(path)
        _forget(part)
        return StoredFile(name, digest, size, kind)

    def _place(self, digest: str, kind: str) -> tuple[str, str]:
        """Where a file lies: in the data folder, and on this machine."""
        folder = digest[:2]
        if folder not in self._folders:
            (self._root / "media" / folder).mkdir(exist_ok=True)
            self._folders.add(folder)
        name = f"media/{folder}/{digest}.{ENDINGS[kind]}"
        return name, f"{self._root}/{name}"


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".etag").unlink(missing_ok=True)


def _too_large(bound: Bound) -> Outcome:
    return Outcome("refused", f"over {bound.most >> 20} MiB")


def _wrong(kind: str, head: bytes) -> Outcome:
    return Outcome("refused", f"not what it should be: {kind or words_for(head)}")


def _begins_at(answer: aiohttp.ClientResponse) -> int | None:
    """Where a part of a file begins."""
    told = _TOLD_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return int(told[1]) if told else None


async def _refusal(answer: Any) -> Outcome:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = await answer.content.read(4096)
    return classify_http(Response(answer.status, headers, body))


def is_public(netloc: str) -> bool:
    """Whether a host is one of the world: this machine and its network are not asked."""
    host = (urlsplit(f"//{netloc}").hostname or "").strip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        number = last.isdigit() or last.startswith("0x")  # 127.1 and 0x7f.1 are addresses, too
        private = host.endswith((".localhost", ".local", ".internal"))
        return "." in host and not number and not private
    if address.version == 6 and address in _EMBEDDING:
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global
