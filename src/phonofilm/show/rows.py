"""Queries of the newest snapshot and their rows, as tuples, dicts and data frames."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import duckdb

from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.warehouse.engines.location import saved_location
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace

_COMMENTS = re.compile(r"^(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_EXPLAIN = re.compile(r"explain(?:\s+analy[sz]e)?(?:\s*\([^)]*\))?\s", re.IGNORECASE)
_CREATE = re.compile(r"create\b", re.IGNORECASE)
Snapshot = tuple[str, int, int]
"""Path, inode and time of change of a snapshot file: numbers start again after a purge."""


class Result(NamedTuple):
    """Column names and rows of a query, and the snapshot that they were read from.

    `snapshot` is None for a PostgreSQL, which has no snapshots.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]
    snapshot: Snapshot | None


class Rows:
    """Rows of one query, in the form that suits.

    The query runs when it is first needed. Its result is kept until the next load publishes a
    snapshot; in a PostgreSQL it runs anew each time. UsageError for a query that fails.
    """

    def __init__(self, workspace: Workspace, query: str) -> None:
        self._workspace, self._query = workspace, query
        self._result: Result | None = None

    def _fetch(self) -> Result:
        snapshot = current_snapshot(self._workspace)
        if self._result is None or snapshot is None or self._result.snapshot != snapshot:
            self._result = Result(*run_query(self._workspace, self._query), snapshot)
        return self._result

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._fetch().columns)

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as tuples."""
        return list(self._fetch().rows)

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts by column name."""
        result = self._fetch()
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows())

    def __len__(self) -> int:
        return len(self._fetch().rows)

    def df(self) -> Any:
        """Return a pandas data frame; needs the extra `pandas`."""
        require("pandas", "pandas")
        return self.arrow().to_pandas()

    def pl(self) -> Any:
        """Return a polars data frame; needs the extra `polars`."""
        return require("polars", "polars").from_arrow(self.arrow())

    def arrow(self) -> Any:
        """Return an Arrow table, straight from the database; needs the extra `arrow`."""
        require("pyarrow", "arrow")
        with open_snapshot(self._workspace) as connection, _query_errors():
            _check_reads_only(connection, self._query)
            relation = connection.sql(self._query)
            if relation is None:
                raise UsageError("The query returns no table.")
            return relation.to_arrow_table()


class Table(Rows):
    """A table or view of the warehouse, as of the last load."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__(workspace, f"SELECT * FROM {name}")
        self.name = name

    @property
    def columns(self) -> list[str]:
        """Names of the columns; no row is read."""
        return run_query(self._workspace, f"{self._query} LIMIT 0")[0]

    def __len__(self) -> int:
        [(count,)] = run_query(self._workspace, f"SELECT count(*) FROM {self.name}")[1]
        return int(count)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows>"


def current_snapshot(workspace: Workspace) -> Snapshot | None:
    """Return the snapshot that a query reads now; None for a PostgreSQL or without a load."""
    if workspace.database or saved_location(workspace):
        return None
    path = published(workspace)
    if path is None:
        return None
    with contextlib.suppress(FileNotFoundError):  # a load may replace it right now
        stat = path.stat()
        return str(path), stat.st_ino, stat.st_mtime_ns
    return None


def run_query(workspace: Workspace, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return column names and rows of a query on the newest snapshot.

    UsageError for one that fails, or does anything but read.
    """
    with open_snapshot(workspace) as connection, _query_errors():
        _check_reads_only(connection, query)
        cursor = connection.execute(query)
        rows = cursor.fetchall() if cursor else []
        if not cursor:
            raise UsageError("The query is empty.")
        return [column[0] for column in cursor.description or ()], rows


def first_column(workspace: Workspace, query: str) -> list[str]:
    """Return the distinct values of a query's first column as text, without NULL, in order."""
    _, rows = run_query(workspace, query)
    return list(dict.fromkeys(str(row[0]) for row in rows if row and row[0] is not None))


def _check_reads_only(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse statements that write: a snapshot is read-only, but `COPY ... TO` writes files.

    `EXPLAIN ANALYZE` runs its statement, and `PIVOT` comes as a CREATE and a SELECT.
    """
    for statement in connection.extract_statements(query):
        text = _COMMENTS.sub("", statement.query)
        if statement.type == duckdb.StatementType.EXPLAIN:
            if inner := _EXPLAIN.sub("", text, count=1).strip():
                _check_reads_only(connection, inner)
            continue
        is_pivot = statement.type == duckdb.StatementType.CREATE and not _CREATE.match(text)
        if statement.type != duckdb.StatementType.SELECT and not is_pivot:
            raise UsageError(
                f"Cannot run {text.strip()[:80]!r}: a query reads and does nothing else.",
                next_step="To write a table to a file: phonofilm export TABLE --out FILE",
            )


@contextlib.contextmanager
def _query_errors() -> Iterator[None]:
    """Turn errors of a query into UsageError."""
    try:
        yield
    except ModuleNotFoundError:  # DuckDB needs pytz for instants with a time zone
        raise UsageError(
            "The query gives an instant with a time zone.", next_step="Cast it: now()::TIMESTAMP"
        ) from None
    except duckdb.Error as error:
        raise UsageError(
            f"The query fails: {error}", next_step="phonofilm show lists the tables."
        ) from None


def require(module: str, extra: str) -> ModuleType:
    """Import a module of an extra; ConfigurationError says how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"This needs {module}.", next_step=f"Install it: pip install 'phonofilm[{extra}]'"
        ) from None
