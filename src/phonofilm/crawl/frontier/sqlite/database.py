"""One frontier file: its connection, transactions and settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phonofilm.crawl.frontier.sqlite.schema import prepare
from phonofilm.errors import StoreError, storage_error

Values = Sequence[Any] | Mapping[str, Any]


def frontier_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Describe a frontier file that is damaged, or a failure of its disk."""
    if isinstance(error, sqlite3.OperationalError):  # full, read-only, locked by another program
        return storage_error(path, error)
    return StoreError(
        f"Cannot read {path}: {error}.",
        saved="Responses are kept apart from this file; none is lost.",
        next_step="Delete this file and crawl again: some requests are repeated.",
    )


class FrontierDatabase:
    """Connection to a frontier file, which is created or brought up to date.

    Single statements are written at once. Every method raises StoreError when the file cannot be
    read or written: no error of SQLite leaves this class.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            prepare(self._connection, path)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise frontier_error(self.path, error) from error

    def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        """Run a statement that changes the file."""
        with self._failures():
            return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement that changes the file once for each row of values."""
        with self._failures():
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, values: Values = ()) -> Iterator[Any]:
        """Yield the rows of a query."""
        with self._failures():
            yield from self._connection.execute(sql, values)

    def number(self, sql: str) -> int:
        """Return the number that a query selects."""
        return int(next(self.rows(sql))[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in one transaction: all of it is written, or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._failures():
            self._connection.close()


class Settings(MutableMapping[str, str]):
    """Texts that outlive a crawl, by name."""

    def __init__(self, database: FrontierDatabase) -> None:
        self._database = database

    def __getitem__(self, name: str) -> str:
        row = next(self._database.rows("SELECT value FROM meta WHERE key = ?", (name,)), None)
        if row is None:
            raise KeyError(name)
        return str(row[0])

    def __setitem__(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def __delitem__(self, name: str) -> None:
        if not self._database.execute("DELETE FROM meta WHERE key = ?", (name,)).rowcount:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([row[0] for row in self._database.rows("SELECT key FROM meta")])

    def __len__(self) -> int:
        return self._database.number("SELECT count(*) FROM meta")
