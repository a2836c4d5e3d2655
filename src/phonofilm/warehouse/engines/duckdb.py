"""The embedded warehouse: one DuckDB file, one merge rule.

Absent never overwrites; otherwise the newest answer that held a field wins, field by field. Merged
by join: primary keys cost three times the load.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from phonofilm.landing.log import disk_failed
from phonofilm.records import Record, bit_of, columns
from phonofilm.warehouse.schema import fields, quoted, statements


class Merged(NamedTuple):
    """Rows of one kind after a merge; `unchanged` may have been seen again."""

    inserted: int
    updated: int
    unchanged: int


class DuckWarehouse:
    """A warehouse file, opened for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = duckdb.connect(str(path))
        except duckdb.Error as error:
            raise disk_failed(path, error) from error
        self.connection.execute("SET preserve_insertion_order = false")
        # A commit then writes the tables themselves, not a log of them first.
        self.connection.execute("SET checkpoint_threshold = '1KB'")
        for statement in statements():
            self.connection.execute(statement)

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
            raise disk_failed(self.path, error) from error
        finally:
            if not done:
                with contextlib.suppress(duckdb.Error):  # a failed commit has ended it already
                    self.connection.execute("ROLLBACK")

    def merge(self, cls: type[Record], scratch: Path, repeated: bool) -> Merged:
        """Merges staged rows of a kind; `repeated`: some thing stands in the file twice."""
        run = self.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE raw AS {_read(cls, scratch)}")
        shape = "TABLE" if repeated else "VIEW"  # rows that stand there once are copied once
        for old in ("VIEW", "TABLE"):
            if self._holds(old):
                run(f"DROP {old} batch")
        run(f"CREATE TEMP {shape} batch AS {_grouped(cls) if repeated else _flat(cls)}")
        total = self._count("SELECT count(*) FROM batch")
        fresh = self._fresh(cls, total)
        self.touched = self.touched or fresh > 0
        if fresh == total:  # nothing to compare with: neither rows nor observations
            run(f"INSERT INTO store.{cls.kind} BY NAME SELECT * FROM batch")
            self._observe(cls, first_time=not repeated)
            return Merged(fresh, 0, 0)
        touched, updated = self._change(cls)
        self.touched = self.touched or touched > 0
        if fresh:
            run(
                f"INSERT INTO store.{cls.kind} BY NAME"
                f" SELECT b.* FROM batch b ANTI JOIN {_joined(cls)}"
            )
        self._observe(cls, first_time=False)
        return Merged(fresh, updated, total - fresh - updated)

    def _fresh(self, cls: type[Record], total: int) -> int:
        """How many of the batch the table does not hold."""
        if not self._count(f"SELECT count(*) FROM (FROM store.{cls.kind} LIMIT 1)"):
            return total
        held = f"""SELECT count(*) FROM store.{cls.kind} t SEMI JOIN batch b
            ON t.source = b.source AND t.id = b.id"""
        return total - self._count(held)

    touched = False

    def _holds(self, kind: str) -> bool:
        catalogue = {"VIEW": "duckdb_views()", "TABLE": "duckdb_tables()"}[kind]
        name = {"VIEW": "view_name", "TABLE": "table_name"}[kind]
        return bool(
            self._count(f"SELECT count(*) FROM {catalogue} WHERE {name} = 'batch' AND temporary")
        )

    def _count(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _change(self, cls: type[Record]) -> tuple[int, int]:
        """Rewrites rows that a staged one adds to; how many, and how many changed a value."""
        run = self.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE changed AS {_combined(cls)}")
        touched = self._count("SELECT count(*) FROM changed")
        if not touched:
            return 0, 0
        updated = self._count("SELECT count(*) FROM changed WHERE _differs")
        run(f"DELETE FROM store.{cls.kind} WHERE rowid IN (SELECT _row FROM changed)")
        run(f"INSERT INTO store.{cls.kind} BY NAME SELECT * EXCLUDE (_row, _differs) FROM changed")
        return touched, updated

    def _observe(self, cls: type[Record], first_time: bool) -> None:
        """Figures that move, one a day: the last of the day stands, null included."""
        for column in fields(cls):
            if column.moves and first_time:
                self.connection.execute(
                    f"INSERT INTO store.observation BY NAME {_seen(cls, column.name)}"
                )
            elif column.moves:
                self._observe_again(cls, column.name)

    def _observe_again(self, cls: type[Record], name: str) -> None:
        run = self.connection.execute
        same = (
            "o.source = s.source AND o.kind = s.kind AND o.id = s.id AND o.metric = s.metric"
            " AND o.day = s.day"
        )
        run(
            f"""CREATE OR REPLACE TEMP TABLE seen AS
            SELECT source, kind, id, metric, day, arg_max_null(value, _at) AS value,
            max(expires_at) AS expires_at, max(_at) AS _at
            FROM ({_seen(cls, name)}) GROUP BY ALL"""
        )
        run(
            f"CREATE OR REPLACE TEMP TABLE older AS SELECT o.rowid AS _row FROM store.observation o"
            f" JOIN seen s ON {same} WHERE o._at < s._at"
        )
        run("DELETE FROM store.observation WHERE rowid IN (SELECT _row FROM older)")
        added = self._count(
            f"INSERT INTO store.observation BY NAME SELECT s.* FROM seen s ANTI JOIN"
            f" store.observation o ON {same}"
        )
        self.touched = self.touched or added > 0

    def close(self) -> None:
        """Closes the file with everything in it."""
        self.connection.close()


def _read(cls: type[Record], scratch: Path) -> str:
    """Staged records with the answers they come from."""
    row = ", ".join(f"{quoted(c.name)} {c.sql_type}" for c in columns(cls))
    staged, told = (
        str(scratch / name).replace("'", "''") for name in ("staged.ndjson", "told.ndjson")
    )
    return f"""SELECT s.held, s.complete, s.record, t.told, t.day, t.answer,
        coalesce(s.first_us, t.fetched) AS first_us, coalesce(s.last_us, t.fetched) AS last_us,
        coalesce(s.expires, t.expires) AS expires
        FROM read_json('{staged}', format = 'newline_delimited', columns = {{held: 'BIGINT',
            complete: 'BOOLEAN', number: 'BIGINT', record: 'STRUCT({row})', first_us: 'BIGINT',
            last_us: 'BIGINT', expires: 'BIGINT'}}) s
        JOIN read_json('{told}', format = 'newline_delimited', columns = {{number: 'BIGINT',
            told: 'BIGINT', fetched: 'BIGINT', day: 'BIGINT', expires: 'BIGINT',
            answer: 'VARCHAR'}}) t USING (number)"""


def _seen(cls: type[Record], name: str) -> str:
    """One moving figure of the staged records, with the day and the instant of each."""
    return f"""SELECT record.source AS source, '{cls.kind}' AS kind, record.id AS id,
        '{name}' AS metric, epoch_ms(day * 86400000)::DATE AS day, record.{quoted(name)} AS value,
        make_timestamp(expires) AS expires_at, told AS _at
        FROM raw WHERE held & {bit_of(cls, name)} <> 0"""


def _flat(cls: type[Record]) -> str:
    """Staged rows as table rows, when each thing stands there once."""
    values = [f"record.{quoted(c.name)} AS {quoted(c.name)}" for c in columns(cls)]
    instants = [
        f"{quoted(c.name)} := CASE WHEN held & {bit_of(cls, c.name)} <> 0 THEN told END"
        for c in fields(cls)
    ]
    return f"""SELECT {", ".join(values)}, make_timestamp(first_us) AS first_seen,
        make_timestamp(last_us) AS last_seen, make_timestamp(expires) AS expires_at, answer,
        complete AS _full, struct_pack({", ".join(instants)}) AS _at FROM raw"""


def _grouped(cls: type[Record]) -> str:
    """Staged rows as table rows: per field the newest answer that held it."""
    values, instants = [], []
    for column in fields(cls):
        held = f"FILTER (held & {bit_of(cls, column.name)} <> 0)"
        name = quoted(column.name)
        values.append(f"arg_max_null(record.{name}, told) {held} AS {name}")
        instants.append(f"{name} := max(told) {held}")
    return f"""SELECT record.source AS source, record.id AS id, {", ".join(values)},
        make_timestamp(min(first_us)) AS first_seen, make_timestamp(max(last_us)) AS last_seen,
        make_timestamp(max(expires)) AS expires_at, arg_max(answer, told) AS answer,
        bool_or(complete) AS _full, struct_pack({", ".join(instants)}) AS _at
        FROM raw GROUP BY record.source, record.id"""


def _joined(cls: type[Record]) -> str:
    return f"store.{cls.kind} t ON t.source = b.source AND t.id = b.id"


def _newest(cls: type[Record]) -> str:
    """The instant of a stored row's newest field."""
    return "greatest(" + ", ".join(f"t._at.{quoted(c.name)}" for c in fields(cls)) + ")"


def _combined(cls: type[Record]) -> str:
    """Stored rows joined with what the batch adds to them; others are left out."""
    values, instants, newer, differs = [], [], [], []
    for column in fields(cls):
        name = quoted(column.name)
        later = f"coalesce(b._at.{name}, -1) > coalesce(t._at.{name}, -1)"
        values.append(f"CASE WHEN {later} THEN b.{name} ELSE t.{name} END AS {name}")
        instants.append(f"{name} := greatest(b._at.{name}, t._at.{name})")
        newer.append(later)
        differs.append(f"({later} AND b.{name} IS DISTINCT FROM t.{name})")
    newest = _newest(cls)
    batch_newest = newest.replace("t._at", "b._at")
    seen = (
        "b.first_seen < t.first_seen OR b.last_seen > t.last_seen"
        " OR coalesce(b.expires_at > t.expires_at, false)"
        " OR (t.expires_at IS NULL AND b.expires_at IS NOT NULL)"
        " OR (b._full AND NOT t._full)"
    )
    return f"""SELECT t.rowid AS _row, t.source, t.id, {", ".join(values)},
        least(b.first_seen, t.first_seen) AS first_seen,
        greatest(b.last_seen, t.last_seen) AS last_seen,
        greatest(b.expires_at, t.expires_at) AS expires_at,
        CASE WHEN coalesce({batch_newest}, -1) > coalesce({newest}, -1) THEN b.answer
             ELSE t.answer END AS answer,
        (b._full OR t._full) AS _full, struct_pack({", ".join(instants)}) AS _at,
        ({" OR ".join(differs)} OR (b._full AND NOT t._full)) AS _differs
        FROM batch b JOIN {_joined(cls)} WHERE {" OR ".join(newer)} OR {seen}"""
