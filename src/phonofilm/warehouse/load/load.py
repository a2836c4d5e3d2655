"""Landing to warehouse: parse again, merge, publish. Loading twice changes nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from phonofilm.crawl.frontier.database import FrontierDatabase
from phonofilm.crawl.responses.writer import seal_waiting
from phonofilm.errors import ShapeError
from phonofilm.landing.dump_views import UnparsableDump
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import read_segments
from phonofilm.records import BY_KIND, Record
from phonofilm.runtime.event_loop import infrequent_gc
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import ODD_ANSWERS
from phonofilm.sources.http import HttpSource
from phonofilm.warehouse.engines.base import Merged, Warehouse
from phonofilm.warehouse.engines.location import open_warehouse, save_location
from phonofilm.warehouse.load.dump_loader import DumpLoader
from phonofilm.warehouse.load.staging import Stage, fits
from phonofilm.warehouse.snapshots import publish, published
from phonofilm.workspace import FolderLock, Workspace

_STAGE_ROWS = 80_000
# Values that no column can hold, as the database says it.
_ODD_VALUES = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)
_SCRATCH = "load-"
_DAY_US = 86_400_000_000


class Loaded(msgspec.Struct):
    """What a load did, rows by plural kind."""

    inserted: dict[str, int]
    updated: dict[str, int]
    unchanged: dict[str, int]
    quarantined: int
    findings: dict[str, int]
    answers: int
    segments: int
    elapsed_s: float


class Loader:
    """Loads segments into one warehouse."""

    def __init__(self, folder: Workspace, warehouse: Warehouse, careful: bool = False) -> None:
        self._folder, self._warehouse, self._careful = folder, warehouse, careful
        self._stage = Stage()
        self._masks: dict[tuple[str, str], dict[str, int]] = {}
        self._counts: dict[str, Counter[str]] = {
            "inserted": Counter(),
            "updated": Counter(),
            "unchanged": Counter(),
        }
        self.findings: Counter[str] = Counter()
        self.quarantined = 0
        self._quarantined: list[list[Any]] = []
        self.answers = 0

    def load(self, shelf: SegmentStore, names: list[str]) -> None:
        """Loads segments in one transaction; their order does not matter."""
        with (
            tempfile.TemporaryDirectory(dir=self._folder.warehouse, prefix=_SCRATCH) as scratch,
            ThreadPoolExecutor(1) as merger,
            infrequent_gc(),
        ):
            merging: Future[None] | None = None
            for envelope in read_segments(map(shelf.path, names)):
                self._read(envelope)
                if self._stage.size >= _STAGE_ROWS:
                    merging = self._merge_beside(merger, merging, Path(scratch))
            merging = self._merge_beside(merger, merging, Path(scratch))
            merging.result()
        self._keep_quarantined()
        new = set(names) - self._warehouse.loaded()
        self._warehouse.mark_loaded(sorted(new), datetime.now(UTC).replace(tzinfo=None))

    def _merge_beside(
        self, merger: ThreadPoolExecutor, before: Future[None] | None, scratch: Path
    ) -> Future[None]:
        """Merges what is staged while the next answers are parsed: the database needs no Python."""
        if before:
            before.result()
        stage, self._stage = self._stage, Stage()
        return merger.submit(self._merge, stage, scratch)

    def _read(self, envelope: Envelope) -> None:
        self.answers += 1
        source = get(envelope.source)
        keep_days = source.manifest.terms.keep_days
        keep_us = None if keep_days is None else keep_days * _DAY_US
        try:
            page = source.parse(envelope.request, envelope.response)
        except ODD_ANSWERS as error:
            self._quarantine(envelope, str(error), keep_us)
            return
        if self._careful:
            page.records = self._sound(envelope, page.records, keep_us)
        for finding in page.findings:
            self.findings[finding.kind] += 1
            if finding.kind == "malformed_item":
                self._quarantine(envelope, finding.detail, keep_us)
        spec = source.manifest.endpoints[envelope.endpoint]
        looked_up = {(spec.subject, id_) for id_ in envelope.ids} if spec.looks_up else set()
        masks = self._masks_of(source, envelope.access)
        self._stage.add(envelope, page.records, masks, looked_up, keep_us)

    def _sound(
        self, envelope: Envelope, records: list[Record], keep_us: int | None
    ) -> list[Record]:
        """The records that a table can hold; others are quarantined."""
        sound = [record for record in records if fits(record)]
        for record in records:
            if not fits(record):
                self._quarantine(envelope, f"no such {record.kind}: {record.id[:60]}", keep_us)
        return sound

    def _masks_of(self, source: HttpSource, access: str) -> dict[str, int]:
        key = source.manifest.name, access
        if key not in self._masks:
            self._masks[key] = {kind: source.manifest.wanted_mask(kind, access) for kind in BY_KIND}
        return self._masks[key]

    def _quarantine(self, envelope: Envelope, reason: str, keep_us: int | None) -> None:
        """A body or a part of it that does not parse is kept with its reason, once."""
        self.quarantined += 1
        expires = None if keep_us is None else _utc(envelope.fetched_at + keep_us)
        self._quarantined.append(
            [
                envelope.source,
                envelope.endpoint,
                envelope.ids,
                envelope.offset,
                _utc(envelope.fetched_at),
                envelope.sha256,
                reason,
                envelope.body[:400],
                expires,
            ]
        )

    def _keep_quarantined(self) -> None:
        self._warehouse.quarantine(self._quarantined)

    def _merge(self, stage: Stage, scratch: Path) -> None:
        for cls in stage.kinds():
            repeated = stage.write(cls, scratch)
            self._warehouse.batches.of_answers(cls, scratch, repeated)
            self.count(cls.plural, self._warehouse.merge(cls))

    def count(self, plural: str, merged: Merged) -> None:
        """Adds what a merge did."""
        for word, number in merged._asdict().items():
            self._counts[word][plural] += number

    def result(self, number: int, elapsed: float) -> Loaded:
        """What was done."""
        plain = {word: dict(held) for word, held in self._counts.items()}
        return Loaded(
            plain["inserted"],
            plain["updated"],
            plain["unchanged"],
            self.quarantined,
            dict(self.findings),
            self.answers,
            number,
            round(elapsed, 3),
        )


def _utc(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).replace(tzinfo=None)


def load(folder: Workspace, again: bool = False) -> Loaded:
    """Seals what waits, loads what is new (`again`: everything) and publishes what changed."""
    began = time.monotonic()
    folder.must_exist()
    with FolderLock(folder, "load"):
        for left in folder.warehouse.glob(f"{_SCRATCH}*"):  # of a load that was killed
            shutil.rmtree(left, ignore_errors=True)
        seal_all(folder)
        shelf = folder.segments()
        shelf.ship()
        shelf.pull_dumps()
        warehouse = open_warehouse(folder, folder.database)
        try:
            try:
                loader, number = _load(folder, shelf, warehouse, again, careful=False)
            except (UnparsableDump, *_ODD_VALUES):  # something only looked as it should
                loader, number = _carefully(folder, shelf, warehouse, again)
            changed = warehouse.wrote or loader.quarantined > 0
            warehouse.checkpoint()
        finally:
            warehouse.close()
            shelf.remove_fetched()
        save_location(folder, folder.database)
        if not folder.database and (changed or published(folder) is None):
            publish(folder)
    return loader.result(number, time.monotonic() - began)


def _carefully(
    folder: Workspace, shelf: SegmentStore, warehouse: Warehouse, again: bool
) -> tuple[Loader, int]:
    """The load once more, every value looked at; ShapeError for what even so cannot be taken."""
    try:
        return _load(folder, shelf, warehouse, again, careful=True)
    except _ODD_VALUES as error:
        raise ShapeError(
            f"Something that was collected cannot be loaded: {str(error).splitlines()[0][:200]}",
            saved="The landing holds everything; the warehouse is as the last load left it.",
            next_step="Update phonofilm; load reads it again then.",
        ) from error


def _load(
    folder: Workspace, shelf: SegmentStore, warehouse: Warehouse, again: bool, careful: bool
) -> tuple[Loader, int]:
    """Everything in one transaction."""
    with warehouse.transaction():
        known = set() if again else warehouse.loaded()
        names = [name for name in shelf.names() if name not in known]
        loader = Loader(folder, warehouse, careful)
        dumps = DumpLoader(folder, warehouse, careful)
        loader.load(shelf, names)
        dumps.load(again)
        _keep_runs(folder, warehouse)
    for plural, merged in dumps.merged.items():
        loader.count(plural, merged)
    loader.findings += dumps.findings
    loader.quarantined += dumps.quarantined
    return loader, len(names) + dumps.generations


def seal_all(folder: Workspace) -> None:
    """Turns everything that waits in logs into segments."""
    for name in source_names():
        path = folder.frontier / f"{name}.sqlite"
        if path.exists():
            ledger = FrontierDatabase(path)
            seal_waiting(folder, ledger, name)
            ledger.close()


def _keep_runs(folder: Workspace, warehouse: Warehouse) -> None:
    """Copies how the crawls ended; a run is told by its id."""
    for name in source_names():
        path = folder.frontier / f"{name}.sqlite"
        if not path.exists():
            continue
        ledger = FrontierDatabase(path)
        for run, started, result in ledger.runs():
            warehouse.save_run(name, run, _utc(int(started * 1e6)), result)
        ledger.close()


__all__ = ["Loaded", "load", "seal_all"]
