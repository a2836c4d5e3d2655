"""Imports whole files: only what changed, checked to the last byte, swapped in all at once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from phonofilm.config import Settings
from phonofilm.errors import (
    BotWallError,
    OriginError,
    PhonofilmError,
    ShapeError,
    StoreError,
    UsageError,
    storage_error,
)
from phonofilm.imports.clips import bring_clips
from phonofilm.landing.archives import convert
from phonofilm.landing.dumps import CheckedFile, DumpFile, Dumps, Generation, check_dump
from phonofilm.landing.subset import write_subset
from phonofilm.net.http_client import AGENT
from phonofilm.net.origin.live import check_terms
from phonofilm.net.origin.origin import sandbox_name
from phonofilm.net.origin.sandbox import find_sandbox
from phonofilm.net.partial_file import PartialFile, Validators
from phonofilm.net.resumable_download import Progress, ResumableDownloads
from phonofilm.sources import get_bulk
from phonofilm.sources.bulk.contract import BulkSource, DumpTable
from phonofilm.sources.bulk.tsv import TruncatedFile
from phonofilm.sources.classify import is_wall
from phonofilm.workspace import FolderLock, Workspace

_SHRUNK = 0.95
ID_MAPS = ("anime_ids.csv.gz", "anime_ids.csv", "anime-list-full.json")


class ImportOptions(msgspec.Struct):
    """What to import. `files` is a folder or an address; empty is the source's own address."""

    source: str
    files: str = ""
    only: str = ""
    id_map: Path | None = None
    allow_shrink: bool = False


class ImportResult(msgspec.Struct):
    """What an import did: files by table, `kept` titles by rule, and whether anything changed."""

    source: str
    run: str
    origin: str
    generation: int
    changed: bool
    files: dict[str, dict[str, object]]
    missing: list[str]
    kept: dict[str, int]
    calls: int
    elapsed_s: float


async def import_dumps(
    folder: Workspace, settings: Settings, options: ImportOptions, told: Progress | None = None
) -> ImportResult:
    """Fetches or copies what changed, checks it, swaps it in. Errors leave the last as it was."""
    source = get_bulk(options.source)
    if options.only:
        source.rules(options.only, False)  # a part that is not known is told before anything else
    remote = not options.files or "://" in options.files
    origin = await _origin(source, settings, options) if remote else "local files"
    folder.open()
    with FolderLock(folder, f"import of {options.source}"):
        work = _Import(folder, source, options, origin, told)
        result = await work.run(remote)
        await asyncio.to_thread(folder.segments().ship)
        return result


async def _origin(source: BulkSource, settings: Settings, options: ImportOptions) -> str:
    """The sandbox behind an address, or the live service once its terms are accepted."""
    url = options.files or source.manifest.dumps_url
    own = settings.source(source.manifest.name)
    if options.files:
        try:
            parts = urlsplit(options.files)
            good = parts.scheme in ("http", "https") and parts.hostname
        except ValueError:
            good = None
        if not good:
            raise UsageError(f"{options.files!r} is no folder and no http(s) address.")
        if sandbox := await find_sandbox(url):
            return sandbox_name(sandbox.world)
    check_terms(source.manifest, own)
    return url


class _Import:
    """One import, step by step."""

    def __init__(
        self,
        folder: Workspace,
        source: BulkSource,
        options: ImportOptions,
        origin: str,
        told: Progress | None,
    ) -> None:
        self._source, self._options, self._origin, self._told = source, options, origin, told
        self._dumps = Dumps(folder.landing, options.source)
        self._media = folder.root / "media" / options.source
        self._last = self._dumps.newest()
        self._run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self._calls = 0

    async def run(self, remote: bool) -> ImportResult:
        began = time.monotonic()
        self._check_origin()
        incoming = self._dumps.open_incoming()
        files = await self._from_host() if remote else self._from_folder()
        if not files:
            raise UsageError(
                f"{self._options.files or self._origin} has none of the dumps.",
                next_step=f"They are called {', '.join(_names(self._source))}.",
            )
        missing = [name for name in self._source.tables if name not in files]
        self._carry(files)
        mapped = self._id_map()
        changed = self._changed(files, mapped)
        number = self._last.number if self._last else 0
        generation = Generation(
            source=self._options.source,
            number=number + 1,
            run=self._run,
            terms=self._source.manifest.terms.version,
            only=self._options.only,
            origin=self._origin,
            files=files,
            title_counts={},
            id_map=_digest(mapped),
        )
        if changed:
            if self._options.only:
                generation.title_counts = await asyncio.to_thread(
                    write_subset, self._source, incoming, generation, mapped
                )
            self._dumps.swap_in(generation)
        else:
            shutil.rmtree(incoming, ignore_errors=True)
            generation = self._last or generation
        return self._result(generation, changed, missing, time.monotonic() - began)

    def _check_origin(self) -> None:
        """A folder holds one world: what a sandbox made does not mix with the real one."""
        if self._last is None:
            return
        simulated = [o.startswith("sandbox ") for o in (self._last.origin, self._origin)]
        if any(simulated) and self._last.origin != self._origin:
            raise OriginError(
                f"This folder holds dumps of {self._last.origin}, not of {self._origin}.",
                expected=self._last.origin,
                actual=self._origin,
                saved="Nothing was touched.",
                next_step="Name another folder with --data.",
            )

    def _carry(self, files: dict[str, DumpFile]) -> None:
        """Files that are not there this time stay as the last import brought them."""
        for name, before in self._last.files.items() if self._last else ():
            if name not in files and self._last is not None:
                self._dumps.link_in(self._dumps.path(self._last, name), before)
                files[name] = before

    def _changed(self, files: dict[str, DumpFile], mapped: list[str]) -> bool:
        last = self._last
        if last is None or last.only != self._options.only or last.id_map != _digest(mapped):
            return True
        return {n: f.sha256 for n, f in files.items()} != {
            n: f.sha256 for n, f in last.files.items()
        }

    def _from_folder(self) -> dict[str, DumpFile]:
        """Copies local files in; those that are not there are left out."""
        root = Path(self._options.files)
        if not root.is_dir():
            raise UsageError(f"{root} is no folder.", next_step="Name the folder of the dumps.")
        found = {name: _local(root, table) for name, table in self._source.tables.items()}
        there = {name: path for name, path in found.items() if path}
        if self._source.clips:
            listed = bring_clips(root, self._source.clips, self._media, self._dumps.incoming)
            there |= {"clips": listed} if listed else {}
        with ThreadPoolExecutor(2) as pool:
            made = pool.map(self._take, there, there.values())
            return dict(zip(there, made, strict=True))

    def _take(self, name: str, path: Path) -> DumpFile:
        taken = path
        if path.parent != self._dumps.incoming:
            taken = self._dumps.copy_in(path, path.name)
        fetched_at = min(time.time(), path.stat().st_mtime)  # a clock that ran ahead is no reason
        file = self._checked(name, taken, str(path.name), Validators())
        file.fetched_at = int(fetched_at * 1e6)
        return file

    async def _from_host(self) -> dict[str, DumpFile]:
        """Fetches what changed, one after the other; the next comes while the last is checked."""
        base = self._options.files or self._source.manifest.dumps_url
        files: dict[str, DumpFile] = {}
        checks: dict[str, asyncio.Task[DumpFile]] = {}
        async with ResumableDownloads(base, AGENT, time.time) as downloads:
            try:
                for name, table in self._source.tables.items():
                    file_name = table.names[0]
                    target = self._dumps.incoming / file_name
                    before = self._reusable(name)
                    known = Validators(before.etag, before.last_modified) if before else None
                    known = known or PartialFile(target).finished()
                    fetched = await downloads.fetch(file_name, target, known, self._told)
                    if fetched is None:
                        continue
                    if not fetched.changed and before and self._last:
                        self._dumps.link_in(self._dumps.path(self._last, name), before)
                        files[name] = before
                        continue
                    url = f"{base.rstrip('/')}/{file_name}"
                    checks[name] = asyncio.create_task(
                        asyncio.to_thread(self._checked, name, target, url, fetched.validators)
                    )
                for name, task in checks.items():
                    files[name] = await task
            finally:
                self._calls = downloads.requests
                await asyncio.gather(*checks.values(), return_exceptions=True)
        return {name: files[name] for name in self._source.tables if name in files}

    def _reusable(self, name: str) -> DumpFile | None:
        """A file of the last generation that need not come again when it did not change."""
        held = self._last.files.get(name) if self._last else None
        if held is None or not (held.etag or held.last_modified) or self._last is None:
            return None
        return held if self._dumps.path(self._last, name).exists() else None

    def _checked(self, name: str, path: Path, url: str, validators: Validators) -> DumpFile:
        """Reads it to its end; what is not whole or not this table is refused."""
        table = self._source.tables[name]
        try:
            is_text = table.packing == "tsv"
            seen = check_dump(path) if is_text else convert(path, table, path.parent)
        except TruncatedFile as error:
            path.unlink(missing_ok=True)
            raise StoreError(
                f"{path.name} is not whole: {error}.",
                saved="The last import stays as it was.",
                next_step="Fetch the file again and repeat the command.",
            ) from None
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            _is_table(path, table, seen)
            self._check_size(name, seen)
        except PhonofilmError:
            path.unlink(missing_ok=True)
            raise
        return DumpFile(
            table=name,
            name=path.name,
            rows=seen.rows,
            bytes=path.stat().st_size,
            sha256=seen.sha256,
            regular=seen.regular,
            fetched_at=int(time.time() * 1e6),
            url=url,
            etag=validators.etag,
            last_modified=validators.last_modified,
            parts=seen.parts,
        )

    def _check_size(self, name: str, seen: CheckedFile) -> None:
        before = self._last.files.get(name) if self._last else None
        if before and not self._options.allow_shrink and seen.rows < before.rows * _SHRUNK:
            raise ShapeError(
                f"{name} shrank from {before.rows:,} to {seen.rows:,} rows.",
                table=name,
                saved="The last import stays as it was.",
                next_step="If that is right, say so: --allow-shrink.",
            )

    def _id_map(self) -> list[str]:
        """Ids that a map of anime names: a CSV with an `imdb` column, or a JSON list of objects."""
        path = self._options.id_map
        if not self._options.only:
            return []
        if path is None and self._options.files and "://" not in self._options.files:
            root = Path(self._options.files)
            path = next((root / n for n in ID_MAPS if (root / n).is_file()), None)
        return [] if path is None else self._source.read_id_map(path)

    def _result(
        self, generation: Generation, changed: bool, missing: list[str], elapsed: float
    ) -> ImportResult:
        files: dict[str, dict[str, object]] = {
            name: {"rows": f.rows, "bytes": f.bytes, "sha256": f.sha256, "url": f.url}
            for name, f in generation.files.items()
        }
        return ImportResult(
            self._options.source,
            generation.run,
            self._origin,
            generation.number,
            changed,
            files,
            missing,
            generation.title_counts,
            self._calls,
            round(elapsed, 3),
        )


def _digest(ids: list[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16] if ids else ""


def _local(root: Path, table: DumpTable) -> Path | None:
    return next((root / name for name in table.names if (root / name).is_file()), None)


def _names(source: BulkSource) -> list[str]:
    return [table.names[0] for table in source.tables.values()]


def _is_table(path: Path, table: DumpTable, seen: CheckedFile) -> None:
    """ShapeError unless the header is that of the table; a page for browsers says so."""
    if table.packing != "tsv" or tuple(seen.header) == table.columns:
        return
    start = seen.start.lstrip().lower()
    if is_wall(seen.start):
        raise BotWallError(f"{path.name} is a challenge for browsers, not a dump.")
    if start.startswith((b"<!doctype", b"<html")):
        raise ShapeError(
            f"{path.name} is a web page, not a dump.",
            table=table.name,
            saved="Nothing was changed.",
        )
    told = ", ".join(seen.header)[:200]
    raise ShapeError(
        f"{path.name} has other columns than {table.name}: {told!r}.",
        table=table.name,
        saved="The last import stays as it was.",
        next_step="Is it the right file? If IMDb changed it, phonofilm must learn the new columns.",
    )
