"""One run of downloads for a crawl: which files, by which sender, from which hosts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from phonofilm.findings import Findings
from phonofilm.landing.segments import read_segments
from phonofilm.media.base import MediaFrontier, MediaWriter
from phonofilm.media.downloads import DownloadContext, MediaDownloads, MediaResult
from phonofilm.media.fetcher import Fetcher, Signer
from phonofilm.media.senders import LimitedSender, RetryingSender, RunState
from phonofilm.media.wanted import wanted_files
from phonofilm.net.http_client import UNCOMPRESSED, ClientOptions, HttpClient
from phonofilm.net.limiter import Limiter
from phonofilm.net.origin.origin import Origin
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace


class MediaOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which files to download, and how; `timeout_seconds` bounds a silence, not a download."""

    roles: Sequence[str]
    workers: int = 4
    timeout_seconds: float = 60.0


class CrawledMedia(msgspec.Struct, frozen=True, kw_only=True):
    """The crawl whose files are downloaded; `headers` sign requests to its own origin."""

    source: HttpSource
    origin: Origin
    frontier: MediaFrontier
    writer: MediaWriter
    headers: Callable[[], Awaitable[dict[str, str]]]
    limiter: Limiter
    run: str


async def download_media(
    folder: Workspace, crawled: CrawledMedia, options: MediaOptions
) -> tuple[MediaResult, list[dict[str, Any]]]:
    """Download the files of followed records; return the result and its findings."""
    store, findings, state = folder.segments(), Findings(), RunState()
    names = sorted(store.names(crawled.source.manifest.name), key=lambda name: Path(name).name)
    wanted = wanted_files(
        crawled.source,
        crawled.frontier.is_followed,
        read_segments(map(store.path, names)),
        options.roles,
    )
    store.remove_fetched()
    origin = crawled.origin
    try:
        async with HttpClient(media_client_options(origin, options)) as client:
            fetcher = Fetcher(folder.root, client, _may_request(origin, client), _signer(crawled))
            limited = LimitedSender(fetcher, crawled.limiter, origin.clock, state)
            context = DownloadContext(
                sender=RetryingSender(limited),
                frontier=crawled.frontier,
                writer=crawled.writer,
                state=state,
                findings=findings,
                run=crawled.run,
                root=folder.root,
                in_object_store=store.objects is not None,
            )
            result = await MediaDownloads(context).run(wanted, options.workers)
            return result, findings.rows()
    finally:
        await crawled.writer.finish()


def media_client_options(origin: Origin, options: MediaOptions) -> ClientOptions:
    """Return the options of a client for addresses that came from the world."""
    return ClientOptions(
        user_agent=origin.user_agent,
        connections=options.workers,
        connect_seconds=options.timeout_seconds / 4,
        read_seconds=options.timeout_seconds / 2,
        headers=UNCOMPRESSED,
        public_only=not origin.is_sandbox,
    )


def _may_request(origin: Origin, client: HttpClient) -> Callable[[str], bool]:
    """Return which hosts may be requested: a sandbox's files lie in the sandbox alone."""
    host = urlsplit(origin.base_url).netloc
    return (lambda authority: authority == host) if origin.is_sandbox else client.may_connect


def _signer(crawled: CrawledMedia) -> Signer:
    base = urlsplit(crawled.origin.base_url)
    return Signer(origin=f"{base.scheme}://{base.netloc}", headers=crawled.headers)
