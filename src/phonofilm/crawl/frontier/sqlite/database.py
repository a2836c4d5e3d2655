"""One frontier file: its connection, transactions and settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from phonofilm.crawl.frontier.sqlite.schema import prepare
from phonofilm.errors import StoreError, storage_error


class FrontierDatabase:
    """Connection to a frontier file, which is created or brought up to date.

    Single statements are written at once. StoreError when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self.execute, self.executemany = connection.execute, connection.executemany
            self._connection = connection
            prepare(connection, path)
        except sqlite3.Error as error:
            raise storage_error(path, error) from error

    def number(self, sql: str) -> int:
        """Return the number that a query selects."""
        return int(self.execute(sql).fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in one transaction; StoreError and nothing written when it fails."""
        try:
            self.execute("BEGIN IMMEDIATE")
            yield
            self.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")
            raise storage_error(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} could not be closed: {error}.") from error


class Settings(MutableMapping[str, str]):
    """Texts that outlive a crawl, by name."""

    def __init__(self, database: FrontierDatabase) -> None:
        self._database = database

    def __getitem__(self, name: str) -> str:
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return str(row[0])

    def __setitem__(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def __delitem__(self, name: str) -> None:
        if not self._database.execute("DELETE FROM meta WHERE key = ?", (name,)).rowcount:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._database.execute("SELECT key FROM meta").fetchall())

    def __len__(self) -> int:
        return self._database.number("SELECT count(*) FROM meta")
