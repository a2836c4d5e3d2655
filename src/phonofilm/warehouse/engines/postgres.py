"""PostgreSQL as the warehouse: COPY into a staging table and one merge, all in one transaction.

Batches are made in DuckDB as for the embedded warehouse and streamed over; an empty table is
copied into directly. Readers see the last whole load, because a load is one transaction.

Declared gaps: text cannot contain NUL (it becomes U+FFFD); whole numbers end at 63 bits.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from phonofilm.records import Record
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.engines.base import Merged, QuarantinedRow
from phonofilm.warehouse.engines.batches import RecordBatches
from phonofilm.warehouse.engines.postgres_connection import (
    check_encoding,
    connect,
    database_error,
    psycopg,
)
from phonofilm.warehouse.engines.postgres_copy import Relation, copy_rows, describe
from phonofilm.warehouse.engines.postgres_ownership import Ownership
from phonofilm.warehouse.engines.postgres_reader import attach
from phonofilm.warehouse.engines.postgres_upgrade import add_columns, mark_layouts
from phonofilm.warehouse.engines.postgres_views import ViewReplacer
from phonofilm.warehouse.schema.dialect import POSTGRES
from phonofilm.warehouse.schema.identity_tables import delete_orphans
from phonofilm.warehouse.schema.merge_sql import changes_value, has_news, merged_values, same_row
from phonofilm.warehouse.schema.tables import (
    EXISTING_COLUMNS,
    EXPIRING_TABLES,
    OBSERVATION_KEY,
    columns_by_table,
    definitions,
    is_observed,
    key_columns,
)

# Loads into one database take turns by an advisory lock of this number, which is arbitrary.
_LOCK_ID = 7_301_919
# Chosen, not tuned: DuckDB only makes the batches here.
_MEMORY_LIMIT = "2GB"


def open_writer(url: str) -> PostgresWarehouse:
    """Open a database for writing, and create tables and views that are missing."""
    return PostgresWarehouse(url)


def open_reader(url: str) -> duckdb.DuckDBPyConnection:
    """Open a read-only DuckDB connection with all tables and views of a database."""
    return attach(url)


class PostgresWarehouse:
    """A database, opened for writing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.wrote = False
        self._connection = connect(url)
        # Batches do not outlive this process: what is not committed is rolled back by the server.
        self._scratch = tempfile.TemporaryDirectory(prefix="phonofilm-")
        self.batches = RecordBatches(duckdb.connect())
        self.batches.connection.execute(
            f"SET memory_limit = '{_MEMORY_LIMIT}';"
            f" SET temp_directory = {literal(self._scratch.name)};"
            " SET preserve_insertion_order = false"
        )
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.close)
            check_encoding(self._connection)
            with self.transaction():
                self._create()
            on_failure.pop_all()

    def _create(self) -> None:
        """Create tables and views; what an older version created is brought up to date."""
        parts, existing = list(definitions(POSTGRES)), self.rows(EXISTING_COLUMNS)
        ownership = Ownership(self._connection, parts, columns_by_table(existing))
        for definition in parts:
            ownership.check(definition)
        add_columns(self._connection)
        views = ViewReplacer(self._connection)
        for definition in parts:
            if definition.kind == "view":
                views.replace(definition)
            else:
                self._connection.execute(definition.statement)
        views.restore(parts)
        mark_layouts(self._connection)
        ownership.mark_all()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction that commits at the end of the block, or rolls back if it raises.

        Loads take turns: a second one waits here until the first one is done.
        """
        try:
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_ID])
                yield
            self._connection.commit()
        except psycopg.Error as error:
            raise database_error(self._url, error) from error

    def _row(self, sql: str) -> tuple[Any, ...]:
        return self._connection.execute(sql).fetchone() or (0,)

    def is_empty(self, cls: type[Record]) -> bool:
        """Tell whether the table of a kind has no rows."""
        return not self._row(f"SELECT EXISTS (SELECT FROM store.{cls.kind})")[0]

    def merge(self, cls: type[Record]) -> Merged:
        """Merge the current batch into the table of its kind, and record its observations."""
        if self.is_empty(cls):
            copied = self._copy(self._describe("batch"), f"store.{cls.kind}")
            merged = Merged(inserted=copied, updated=0, unchanged=0)
            self.wrote = self.wrote or copied > 0
        else:
            merged = self._merge_staged(cls)
        if is_observed(cls):
            self._observe()
        return merged

    def _merge_staged(self, cls: type[Record]) -> Merged:
        """Merge the batch by way of a temporary table."""
        batch = self._describe("batch")
        total = self._stage(batch, f"store.{cls.kind}")
        self._connection.execute("ANALYZE batch")
        known, updated = self._row(
            f"""SELECT count(*), count(*) FILTER (WHERE {changes_value(cls)})
            FROM pg_temp.batch b JOIN store.{cls.kind} t ON {same_row(cls)}"""
        )
        values = ", ".join(f"{n} = {v}" for n, v in merged_values(cls, "excluded").items())
        self._upsert(
            f"""INSERT INTO store.{cls.kind} AS t ({batch.columns})
            SELECT {batch.columns} FROM pg_temp.batch
            ON CONFLICT ({", ".join(map(identifier, key_columns(cls)))}) DO UPDATE SET {values}
            WHERE {has_news(cls, "excluded")}"""
        )
        return Merged(inserted=total - known, updated=updated, unchanged=known - updated)

    def _observe(self) -> None:
        """Record the observations of the batch: the last of a day stays, null included."""
        observed = self._describe("observed")
        self._stage(observed, "store.observation")
        self._upsert(
            f"""INSERT INTO store.observation AS o ({observed.columns})
            SELECT {observed.columns} FROM pg_temp.observed
            ON CONFLICT ({", ".join(OBSERVATION_KEY)}) DO UPDATE SET value = excluded.value,
            expires_at = excluded.expires_at, _at = excluded._at WHERE excluded._at > o._at"""
        )

    def _stage(self, relation: Relation, like: str) -> int:
        """Copy a relation into a temporary table of its name, shaped like another table."""
        name = relation.name
        self._connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self._connection.execute(f"CREATE TEMP TABLE {name} (LIKE {like}) ON COMMIT DROP")
        return self._copy(relation, f"pg_temp.{name}")

    def _upsert(self, sql: str) -> None:
        self.wrote = self._connection.execute(sql).rowcount > 0 or self.wrote

    def _describe(self, name: str) -> Relation:
        return describe(self.batches.connection, name)

    def _copy(self, relation: Relation, table: str) -> int:
        """Copy a relation of the batches' DuckDB into a table; return the number of rows."""
        return copy_rows(
            self.batches.connection, relation, self._connection, table, self.batches.may_have_nul
        )

    def delete_superseded(
        self, cls: type[Record], source: str, digests: Sequence[str], before: int
    ) -> int:
        """Delete the rows that only older dumps of a source had, and return how many."""
        deleted = self._connection.execute(
            f"DELETE FROM store.{cls.kind} WHERE source = %s AND answer = ANY(%s) AND _told < %s",
            [source, list(digests), before],
        ).rowcount
        self.wrote = self.wrote or deleted > 0
        return deleted

    def loaded_names(self) -> set[str]:
        """Return the names of the segments and dumps that are loaded."""
        return {name for (name,) in self._connection.execute("SELECT path FROM store.segment")}

    def mark_loaded(self, names: Sequence[str], now: datetime) -> None:
        """Record that segments or dumps are loaded."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO store.segment VALUES (%s, %s)", [(name, now) for name in names]
            )

    def quarantine(self, rows: Sequence[QuarantinedRow]) -> None:
        """Store rows that do not parse; a row that is there already is not stored again."""
        for row in rows:
            values = {
                name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
                for name, value in row._asdict().items()
            }
            self._connection.execute(
                """INSERT INTO store.quarantine SELECT %(source)s, %(endpoint)s, %(ids)s::text[],
                %(offset)s, %(fetched_at)s::timestamp, %(sha256)s::text, %(reason)s::text,
                %(excerpt)s, %(expires_at)s::timestamp WHERE NOT EXISTS (
                SELECT FROM store.quarantine WHERE sha256 = %(sha256)s::text
                AND reason = %(reason)s::text AND fetched_at = %(fetched_at)s::timestamp)""",
                values,
            )

    def save_run(self, source: str, run: str, started: datetime, result: str) -> None:
        """Store the result of a crawl or import as JSON, in place of an earlier one of its id."""
        self._connection.execute("DELETE FROM store.run WHERE id = %s", [run])
        self._connection.execute(
            "INSERT INTO store.run VALUES (%s, %s, %s, %s)", [source, run, started, result]
        )

    def purge(self, before: datetime) -> dict[str, int]:
        """Delete the rows that expire until an instant, and return their number by table."""
        delete = "DELETE FROM store.{} WHERE expires_at <= %s"
        deleted = {
            table: self._connection.execute(delete.format(table), [before]).rowcount
            for table in EXPIRING_TABLES
        }
        for statement in delete_orphans() if any(deleted.values()) else ():
            self._connection.execute(statement)
        return deleted

    def replace_identity(self, match_store: Path, tables: Sequence[str]) -> None:
        """Replace tables of `identity` by those of a match store."""
        self.batches.connection.execute(
            f"ATTACH IF NOT EXISTS {literal(match_store)} AS matches (READ_ONLY)"
        )
        self.batches.may_have_nul = True
        for name in tables:
            self._connection.execute(f"DELETE FROM identity.{name}")
            self._copy(self._describe(f"matches.{name}"), f"identity.{name}")
        self.wrote = True

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql).fetchall()

    def execute(self, sql: str) -> int:
        """Execute a statement as it is and return the number of rows changed.

        psycopg reads no placeholders where no parameters are given, so `%` needs no doubling.
        """
        return self._connection.execute(sql).rowcount

    def vacuum(self) -> None:
        """Rewrite the tables without the pages of deleted rows, which still contain their data."""
        self._connection.commit()
        self._connection.autocommit = True
        for (table,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'store'"):
            self._connection.execute(f"VACUUM FULL store.{identifier(table)}")
        self._connection.autocommit = False

    def checkpoint(self) -> None:
        """Do nothing: the server writes its files and statistics by itself, within a minute."""

    def close(self) -> None:
        """Close the connection; a transaction that is still open is rolled back."""
        self._connection.close()
        self.batches.connection.close()
        self._scratch.cleanup()
