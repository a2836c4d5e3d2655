"""A lake: every table as Parquet, in a folder or an object store.

Tables of records are Hive-partitioned by source. `films` has rows of several sources, and no
partitions.

Files are named after their contents. New files are written first, and only then the old ones are
deleted, so that a query that runs meanwhile reads the old tables or the new ones. A catalogue is
updated in between.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from phonofilm.errors import UsageError
from phonofilm.landing.object_store import ObjectStore, local_objects, open_objects
from phonofilm.records import RECORDS
from phonofilm.sql import literal
from phonofilm.warehouse.export.glue import register
from phonofilm.warehouse.export.hive import LakeTable, database_name, hive_type
from phonofilm.warehouse.schema.tables import WIDE_VIEWS
from phonofilm.warehouse.snapshots import missing_views_named, open_snapshot
from phonofilm.workspace import Workspace

# A lake has the plain comments; their wide view came after its tables were published.
_VIEWS = {"titles": WIDE_VIEWS["titles"]}
_MERGED = "films"
_DATA_FILE = re.compile(r"[a-z_]+/(source=[^/]+/)?[0-9a-f]{16}\.parquet")


class _Written(NamedTuple):
    """A table of the lake, and the names of its files."""

    table: LakeTable
    files: set[str]


def write_lake(
    workspace: Workspace, url: str, catalogue: str = "", create: bool = False
) -> list[LakeTable]:
    """Write all tables that have rows under `url`, and register them in a `catalogue` (`glue`).

    `create` makes a bucket that does not exist.
    """
    if catalogue not in ("", "glue"):
        raise UsageError(f"There is no catalogue {catalogue!r}.", next_step="Catalogues: glue.")
    if catalogue and not url.startswith("s3://"):
        raise UsageError("A Glue catalogue needs the lake in S3.", next_step="--out s3://bucket/x")
    objects = open_objects(url) if "://" in url else local_objects(Path(url))
    objects.check(create)
    with (
        open_snapshot(workspace) as connection,
        missing_views_named(),
        tempfile.TemporaryDirectory() as scratch,
    ):
        written = [
            _write(connection, objects, name, Path(scratch))
            for name in _tables_with_rows(connection)
        ]
    tables = [table for table, _ in written]
    if catalogue:
        register(tables, database_name(url))
    _delete_old(objects, {name for _, files in written for name in files})
    return tables


def _delete_old(objects: ObjectStore, written: set[str]) -> None:
    """Delete the data files of earlier exports; a file of another name is not the lake's."""
    for table in (*(cls.plural for cls in RECORDS), _MERGED):
        for name in objects.names(table):
            if name not in written and _DATA_FILE.fullmatch(name):
                objects.delete(name)


def _tables_with_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for table in (*(cls.plural for cls in RECORDS), _MERGED):
        if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            yield table


def _write(
    connection: duckdb.DuckDBPyConnection, objects: ObjectStore, name: str, scratch: Path
) -> _Written:
    """Write one table without its expired rows, and upload its files."""
    view = _VIEWS.get(name, name)
    described = connection.execute(f"DESCRIBE {view}").fetchall()
    types = {column: kind for column, kind, *_ in described}
    partitioned = types.pop("source", None) is not None
    order, layout = ("source, id", ", PARTITION_BY (source)") if partitioned else ("id", "")
    folder = scratch / name
    folder.mkdir()
    target = folder if partitioned else folder / "all.parquet"
    connection.execute(
        f"""COPY (SELECT * FROM {view} WHERE expires_at IS NULL
        OR expires_at > now() AT TIME ZONE 'UTC' ORDER BY {order})
        TO {literal(target)} (FORMAT parquet, COMPRESSION zstd{layout})"""
    )
    files: set[str] = set()
    rows: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.parquet")):
        key, number = _upload(connection, objects, path, name)
        files.add(key)
        rows[path.parent.name.partition("=")[2]] += number
    table = LakeTable(
        name=name,
        columns=[(column, hive_type(kind)) for column, kind in types.items()],
        partitions=dict(rows) if partitioned else {},
        location=f"{objects.url}/{name}/",
        rows=rows.total(),
    )
    return _Written(table, files)


def _upload(
    connection: duckdb.DuckDBPyConnection, objects: ObjectStore, path: Path, table: str
) -> tuple[str, int]:
    """Upload a file under its partition and the hash of its content; return its name and rows."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    partition = f"{path.parent.name}/" if path.parent.name != table else ""
    key = f"{table}/{partition}{digest}.parquet"
    objects.put(key, path)
    row = connection.execute(f"SELECT count(*) FROM {literal(path)}").fetchone()
    return key, row[0] if row else 0
