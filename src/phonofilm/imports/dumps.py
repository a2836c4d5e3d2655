"""Import whole files: only what changed, checked to the last byte, swapped in all at once."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from phonofilm.config import Settings
from phonofilm.errors import OriginError, UsageError
from phonofilm.imports.dump_checks import DumpChecks
from phonofilm.imports.dump_files import HostedFiles, local_files
from phonofilm.landing.dumps import DumpFile, Dumps, Generation
from phonofilm.landing.envelope import new_run_id
from phonofilm.landing.subset import write_subset
from phonofilm.net.origin.live import check_terms
from phonofilm.net.origin.origin import LOCAL_FILES, is_sandbox_name, origin_kind, sandbox_name
from phonofilm.net.origin.sandbox import find_sandbox, is_web_address
from phonofilm.net.resumable_download import Progress
from phonofilm.sources import get_bulk
from phonofilm.sources.bulk.contract import BulkSource
from phonofilm.workspace import FolderLock, Workspace

ID_MAPS = ("anime_ids.csv.gz", "anime_ids.csv", "anime-list-full.json")


class ImportOptions(msgspec.Struct):
    """What to import.

    `files` is a folder or an address; empty is the source's own address. `only` names a part of the
    titles, `id_map` a map of ids that decides what is anime.
    """

    source: str
    files: str = ""
    only: str = ""
    id_map: Path | None = None
    allow_shrink: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether the files come from a host."""
        return not self.files or "://" in self.files


class ImportResult(msgspec.Struct, kw_only=True):
    """The files of an import by table, and `kept` titles by the rule that selected them.

    `missing` tables were not there this time; `calls` counts requests.
    """

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


Obeyed = Callable[[str], AbstractContextManager[None]]
"""Takes the address of a host; the context raises ParkedError during a ban, and saves a new one."""


async def import_dumps(
    workspace: Workspace,
    settings: Settings,
    options: ImportOptions,
    on_progress: Progress | None = None,
    obeyed: Obeyed = lambda _: nullcontext(),
) -> ImportResult:
    """Fetch or copy what changed, check it, swap it in; an error leaves the last import.

    `obeyed` keeps the bans of the host.
    """
    source = get_bulk(options.source)
    if options.only:
        source.rules(options.only, False)  # an unknown part is an error before anything is fetched
    host = options.files or source.manifest.dumps_url
    with obeyed(host) if options.is_remote else nullcontext():
        origin = await _origin(source, settings, options) if options.is_remote else LOCAL_FILES
        workspace.open()
        with FolderLock(workspace, f"import of {options.source}"):
            work = _Import(workspace, source, options, origin)
            result = await work.run(on_progress)
            await asyncio.to_thread(workspace.segments().ship)
            return result


async def _origin(source: BulkSource, settings: Settings, options: ImportOptions) -> str:
    """Return the sandbox behind an address, or the live service once its terms are accepted."""
    if options.files:
        if not is_web_address(options.files):
            raise UsageError(f"{options.files!r} is no folder and no http(s) address.")
        if sandbox := await find_sandbox(options.files):
            return sandbox_name(sandbox.world)
    check_terms(source.manifest, settings.source(source.manifest.name))
    return options.files or source.manifest.dumps_url


class _Import:
    """One import of one source."""

    def __init__(
        self, workspace: Workspace, source: BulkSource, options: ImportOptions, origin: str
    ) -> None:
        self._source, self._options, self._origin = source, options, origin
        self._workspace = workspace
        self._dumps = Dumps(workspace.landing, options.source)
        self._media = workspace.root / "media" / options.source
        self._last = self._dumps.newest()
        self._requests = 0

    async def run(self, on_progress: Progress | None) -> ImportResult:
        """Bring the files in, and swap them in as a generation when something changed."""
        started = time.monotonic()
        self._check_origin()
        self._dumps.open_incoming()
        files = await self._incoming_files(on_progress)
        missing = [name for name in self._source.tables if name not in files]
        self._keep_missing(files)
        mapped_ids = self._mapped_ids()
        generation = self._generation(files, mapped_ids)
        changed = self._is_changed(generation)
        if changed:
            await self._swap_in(generation, mapped_ids)
        else:
            shutil.rmtree(self._dumps.incoming, ignore_errors=True)
            generation = self._last or generation
        elapsed_seconds = time.monotonic() - started
        return self._result(generation, changed, missing, elapsed_seconds)

    def _check_origin(self) -> None:
        """Check that a sandbox's files do not mix with real ones: a folder holds one world.

        Nothing is known of local files.
        """
        if self._options.is_remote:
            self._workspace.bind_origin(origin_kind(self._origin))
        if self._last is None or self._last.origin == self._origin:
            return
        if is_sandbox_name(self._last.origin) or is_sandbox_name(self._origin):
            raise OriginError(
                f"This folder holds dumps of {self._last.origin}, not of {self._origin}.",
                expected=self._last.origin,
                actual=self._origin,
                saved="Nothing was touched.",
                next_step="Name another folder with --data.",
            )

    async def _incoming_files(self, on_progress: Progress | None) -> dict[str, DumpFile]:
        """Return the checked files by table. Raises UsageError when there is none."""
        checks = DumpChecks(self._source, self._last, self._options.allow_shrink)
        if self._options.is_remote:
            base_url = self._options.files or self._source.manifest.dumps_url
            async with HostedFiles(base_url, self._dumps, checks) as hosted:
                try:
                    files = await hosted.fetch(on_progress)
                finally:
                    self._requests = hosted.requests
        else:
            files = local_files(Path(self._options.files), self._dumps, checks, self._media)
        if not files:
            names = ", ".join(table.names[0] for table in self._source.tables.values())
            raise UsageError(
                f"{self._options.files or self._origin} has none of the dumps.",
                next_step=f"They are called {names}.",
            )
        return files

    def _keep_missing(self, files: dict[str, DumpFile]) -> None:
        """Keep files of the last import that are not there this time."""
        if self._last is None:
            return
        for name, file in self._last.files.items():
            if name not in files:
                self._dumps.link_in(self._dumps.path(self._last, name), file)
                files[name] = file

    def _mapped_ids(self) -> list[str]:
        """Return the ids of the map, which lies in the folder of the dumps unless it is named."""
        options = self._options
        if not options.only:
            return []
        path = options.id_map
        if path is None and not options.is_remote:
            root = Path(options.files)
            path = next((root / name for name in ID_MAPS if (root / name).is_file()), None)
        return [] if path is None else self._source.read_id_map(path)

    def _generation(self, files: dict[str, DumpFile], mapped_ids: list[str]) -> Generation:
        return Generation(
            source=self._options.source,
            number=(self._last.number if self._last else 0) + 1,
            run=new_run_id(time.time()),
            terms=self._source.manifest.terms.version,
            only=self._options.only,
            origin=self._origin,
            files=files,
            title_counts={},
            id_map=_digest(mapped_ids),
        )

    def _is_changed(self, generation: Generation) -> bool:
        last = self._last
        if last is None or (last.only, last.id_map) != (generation.only, generation.id_map):
            return True
        return _hashes(generation) != _hashes(last)

    async def _swap_in(self, generation: Generation, mapped_ids: list[str]) -> None:
        if generation.only:
            generation.title_counts = await asyncio.to_thread(
                write_subset, self._source, self._dumps.incoming, generation, mapped_ids
            )
        self._dumps.swap_in(generation)

    def _result(
        self, generation: Generation, changed: bool, missing: list[str], elapsed_seconds: float
    ) -> ImportResult:
        return ImportResult(
            source=self._options.source,
            run=generation.run,
            origin=self._origin,
            generation=generation.number,
            changed=changed,
            files={
                name: {"rows": f.rows, "bytes": f.bytes, "sha256": f.sha256, "url": f.url}
                for name, f in generation.files.items()
            },
            missing=missing,
            kept=generation.title_counts,
            calls=self._requests,
            elapsed_s=round(elapsed_seconds, 3),
        )


def _hashes(generation: Generation) -> dict[str, str]:
    return {name: file.sha256 for name, file in generation.files.items()}


def _digest(ids: list[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16] if ids else ""
