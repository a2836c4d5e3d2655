"""The embedded warehouse: one DuckDB file. Merged by join: keys cost three times the load."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from phonofilm.errors import storage_error
from phonofilm.records import RECORDS, Record
from phonofilm.warehouse.engines.base import Merged
from phonofilm.warehouse.engines.batches import RecordBatches, has_figures
from phonofilm.warehouse.schema.dialect import quoted
from phonofilm.warehouse.schema.merge_sql import adds, differs, merged, same
from phonofilm.warehouse.schema.tables import HELD_COLUMNS, OBSERVATION, is_older, keys, statements
from phonofilm.warehouse.views.entities import forget_gone

# Files of this version pack text better and a third faster; DuckDB reads them from 1.4 on.
_STORAGE = "v1.4.0"
_MEMORY = "3GB"


class DuckWarehouse:
    """A warehouse file, opened for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = duckdb.connect(
                str(path), config={"storage_compatibility_version": _STORAGE}
            )
        except duckdb.Error as error:
            raise storage_error(path, error) from error
        self.batches = RecordBatches(self.connection)
        self.wrote = False
        self.connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self.connection.execute("SET preserve_insertion_order = false")
        # A commit then writes the tables themselves, not a log of them first.
        self.connection.execute("SET checkpoint_threshold = '1KB'")
        self._make()

    def _make(self) -> None:
        """Tables and views; those of an older form are made anew from the landing."""
        older = is_older(self.connection.execute(HELD_COLUMNS).fetchall())
        self.connection.execute("BEGIN")
        if older:
            self.connection.execute("DROP SCHEMA store CASCADE")
        made = list(statements())
        shape = hashlib.sha256("".join(made).encode()).hexdigest()
        self.connection.execute("CREATE SCHEMA IF NOT EXISTS store")
        self.connection.execute("CREATE TABLE IF NOT EXISTS store.shape (sha256 VARCHAR)")
        if self.connection.execute("SELECT sha256 FROM store.shape").fetchone() != (shape,):
            for statement in made:
                self.connection.execute(statement)
            self.connection.execute("DELETE FROM store.shape")
            self.connection.execute("INSERT INTO store.shape VALUES (?)", [shape])
            self.wrote = True  # readers want new views, too
        self.connection.execute("COMMIT")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """What happens inside is whole or not at all."""
        self.connection.execute("BEGIN")
        done = False
        try:
            yield
            self.connection.execute("COMMIT")
            done = True
        except duckdb.IOException as error:
            raise storage_error(self.path, error) from error
        finally:
            if not done:
                with contextlib.suppress(duckdb.Error):  # a failed commit has ended it already
                    self.connection.execute("ROLLBACK")

    def is_empty(self, cls: type[Record]) -> bool:
        """Whether there is nothing of a kind yet."""
        return not self._count(f"SELECT count(*) FROM (FROM store.{cls.kind} LIMIT 1)")

    def merge(self, cls: type[Record]) -> Merged:
        """Merges the batch that was made."""
        if self.is_empty(cls):  # nothing to compare with
            fresh = self._insert(cls, "")
            merged = Merged(fresh, 0, 0)
        else:
            total = self.batches.count()
            held = f"SELECT count(*) FROM store.{cls.kind} t SEMI JOIN batch b ON {same(cls)}"
            fresh = total - self._count(held)
            touched, updated = self._change(cls) if fresh < total else (0, 0)
            self.wrote = self.wrote or touched > 0
            if fresh:
                self._insert(cls, f" ANTI JOIN store.{cls.kind} t ON {same(cls)}")
            merged = Merged(fresh, updated, total - fresh - updated)
        self.wrote = self.wrote or fresh > 0
        if has_figures(cls):
            self._observe(cls)
        return merged

    def _insert(self, cls: type[Record], unless: str) -> int:
        return self._count(f"INSERT INTO store.{cls.kind} BY NAME SELECT b.* FROM batch b{unless}")

    def _count(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _change(self, cls: type[Record]) -> tuple[int, int]:
        """Rewrites rows that a staged one adds to; how many, and how many changed a value."""
        run = self.connection.execute
        values = ", ".join(f"{v} AS {name}" for name, v in merged(cls).items())
        named = ", ".join(f"t.{quoted(name)}" for name in keys(cls))
        run(
            f"""CREATE OR REPLACE TEMP TABLE changed AS SELECT t.rowid AS _row, {named}, {values},
            ({differs(cls)}) AS _differs FROM batch b JOIN store.{cls.kind} t
            ON {same(cls)} WHERE {adds(cls)}"""
        )
        touched = self._count("SELECT count(*) FROM changed")
        if not touched:
            return 0, 0
        updated = self._count("SELECT count(*) FROM changed WHERE _differs")
        run(f"DELETE FROM store.{cls.kind} WHERE rowid IN (SELECT _row FROM changed)")
        run(f"INSERT INTO store.{cls.kind} BY NAME SELECT * EXCLUDE (_row, _differs) FROM changed")
        return touched, updated

    def _observe(self, cls: type[Record]) -> None:
        """Figures that move, one a day: the last of the day stands, null included."""
        run = self.connection.execute
        held = f"SELECT count(*) FROM (FROM store.observation WHERE kind = '{cls.kind}' LIMIT 1)"
        if not self._count(held):
            run("INSERT INTO store.observation BY NAME FROM seen")
            return
        one = " AND ".join(f"o.{name} = s.{name}" for name in OBSERVATION)
        run("CREATE OR REPLACE TEMP TABLE now_seen AS FROM seen")
        run(
            f"""CREATE OR REPLACE TEMP TABLE older AS SELECT o.rowid AS _row
            FROM store.observation o JOIN now_seen s ON {one} WHERE o._at < s._at"""
        )
        run("DELETE FROM store.observation WHERE rowid IN (SELECT _row FROM older)")
        added = self._count(
            f"INSERT INTO store.observation BY NAME SELECT s.* FROM now_seen s ANTI JOIN"
            f" store.observation o ON {one}"
        )
        self.wrote = self.wrote or added > 0

    def delete_superseded(
        self, cls: type[Record], source: str, answers: Sequence[str], before: int
    ) -> int:
        """Removes rows that only former dumps told, before an instant; how many."""
        row = self.connection.execute(
            f"DELETE FROM store.{cls.kind}"
            " WHERE source = ? AND list_contains(?::VARCHAR[], answer) AND _told < ?",
            [source, list(answers), before],
        ).fetchone()
        number = int(row[0]) if row else 0
        self.wrote = self.wrote or number > 0
        return number

    def loaded(self) -> set[str]:
        """The segments and generations that are in."""
        return {p for (p,) in self.connection.execute("SELECT path FROM store.segment").fetchall()}

    def mark_loaded(self, paths: Sequence[str], now: datetime) -> None:
        """Notes that segments are in."""
        if paths:
            rows = [[path, now] for path in paths]
            self.connection.executemany("INSERT INTO store.segment VALUES (?, ?)", rows)

    def quarantine(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keeps what does not parse, once."""
        for row in rows:
            self.connection.execute(
                """INSERT INTO store.quarantine SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (
                FROM store.quarantine WHERE sha256 = ? AND reason = ? AND fetched_at = ?)""",
                [*row, row[5], row[6], row[4]],
            )

    def save_run(self, source: str, run: str, started: datetime, result: str) -> None:
        """Keeps how a run ended; it is told by its id."""
        self.connection.execute("DELETE FROM store.run WHERE id = ?", [run])
        self.connection.execute(
            "INSERT INTO store.run VALUES (?, ?, ?, ?)", [source, run, started, result]
        )

    def purge(self, instant: datetime) -> dict[str, int]:
        """Removes what expired before an instant (UTC); rows by table."""
        removed = {
            table: self._delete(table, instant)
            for table in (*(cls.kind for cls in RECORDS), "observation", "quarantine")
        }
        for statement in forget_gone() if any(removed.values()) else ():
            self.connection.execute(statement)
        return removed

    def _delete(self, table: str, instant: datetime) -> int:
        row = self.connection.execute(
            f"DELETE FROM store.{table} WHERE expires_at <= ?", [instant]
        ).fetchone()
        return int(row[0]) if row else 0

    def replace_identity(self, book: Path, tables: Sequence[str]) -> None:
        """Replaces tables of identity by those of a book."""
        path = str(book).replace("'", "''")
        self.connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS book (READ_ONLY)")
        for name in tables:
            self.connection.execute(f"DELETE FROM identity.{name}")
            self.connection.execute(f"INSERT INTO identity.{name} SELECT * FROM book.{name}")
        self.wrote = True

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.connection.execute(sql).fetchall()

    def execute(self, sql: str) -> int:
        """Changes or removes rows; how many."""
        return self._count(sql)

    def vacuum(self) -> None:
        """A file anew, without the pages that deleted rows left behind; this one is closed."""
        fresh = self.path.with_suffix(".wiped")
        fresh.unlink(missing_ok=True)
        self.connection.close()
        other = DuckWarehouse(fresh)
        run = other.connection.execute
        run(f"ATTACH '{str(self.path).replace(chr(39), chr(39) * 2)}' AS old (READ_ONLY)")
        tables = run(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old'"
            " AND table_name <> 'shape'"
        ).fetchall()
        for schema, table in tables:
            run(f"INSERT INTO {schema}.{table} BY NAME SELECT * FROM old.{schema}.{table}")
        run("DETACH old")
        other.checkpoint()
        other.close()
        self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)
        fresh.replace(self.path)

    def checkpoint(self) -> None:
        """Writes everything into the file itself."""
        self.connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Closes the file with everything in it."""
        self.connection.close()
