"""Download pictures, waveforms and sound of a crawl: each file once, listed with its owners."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from phonofilm.errors import PhonofilmError
from phonofilm.findings import Findings
from phonofilm.media.base import FetchedFile, FileSender, MediaFrontier, MediaWriter, StoredFile
from phonofilm.media.senders import RunState
from phonofilm.runtime.signals import on_interrupt
from phonofilm.sources.contract import Outcome, Request, Response
from phonofilm.sources.media import MediaRef, Owner, StoredMedia

_HOPELESS = ("refused", "missing", "forbidden", "malformed")


class MediaResult(msgspec.Struct):
    """What a run of downloads did.

    `already` files were here before, `left` ones will be tried by the next run.
    """

    files: int = 0
    bytes: int = 0
    already: int = 0
    refused: int = 0
    left: int = 0
    by_role: dict[str, int] = {}


class DownloadContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of downloads works with.

    With `in_object_store` a known file need not lie in the data folder.
    """

    sender: FileSender
    frontier: MediaFrontier
    writer: MediaWriter
    state: RunState
    findings: Findings
    run: str
    root: Path
    in_object_store: bool = False


class MediaDownloads:
    """One run over the files that are wanted."""

    def __init__(self, context: DownloadContext) -> None:
        self._context = context
        self.result = MediaResult()
        self._by_role: Counter[str] = Counter()
        self._known = context.frontier.media()
        self._error: PhonofilmError | None = None

    async def run(self, wanted: dict[str, list[MediaRef]], workers: int) -> MediaResult:
        """Fetch what is missing; an error is raised after all that arrived is durable."""
        queue = iter(sorted(wanted.items()))
        with on_interrupt(self._context.state.stop):
            await asyncio.gather(*(self._work(queue) for _ in range(workers)))
        self.result.left += sum(1 for _ in queue)
        self.result.by_role = dict(self._by_role)
        if self._error:
            raise self._error
        return self.result

    async def _work(self, queue: Iterator[tuple[str, list[MediaRef]]]) -> None:
        state = self._context.state
        for url, refs in queue:
            try:
                await self._download(url, refs)
            except PhonofilmError as error:
                self._error = self._error or error
                state.stop()
            if state.is_stopped:
                return

    async def _download(self, url: str, refs: list[MediaRef]) -> None:
        owners = _fingerprint(refs)
        known = self._known.get(url)
        if known is not None and (not known.path or self._is_here(known)):
            self.result.already += 1
            if known.path and known.owners != owners:
                file = StoredFile(
                    path=known.path,
                    sha256=known.sha256,
                    bytes=known.bytes,
                    content_type=known.content_type,
                )
                await self._land(url, file, refs)
            return
        result = await self._context.sender.fetch(url, refs[0].role)
        if isinstance(result, StoredFile):
            self.result.files += 1
            self.result.bytes += result.bytes
            self._by_role.update({ref.role for ref in refs})
            await self._land(url, result, refs)
        else:
            await self._refuse(url, result, refs)

    def _is_here(self, file: FetchedFile) -> bool:
        path = self._context.root / file.path
        is_whole = path.exists() and path.stat().st_size == file.bytes
        return self._context.in_object_store or is_whole

    async def _refuse(self, url: str, outcome: Outcome, refs: list[MediaRef]) -> None:
        """Remember a file that is permanently unavailable; leave any other to the next run."""
        context, detail = self._context, f"{url}: {outcome.reason}"
        if outcome.verdict not in _HOPELESS:
            self.result.left += 1
            context.findings.add(f"{outcome.verdict}_file", detail, "media")
            return
        self.result.refused += 1
        context.findings.add(f"{refs[0].role}_refused", detail, "media")
        refused = StoredFile(path="", sha256="", bytes=0, content_type="")
        self._save(url, refused, refs)
        await context.writer.wait_durable()

    async def _land(self, url: str, file: StoredFile, refs: list[MediaRef]) -> None:
        """Land the row of a file that is in its place, and count its address as done."""
        context = self._context
        media = StoredMedia(
            url=url,
            path=file.path,
            sha256=file.sha256,
            bytes=file.bytes,
            content_type=file.content_type,
            of=[
                Owner(
                    kind=ref.kind,
                    id=ref.id,
                    role=ref.role,
                    licence=ref.licence,
                    page_url=ref.page_url,
                )
                for ref in refs
            ],
        )
        response = Response(
            status=200,
            headers={"content-type": file.content_type},
            body=msgspec.json.encode(media),
            url=url,
        )
        number = context.frontier.record_file(context.run)
        context.writer.add(number, Request("media", (url,)), response)
        self._save(url, file, refs)
        await context.writer.wait_durable()

    def _save(self, url: str, file: StoredFile, refs: list[MediaRef]) -> None:
        fetched = FetchedFile(
            path=file.path,
            sha256=file.sha256,
            bytes=file.bytes,
            content_type=file.content_type,
            owners=_fingerprint(refs),
        )
        self._context.frontier.save_media(url, fetched)


def _fingerprint(refs: Sequence[MediaRef]) -> str:
    """Return a hash of the records that point to a file, so that another owner is noticed."""
    text = "".join(f"{ref.kind}{ref.id}{ref.role}" for ref in refs)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
