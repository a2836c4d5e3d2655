"""Dumps as relations of a database: each table under its own name, all columns text.

A regular file is unpacked and read by the database itself; any other row by row, so that an odd
row costs itself and is told.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import msgspec

from phonofilm.errors import ShapeError
from phonofilm.landing.dumps import Dumps, Generation, careful, plain
from phonofilm.sources.bulk.contract import BulkSource, DumpTable
from phonofilm.sources.bulk.tsv import BadRow

_KEPT_ODD = 1000
# So many rows that do not fit are no accident.
_ODD_SHARE, _ODD_ROWS = 0.02, 100


class UnparsableDump(Exception):  # noqa: N818 - what happened
    """A file that looked regular does not split into its columns: read it carefully."""


class DumpViews:
    """Opens a generation's files as views on a connection; `scratch` is for what is unpacked.

    `odd` rows are those that did not fit, by table; `careful_ones` skips the fast way.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: BulkSource,
        dumps: Dumps,
        generation: Generation,
        scratch: Path,
        careful_ones: bool = False,
        prefix: str = "",
    ) -> None:
        self._connection, self._source, self._dumps = connection, source, dumps
        self._generation, self._scratch, self._careful = generation, scratch, careful_ones
        self._prefix = prefix
        self.odd: dict[str, list[BadRow]] = {}
        self.findings: dict[str, int] = {}

    def unpack(self, table: str) -> Path | None:
        """The file as plain text, when the fast way may read it; needs no database."""
        file = self._generation.files.get(table)
        packed = self._source.tables[table].packing != "tsv"
        if file is None or packed or not file.regular or self._careful:
            return None
        target = self._scratch / f"{table}.tsv"
        plain(self._dumps.path(self._generation, table), target)
        return target

    def open(self, table: str, unpacked: Path | None) -> None:
        """Makes the temporary view; an empty one for a file that was not there."""
        spec = self._source.tables[table]
        if table not in self._generation.files:
            relation = _nothing(spec)
        elif spec.packing != "tsv":
            parts = self._generation.files[table].parts
            relation = self._parts(table) if parts else _nothing(spec)
        elif unpacked is not None:
            relation = _csv(unpacked, spec)
        else:
            relation = self._row_by_row(table, spec)
        self._view(table, relation)
        self._look(table, spec)

    def _parts(self, table: str) -> str:
        """Parts that were made when the file came."""
        folder = self._dumps.path(self._generation, table).parent
        names = self._generation.files[table].part_names
        return f"SELECT * FROM read_parquet([{', '.join(_literal(folder / n) for n in names)}])"

    def _view(self, table: str, relation: str) -> None:
        name = f'"{self._prefix}{table}"'
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {relation}")

    def _look(self, table: str, spec: DumpTable) -> None:
        """Counts what is odd in one pass: keys that stand there twice, words for numbers."""
        keys = ", ".join(map(_quoted, spec.key))
        counts = [f"count(*) - count(DISTINCT hash({keys}))" if keys else "0"]
        counts += [f"count({c}) - count(try_cast({c} AS DOUBLE))" for c in spec.numbers]
        try:
            row = self._connection.execute(
                f'SELECT {", ".join(counts)} FROM "{self._prefix}{table}"'
            ).fetchone() or (0,)
        except duckdb.InvalidInputException as error:
            raise UnparsableDump(str(error)[:400]) from None
        for name, number in zip(spec.numbers, row[1:], strict=False):
            if number:
                self.findings[f"no_number_in_{name}"] = int(number)
        if row[0]:
            self.findings["doubled_key"] = self.findings.get("doubled_key", 0) + int(row[0])
            self._connection.execute(
                f"""CREATE OR REPLACE TEMP TABLE "once {table}" AS
                SELECT * FROM "{self._prefix}{table}" QUALIFY row_number() OVER (
                PARTITION BY {keys} ORDER BY {", ".join(map(_quoted, spec.columns))}) = 1"""
            )
            self._view(table, f'SELECT * FROM "once {table}"')

    def _row_by_row(self, table: str, spec: DumpTable) -> str:
        """Writes the rows that fit as JSON lines, in which any text can stand."""
        target, encode = self._scratch / f"{table}.ndjson", msgspec.json.Encoder().encode
        odd, count, rows = self.odd.setdefault(table, []), 0, 0
        with target.open("wb") as file:
            path = self._dumps.path(self._generation, table)
            for row in careful(path, len(spec.columns)):
                if isinstance(row, BadRow):
                    count += 1
                    if len(odd) < _KEPT_ODD:
                        odd.append(row)
                    continue
                rows += 1
                file.write(encode(dict(zip(spec.columns, row, strict=True))) + b"\n")
        if count > _ODD_ROWS and count > _ODD_SHARE * (rows + count):
            raise ShapeError(
                f"{count:,} of {rows + count:,} rows of {table} do not fit: {odd[0].reason}.",
                saved="The warehouse stays as it was; the file is kept.",
                next_step="Fetch it again: phonofilm import; or look at it: landing/dumps.",
            )
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in spec.columns)
        return (
            f"SELECT * FROM read_json({_literal(target)}, format = 'newline_delimited',"
            f" columns = {{{columns}}})"
        )


def _csv(path: Path, spec: DumpTable) -> str:
    """Unquoted, unescaped, one width: whatever else stands there is an error, never a guess."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in spec.columns)
    return (
        f"SELECT * FROM read_csv({_literal(path)}, delim = '\t', quote = '', escape = '',"
        f" header = true, auto_detect = false, nullstr = '\\N', new_line = '\\n',"
        f" strict_mode = true, columns = {{{columns}}})"
    )


def _nothing(spec: DumpTable) -> str:
    columns = ", ".join(f'NULL::{spec.type_of(name)} AS "{name}"' for name in spec.columns)
    return f"SELECT {columns} WHERE false"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
