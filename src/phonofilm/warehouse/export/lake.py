"""A small lake: every table as Hive-partitioned Parquet, registered where Athena looks for it.

Files are named after what is in them. New ones are put first, then the catalogue is told, and only
then the old ones go: whoever queries meanwhile reads the old tables or the new ones.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from phonofilm.errors import ConfigurationError, StoreError, UsageError
from phonofilm.landing.object_store import ObjectStore, local_objects, open_objects
from phonofilm.records import RECORDS
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "INTEGER": "int",
}
_WIDER = {"titles": "titles_wide"}
_OWN = re.compile(r"[a-z_]+/source=[^/]+/[0-9a-f]{16}\.parquet")
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet."


class LakeTable(NamedTuple):
    """One table of the lake: columns with Hive types, and the partitions with their rows."""

    name: str
    columns: list[tuple[str, str]]
    partitions: dict[str, int]
    location: str


def write_lake(
    folder: Workspace, url: str, catalogue: str = "", create: bool = False
) -> list[LakeTable]:
    """Writes all tables that hold something under `url`; with `glue`, registers them."""
    if catalogue not in ("", "glue"):
        raise UsageError(f"There is no catalogue {catalogue!r}.", next_step="Catalogues: glue.")
    if catalogue and not url.startswith("s3://"):
        raise UsageError("A Glue catalogue needs the lake in S3.", next_step="--out s3://bucket/x")
    objects = open_objects(url) if "://" in url else local_objects(Path(url))
    objects.check(create)
    with open_snapshot(folder) as connection, tempfile.TemporaryDirectory() as scratch:
        tables = [_write(connection, objects, name, Path(scratch)) for name in _filled(connection)]
    if catalogue:
        register(tables, _database(url))
    _sweep(objects, {name for _, files in tables for name in files})
    return [table for table, _ in tables]


def _sweep(objects: ObjectStore, written: set[str]) -> None:
    """Removes what earlier exports wrote and this one did not; nothing that is not a lake's."""
    for cls in RECORDS:
        for name in objects.names(cls.plural):
            if name not in written and _OWN.fullmatch(name):
                objects.delete(name)


def _filled(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for cls in RECORDS:
        row = connection.execute(f"SELECT count(*) FROM (FROM {cls.plural} LIMIT 1)").fetchone()
        if row and row[0]:
            yield cls.plural


def _write(
    connection: duckdb.DuckDBPyConnection, objects: ObjectStore, name: str, scratch: Path
) -> tuple[LakeTable, set[str]]:
    view = _WIDER.get(name, name)
    target = str(scratch / name).replace("'", "''")
    connection.execute(
        f"""COPY (SELECT * FROM {view} WHERE expires_at IS NULL
        OR expires_at > now() AT TIME ZONE 'UTC' ORDER BY source, id)
        TO '{target}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (source))"""
    )
    files: set[str] = set()
    partitions: dict[str, int] = {}
    for path in sorted((scratch / name).rglob("*.parquet")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        source = path.parent.name.partition("=")[2]
        key = f"{name}/source={source}/{digest}.parquet"
        objects.put(key, path)
        files.add(key)
        count = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()
        partitions[source] = partitions.get(source, 0) + (count[0] if count else 0)
    described = connection.execute(f"DESCRIBE {view}").fetchall()
    columns = [(column, hive_type(kind)) for column, kind, *_ in described if column != "source"]
    return LakeTable(name, columns, partitions, f"{objects.url}/{name}/"), files


def hive_type(kind: str) -> str:
    """A DuckDB type in Hive's words."""
    if kind.endswith("[]"):
        return f"array<{hive_type(kind[:-2])}>"
    return _TYPES.get(kind, "string")


def _database(url: str) -> str:
    """A catalogue's name from an address: letters, digits and underscores."""
    told = url.removeprefix("s3://").replace("/", "_")
    return "".join(c if c.isalnum() else "_" for c in told.lower()).strip("_") or "phonofilm"


def register(tables: list[tuple[LakeTable, set[str]]], database: str) -> None:
    """Creates or updates database, tables and partitions in AWS Glue."""
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "A Glue catalogue needs boto3.", next_step="Install it: pip install 'phonofilm[lake]'"
        ) from None
    glue = boto3.client("glue")
    try:
        _unless_there(glue, glue.create_database, DatabaseInput={"Name": database})
        for table, _ in tables:
            _register(glue, database, table)
    except (BotoCoreError, ClientError) as error:
        raise StoreError(
            f"Glue fails: {str(error)[:300]}",
            saved="The files of the lake are there; the catalogue is as far as it came.",
            next_step="Run the same command again.",
        ) from error


def _unless_there(glue: Any, call: Any, **arguments: Any) -> bool:
    try:
        call(**arguments)
        return True
    except glue.exceptions.AlreadyExistsException:
        return False


def _register(glue: Any, database: str, table: LakeTable) -> None:
    told = {
        "Name": table.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "PartitionKeys": [{"Name": "source", "Type": "string"}],
        "StorageDescriptor": _storage(table, table.location),
    }
    if not _unless_there(glue, glue.create_table, DatabaseName=database, TableInput=told):
        glue.update_table(DatabaseName=database, TableInput=told)
    for source in table.partitions:
        place = _storage(table, f"{table.location}source={source}/")
        part = {"Values": [source], "StorageDescriptor": place}
        named = {"DatabaseName": database, "TableName": table.name}
        if not _unless_there(glue, glue.create_partition, **named, PartitionInput=part):
            glue.update_partition(**named, PartitionValueList=[source], PartitionInput=part)


def _storage(table: LakeTable, location: str) -> dict[str, Any]:
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in table.columns],
        "Location": location,
        "InputFormat": f"{_PARQUET}MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}serde.ParquetHiveSerDe"},
    }


def athena_sql(tables: list[LakeTable], url: str) -> str:
    """The same without a catalogue: statements for Athena, and a first query."""
    database = _database(url)
    parts = [f"CREATE DATABASE IF NOT EXISTS {database};"]
    for table in tables:
        columns = ",\n  ".join(f"`{name}` {kind}" for name, kind in table.columns)
        places = "".join(
            f"\n  PARTITION (source = '{s}') LOCATION '{table.location}source={s}/'"
            for s in table.partitions
        )
        parts.append(
            f"CREATE EXTERNAL TABLE IF NOT EXISTS {database}.{table.name} (\n  {columns}\n)\n"
            f"PARTITIONED BY (source string)\nSTORED AS PARQUET\nLOCATION '{table.location}';"
        )
        parts.append(f"ALTER TABLE {database}.{table.name} ADD IF NOT EXISTS{places};")
    if any(table.name == "titles" for table in tables):
        parts.append(
            f"SELECT name, start_year, rating, votes FROM {database}.titles\n"
            "WHERE source = 'imdb' AND votes > 1000 ORDER BY rating DESC LIMIT 10;"
        )
    return "\n\n".join(parts) + "\n"
