"""The embedded warehouse: one DuckDB file, merged by joins, because keys cost too much.

Readers never open this file; they open the snapshots of it that `snapshots.py` publishes.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from phonofilm.errors import storage_error
from phonofilm.files import atomic_path
from phonofilm.records import Record
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.engines.base import Merged, QuarantinedRow
from phonofilm.warehouse.engines.batches import RecordBatches
from phonofilm.warehouse.schema.identity_tables import delete_orphans
from phonofilm.warehouse.schema.merge_sql import changes_value, has_news, merged_values, same_row
from phonofilm.warehouse.schema.tables import (
    EXISTING_COLUMNS,
    EXPIRING_TABLES,
    OBSERVATION_KEY,
    definitions,
    is_observed,
    is_outdated,
    key_columns,
)

# Files of this version pack text better and load a quarter to a third faster (1.3 million titles,
# November 2026); DuckDB reads them from 1.4 on.
_STORAGE_VERSION = "v1.4.0"
# Chosen, not tuned: the load of 1.3 million titles needs 1.6 GB.
_MEMORY_LIMIT = "3GB"


class DuckWarehouse:
    """A warehouse file, opened for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = duckdb.connect(
                str(path), config={"storage_compatibility_version": _STORAGE_VERSION}
            )
        except duckdb.Error as error:
            raise storage_error(path, error) from error
        self.batches = RecordBatches(self.connection)
        self.wrote = False
        self.connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        self.connection.execute("SET preserve_insertion_order = false")
        # A commit then writes the tables themselves, not a log of them first.
        self.connection.execute("SET checkpoint_threshold = '1KB'")
        self._create()

    def _create(self) -> None:
        """Create tables and views; outdated tables are filled anew from the landing.

        The hash of all definitions is stored, because creating them on every open costs more than
        comparing it.
        """
        run = self.connection.execute
        outdated = is_outdated(run(EXISTING_COLUMNS).fetchall())
        run("BEGIN")
        if outdated:
            run("DROP SCHEMA store CASCADE")
        statements = [definition.statement for definition in definitions()]
        digest = hashlib.sha256("".join(statements).encode()).hexdigest()
        run("CREATE SCHEMA IF NOT EXISTS store")
        run("CREATE TABLE IF NOT EXISTS store.shape (sha256 VARCHAR)")
        if run("SELECT sha256 FROM store.shape").fetchone() != (digest,):
            for statement in statements:
                run(statement)
            run("DELETE FROM store.shape")
            run("INSERT INTO store.shape VALUES (?)", [digest])
            self.wrote = True  # readers want new views, too
        run("COMMIT")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction that commits at the end of the block, or rolls back if it raises."""
        self.connection.execute("BEGIN")
        committed = False
        try:
            yield
            self.connection.execute("COMMIT")
            committed = True
        except duckdb.IOException as error:
            raise storage_error(self.path, error) from error
        finally:
            if not committed:
                with contextlib.suppress(duckdb.Error):  # a failed commit has ended it already
                    self.connection.execute("ROLLBACK")

    def is_empty(self, cls: type[Record]) -> bool:
        """Tell whether the table of a kind has no rows."""
        return not self._number(f"SELECT count(*) FROM (FROM store.{cls.kind} LIMIT 1)")

    def merge(self, cls: type[Record]) -> Merged:
        """Merge the current batch into the table of its kind, and record its observations."""
        if self.is_empty(cls):  # nothing to compare with
            merged = Merged(inserted=self._insert(cls), updated=0, unchanged=0)
        else:
            merged = self._merge_into_rows(cls)
        self.wrote = self.wrote or merged.inserted > 0
        if is_observed(cls):
            self._observe(cls)
        return merged

    def _merge_into_rows(self, cls: type[Record]) -> Merged:
        total = self.batches.count()
        known = f"SELECT count(*) FROM store.{cls.kind} t SEMI JOIN batch b ON {same_row(cls)}"
        new = total - self._number(known)
        rewritten, updated = self._rewrite(cls) if new < total else (0, 0)
        self.wrote = self.wrote or rewritten > 0
        if new:
            self._insert(cls, f" ANTI JOIN store.{cls.kind} t ON {same_row(cls)}")
        return Merged(inserted=new, updated=updated, unchanged=total - new - updated)

    def _insert(self, cls: type[Record], join: str = "") -> int:
        return self._number(f"INSERT INTO store.{cls.kind} BY NAME SELECT b.* FROM batch b{join}")

    def _number(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _rewrite(self, cls: type[Record]) -> tuple[int, int]:
        """Replace the rows to which the batch adds something.

        Return how many there are, and of how many a value changed.
        """
        run = self.connection.execute
        values = ", ".join(f"{value} AS {name}" for name, value in merged_values(cls).items())
        key = ", ".join(f"t.{identifier(name)}" for name in key_columns(cls))
        run(
            f"""CREATE OR REPLACE TEMP TABLE changed AS SELECT t.rowid AS _row, {key}, {values},
            ({changes_value(cls)}) AS _differs FROM batch b JOIN store.{cls.kind} t
            ON {same_row(cls)} WHERE {has_news(cls)}"""
        )
        rewritten = self._number("SELECT count(*) FROM changed")
        if not rewritten:
            return 0, 0
        updated = self._number("SELECT count(*) FROM changed WHERE _differs")
        run(f"DELETE FROM store.{cls.kind} WHERE rowid IN (SELECT _row FROM changed)")
        run(f"INSERT INTO store.{cls.kind} BY NAME SELECT * EXCLUDE (_row, _differs) FROM changed")
        return rewritten, updated

    def _observe(self, cls: type[Record]) -> None:
        """Record the observations of the batch: the last of a day stays, null included."""
        run = self.connection.execute
        known = f"SELECT count(*) FROM (FROM store.observation WHERE kind = '{cls.kind}' LIMIT 1)"
        if not self._number(known):
            run("INSERT INTO store.observation BY NAME FROM observed")
            return
        same = " AND ".join(f"o.{name} = s.{name}" for name in OBSERVATION_KEY)
        run("CREATE OR REPLACE TEMP TABLE new_observed AS FROM observed")
        run(
            f"""CREATE OR REPLACE TEMP TABLE older AS SELECT o.rowid AS _row
            FROM store.observation o JOIN new_observed s ON {same} WHERE o._at < s._at"""
        )
        run("DELETE FROM store.observation WHERE rowid IN (SELECT _row FROM older)")
        added = self._number(
            f"INSERT INTO store.observation BY NAME SELECT s.* FROM new_observed s ANTI JOIN"
            f" store.observation o ON {same}"
        )
        self.wrote = self.wrote or added > 0

    def delete_superseded(
        self, cls: type[Record], source: str, digests: Sequence[str], before: int
    ) -> int:
        """Delete the rows that only older dumps of a source had, and return how many."""
        row = self.connection.execute(
            f"DELETE FROM store.{cls.kind}"
            " WHERE source = ? AND list_contains(?::VARCHAR[], answer) AND _told < ?",
            [source, list(digests), before],
        ).fetchone()
        deleted = int(row[0]) if row else 0
        self.wrote = self.wrote or deleted > 0
        return deleted

    def loaded_names(self) -> set[str]:
        """Return the names of the segments and dumps that are loaded."""
        rows = self.connection.execute("SELECT path FROM store.segment").fetchall()
        return {name for (name,) in rows}

    def mark_loaded(self, names: Sequence[str], now: datetime) -> None:
        """Record that segments or dumps are loaded."""
        if names:
            rows = [[name, now] for name in names]
            self.connection.executemany("INSERT INTO store.segment VALUES (?, ?)", rows)

    def quarantine(self, rows: Sequence[QuarantinedRow]) -> None:
        """Store rows that do not parse; a row that is there already is not stored again."""
        for row in rows:
            self.connection.execute(
                """INSERT INTO store.quarantine SELECT $source, $endpoint, $ids, $offset,
                $fetched_at, $sha256, $reason, $excerpt, $expires_at WHERE NOT EXISTS (
                FROM store.quarantine
                WHERE sha256 = $sha256 AND reason = $reason AND fetched_at = $fetched_at)""",
                row._asdict(),
            )

    def save_run(self, source: str, run: str, started: datetime, result: str) -> None:
        """Store the result of a crawl or import as JSON, in place of an earlier one of its id."""
        self.connection.execute("DELETE FROM store.run WHERE id = ?", [run])
        self.connection.execute(
            "INSERT INTO store.run VALUES (?, ?, ?, ?)", [source, run, started, result]
        )

    def purge(self, before: datetime) -> dict[str, int]:
        """Delete the rows that expire until an instant, and return their number by table."""
        deleted = {table: self._delete_expired(table, before) for table in EXPIRING_TABLES}
        for statement in delete_orphans() if any(deleted.values()) else ():
            self.connection.execute(statement)
        return deleted

    def _delete_expired(self, table: str, before: datetime) -> int:
        row = self.connection.execute(
            f"DELETE FROM store.{table} WHERE expires_at <= ?", [before]
        ).fetchone()
        return int(row[0]) if row else 0

    def replace_identity(self, match_store: Path, tables: Sequence[str]) -> None:
        """Replace tables of `identity` by those of a match store."""
        self.connection.execute(
            f"ATTACH IF NOT EXISTS {literal(match_store)} AS matches (READ_ONLY)"
        )
        for name in tables:
            self.connection.execute(f"DELETE FROM identity.{name}")
            self.connection.execute(f"INSERT INTO identity.{name} SELECT * FROM matches.{name}")
        self.wrote = True

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(sql).fetchall()

    def execute(self, sql: str) -> int:
        """Execute a statement as it is and return the number of rows changed."""
        return self._number(sql)

    def vacuum(self) -> None:
        """Copy all rows into a new file, which then replaces this one; this one is closed.

        DuckDB keeps the pages of deleted rows in the file, with the data that was deleted.
        """
        self.connection.close()
        with atomic_path(self.path, locked=True) as partial:
            _remove_log(partial)  # of a process that was killed
            copy = DuckWarehouse(partial)
            copy._copy_rows(self.path)
            copy.checkpoint()
            copy.close()
            _remove_log(self.path)

    def _copy_rows(self, other: Path) -> None:
        """Insert all rows of another warehouse file."""
        run = self.connection.execute
        run(f"ATTACH {literal(other)} AS old (READ_ONLY)")
        tables = run(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old'"
            " AND table_name <> 'shape'"
        ).fetchall()
        for schema, table in tables:
            run(f"INSERT INTO {schema}.{table} BY NAME SELECT * FROM old.{schema}.{table}")
        run("DETACH old")

    def checkpoint(self) -> None:
        """Write everything into the file itself, so that a copy of it is complete."""
        self.connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Close the file; an open transaction is rolled back."""
        self.connection.close()


def _remove_log(database: Path) -> None:
    """Remove the write-ahead log of a database file."""
    database.with_name(database.name + ".wal").unlink(missing_ok=True)
