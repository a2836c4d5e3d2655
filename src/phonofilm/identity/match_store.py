"""The book of identity: facts of every record, links between them, and what belongs together.

One DuckDB file in the data folder. It can be made anew from the warehouse and the decisions at any
time; it is kept so that only what is new need be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from phonofilm.errors import StoreError, storage_error
from phonofilm.identity.model import RULES, MatchModel
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

FILE = "matches.duckdb"
_BATCH = 50_000
_MEMORY = "5GB"
# A key that more records share than this says nothing: "intro", three minutes long.
_MOST_OF_A_KEY = 300
_TYPES = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "UBIGINT[]": pa.list_(pa.uint64()),
}


class MatchStore:
    """The book, open beside the warehouse; `connection` reaches both, the book as `book`."""

    def __init__(self, folder: Workspace) -> None:
        self.path: Path = folder.root / "identity" / FILE
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = open_session(folder)
        try:
            try:
                self._open()
            except duckdb.Error as error:
                if not self._is_damaged(error):
                    raise
                self._remove()
                self._open()
        except (OSError, duckdb.Error) as error:
            self.connection.close()
            raise storage_error(self.path, error) from error

    def _is_damaged(self, error: duckdb.Error) -> bool:
        """Whether the file is no book any more; it can be made anew, a full disk cannot."""
        words = ("not a valid", "corrupt", "could not read", "magic", "serializ", "checksum")
        return self.path.exists() and any(word in str(error).lower() for word in words)

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            path.unlink(missing_ok=True)

    def _open(self) -> None:
        run = self.connection.execute
        if self.path.exists() and not self.path.stat().st_size:
            self._remove()
        scratch = str(self.path.parent / "spill").replace("'", "''")
        run(f"SET memory_limit = '{_MEMORY}'; SET temp_directory = '{scratch}'")
        run("SET preserve_insertion_order = false")
        run(f"ATTACH '{str(self.path).replace(chr(39), chr(39) * 2)}' AS book")
        run("CREATE TABLE IF NOT EXISTS book.rules (version VARCHAR)")
        if run("SELECT version FROM book.rules").fetchall() != [(RULES,)]:
            self.begin_anew()
        self._make()

    def _make(self) -> None:
        run = self.connection.execute
        run(
            """CREATE TABLE IF NOT EXISTS book.link (kind VARCHAR, a BIGINT, b BIGINT,
            factor DOUBLE, witnessed BOOLEAN, evidence VARCHAR, method VARCHAR)"""
        )
        run("CREATE TABLE IF NOT EXISTS book.member (kind VARCHAR, uid BIGINT, cluster BIGINT)")
        run("CREATE TABLE IF NOT EXISTS book.refused (kind VARCHAR, a BIGINT, b BIGINT)")
        run("CREATE TABLE IF NOT EXISTS book.done (kind VARCHAR, uid BIGINT)")

    def begin_anew(self) -> None:
        """Forgets all facts and links; links of other rules are no links of these."""
        run = self.connection.execute
        held = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'book'"
        for (name,) in run(held).fetchall():
            run(f"DROP TABLE book.{name}")
        run("CREATE TABLE book.rules AS SELECT ? AS version", [RULES])
        self._make()

    def close(self) -> None:
        """Writes what is open and lets go of both."""
        self.connection.close()

    def number(self, sql: str, values: list[Any] | None = None) -> int:
        """One number."""
        rows = self.connection.execute(sql, values or []).fetchall()
        return int(rows[0][0] or 0) if rows else 0

    def refresh(self, kind: MatchModel) -> tuple[int, int]:
        """Brings the facts up to the warehouse; how many records are new (or changed), and gone."""
        run = self.connection.execute
        facts = ", ".join(f"{name} {sql}" for name, sql in kind.facts.items())
        run(
            f"CREATE TABLE IF NOT EXISTS book.{kind.name} (uid BIGINT, source VARCHAR, id VARCHAR,"
            f" print UBIGINT, {facts})"
        )
        run(f"CREATE TABLE IF NOT EXISTS book.key_{kind.name} (k UBIGINT, uid BIGINT)")
        run(
            f"""CREATE OR REPLACE TEMP TABLE told AS SELECT t.*, hash(t) AS print
            FROM ({kind.source_query}) t"""
        )
        alike = "t.source = h.source AND t.id = h.id AND t.print = h.print"
        run(
            f"""CREATE OR REPLACE TEMP TABLE gone AS
            SELECT uid FROM book.{kind.name} h ANTI JOIN told t ON {alike}"""
        )
        run(
            f"""CREATE OR REPLACE TEMP TABLE came AS
            SELECT t.* FROM told t ANTI JOIN book.{kind.name} h ON {alike}"""
        )
        return self._take_in(kind), self._forget(kind)

    def _forget(self, kind: MatchModel) -> int:
        """The facts go last: who is interrupted here finds them again."""
        run = self.connection.execute
        gone = self.number("SELECT count(*) FROM gone")
        if gone:
            inside = "IN (SELECT uid FROM gone)"
            run(f"DELETE FROM book.link WHERE kind = ? AND (a {inside} OR b {inside})", [kind.name])
            run(f"DELETE FROM book.key_{kind.name} WHERE uid {inside}")
            run(f"DELETE FROM book.{kind.name} WHERE uid {inside}")
        return gone

    def _take_in(self, kind: MatchModel) -> int:
        """Prepares the facts of what is new; numbers go on from the last, and never come again."""
        last = f"SELECT greatest(coalesce(max(uid), 0), {self.done(kind)}) FROM book.{kind.name}"
        first = self.number(last) + 1
        schema = pa.schema(
            [
                ("uid", pa.int64()),
                ("source", pa.string()),
                ("id", pa.string()),
                ("print", pa.uint64()),
                *((n, _TYPES[sql]) for n, sql in kind.facts.items()),
            ]
        )
        rows = self.connection.execute("SELECT * FROM came ORDER BY source, id")
        made = 0
        parts: list[pa.Table] = []
        while held := rows.fetchmany(_BATCH):
            lines = [
                (first + made + place, row[0], row[1], row[-1], *kind.prepare(row[2:-1]))
                for place, row in enumerate(held)
            ]
            made += len(held)
            columns = zip(*lines, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            parts.append(pa.Table.from_arrays(arrays, schema=schema))
        if parts:
            self.connection.register("lines", pa.concat_tables(parts))
            self.connection.execute(f"INSERT INTO book.{kind.name} SELECT * FROM lines")
            self.connection.unregister("lines")
        return made

    def done(self, kind: MatchModel) -> int:
        """The last record that was compared with all before it."""
        return self.number("SELECT max(uid) FROM book.done WHERE kind = ?", [kind.name])

    def candidates(self, kind: MatchModel) -> int:
        """Pairs that share a key and of which one was not compared yet, as `pairs`; how many."""
        keys, done = f"book.key_{kind.name}", self.done(kind)
        run = self.connection.execute
        run(f"DELETE FROM {keys} WHERE uid > {done}")  # of a run that was interrupted
        run("DELETE FROM book.link WHERE kind = ? AND (a > ? OR b > ?)", [kind.name, done, done])
        for place, told in enumerate(kind.keys):
            run(
                f"""INSERT INTO {keys} SELECT DISTINCT hash({place}, key), uid
                FROM (SELECT uid, unnest({told}) AS key FROM book.{kind.name} WHERE uid > {done})
                WHERE key IS NOT NULL"""
            )
        self._crowded(kind, done)
        run(
            f"""CREATE OR REPLACE TABLE pairs AS WITH fresh AS (FROM {keys} WHERE uid > {done}),
            common AS (SELECT k FROM {keys} SEMI JOIN fresh USING (k)
                GROUP BY k HAVING count(*) > {_MOST_OF_A_KEY})
            SELECT DISTINCT o.uid AS join_key_l, n.uid AS join_key_r, '0' AS match_key
            FROM (FROM fresh ANTI JOIN common USING (k)) n JOIN {keys} o
            ON o.k = n.k AND o.uid < n.uid"""
        )
        if self.number("SELECT count(*) FROM crowded"):
            self._compare_again(kind, done)
        if kind.one_per_source:  # of one source they are two anyway
            run(
                f"""DELETE FROM pairs USING book.{kind.name} x, book.{kind.name} y
                WHERE x.uid = join_key_l AND y.uid = join_key_r AND x.source = y.source"""
            )
        return self.number("SELECT count(*) FROM pairs")

    def _crowded(self, kind: MatchModel, done: int) -> None:
        """Old records of keys that became too common now, as `crowded`; their links are undone.

        They were compared when the key still told something; all at once they would not have been.
        """
        keys = f"book.key_{kind.name}"
        self.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE crowded AS SELECT DISTINCT uid FROM {keys}
            WHERE uid <= {done} AND k IN (
                SELECT k FROM {keys} WHERE k IN (SELECT k FROM {keys} WHERE uid > {done})
                GROUP BY k HAVING count(*) > {_MOST_OF_A_KEY}
                AND count(*) FILTER (uid <= {done}) BETWEEN 1 AND {_MOST_OF_A_KEY})"""
        )
        inside = "IN (SELECT uid FROM crowded)"
        self.connection.execute(
            f"DELETE FROM book.link WHERE kind = ? AND (a {inside} OR b {inside})", [kind.name]
        )

    def _compare_again(self, kind: MatchModel, done: int) -> None:
        """Adds the pairs of crowded records that another key still tells of."""
        keys = f"book.key_{kind.name}"
        self.connection.execute(
            f"""INSERT INTO pairs SELECT DISTINCT least(n.uid, o.uid), greatest(n.uid, o.uid), '0'
            FROM (FROM {keys} SEMI JOIN crowded USING (uid) WHERE k NOT IN (
                SELECT k FROM {keys} GROUP BY k HAVING count(*) > {_MOST_OF_A_KEY})) n
            JOIN {keys} o ON o.k = n.k AND o.uid <> n.uid AND o.uid <= {done}"""
        )

    def keep(self, kind: MatchModel) -> None:
        """Writes down what was `scored`; from now on these records are old."""
        run = self.connection.execute
        run(
            f"""INSERT INTO book.link
            SELECT '{kind.name}', a, b, factor, witnessed, evidence, method FROM scored"""
        )
        run(f"INSERT INTO book.done SELECT '{kind.name}', max(uid) FROM book.{kind.name}")

    def insert(self, table: str, kind: str, pairs: Iterable[tuple[int, int]]) -> None:
        """Adds pairs of numbers of a kind to a table."""
        held = list(pairs)
        if not held:
            return
        one, other = (pa.array(column, pa.int64()) for column in zip(*held, strict=True))
        self.connection.register("lines", pa.table({"one": one, "other": other}))
        self.connection.execute(f"INSERT INTO book.{table} SELECT '{kind}', one, other FROM lines")
        self.connection.unregister("lines")

    def replace(self, table: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Makes a table of texts anew."""
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        arrays = [pa.array(column, pa.string()) for column in columns]
        self.connection.register("lines", pa.table(dict(zip(names, arrays, strict=True))))
        self.connection.execute(f"CREATE OR REPLACE TABLE book.{table} AS SELECT * FROM lines")
        self.connection.unregister("lines")

    def settle(self) -> None:
        """Writes everything into the file itself."""
        try:
            self.connection.execute("CHECKPOINT book")
        except duckdb.Error as error:
            raise StoreError(f"{self.path} cannot be written: {error}.") from error
