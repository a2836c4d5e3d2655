"""Rows straight into a warehouse, for benchmarks of what comes after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from phonofilm.warehouse.engines.duckdb import DuckWarehouse
from phonofilm.warehouse.snapshots import publish
from phonofilm.workspace import Workspace

_TRACK = {
    "source": pa.string(),
    "id": pa.string(),
    "name": pa.string(),
    "artist_names": pa.list_(pa.string()),
    "artist_ids": pa.list_(pa.string()),
    "album_name": pa.string(),
    "duration_ms": pa.int64(),
    "isrc": pa.string(),
    "release_date": pa.string(),
    "track_number": pa.int64(),
}
COLUMNS = tuple(_TRACK)
_BATCH = 100_000


def folder_of(path: Path, rows: Iterator[Sequence[Any]]) -> Workspace:
    """A data folder whose warehouse holds these tracks (in the order of `COLUMNS`)."""
    folder = Workspace(path).open()
    add(folder, rows)
    return folder


def add(folder: Workspace, rows: Iterator[Sequence[Any]]) -> None:
    """More tracks, and a new snapshot."""
    warehouse = DuckWarehouse(folder.warehouse / "phonofilm.duckdb")
    for batch in _batches(rows):
        warehouse.connection.register("batch_of_tracks", batch)
        warehouse.connection.execute(
            "INSERT INTO store.track BY NAME SELECT *, now()::TIMESTAMP AS first_seen,"
            " now()::TIMESTAMP AS last_seen, true AS _full, 1 AS _told, -1 AS _held"
            " FROM batch_of_tracks"
        )
        warehouse.connection.unregister("batch_of_tracks")
    warehouse.checkpoint()
    warehouse.close()
    publish(folder)


def _batches(rows: Iterator[Sequence[Any]]) -> Iterator[pa.Table]:
    held: list[Sequence[Any]] = []
    for row in rows:
        held.append(row)
        if len(held) >= _BATCH:
            yield _table(held)
            held = []
    if held:
        yield _table(held)


def _table(rows: list[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        {name: pa.array(c, kind) for (name, kind), c in zip(_TRACK.items(), columns, strict=True)}
    )
