"""Dumps to warehouse: the newest generation of each source, table by table, without Python."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import DumpFile, Dumps, Generation
from phonofilm.landing.subset import create_subset_views
from phonofilm.sources import bulk_names, get_bulk
from phonofilm.sources.bulk.contract import BulkSource, Reading
from phonofilm.warehouse.engines.base import Merged, Warehouse
from phonofilm.warehouse.engines.batches import DumpInfo
from phonofilm.warehouse.load.staging import instant
from phonofilm.workspace import Workspace

_DAY_US = 86_400_000_000


class DumpLoader:
    """Loads generations that the warehouse does not hold yet."""

    def __init__(self, folder: Workspace, warehouse: Warehouse, careful: bool) -> None:
        self._folder, self._warehouse, self._careful = folder, warehouse, careful
        self.merged: dict[str, Merged] = {}
        self.findings: Counter[str] = Counter()
        self.quarantined = 0
        self.loaded: list[str] = []
        self.generations = 0

    def load(self, again: bool = False) -> None:
        """Merges what is new, inside the transaction of the load."""
        known = self._warehouse.loaded()
        for name in bulk_names():
            dumps = Dumps(self._folder.landing, name)
            generation = dumps.newest()
            key = f"dumps/{name}/{generation.run}" if generation else ""
            if generation is None or (key in known and not again):
                continue
            with tempfile.TemporaryDirectory(dir=self._folder.warehouse, prefix="load-") as scratch:
                try:
                    self._load(get_bulk(name), dumps, generation, Path(scratch))
                except duckdb.InvalidInputException as error:  # rows of another width
                    if self._careful:
                        raise
                    raise UnparsableDump(str(error)[:400]) from None
            self._keep_run(generation)
            self.loaded.append(key)
            self.generations += 1
        new = [key for key in self.loaded if key not in known]
        self._warehouse.mark_loaded(new, datetime.now(UTC).replace(tzinfo=None))

    def _load(
        self, source: BulkSource, dumps: Dumps, generation: Generation, scratch: Path
    ) -> None:
        connection = self._warehouse.batches.connection
        relations = DumpViews(
            connection,
            source,
            dumps,
            generation,
            scratch,
            self._careful,
            "all " if generation.only else "",
        )
        # The next file is unpacked while the database reads the last one.
        with ThreadPoolExecutor(1) as unpacker:
            order = dict.fromkeys(table for reading in source.readings for table in reading.needs)
            waiting = {table: unpacker.submit(relations.unpack, table) for table in order}
            if generation.only:
                for table in source.tables:
                    relations.create(table, waiting.pop(table).result())
                create_subset_views(connection, source, dumps.folder(generation.number))
            for reading in source.readings:
                self._read(reading, relations, waiting, source, generation)
        self.findings += Counter(relations.findings)
        for table, odd in relations.bad_rows.items():
            reasons = [f"{o.reason}: {o.text}" for o in odd]
            self._quarantine(generation.source, generation.files[table], reasons)

    def _read(
        self,
        reading: Reading,
        relations: DumpViews,
        waiting: dict[str, Future[Path | None]],
        source: BulkSource,
        generation: Generation,
    ) -> None:
        for table in reading.needs:
            if table in waiting:
                relations.create(table, waiting.pop(table).result())
        files = [generation.files[t] for t in reading.needs if t in generation.files]
        if not files:
            return
        told = self._told(source, generation, files)
        once = not self._warehouse.is_empty(reading.cls)
        self._warehouse.batches.of_dump(
            reading, told, bool(generation.only), once, not all(f.regular for f in files)
        )
        before = self.merged.get(reading.cls.plural, Merged(0, 0, 0))
        now = self._warehouse.merge(reading.cls)
        self.merged[reading.cls.plural] = Merged(*map(sum, zip(before, now, strict=True)))
        self._forget(reading, generation, told)

    @staticmethod
    def _told(source: BulkSource, generation: Generation, files: list[DumpFile]) -> DumpInfo:
        """What the rows of a reading share; those of several files have a hash of all."""
        digest = files[0].sha256
        if len(files) > 1 or generation.only:
            parts = [*(file.sha256 for file in files), generation.only, generation.id_map]
            digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
        at = max(file.fetched_at for file in files)
        keep_days = source.manifest.terms.keep_days
        expires = None if keep_days is None else at + keep_days * _DAY_US
        return DumpInfo(generation.source, instant(at, digest), at, expires, digest[:16])

    def _forget(self, reading: Reading, generation: Generation, told: DumpInfo) -> None:
        """Takes out what only former dumps told: a credit that was corrected is none any more.

        Titles and people stay with the day they were last seen, unless only a part was imported:
        then the part is what is wanted. What a page told as well stays in any case.
        """
        mark = f"dumps/{generation.source}/{reading.cls.kind}/"
        known = {
            path.removeprefix(mark) for path in self._warehouse.loaded() if path.startswith(mark)
        }
        former = sorted(known - {told.answer})
        if former and (reading.corrected or generation.only):
            self._warehouse.delete_superseded(reading.cls, generation.source, former, told.instant)
        if told.answer not in known:
            self.loaded.append(mark + told.answer)

    def _quarantine(self, source: str, file: DumpFile, reasons: list[str]) -> None:
        """Rows that do not fit, each with its beginning."""
        self.quarantined += len(reasons)
        at = _utc(file.fetched_at)
        self._warehouse.quarantine(
            [
                [source, file.table, [], n, at, file.sha256, reason[:80], reason[:400], None]
                for n, reason in enumerate(reasons)
            ]
        )

    def _keep_run(self, generation: Generation) -> None:
        """An import is a run: the card tells where rows come from."""
        fetched = max(file.fetched_at for file in generation.files.values())
        result = {
            "origin": generation.origin,
            "access": "datasets",
            "status": "done",
            "calls": len(generation.files),
            "new_per_call": 0.0,
            "elapsed_s": 0.0,
            "coverage": {},
            "findings": [],
            "only": generation.only,
            "kept": generation.title_counts,
        }
        self._warehouse.save_run(
            generation.source, generation.run, _utc(fetched), json.dumps(result)
        )


def _utc(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).replace(tzinfo=None)
