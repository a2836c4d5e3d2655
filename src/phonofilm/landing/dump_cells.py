"""Check the cells of a dump's table: count what means nothing, with an example of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from phonofilm.sources.bulk.cells import Cell
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sources.bulk.tsv import BadRow
from phonofilm.sql import identifier, literal

_EXCERPT_CHARS = 60
_NULL = r"\N"


class CellFinding(NamedTuple):
    """Cells of one column that mean nothing: how many, and one of them."""

    kind: str
    cells: int
    example: str


class Counts(NamedTuple):
    """Rows that are not whole, rows whose key is repeated, and odd cells by column."""

    broken: int
    repeated: int
    odd: dict[str, int]


class CellChecks:
    """Checks of one table, whose rows are the relation `view`; `patterns` are the source's ids."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: DumpTable,
        view: str,
        patterns: Mapping[str, str],
    ) -> None:
        self._connection, self._table, self._view = connection, table, view
        self._patterns = patterns

    @property
    def is_whole(self) -> str:
        """The SQL condition that a row has a value in each required column."""
        cells = self._table.cells
        conditions = (
            cells[name].is_sound(name, self._patterns)
            if name in cells
            else f"{identifier(name)} IS NOT NULL"
            for name in self._table.needed
        )
        return " AND ".join(conditions) or "true"

    def count(self) -> Counts:
        """Count what is odd, in one pass over the table."""
        keys = ", ".join(map(identifier, self._table.key))
        sums = [
            f"count(*) FILTER (NOT coalesce({self.is_whole}, false))",
            f"count(*) - count(DISTINCT hash({keys}))" if keys else "0",
            *(self._odd_cells(name, cell) for name, cell in self._table.cells.items()),
        ]
        row = self._connection.execute(f"SELECT {', '.join(sums)} FROM {self._view}").fetchone()
        broken, repeated, *odd = map(int, row or [0] * len(sums))
        return Counts(broken, repeated, dict(zip(self._table.cells, odd, strict=True)))

    def _odd_cells(self, name: str, cell: Cell) -> str:
        column = identifier(name)
        return (
            f"count(*) FILTER ({column} IS NOT NULL AND ({column}::VARCHAR = ''"
            f" OR NOT coalesce({cell.is_sound(name, self._patterns)}, false)))"
        )

    def broken_rows(self, limit: int) -> list[BadRow]:
        """Return rows that are not whole, each as the text of its line."""
        cells = ", ".join(
            f"coalesce({identifier(name)}::VARCHAR, {literal(_NULL)})"
            for name in self._table.columns
        )
        names = " or ".join(self._table.needed)
        rows = self._connection.execute(
            f"SELECT concat_ws(chr(9), {cells}) FROM {self._view}"
            f" WHERE NOT coalesce({self.is_whole}, false) LIMIT {limit}"
        ).fetchall()
        return [BadRow(f"no {names}", text) for (text,) in rows]

    def findings(self, odd: Mapping[str, int]) -> list[CellFinding]:
        """Return the cells that mean nothing; columns that have some are read for examples."""
        cells = self._table.cells
        return [
            finding
            for name, count in odd.items()
            if count
            for finding in self._of_column(name, cells[name])
        ]

    def _of_column(self, name: str, cell: Cell) -> list[CellFinding]:
        """Return what is odd in a column: no numbers, other values, and texts that are empty."""
        column = identifier(name)
        blank = f"trim({column}::VARCHAR) = ''"
        odd = (
            f"NOT coalesce({cell.is_sound(name, self._patterns)}, false)"
            f" AND NOT {cell.is_unknown(name)}"
        )
        no_number = f"try_cast({column} AS DOUBLE) IS NULL" if cell.is_number else "false"
        row = self._connection.execute(
            f"SELECT count(*) FILTER ({odd} AND {no_number}),"
            f" min({column}) FILTER ({odd} AND {no_number}),"
            f" count(*) FILTER ({odd} AND NOT {no_number}),"
            f" min({column}) FILTER ({odd} AND NOT {no_number}), count(*) FILTER ({blank})"
            f" FROM {self._view} WHERE {column} IS NOT NULL"
        ).fetchone() or (0, "", 0, "", 0)
        where = f"{self._table.name}.{name}"
        return [
            CellFinding(kind, int(count), f"{where}: {str(example)[:_EXCERPT_CHARS]}")
            for kind, count, example in (
                (f"no_number_in_{name}", row[0], row[1]),
                (cell.odd_kind, row[2], row[3]),
                ("rewritten_dump", row[4], rf"empty instead of {_NULL}"),
            )
            if count
        ]
