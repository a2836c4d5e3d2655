"""PostgreSQL as the warehouse: COPY into a staging table and one merge, all in one transaction.

Rows are lined up in DuckDB as for the embedded warehouse, and streamed over as CSV; an empty table
is copied into directly. Readers see the last whole load: that is what transactions are for.

Declared gaps: text cannot hold NUL (it becomes U+FFFD); whole numbers end at 63 bits.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from phonofilm.errors import ConfigurationError, StoreError
from phonofilm.records import RECORDS, Record
from phonofilm.warehouse.engines.base import Merged
from phonofilm.warehouse.engines.batches import RecordBatches, has_figures
from phonofilm.warehouse.engines.location import scrubbed, without_password
from phonofilm.warehouse.schema.dialect import POSTGRES, quoted
from phonofilm.warehouse.schema.merge_sql import adds, differs, merged, same
from phonofilm.warehouse.schema.tables import HELD_COLUMNS, OBSERVATION, is_older, keys, statements
from phonofilm.warehouse.views.entities import forget_gone

try:
    import psycopg
except ImportError:
    raise ConfigurationError(
        "A PostgreSQL warehouse needs psycopg.",
        next_step="Install it: pip install 'phonofilm[postgres]'",
    ) from None

_CHUNK_BYTES = 256 * 1024
_CONNECT_SECONDS = 10
# Two loads into one database take turns; the number is ours alone.
_LOCK = 7_301_919


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection; StoreError (never with the password) when there is none to be had."""
    try:
        return psycopg.connect(
            url,
            connect_timeout=_CONNECT_SECONDS,
            application_name="phonofilm",
            prepare_threshold=None,
        )
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise failed(url, error) from None


def failed(url: str, error: Exception) -> StoreError:
    """What a person is told when the database fails."""
    text = scrubbed(" ".join(str(error).split()), url)
    return StoreError(
        f"{without_password(url)} fails: {text[:400]}",
        saved="The landing holds everything; the database is as the last whole load left it.",
        next_step="Check address, user and password (PGPASSWORD, ~/.pgpass), then load again.",
    )


class PostgresWarehouse:
    """A database, opened for writing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.wrote = False
        self._connection = connect(url)
        # It does not outlive this process: what is not committed is taken back at once.
        self._scratch = tempfile.TemporaryDirectory(prefix="phonofilm-")
        self.batches = RecordBatches(duckdb.connect())
        self.batches.connection.execute(
            f"SET memory_limit = '2GB'; SET temp_directory = '{self._scratch.name}';"
            " SET preserve_insertion_order = false"
        )
        with contextlib.ExitStack() as unmade:
            unmade.callback(self.close)
            with self.transaction():
                self._make()
            unmade.pop_all()

    def _make(self) -> None:
        """Tables and views. A view whose columns changed is made anew; so are older tables."""
        run = self._connection.execute
        if is_older(run(HELD_COLUMNS).fetchall()):
            run("DROP SCHEMA store CASCADE")
        for statement in statements(POSTGRES):
            try:
                with self._connection.transaction():
                    run(statement)
            except psycopg.errors.InvalidTableDefinition:
                name = statement.split("VIEW ")[1].split(" ")[0]
                run(f"DROP VIEW {name} CASCADE")
                run(statement)
            except psycopg.errors.WrongObjectType:
                name = statement.split("VIEW ")[1].split(" ")[0]
                raise StoreError(
                    f"The database has a table called {name}, which is not ours.",
                    saved="Nothing was touched.",
                    next_step="Make a schema (CREATE SCHEMA films) and name it:"
                    " ...?options=-csearch_path%3Dfilms",
                ) from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """What happens inside is whole or not at all; loads take turns."""
        try:
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                yield
            self._connection.commit()
        except psycopg.Error as error:
            raise failed(self._url, error) from error

    def _one(self, sql: str) -> tuple[Any, ...]:
        return self._connection.execute(sql).fetchone() or (0,)

    def is_empty(self, cls: type[Record]) -> bool:
        """Whether there is nothing of a kind yet."""
        return not self._one(f"SELECT EXISTS (SELECT FROM store.{cls.kind})")[0]

    def merge(self, cls: type[Record]) -> Merged:
        """Merges the batch that was made."""
        columns = self._columns("batch")
        if self.is_empty(cls):
            result = Merged(self._copy("batch", f"store.{cls.kind}", columns), 0, 0)
            self.wrote = self.wrote or result.inserted > 0
        else:
            result = self._merge_staged(cls, columns)
        if has_figures(cls):
            self._observe()
        return result

    def _merge_staged(self, cls: type[Record], columns: list[tuple[str, str]]) -> Merged:
        run = self._connection.execute
        run("DROP TABLE IF EXISTS pg_temp.batch")
        run(f"CREATE TEMP TABLE batch (LIKE store.{cls.kind}) ON COMMIT DROP")
        total = self._copy("batch", "pg_temp.batch", columns)
        run("ANALYZE batch")
        known, updated = self._one(
            f"""SELECT count(*), count(*) FILTER (WHERE {differs(cls)})
            FROM pg_temp.batch b JOIN store.{cls.kind} t ON {same(cls)}"""
        )
        names = ", ".join(quoted(name) for name, _ in columns)
        values = ", ".join(f"{n} = {v}" for n, v in merged(cls, "excluded").items())
        written = run(
            f"""INSERT INTO store.{cls.kind} AS t ({names}) SELECT {names} FROM pg_temp.batch
            ON CONFLICT ({", ".join(map(quoted, keys(cls)))}) DO UPDATE SET {values}
            WHERE {adds(cls, "excluded")}"""
        ).rowcount
        self.wrote = self.wrote or written > 0
        return Merged(total - known, updated, known - updated)

    def _observe(self) -> None:
        """Figures that move, one a day: the last of the day stands, null included."""
        run = self._connection.execute
        run("DROP TABLE IF EXISTS pg_temp.seen")
        run("CREATE TEMP TABLE seen (LIKE store.observation) ON COMMIT DROP")
        columns = self._columns("seen")
        self._copy("seen", "pg_temp.seen", columns)
        names = ", ".join(quoted(name) for name, _ in columns)
        written = run(
            f"""INSERT INTO store.observation AS o ({names}) SELECT {names} FROM pg_temp.seen
            ON CONFLICT ({", ".join(OBSERVATION)}) DO UPDATE SET value = excluded.value,
            expires_at = excluded.expires_at, _at = excluded._at WHERE excluded._at > o._at"""
        ).rowcount
        self.wrote = self.wrote or written > 0

    def _columns(self, relation: str) -> list[tuple[str, str]]:
        """Names and DuckDB types of a relation of the scratch database."""
        rows = self.batches.connection.execute(f"DESCRIBE {relation}").fetchall()
        return [(name, kind) for name, kind, *_ in rows]

    def _copy(self, relation: str, target: str, columns: list[tuple[str, str]]) -> int:
        """Streams a relation of the scratch database over; how many rows."""
        values = ", ".join(
            f"{_as_text(name, kind, self.batches.may_hold_nul)} AS {quoted(name)}"
            for name, kind in columns
        )
        writer = _Writer(self.batches.connection, f"SELECT {values} FROM {relation}")
        names = ", ".join(quoted(name) for name, _ in columns)
        statement = f"COPY {target} ({names}) FROM STDIN (FORMAT csv, NULL '\\N')"
        with writer, self._connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                while held := os.read(writer.rows, _CHUNK_BYTES):
                    copy.write(held)
                writer.finish()  # an error of the reading side must not end as a short COPY
            return cursor.rowcount

    def delete_superseded(
        self, cls: type[Record], source: str, answers: Sequence[str], before: int
    ) -> int:
        """Removes rows that only former dumps told, before an instant; how many."""
        return self._connection.execute(
            f"DELETE FROM store.{cls.kind} WHERE source = %s AND answer = ANY(%s) AND _told < %s",
            [source, list(answers), before],
        ).rowcount

    def loaded(self) -> set[str]:
        """The segments and generations that are in."""
        return {path for (path,) in self._connection.execute("SELECT path FROM store.segment")}

    def mark_loaded(self, paths: Sequence[str], now: datetime) -> None:
        """Notes that segments are in."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO store.segment VALUES (%s, %s)", [(path, now) for path in paths]
            )

    def quarantine(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keeps what does not parse, once."""
        with self._connection.cursor() as cursor:
            for row in rows:
                clean = [v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in row]
                cursor.execute(
                    """INSERT INTO store.quarantine SELECT %s, %s, %s::text[], %s, %s, %s, %s, %s,
                    %s::timestamp WHERE NOT EXISTS (SELECT FROM store.quarantine
                    WHERE sha256 = %s AND reason = %s AND fetched_at = %s)""",
                    [*clean, clean[5], clean[6], clean[4]],
                )

    def save_run(self, source: str, run: str, started: datetime, result: str) -> None:
        """Keeps how a run ended; it is told by its id."""
        self._connection.execute("DELETE FROM store.run WHERE id = %s", [run])
        self._connection.execute(
            "INSERT INTO store.run VALUES (%s, %s, %s, %s)", [source, run, started, result]
        )

    def purge(self, instant: datetime) -> dict[str, int]:
        """Removes what expired before an instant (UTC); rows by table."""
        tables = (*(cls.kind for cls in RECORDS), "observation", "quarantine")
        delete = "DELETE FROM store.{} WHERE expires_at <= %s"
        removed = {
            table: self._connection.execute(delete.format(table), [instant]).rowcount
            for table in tables
        }
        for statement in forget_gone() if any(removed.values()) else ():
            self._connection.execute(statement)
        return removed

    def replace_identity(self, book: Path, tables: Sequence[str]) -> None:
        """Replaces tables of identity by those of a book."""
        path = str(book).replace("'", "''")
        self.batches.connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS book (READ_ONLY)")
        self.batches.may_hold_nul = True
        for name in tables:
            self._connection.execute(f"DELETE FROM identity.{name}")
            self._copy(f"book.{name}", f"identity.{name}", self._columns(f"book.{name}"))
        self.wrote = True

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self._connection.execute(sql).fetchall()

    def execute(self, sql: str) -> int:
        """Execute a statement as it is and return the number of rows changed.

        psycopg reads no placeholders where no parameters are given, so `%` needs no doubling.
        """
        return self._connection.execute(sql).rowcount

    def vacuum(self) -> None:
        """Tables anew, without the pages that deleted rows left behind."""
        self._connection.commit()
        self._connection.autocommit = True
        for (table,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'store'"):
            self._connection.execute(f'VACUUM FULL store."{table}"')
        self._connection.autocommit = False

    def checkpoint(self) -> None:
        """Nothing to do: the server looks after its statistics by itself, within a minute."""

    def close(self) -> None:
        """Ends the connection; what was not committed is taken back."""
        self._connection.close()
        self.batches.connection.close()
        self._scratch.cleanup()


class _Writer:
    """DuckDB writing a query into a pipe, beside the thread that reads it from `rows`.

    Our own end stays open until the query is done, so that the reader sees the end exactly then,
    whether it went well or never began.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        self.rows, self._end = os.pipe()
        self._sql = (
            f"COPY ({query}) TO '/dev/fd/{self._end}'"
            " (FORMAT csv, HEADER false, NULLSTR '\\N', USE_TMP_FILE false)"
        )
        self._connection = connection
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def _write(self) -> None:
        try:
            self._connection.execute(self._sql)
        finally:
            os.close(self._end)

    def __enter__(self) -> _Writer:
        self._writing = self._thread.submit(self._write)
        return self

    def finish(self) -> None:
        """Returns when everything was written; raises what went wrong."""
        if self._writing is not None:
            self._writing.result()

    def __exit__(self, *_: object) -> None:
        os.close(self.rows)  # a writer that still writes is told that nobody reads
        self._thread.shutdown()


def _as_text(name: str, kind: str, may_hold_nul: bool) -> str:
    """A column as PostgreSQL's COPY reads it."""
    column = quoted(name)
    if kind == "VARCHAR" and may_hold_nul:
        return f"replace({column}, chr(0), chr(65533))"
    if kind == "VARCHAR[]":
        element = "replace(replace(replace(e, chr(0), chr(65533)), '\\', '\\\\'), '\"', '\\\"')"
        listed = f"list_transform({column}, lambda e: coalesce('\"' || {element} || '\"', 'NULL'))"
        return f"'{{' || array_to_string({listed}, ',') || '}}'"
    if kind.endswith("[]"):
        listed = f"list_transform({column}, lambda e: coalesce(e::VARCHAR, 'NULL'))"
        return f"'{{' || array_to_string({listed}, ',') || '}}'"
    return column
