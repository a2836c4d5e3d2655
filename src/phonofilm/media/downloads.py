"""Pictures, waveforms and sound of what was collected: each file once, listed with its owners."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec

from phonofilm.about import __version__
from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.frontier.base import FetchedFile, Frontier
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.errors import PhonofilmError, UsageError
from phonofilm.findings import Findings
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segments import read_segments
from phonofilm.media.fetcher import Fetcher, StoredFile, is_public
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.net.origin import Origin
from phonofilm.runtime.signals import on_interrupt
from phonofilm.sources.contract import ODD_ANSWERS, Outcome, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.media import ROLES, MediaRef, Owner, StoredMedia, media_refs
from phonofilm.workspace import Workspace

_TRIES = 3
_MOST_SILENT = 20


class MediaResult(msgspec.Struct):
    """What a run of downloads did; `already` were here, `left` will be tried by the next run."""

    files: int = 0
    bytes: int = 0
    already: int = 0
    refused: int = 0
    left: int = 0
    by_role: dict[str, int] = {}


class DownloadContext(NamedTuple):
    """What downloads are made with."""

    fetcher: Fetcher
    frontier: Frontier
    keeper: ResponseWriter
    limiter: Limiter
    clock: Clock
    findings: Findings
    run: str


def parse_roles(text: str, source: HttpSource) -> list[str]:
    """`artwork,waveform` or `all` as roles that a source gives; UsageError otherwise."""
    given = source.manifest.media
    roles = list(given) if text == "all" else [word.strip() for word in text.split(",")]
    for role in roles:
        if role not in ROLES:
            raise UsageError(
                f"There is no media called {role!r}.", next_step=f"Say {', '.join(ROLES)} or all."
            )
        if role not in given:
            raise UsageError(
                f"{source.manifest.title} gives no {role} that may be kept.",
                next_step=f"It gives: {', '.join(given) or 'none'}.",
            )
    return roles


def wanted(
    source: HttpSource, frontier: Frontier, landed: Iterable[Envelope], roles: Sequence[str]
) -> dict[str, list[MediaRef]]:
    """The files of what is followed, by address; the newest answer about a thing counts."""
    kinds = {place.partition(".")[0] for role in roles for place in source.manifest.media[role]}
    useful = {
        name
        for name, endpoint in source.manifest.endpoints.items()
        if kinds & {shape.partition(".")[0] for shape in endpoint.returns}
    }
    newest: dict[tuple[str, str, str], tuple[int, MediaRef]] = {}
    for envelope in landed:
        if envelope.endpoint in useful:
            for wish in _told(source, frontier, envelope, roles):
                key = (wish.kind, wish.id, wish.role)
                if key not in newest or newest[key][0] <= envelope.fetched_at:
                    newest[key] = (envelope.fetched_at, wish)
    found: dict[str, list[MediaRef]] = {}
    for _, wish in newest.values():
        found.setdefault(wish.url, []).append(wish)
    return found


def _told(
    source: HttpSource, frontier: Frontier, envelope: Envelope, roles: Sequence[str]
) -> Iterator[MediaRef]:
    try:
        page = source.parse(envelope.request, envelope.response)
    except ODD_ANSWERS:
        return
    for wish in media_refs(source, page.records, roles):
        node = frontier.seq_of(wish.kind, wish.id)
        if node is not None and frontier.level(node):
            yield wish


class MediaDownloads:
    """One run over what is wanted."""

    def __init__(self, tools: DownloadContext, root: Path, away: bool) -> None:
        self._tools, self._root, self._away = tools, root, away
        self.result = MediaResult()
        self._roles: Counter[str] = Counter()
        self._known = tools.frontier.media()
        self._stopped, self._silent = False, 0
        self._error: PhonofilmError | None = None

    async def run(self, wishes: dict[str, list[MediaRef]], workers: int) -> MediaResult:
        """Fetches what is not here; an error comes after everything that came is safe."""
        waiting = iter(sorted(wishes.items()))
        with on_interrupt(self._stop):
            await asyncio.gather(*(self._work(waiting) for _ in range(workers)))
        self.result.left += sum(1 for _ in waiting)
        self.result.by_role = dict(self._roles)
        if self._error:
            raise self._error
        return self.result

    def _stop(self) -> None:
        self._stopped = True

    async def _work(self, waiting: Iterator[tuple[str, list[MediaRef]]]) -> None:
        for url, wishes in waiting:
            try:
                await self._one(url, wishes)
            except PhonofilmError as error:
                self._error = self._error or error
                self._stopped = True
            if self._stopped:
                return

    async def _one(self, url: str, wishes: list[MediaRef]) -> None:
        owners = [Owner(w.kind, w.id, w.role, w.licence, w.page_url) for w in wishes]
        told = b"".join(part.encode() for w in wishes for part in w[:3])
        print_ = hashlib.blake2b(told, digest_size=8).hexdigest()
        held = self._known.get(url)
        if held is not None and (held.path == "" or self._is_here(held.path, held.bytes)):
            self.result.already += 1
            if held.path and held.owners != print_:
                file = StoredFile(held.path, held.sha256, held.bytes, held.content_type)
                await self._keep(url, file, owners, print_)
            return
        found = await self._fetch(url, wishes[0].role)
        if isinstance(found, StoredFile):
            self.result.files += 1
            self.result.bytes += found.bytes
            self._roles.update({wish.role for wish in wishes})
            await self._keep(url, found, owners, print_)
        elif found.verdict in ("refused", "missing", "forbidden", "malformed"):
            self.result.refused += 1
            self._tools.findings.add(f"{wishes[0].role}_refused", f"{url}: {found.reason}", "media")
            refused = FetchedFile(path="", sha256="", bytes=0, content_type="", owners=print_)
            self._tools.frontier.save_media(url, refused)
            await self._tools.keeper.wait_durable()
        else:
            self.result.left += 1
            self._tools.findings.add(f"{found.verdict}_file", f"{url}: {found.reason}", "media")

    def _is_here(self, path: str, size: int) -> bool:
        """A file that was brought to an object store counts as here."""
        place = self._root / path
        return self._away or (place.exists() and place.stat().st_size == size)

    async def _fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """Tried again within bounds; a host that refuses is waited for, or left alone."""
        limiter, outcome = self._tools.limiter, Outcome("unavailable", "stopped")
        for attempt in range(_TRIES):
            if not await self._allowed():
                return Outcome("unavailable", limiter.reason or "stopped")
            sent = self._tools.clock.steady()
            found = await self._tools.fetcher.fetch(url, role)
            limiter.on_returned()
            if isinstance(found, StoredFile):
                self._silent = 0
                limiter.on_accepted(sent)
                return found
            outcome = found
            if found.verdict in ("throttled", "quota"):
                limiter.on_rejected(found.retry_after_seconds, found.verdict == "quota", sent)
            elif found.verdict == "bot_wall":
                self._stopped = True
                return found
            elif found.verdict == "unavailable":
                self._silent += 1
                self._stopped = self._stopped or self._silent >= _MOST_SILENT
                await asyncio.sleep(0.1 * 2**attempt)
            else:
                self._silent = 0
                return found
        return outcome

    async def _allowed(self) -> bool:
        limiter = self._tools.limiter
        while not self._stopped:
            wait = limiter.wait("media")
            if limiter.parked_until is not None:
                return False
            if wait <= 0:
                limiter.on_sent("media")
                return True
            await asyncio.sleep(min(wait, 0.5))
        return False

    async def _keep(self, url: str, file: StoredFile, owners: list[Owner], print_: str) -> None:
        """The file is in its place: now its row is landed, and the address counts as done."""
        tools = self._tools
        kept = StoredMedia(url, file.path, file.sha256, file.bytes, file.content_type, owners)
        response = Response(
            200, {"content-type": file.content_type}, msgspec.json.encode(kept), url
        )
        tools.keeper.add(tools.frontier.record_file(tools.run), Request("media", (url,)), response)
        tools.frontier.save_media(url, FetchedFile(*file, owners=print_))
        await tools.keeper.wait_durable()


async def fetch_files(
    folder: Workspace,
    origin: Origin,
    parts: CrawlContext,
    roles: Sequence[str],
    workers: int,
    timeout_seconds: float,
) -> tuple[MediaResult, list[dict[str, Any]]]:
    """Fetches files of what is followed; what was odd about them."""
    source, shelf, findings = parts.source, folder.segments(), Findings()
    names = sorted(shelf.names(source.manifest.name), key=lambda name: Path(name).name)
    wishes = wanted(source, parts.frontier, read_segments(map(shelf.path, names)), roles)
    shelf.remove_fetched()
    base = urlsplit(origin.base_url)
    host, ours = base.netloc, f"{base.scheme}://{base.netloc}"
    # A sandbox's files lie in the sandbox, and nowhere else.
    allowed = (lambda netloc: netloc == host) if origin.is_sandbox else is_public
    agent = origin.user_agent or f"phonofilm/{__version__}"
    try:
        async with session(agent, workers, timeout_seconds) as opened:
            fetcher = Fetcher(folder.root, opened, allowed, ours, parts.tokens.headers)
            tools = DownloadContext(
                fetcher,
                parts.frontier,
                parts.writer,
                Limiter([], origin.clock),
                origin.clock,
                findings,
                parts.run,
            )
            work = MediaDownloads(tools, folder.root, shelf.objects is not None)
            return await work.run(wishes, workers), findings.rows()
    finally:
        await parts.writer.finish()


def session(user_agent: str, workers: int, timeout_seconds: float) -> aiohttp.ClientSession:
    """Connections for downloads; what is compressed is not asked for, so that sizes are sizes."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=workers),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=timeout_seconds / 4, sock_read=timeout_seconds / 2
        ),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
