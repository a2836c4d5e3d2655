"""A CSV with quoted fields and any columns, as Parquet of the columns that are wanted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb

from phonofilm.errors import ShapeError
from phonofilm.landing.dumps import CheckedFile, part_name
from phonofilm.landing.hashing import file_sha256
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sql import identifier, literal

_UNCHANGED = "The last import stays as it was."


def convert_csv(path: Path, table: DumpTable, folder: Path) -> CheckedFile:
    """Write the wanted columns of a CSV to one Parquet file; columns are matched by name.

    Quoted fields may hold line ends. A wanted column that is not there is null; ShapeError when a
    column of the key is missing or the file is no CSV.
    """
    names = _column_names(path, table)
    missing = [name for name in table.key if name not in names]
    if missing:
        raise ShapeError(
            f"{path.name} has no column {', '.join(missing)}: {', '.join(names)[:200]}.",
            table=table.name,
            saved=_UNCHANGED,
        )
    wanted = ", ".join(
        identifier(name) if name in names else f"NULL::VARCHAR AS {identifier(name)}"
        for name in table.columns
    )
    target = folder / part_name(table.name, 0)
    with duckdb.connect() as connection:
        try:
            row = connection.execute(
                f"""COPY (SELECT {wanted} FROM read_csv({literal(path)}, header = false,
                skip = {table.header}, columns = {json.dumps(dict.fromkeys(names, "VARCHAR"))},
                auto_detect = false, delim = ',',
                quote = '"', escape = '"', strict_mode = false, parallel = false,
                max_line_size = 16777216))
                TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"""
            ).fetchone()
        except duckdb.Error as error:
            raise _no_csv(path, table, str(error).splitlines()[0][:200]) from None
    return CheckedFile(
        header=list(table.columns),
        rows=int(row[0]) if row else 0,
        sha256=file_sha256(path),
        regular=True,
        parts=1,
    )


def _column_names(path: Path, table: DumpTable) -> list[str]:
    """Return the names in the header lines, those of one column joined by dots."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [row for row, _ in zip(csv.reader(file), range(table.header), strict=False)]
    except (UnicodeError, csv.Error) as error:
        raise _no_csv(path, table, f"{str(error)[:200]}.") from None
    width = max(map(len, lines), default=0)
    columns = [[row[i] if i < len(row) else "" for row in lines] for i in range(width)]
    return [".".join(part for part in column if part) for column in columns]


def _no_csv(path: Path, table: DumpTable, reason: str) -> ShapeError:
    return ShapeError(f"{path.name} is no such CSV: {reason}", table=table.name, saved=_UNCHANGED)
