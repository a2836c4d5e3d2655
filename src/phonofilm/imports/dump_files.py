"""Where the files of an import come from: a folder, or a host that is asked only for changes."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from phonofilm.errors import UsageError
from phonofilm.imports.clips import import_clips
from phonofilm.imports.dump_checks import DumpChecks
from phonofilm.landing.dumps import DumpFile, Dumps
from phonofilm.net.http_client import AGENT
from phonofilm.net.partial_file import PartialFile, Validators
from phonofilm.net.resumable_download import Progress, ResumableDownloads
from phonofilm.sources.bulk.contract import DumpTable

_THREADS = 2  # reading is bound by unpacking; more threads compete for two cores. Not tuned.


def local_files(root: Path, dumps: Dumps, checks: DumpChecks, media: Path) -> dict[str, DumpFile]:
    """Copy the files of a folder in and check them; tables without a file are left out."""
    if not root.is_dir():
        raise UsageError(f"{root} is no folder.", next_step="Name the folder of the dumps.")
    source = checks.source
    paths = {
        name: path
        for name, table in source.tables.items()
        if (path := _file_of(root, table)) is not None
    }
    if source.clips and (listing := import_clips(root, source.clips, media, dumps.incoming)):
        paths["clips"] = listing
    with ThreadPoolExecutor(_THREADS) as pool:
        files = pool.map(lambda name: _copy_in(name, paths[name], dumps, checks), paths)
        return dict(zip(paths, files, strict=True))


def _file_of(root: Path, table: DumpTable) -> Path | None:
    return next((root / name for name in table.names if (root / name).is_file()), None)


def _copy_in(name: str, path: Path, dumps: Dumps, checks: DumpChecks) -> DumpFile:
    is_in = path.parent == dumps.incoming
    copy = path if is_in else dumps.copy_in(path, path.name)
    # A file's date is when it was fetched; a clock that ran ahead must not be newest for ever.
    fetched_at = min(time.time(), path.stat().st_mtime)
    file = checks.check(name, copy, path.name, Validators())
    file.fetched_at = int(fetched_at * 1e6)
    return file


class HostedFiles:
    """The files of a host; those that did not change since the last import are linked in."""

    def __init__(self, base_url: str, dumps: Dumps, checks: DumpChecks) -> None:
        self._base_url, self._dumps, self._checks = base_url.rstrip("/"), dumps, checks
        self._downloads = ResumableDownloads(base_url, AGENT, time.time)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._downloads.requests

    async def __aenter__(self) -> HostedFiles:
        await self._downloads.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._downloads.__aexit__(*error)

    async def fetch(self, on_progress: Progress | None) -> dict[str, DumpFile]:
        """Fetch one file after the other; each is checked while the next one arrives."""
        files: dict[str, DumpFile] = {}
        checks: dict[str, asyncio.Task[DumpFile]] = {}
        try:
            for name, table in self._checks.source.tables.items():
                result = await self._fetch(name, table, on_progress)
                if isinstance(result, DumpFile):
                    files[name] = result
                elif result is not None:
                    checks[name] = result
            for name, task in checks.items():
                files[name] = await task
        finally:
            await asyncio.gather(*checks.values(), return_exceptions=True)
        return {name: files[name] for name in self._checks.source.tables if name in files}

    async def _fetch(
        self, name: str, table: DumpTable, on_progress: Progress | None
    ) -> DumpFile | asyncio.Task[DumpFile] | None:
        """Return the last file when it did not change, or the check of a new one."""
        file_name = table.names[0]
        target = self._dumps.incoming / file_name
        last = self._reusable(name)
        known = Validators(last.etag, last.last_modified) if last else None
        known = known or PartialFile(target).finished()
        result = await self._downloads.fetch(file_name, target, known, on_progress)
        if result is None:
            return None
        if not result.changed and last and self._checks.last:
            self._dumps.link_in(self._dumps.path(self._checks.last, name), last)
            return last
        url = f"{self._base_url}/{file_name}"
        return asyncio.create_task(
            asyncio.to_thread(self._checks.check, name, target, url, result.validators)
        )

    def _reusable(self, name: str) -> DumpFile | None:
        """Return the last file of a table when a server can tell whether it changed."""
        generation = self._checks.last
        file = generation.files.get(name) if generation else None
        if generation is None or file is None or not (file.etag or file.last_modified):
            return None
        return file if self._dumps.path(generation, name).exists() else None
