"""Tables of a lake as Hive and Athena see them: names, types, partitions and statements."""

from __future__ import annotations

from typing import NamedTuple

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "INTEGER": "int",
}


class LakeTable(NamedTuple):
    """One table of the lake: columns with Hive types, and the partitions with their rows.

    A table without partitions has rows of several sources in one file.
    """

    name: str
    columns: list[tuple[str, str]]
    partitions: dict[str, int]
    location: str
    rows: int


def hive_type(duckdb_type: str) -> str:
    """Convert a type of DuckDB to one of Hive; an unknown one is a string."""
    if duckdb_type.endswith("[]"):
        return f"array<{hive_type(duckdb_type[:-2])}>"
    return _TYPES.get(duckdb_type, "string")


def database_name(url: str) -> str:
    """Derive the name of a database from a URL: letters, digits and underscores."""
    path = url.removeprefix("s3://").replace("/", "_")
    return "".join(c if c.isalnum() else "_" for c in path.lower()).strip("_") or "phonofilm"


def athena_sql(tables: list[LakeTable], url: str) -> str:
    """Return the statements that create the tables in Athena, and a first query.

    They serve a lake that is registered in no catalogue.
    """
    database = database_name(url)
    statements = [f"CREATE DATABASE IF NOT EXISTS {database};"]
    for table in tables:
        statements += _create_statements(database, table)
    if any(table.name == "films" for table in tables):
        statements.append(
            f"SELECT name, start_year, rating, votes, poster_url FROM {database}.films\n"
            "WHERE votes > 1000 ORDER BY rating DESC LIMIT 10;"
        )
    return "\n\n".join(statements) + "\n"


def _create_statements(database: str, table: LakeTable) -> list[str]:
    columns = ",\n  ".join(f"`{name}` {kind}" for name, kind in table.columns)
    create = f"CREATE EXTERNAL TABLE IF NOT EXISTS {database}.{table.name} (\n  {columns}\n)\n"
    stored = f"STORED AS PARQUET\nLOCATION '{table.location}';"
    if not table.partitions:
        return [create + stored]
    partitions = "".join(
        f"\n  PARTITION (source = '{source}') LOCATION '{table.location}source={source}/'"
        for source in table.partitions
    )
    return [
        f"{create}PARTITIONED BY (source string)\n{stored}",
        f"ALTER TABLE {database}.{table.name} ADD IF NOT EXISTS{partitions};",
    ]
