"""The match store: facts of every record, links between records, and their clusters.

One DuckDB file in the data folder. It can be rebuilt from the warehouse and the decisions at any
time; it exists so that only new records need to be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from phonofilm.errors import StoreError, storage_error
from phonofilm.identity.model import RULES, MatchModel
from phonofilm.runtime.signals import import_for_duckdb
from phonofilm.sql import literal
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

FILE = "matches.duckdb"
# Written into the file; a file of other rules or of another layout is rebuilt.
_VERSION = f"{RULES}/2"
_BATCH_ROWS = 50_000
# Measured in November 2026: a million records peak at 5.1 GB with this limit.
_MEMORY_LIMIT = "5GB"
# A key that more records share has no evidence ("intro", three minutes long). Set in November 2026
# on the songs of five tables: larger keys added pairs by the million and no true link.
_RECORDS_PER_KEY_MAX = 300
_TYPES = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "UBIGINT[]": pa.list_(pa.uint64()),
}


class MatchStore:
    """The open match store.

    `connection` reads the warehouse too; the store is attached to it as `matches`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.path: Path = workspace.root / "identity" / FILE
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = open_session(workspace)
        import_for_duckdb(self.connection)
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
        """Tell whether the file itself is damaged: it can be rebuilt, a full disk cannot."""
        signs = ("not a valid", "corrupt", "could not read", "magic", "serializ", "checksum")
        return self.path.exists() and any(sign in str(error).lower() for sign in signs)

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            path.unlink(missing_ok=True)

    def _open(self) -> None:
        run = self.connection.execute
        if self.path.exists() and not self.path.stat().st_size:
            self._remove()
        spill = literal(self.path.parent / "spill")
        run(f"SET memory_limit = '{_MEMORY_LIMIT}'; SET temp_directory = {spill}")
        run("SET preserve_insertion_order = false")
        run(f"ATTACH {literal(self.path)} AS matches")
        run("CREATE TABLE IF NOT EXISTS matches.rules (version VARCHAR)")
        if run("SELECT version FROM matches.rules").fetchall() != [(_VERSION,)]:
            self.reset()
        self._create_tables()

    def _create_tables(self) -> None:
        run = self.connection.execute
        run(
            """CREATE TABLE IF NOT EXISTS matches.link (kind VARCHAR, a BIGINT, b BIGINT,
            factor DOUBLE, witnessed BOOLEAN, evidence VARCHAR, method VARCHAR)"""
        )
        run("CREATE TABLE IF NOT EXISTS matches.member (kind VARCHAR, uid BIGINT, cluster BIGINT)")
        run("CREATE TABLE IF NOT EXISTS matches.refused (kind VARCHAR, a BIGINT, b BIGINT)")
        run("CREATE TABLE IF NOT EXISTS matches.compared (kind VARCHAR, uid BIGINT)")

    def reset(self) -> None:
        """Delete all facts and links, because links of other rules do not count."""
        run = self.connection.execute
        tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'matches'"
        for (name,) in run(tables).fetchall():
            run(f"DROP TABLE matches.{name}")
        run("CREATE TABLE matches.rules AS SELECT ? AS version", [_VERSION])
        self._create_tables()

    def close(self) -> None:
        """Close the connection to the store and the warehouse."""
        self.connection.close()

    def number(self, sql: str, values: list[Any] | None = None) -> int:
        """Return the first number of a query, 0 for none."""
        rows = self.connection.execute(sql, values or []).fetchall()
        return int(rows[0][0] or 0) if rows else 0

    def refresh(self, model: MatchModel) -> tuple[int, int]:
        """Update the facts from the warehouse; return the counts of new and of gone records.

        A changed record counts as both.
        """
        run = self.connection.execute
        facts = ", ".join(f"{name} {sql}" for name, sql in model.facts.items())
        run(
            f"CREATE TABLE IF NOT EXISTS matches.{model.name} (uid BIGINT, source VARCHAR,"
            f" id VARCHAR, fingerprint UBIGINT, {facts})"
        )
        run(f"CREATE TABLE IF NOT EXISTS matches.key_{model.name} (k UBIGINT, uid BIGINT)")
        run(
            f"""CREATE OR REPLACE TEMP TABLE current AS SELECT t.*, hash(t) AS fingerprint
            FROM ({model.source_query}) t"""
        )
        unchanged = "t.source = h.source AND t.id = h.id AND t.fingerprint = h.fingerprint"
        run(
            f"""CREATE OR REPLACE TEMP TABLE gone AS
            SELECT uid FROM matches.{model.name} h ANTI JOIN current t ON {unchanged}"""
        )
        run(
            f"""CREATE OR REPLACE TEMP TABLE added AS
            SELECT t.* FROM current t ANTI JOIN matches.{model.name} h ON {unchanged}"""
        )
        return self._add_records(model), self._delete_gone(model)

    def _delete_gone(self, model: MatchModel) -> int:
        """Delete gone records; facts go last, so that an interrupted run finds them again."""
        run = self.connection.execute
        gone = self.number("SELECT count(*) FROM gone")
        if gone:
            inside = "IN (SELECT uid FROM gone)"
            run(
                f"DELETE FROM matches.link WHERE kind = ? AND (a {inside} OR b {inside})",
                [model.name],
            )
            run(f"DELETE FROM matches.key_{model.name} WHERE uid {inside}")
            run(f"DELETE FROM matches.{model.name} WHERE uid {inside}")
        return gone

    def _add_records(self, model: MatchModel) -> int:
        """Prepare the facts of new records; numbers continue from the last and are never reused."""
        last = self.number(f"SELECT max(uid) FROM matches.{model.name}")
        first = max(last, self.last_compared(model)) + 1
        schema = pa.schema(
            [
                ("uid", pa.int64()),
                ("source", pa.string()),
                ("id", pa.string()),
                ("fingerprint", pa.uint64()),
                *((n, _TYPES[sql]) for n, sql in model.facts.items()),
            ]
        )
        rows = self.connection.execute("SELECT * FROM added ORDER BY source, id")
        count = 0
        parts: list[pa.Table] = []
        while batch := rows.fetchmany(_BATCH_ROWS):
            records = [
                (first + count + index, row[0], row[1], row[-1], *model.prepare(row[2:-1]))
                for index, row in enumerate(batch)
            ]
            count += len(batch)
            columns = zip(*records, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            parts.append(pa.Table.from_arrays(arrays, schema=schema))
        if parts:
            self.connection.register("rows", pa.concat_tables(parts))
            self.connection.execute(f"INSERT INTO matches.{model.name} SELECT * FROM rows")
            self.connection.unregister("rows")
        return count

    def last_compared(self, model: MatchModel) -> int:
        """Return the number of the last record that was compared with all earlier ones."""
        return self.number("SELECT max(uid) FROM matches.compared WHERE kind = ?", [model.name])

    def candidates(self, model: MatchModel) -> int:
        """Write the candidate pairs to `pairs`; return their number.

        The records of a pair share a key, and at least one of them is new.
        """
        keys, last = f"matches.key_{model.name}", self.last_compared(model)
        run = self.connection.execute
        run(f"DELETE FROM {keys} WHERE uid > {last}")  # of an interrupted run
        run(
            "DELETE FROM matches.link WHERE kind = ? AND (a > ? OR b > ?)", [model.name, last, last]
        )
        for index, key in enumerate(model.keys):
            run(
                f"""INSERT INTO {keys} SELECT DISTINCT hash({index}, key), uid
                FROM (SELECT uid, unnest({key}) AS key FROM matches.{model.name} WHERE uid > {last})
                WHERE key IS NOT NULL"""
            )
        self._unlink_overcommon(model, last)
        run(
            f"""CREATE OR REPLACE TABLE pairs AS WITH added AS (FROM {keys} WHERE uid > {last}),
            common AS (SELECT k FROM {keys} SEMI JOIN added USING (k)
                GROUP BY k HAVING count(*) > {_RECORDS_PER_KEY_MAX})
            SELECT DISTINCT o.uid AS join_key_l, n.uid AS join_key_r, '0' AS match_key
            FROM (FROM added ANTI JOIN common USING (k)) n JOIN {keys} o
            ON o.k = n.k AND o.uid < n.uid"""
        )
        if self.number("SELECT count(*) FROM overcommon"):
            self._add_remaining_pairs(model, last)
        if model.one_per_source:  # two records of one source are two entities
            run(
                f"""DELETE FROM pairs USING matches.{model.name} x, matches.{model.name} y
                WHERE x.uid = join_key_l AND y.uid = join_key_r AND x.source = y.source"""
            )
        return self.number("SELECT count(*) FROM pairs")

    def _unlink_overcommon(self, model: MatchModel, last: int) -> None:
        """Delete the links of old records whose key became too common, listed in `overcommon`.

        Compared all at once, these records would not have formed a pair by that key.
        """
        keys = f"matches.key_{model.name}"
        self.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE overcommon AS SELECT DISTINCT uid FROM {keys}
            WHERE uid <= {last} AND k IN (
                SELECT k FROM {keys} WHERE k IN (SELECT k FROM {keys} WHERE uid > {last})
                GROUP BY k HAVING count(*) > {_RECORDS_PER_KEY_MAX}
                AND count(*) FILTER (uid <= {last}) BETWEEN 1 AND {_RECORDS_PER_KEY_MAX})"""
        )
        inside = "IN (SELECT uid FROM overcommon)"
        self.connection.execute(
            f"DELETE FROM matches.link WHERE kind = ? AND (a {inside} OR b {inside})", [model.name]
        )

    def _add_remaining_pairs(self, model: MatchModel, last: int) -> None:
        """Add the pairs of overcommon records that still share another key."""
        keys = f"matches.key_{model.name}"
        self.connection.execute(
            f"""INSERT INTO pairs SELECT DISTINCT least(n.uid, o.uid), greatest(n.uid, o.uid), '0'
            FROM (FROM {keys} SEMI JOIN overcommon USING (uid) WHERE k NOT IN (
                SELECT k FROM {keys} GROUP BY k HAVING count(*) > {_RECORDS_PER_KEY_MAX})) n
            JOIN {keys} o ON o.k = n.k AND o.uid <> n.uid AND o.uid <= {last}"""
        )

    def save_scores(self, model: MatchModel) -> None:
        """Save the table `scored` as links, and mark all records as compared."""
        run = self.connection.execute
        run(
            f"""INSERT INTO matches.link
            SELECT '{model.name}', a, b, factor, witnessed, evidence, method FROM scored"""
        )
        run(
            f"INSERT INTO matches.compared"
            f" SELECT '{model.name}', max(uid) FROM matches.{model.name}"
        )

    def insert(self, table: str, kind: str, pairs: Iterable[tuple[int, int]]) -> None:
        """Add pairs of record numbers of a kind to a table."""
        rows = list(pairs)
        if not rows:
            return
        one, other = (pa.array(column, pa.int64()) for column in zip(*rows, strict=True))
        self.connection.register("rows", pa.table({"one": one, "other": other}))
        self.connection.execute(
            f"INSERT INTO matches.{table} SELECT '{kind}', one, other FROM rows"
        )
        self.connection.unregister("rows")

    def replace(self, table: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Replace a table of texts."""
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        arrays = [pa.array(column, pa.string()) for column in columns]
        self.connection.register("rows", pa.table(dict(zip(names, arrays, strict=True))))
        self.connection.execute(f"CREATE OR REPLACE TABLE matches.{table} AS SELECT * FROM rows")
        self.connection.unregister("rows")

    def checkpoint(self) -> None:
        """Write everything into the file itself; StoreError when the disk fails."""
        try:
            self.connection.execute("CHECKPOINT matches")
        except duckdb.Error as error:
            raise StoreError(f"{self.path} cannot be written: {error}.") from error
