"""Loads dumps: the newest generation of each source, table by table, without Python objects."""

from __future__ import annotations

import hashlib
import json
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb

from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import DumpFile, Dumps, Generation
from phonofilm.landing.subset import create_subset_views
from phonofilm.sources import bulk_names, get_bulk
from phonofilm.sources.bulk.contract import BulkSource, RecordQuery
from phonofilm.timestamps import DAY_US, naive_utc, naive_utc_now
from phonofilm.warehouse.engines.base import QuarantinedRow, Warehouse
from phonofilm.warehouse.engines.batches import DumpInfo
from phonofilm.warehouse.load.counts import LoadCounts
from phonofilm.warehouse.load.response_loader import SCRATCH_PREFIX
from phonofilm.warehouse.load.staging import order_key
from phonofilm.workspace import Workspace

_REASON_CHARS, _EXCERPT_CHARS = 80, 400


class DumpLoader:
    """Loads generations that are not in the warehouse yet, inside the transaction of the load.

    With `careful` no file is read by the database itself, but row by row; rows that do not fit are
    quarantined.
    """

    def __init__(
        self, workspace: Workspace, warehouse: Warehouse, counts: LoadCounts, careful: bool
    ) -> None:
        self._workspace, self._warehouse, self._counts = workspace, warehouse, counts
        self._careful = careful
        self._loaded: set[str] = set()
        self._new_names: dict[str, None] = {}

    def load(self, again: bool = False) -> None:
        """Load the newest generation of each source; with `again` also those that are loaded.

        UnparsableDump when a file looked regular and is not: the load begins again, with
        `careful`.
        """
        self._loaded = self._warehouse.loaded_names()
        for source in bulk_names():
            dumps = Dumps(self._workspace.landing, source)
            generation = dumps.newest()
            name = f"dumps/{source}/{generation.run}" if generation else ""
            if generation is None or (name in self._loaded and not again):
                continue
            self._load_generation(dumps, generation)
            self._save_run(generation)
            self._counts.segments += 1
            self._new_names[name] = None
        # Names of this load count from the next one on: two files of one generation may have rows
        # of the same kind, and neither supersedes the other.
        new = [name for name in self._new_names if name not in self._loaded]
        self._warehouse.mark_loaded(new, naive_utc_now())

    def _load_generation(self, dumps: Dumps, generation: Generation) -> None:
        source, parent = get_bulk(generation.source), self._workspace.warehouse
        with tempfile.TemporaryDirectory(dir=parent, prefix=SCRATCH_PREFIX) as scratch:
            views = DumpViews(
                connection=self._warehouse.batches.connection,
                source=source,
                dumps=dumps,
                generation=generation,
                scratch=Path(scratch),
                row_by_row=self._careful,
                prefix="all " if generation.only else "",
            )
            try:
                self._read_all(views, source, dumps, generation)
            except duckdb.InvalidInputException as error:  # a row with another number of columns
                if self._careful:
                    raise
                raise UnparsableDump(str(error)[:400]) from None
        for kind, count in views.findings.items():
            self._counts.add_finding(kind, count, views.examples.get(kind, ""))
        for table, rows in views.bad_rows.items():
            reasons = [f"{row.reason}: {row.text}" for row in rows]
            self._quarantine(generation.files[table], generation.source, reasons)

    def _read_all(
        self, views: DumpViews, source: BulkSource, dumps: Dumps, generation: Generation
    ) -> None:
        """Read the records of all kinds; the next file is unpacked while the last one is read."""
        with ThreadPoolExecutor(1) as unpacker:
            tables = dict.fromkeys(
                table for reading in source.record_queries for table in reading.tables
            )
            unpacking = {table: unpacker.submit(views.unpack, table) for table in tables}
            if generation.only:
                for table in source.tables:
                    views.create(table, unpacking.pop(table).result())
                create_subset_views(
                    self._warehouse.batches.connection, source, dumps.folder(generation.number)
                )
            for reading in source.record_queries:
                _create_views(views, reading, unpacking)
                self._read(reading, source, generation)

    def _read(self, reading: RecordQuery, source: BulkSource, generation: Generation) -> None:
        """Merge the rows of one reading, if any of its files is there."""
        files = [generation.files[t] for t in reading.tables if t in generation.files]
        if not files:
            return
        dump = _dump_info(source, generation, files)
        # Into an empty table rows go once; otherwise they are compared with it, too.
        compared = not self._warehouse.is_empty(reading.cls)
        self._warehouse.batches.from_dump(reading, dump, copy=compared)
        self._counts.add(reading.cls.plural, self._warehouse.merge(reading.cls))
        self._delete_superseded(reading, generation, dump)

    def _delete_superseded(
        self, reading: RecordQuery, generation: Generation, dump: DumpInfo
    ) -> None:
        """Delete the rows that only older dumps had, for example a credit that was corrected.

        Titles and people stay with the day they were last seen. After a partial import they do
        not, because then the part is all that is wanted. Rows that a page had as well stay.
        """
        prefix = f"dumps/{generation.source}/{reading.cls.kind}/"
        loaded = {name.removeprefix(prefix) for name in self._loaded if name.startswith(prefix)}
        older = sorted(loaded - {dump.digest})
        if older and (reading.corrected or generation.only):
            self._warehouse.delete_superseded(reading.cls, generation.source, older, dump.order_key)
        self._new_names[prefix + dump.digest] = None

    def _quarantine(self, file: DumpFile, source: str, reasons: list[str]) -> None:
        """Quarantine rows that do not fit; a reason ends with the beginning of its row."""
        self._counts.quarantined += len(reasons)
        rows = [
            QuarantinedRow(
                source=source,
                endpoint=file.table,
                ids=[],
                offset=number,
                fetched_at=naive_utc(file.fetched_at),
                sha256=file.sha256,
                reason=reason[:_REASON_CHARS],
                excerpt=reason[:_EXCERPT_CHARS],
                expires_at=None,
            )
            for number, reason in enumerate(reasons)
        ]
        self._warehouse.quarantine(rows)

    def _save_run(self, generation: Generation) -> None:
        """Save an import as a run, because the card of an export lists where rows come from."""
        fetched_us = max(file.fetched_at for file in generation.files.values())
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
            generation.source, generation.run, naive_utc(fetched_us), json.dumps(result)
        )


def _create_views(
    views: DumpViews, reading: RecordQuery, unpacking: dict[str, Future[Path | None]]
) -> None:
    """Create the views of a reading that are missing, once their files are unpacked."""
    for table in reading.tables:
        if table in unpacking:
            views.create(table, unpacking.pop(table).result())


def _dump_info(source: BulkSource, generation: Generation, files: list[DumpFile]) -> DumpInfo:
    """Return what the rows of a reading share; those of several files have a hash of all."""
    digest = files[0].sha256
    if len(files) > 1 or generation.only:
        parts = [*(file.sha256 for file in files), generation.only, generation.id_map]
        digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    fetched_us = max(file.fetched_at for file in files)
    keep_days = source.manifest.terms.keep_days
    return DumpInfo(
        source=generation.source,
        order_key=order_key(fetched_us, digest),
        fetched_us=fetched_us,
        expires_us=None if keep_days is None else fetched_us + keep_days * DAY_US,
        digest=digest[:16],
        partial=bool(generation.only),
        may_have_nul=not all(file.regular for file in files),
    )
