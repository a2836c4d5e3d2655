"""Dumps as views of a database: each table under its own name, all columns text.

A regular file is unpacked and read by the database itself. Any other is read row by row, so that
only the bad rows are lost, and they are reported.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb
import msgspec

from phonofilm.errors import ShapeError
from phonofilm.landing.dump_cells import CellChecks
from phonofilm.landing.dumps import Dumps, Generation, read_row_by_row, unpack
from phonofilm.records.values.sql import MACROS
from phonofilm.sources.bulk.contract import BulkSource, DumpTable
from phonofilm.sources.bulk.tsv import BadRow
from phonofilm.sql import identifier, literal

_BAD_ROWS_REPORTED_MAX, _EXCERPT_BYTES = 1000, 80
# A table with more bad rows than both of these is refused: so many are no accident. Chosen, not
# tuned.
_BAD_SHARE_MAX, _BAD_ROWS_MAX = 0.02, 100


class UnparsableDump(Exception):  # noqa: N818 - what happened
    """A file that looked regular does not split into its columns: read it row by row."""


class DumpViews:
    """Views of a generation's files on a connection; unpacked files are written to `scratch`.

    `row_by_row` reads no file the fast way; `prefix` is put before the names of the views.
    `bad_rows` are those that did not fit, by table; `findings` count oddities by kind, each with
    one of `examples`.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: BulkSource,
        dumps: Dumps,
        generation: Generation,
        scratch: Path,
        row_by_row: bool = False,
        prefix: str = "",
    ) -> None:
        self._connection, self._source, self._dumps = connection, source, dumps
        self._generation, self._scratch, self._row_by_row = generation, scratch, row_by_row
        self._prefix = prefix
        self.bad_rows: dict[str, list[BadRow]] = {}
        self.findings: dict[str, int] = {}
        self.examples: dict[str, str] = {}
        for macro in MACROS:
            connection.execute(macro)

    def unpack(self, table: str) -> Path | None:
        """Unpack a file that the database may read itself, or return None; needs no database."""
        file = self._generation.files.get(table)
        is_text = self._source.tables[table].packing == "tsv"
        if file is None or not is_text or not file.regular or self._row_by_row:
            return None
        target = self._scratch / f"{table}.tsv"
        unpack(self._dumps.path(self._generation, table), target)
        return target

    def create(self, table: str, unpacked: Path | None) -> None:
        """Create the temporary view of a table; an empty one for a file that was not imported.

        UnparsableDump when a file that looked regular has rows of another width, ShapeError when
        too many rows do not fit.
        """
        spec = self._source.tables[table]
        file = self._generation.files.get(table)
        if file is None or (spec.packing != "tsv" and not file.parts):
            relation = _empty(spec)
        elif spec.packing != "tsv":
            relation = self._select_parts(table)
        elif unpacked is not None:
            relation = _select_text(unpacked, spec)
        else:
            relation = self._select_good_rows(table, spec)
        self._create_view(table, relation)
        self._check_rows(table, spec)

    def _view(self, table: str) -> str:
        return identifier(self._prefix + table)

    def _create_view(self, table: str, relation: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {self._view(table)} AS {relation}")

    def _select_parts(self, table: str) -> str:
        """Return the SQL that reads the Parquet parts written at import."""
        folder = self._dumps.path(self._generation, table).parent
        file = self._generation.files[table]
        names = file.part_names
        if file.bad_lines:
            reason = "a line that is no row"
            self.bad_rows[table] = [BadRow(reason, line) for line in file.bad_lines]
        return f"SELECT * FROM read_parquet([{', '.join(literal(folder / n) for n in names)}])"

    def _check_rows(self, table: str, spec: DumpTable) -> None:
        """Set rows without a key apart, and count repeated keys and cells that mean nothing."""
        checks = CellChecks(
            self._connection, spec, self._view(table), self._source.manifest.ids.patterns
        )
        try:
            counts = checks.count()
            if counts.broken:
                self._set_apart(table, checks, counts.broken)
                counts = checks.count()
            for finding in checks.findings(counts.odd):
                self._report(*finding)
        except duckdb.InvalidInputException as error:
            raise UnparsableDump(str(error)[:400]) from None
        keys = ", ".join(map(identifier, spec.key))
        if counts.repeated:
            self._report("doubled_key", counts.repeated, f"{table}: {keys}")
            self._drop_repeated_keys(table, keys, spec)

    def _report(self, kind: str, count: int, example: str) -> None:
        self.findings[kind] = self.findings.get(kind, 0) + count
        self.examples.setdefault(kind, example)

    def _set_apart(self, table: str, checks: CellChecks, broken: int) -> None:
        """Take rows without a key out of the view; ShapeError when too many have none."""
        rows = checks.broken_rows(_BAD_ROWS_REPORTED_MAX)
        self._check_share(table, broken, self._generation.files[table].rows, rows[0])
        self.bad_rows.setdefault(table, []).extend(rows)
        self._report("row_without_key", broken, f"{table}: {rows[0].text}")
        whole = identifier(f"whole {table}")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {whole} AS SELECT * FROM {self._view(table)}"
            f" WHERE {checks.is_whole}"
        )
        self._create_view(table, f"SELECT * FROM {whole}")

    def _drop_repeated_keys(self, table: str, keys: str, spec: DumpTable) -> None:
        """Replace the view by a table with one row of each key, whatever the order."""
        columns = ", ".join(map(identifier, spec.columns))
        distinct = identifier(f"once {table}")
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {distinct} AS
            SELECT * FROM {self._view(table)} QUALIFY row_number() OVER (
            PARTITION BY {keys} ORDER BY {columns}) = 1"""
        )
        self._create_view(table, f"SELECT * FROM {distinct}")

    def _select_good_rows(self, table: str, spec: DumpTable) -> str:
        """Write the rows that fit as JSON lines, which hold any text; return the SQL to read them.

        ShapeError when too many do not fit.
        """
        target, encode = self._scratch / f"{table}.ndjson", msgspec.json.Encoder().encode
        bad_rows, bad, good = self.bad_rows.setdefault(table, []), 0, 0
        with target.open("wb") as file:
            path = self._dumps.path(self._generation, table)
            note_text = partial(self._report_text, table)
            for row in read_row_by_row(path, len(spec.columns), note_text):
                if isinstance(row, BadRow):
                    bad += 1
                    if len(bad_rows) < _BAD_ROWS_REPORTED_MAX:
                        bad_rows.append(row)
                    continue
                good += 1
                file.write(encode(dict(zip(spec.columns, row, strict=True))) + b"\n")
        if bad:
            self._check_share(table, bad, good + bad, bad_rows[0])
        return (
            f"SELECT * FROM read_json({literal(target)}, format = 'newline_delimited',"
            f" columns = {{{_text_columns(spec)}}})"
        )

    def _report_text(self, table: str, row: bytes) -> None:
        """Report a row that is no UTF-8: its odd bytes became U+FFFD."""
        self._report("odd_text", 1, f"{table}: {row[:_EXCERPT_BYTES].decode('utf-8', 'replace')}")

    @staticmethod
    def _check_share(table: str, bad: int, rows: int, example: BadRow) -> None:
        """Check how many rows fit; ShapeError when it is no accident that they do not."""
        if bad > _BAD_ROWS_MAX and bad > _BAD_SHARE_MAX * rows:
            raise ShapeError(
                f"{bad:,} of {rows:,} rows of {table} do not fit: {example.reason}.",
                table=table,
                saved="The warehouse stays as it was; the file is kept.",
                next_step="Fetch it again: phonofilm import; or look at it: landing/dumps.",
            )


def _text_columns(spec: DumpTable) -> str:
    return ", ".join(f"{literal(name)}: 'VARCHAR'" for name in spec.columns)


def _select_text(path: Path, spec: DumpTable) -> str:
    """Return the SQL to read plain text: unquoted, unescaped, one width, no guesses."""
    return (
        f"SELECT * FROM read_csv({literal(path)}, delim = '\t', quote = '', escape = '',"
        f" header = true, auto_detect = false, nullstr = '\\N', new_line = '\\n',"
        f" strict_mode = true, columns = {{{_text_columns(spec)}}})"
    )


def _empty(spec: DumpTable) -> str:
    """Return the SQL of a table without rows."""
    columns = ", ".join(
        f"NULL::{spec.type_of(name)} AS {identifier(name)}" for name in spec.columns
    )
    return f"SELECT {columns} WHERE false"
