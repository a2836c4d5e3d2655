"""The contract of an engine: one database that stores the tables and merges batches into them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import duckdb

from phonofilm.records import Record
from phonofilm.warehouse.engines.batches import RecordBatches


class Merged(NamedTuple):
    """Rows of one table by what a merge did; an unchanged row may have a new `last_seen`."""

    inserted: int
    updated: int
    unchanged: int


class QuarantinedRow(NamedTuple):
    """A body, item or row that does not parse: where it comes from, why, and how it begins.

    `fetched_at` and `expires_at` are naive UTC. The fields are the columns of `store.quarantine`.
    """

    source: str
    endpoint: str
    ids: list[str]
    offset: int
    fetched_at: datetime
    sha256: str
    reason: str
    excerpt: str
    expires_at: datetime | None


class Warehouse(Protocol):
    """One database, opened for writing.

    tests/test_warehouses.py is the conformance suite: an engine is what passes it. A load is one
    `transaction`, in which batches are made with `batches` and merged one kind after the other.
    Loads into one database take turns. Text is stored exactly; a value that the database cannot
    hold is declared in the engine's module. A failure of the disk or server is a StoreError, whose
    message never contains a password. Times are naive UTC.
    """

    batches: RecordBatches
    """Makes the batches for `merge`, on a DuckDB connection."""
    wrote: bool
    """True after anything was written that readers can see."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction that commits at the end of the block, or rolls back if it raises."""

    def is_empty(self, cls: type[Record]) -> bool:
        """Tell whether the table of a kind has no rows."""

    def merge(self, cls: type[Record]) -> Merged:
        """Merge the current batch into the table of its kind, and record its observations.

        The rule is that of `schema/merge_sql.py`. Merging a batch twice changes nothing, and the
        order of batches has no effect on the result.
        """

    def delete_superseded(
        self, cls: type[Record], source: str, digests: Sequence[str], before: int
    ) -> int:
        """Delete the rows that only older dumps of a source had, and return how many.

        These are the rows whose newest response is one of `digests` and whose order key is less
        than `before`.
        """

    def loaded_names(self) -> set[str]:
        """Return the names of the segments and dumps that are loaded."""

    def mark_loaded(self, names: Sequence[str], now: datetime) -> None:
        """Record that segments or dumps are loaded."""

    def quarantine(self, rows: Sequence[QuarantinedRow]) -> None:
        """Store rows that do not parse; a row that is there already is not stored again."""

    def save_run(self, source: str, run: str, started: datetime, result: str) -> None:
        """Store the result of a crawl or import as JSON, in place of an earlier one of its id."""

    def purge(self, before: datetime) -> dict[str, int]:
        """Delete the rows that expire until an instant, and return their number by table.

        What `match` derived from deleted records is deleted as well.
        """

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query; `sql` is sent as it is and has no placeholders."""

    def execute(self, sql: str) -> int:
        """Execute a statement as it is and return the number of rows changed."""

    def vacuum(self) -> None:
        """Rewrite the tables without the space of deleted rows, which still contains their data.

        Not inside a transaction. Only `close` may be called after it.
        """

    def replace_identity(self, match_store: Path, tables: Sequence[str]) -> None:
        """Replace tables of `identity` by those of a match store, a DuckDB file."""

    def checkpoint(self) -> None:
        """Write all that is committed into the database's own files. Not inside a transaction."""

    def close(self) -> None:
        """Close the database; a transaction that is still open is rolled back."""


class EngineModule(Protocol):
    """The functions of an engine's module, which `location.ENGINES` names by URL scheme."""

    def open_writer(self, url: str) -> Warehouse:
        """Open a database for writing, and create tables and views that are missing.

        StoreError for a database that cannot be reached; ConfigurationError without the driver.
        """

    def open_reader(self, url: str) -> duckdb.DuckDBPyConnection:
        """Open a read-only DuckDB connection with all tables and views of a database.

        All queries of the connection see one load. UsageError before the first load.
        """
