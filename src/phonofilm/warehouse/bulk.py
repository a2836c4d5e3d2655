"""Dumps to warehouse: the newest generation of each source, table by table, without Python."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from phonofilm.landing.dumps import DumpFile, Dumps, Generation
from phonofilm.landing.narrowing import narrow
from phonofilm.landing.relations import Irregular, Relations
from phonofilm.landing.store import DataFolder
from phonofilm.sources import BULK, get_bulk
from phonofilm.sources.dumps import BulkSource, Reading
from phonofilm.warehouse.batches import Told
from phonofilm.warehouse.engines.base import Merged, Warehouse
from phonofilm.warehouse.staging import instant

_DAY_US = 86_400_000_000


class DumpLoader:
    """Loads generations that the warehouse does not hold yet."""

    def __init__(self, folder: DataFolder, warehouse: Warehouse, careful: bool) -> None:
        self._folder, self._warehouse, self._careful = folder, warehouse, careful
        self.merged: dict[str, Merged] = {}
        self.findings: Counter[str] = Counter()
        self.quarantined = 0
        self.loaded: list[str] = []

    def load(self, again: bool = False) -> None:
        """Merges what is new, inside the transaction of the load."""
        known = self._warehouse.loaded()
        for name in BULK:
            dumps = Dumps(self._folder.landing, name)
            generation = dumps.newest()
            key = f"dumps/{name}/{generation.run}" if generation else ""
            if generation is None or (key in known and not again):
                continue
            with tempfile.TemporaryDirectory(dir=self._folder.warehouse) as scratch:
                try:
                    self._load(get_bulk(name), dumps, generation, Path(scratch))
                except duckdb.InvalidInputException as error:  # rows of another width
                    if self._careful:
                        raise
                    raise Irregular(str(error)[:400]) from None
            self._keep_run(generation)
            self.loaded.append(key)
        new = [key for key in self.loaded if key not in known]
        self._warehouse.remember(new, datetime.now(UTC).replace(tzinfo=None))

    def _load(
        self, source: BulkSource, dumps: Dumps, generation: Generation, scratch: Path
    ) -> None:
        connection = self._warehouse.batches.connection
        relations = Relations(
            connection, source, dumps, generation, scratch, self._careful,
            "all " if generation.only else "",
        )  # fmt: skip
        # The next file is unpacked while the database reads the last one.
        with ThreadPoolExecutor(1) as unpacker:
            order = dict.fromkeys(table for reading in source.readings for table in reading.needs)
            waiting = {table: unpacker.submit(relations.unpack, table) for table in order}
            if generation.only:
                for table in source.tables:
                    relations.open(table, waiting.pop(table).result())
                narrow(connection, source, dumps.folder(generation.number))
            for reading in source.readings:
                self._read(reading, relations, waiting, source, generation)
        self.findings += Counter(relations.findings)
        for table, odd in relations.odd.items():
            self._quarantine(generation.files[table], [f"{o.reason}: {o.text}" for o in odd])

    def _read(
        self, reading: Reading, relations: Relations, waiting: dict[str, Future[Path | None]],
        source: BulkSource, generation: Generation,
    ) -> None:  # fmt: skip
        for table in reading.needs:
            if table in waiting:
                relations.open(table, waiting.pop(table).result())
        file = next((generation.files[t] for t in reading.needs if t in generation.files), None)
        if file is None:
            return
        keep_days = source.manifest.terms.keep_days
        expires = None if keep_days is None else file.fetched_at + keep_days * _DAY_US
        told = Told(
            generation.source, instant(file.fetched_at, file.sha256), file.fetched_at, expires,
            file.sha256[:16],
        )  # fmt: skip
        once = not self._warehouse.is_empty(reading.cls)
        self._warehouse.batches.of_dump(
            reading, told, bool(generation.only), once, not file.regular
        )
        self.merged[reading.cls.plural] = self._warehouse.merge(reading.cls)

    def _quarantine(self, file: DumpFile, reasons: list[str]) -> None:
        """Rows that do not fit, each with its beginning."""
        self.quarantined += len(reasons)
        at = _utc(file.fetched_at)
        self._warehouse.quarantine(
            [["imdb", file.table, [], n, at, file.sha256, reason[:80], reason[:400], None]
             for n, reason in enumerate(reasons)]
        )  # fmt: skip

    def _keep_run(self, generation: Generation) -> None:
        """An import is a run: the card tells where rows come from."""
        fetched = max(file.fetched_at for file in generation.files.values())
        result = {
            "origin": generation.origin, "access": "datasets", "status": "done",
            "calls": len(generation.files), "new_per_call": 0.0, "elapsed_s": 0.0, "coverage": {},
            "findings": [], "only": generation.only, "kept": generation.kept,
        }  # fmt: skip
        self._warehouse.keep_run(
            generation.source, generation.run, _utc(fetched), json.dumps(result)
        )


def _utc(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).replace(tzinfo=None)
