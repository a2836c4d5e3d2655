"""Batches: what answers or dumps told, lined up as rows of a table, ready to be merged.

Made in DuckDB for every engine. A batch is a relation `batch` with the columns of the table, its
provenance and its instants; `seen` are the figures of it that move.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from phonofilm.records import Record, bit_of, columns
from phonofilm.sources.bulk.contract import Reading
from phonofilm.warehouse.schema.dialect import quoted
from phonofilm.warehouse.schema.field_times import mask, of_field
from phonofilm.warehouse.schema.tables import field_names, fields, stored

# Masks of records count `source` and `id` as well; those of rows begin after them.
_KEYS = 2


class DumpInfo(NamedTuple):
    """What all rows of a dump's table share: its instant, Unix microseconds and hash."""

    source: str
    instant: int
    fetched_us: int
    expires_us: int | None
    answer: str


class RecordBatches:
    """Makes batches on a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.may_hold_nul = True
        """False where text is known to hold no NUL, which PostgreSQL cannot take."""

    def of_answers(self, cls: type[Record], scratch: Path, repeated: bool) -> None:
        """Lines up staged records; `repeated`: some thing stands in the file twice."""
        run = self.connection.execute
        self.may_hold_nul = True
        run(f"CREATE OR REPLACE TEMP TABLE raw AS {_read(cls, scratch)}")
        self._drop()
        shape = "TABLE" if repeated else "VIEW"  # rows that stand there once are copied once
        run(f"CREATE TEMP {shape} batch AS {_grouped(cls) if repeated else _flat(cls)}")
        self._figures(cls, _seen, repeated)

    def of_dump(
        self, reading: Reading, told: DumpInfo, kept: bool, once: bool, may_hold_nul: bool
    ) -> None:
        """Lines up the rows of a reading; `kept`: only a part of the titles, each with its rule.

        With `once` the rows are copied first: they are looked at more than once.
        """
        self._drop()
        self.may_hold_nul = may_hold_nul
        sql = reading.sql
        if reading.keys:
            run = self.connection.execute
            run(f"CREATE OR REPLACE TEMP TABLE keys AS {reading.keys}")
            run(
                "CREATE OR REPLACE TEMP TABLE twice AS"
                " SELECT h FROM keys GROUP BY h HAVING count(*) > 1"
            )
            if self._number("SELECT count(*) FROM (FROM twice LIMIT 1)"):
                sql = reading.once
        shape = "TABLE" if once else "VIEW"
        self.connection.execute(
            f"CREATE TEMP {shape} batch AS {_of_dump(reading, sql, told, kept)}"
        )
        self._figures(reading.cls, _seen_in_dump, False)

    def _figures(self, cls: type[Record], sql_of: object, repeated: bool) -> None:
        """`seen`: one figure a thing, metric and day, the last of the day."""
        parts = [sql_of(cls, c.name) for c in fields(cls) if c.time_varying]  # type: ignore[operator]
        self.connection.execute("DROP VIEW IF EXISTS seen")
        if not parts:
            return
        every = " UNION ALL ".join(parts)
        if repeated:
            every = f"""SELECT source, kind, id, metric, day, arg_max_null(value, _at) AS value,
                max(expires_at) AS expires_at, max(_at) AS _at FROM ({every}) GROUP BY ALL"""
        self.connection.execute(f"CREATE TEMP VIEW seen AS {every}")

    def _drop(self) -> None:
        for kind, catalogue in (("view", "duckdb_views()"), ("table", "duckdb_tables()")):
            if self._number(
                f"SELECT count(*) FROM {catalogue} WHERE {kind}_name = 'batch' AND temporary"
            ):
                self.connection.execute(f"DROP {kind} batch")

    def count(self) -> int:
        """Rows of the batch."""
        return self._number("SELECT count(*) FROM batch")

    def _number(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0


def has_figures(cls: type[Record]) -> bool:
    """Whether a kind has figures that move."""
    return any(column.time_varying for column in fields(cls))


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
    values = [f"record.{quoted(c.name)} AS {quoted(c.name)}" for c in stored(cls)]
    return f"""SELECT {", ".join(values)}, make_timestamp(first_us) AS first_seen,
        make_timestamp(last_us) AS last_seen, make_timestamp(expires) AS expires_at, answer,
        complete AS _full, told AS _told, held >> {_KEYS} AS _held, NULL::BIGINT[] AS _at
        FROM raw"""


def _grouped(cls: type[Record]) -> str:
    """Staged rows as table rows: per field the newest answer that held it."""
    values, instants = [], []
    for column in fields(cls):
        held = f"FILTER (held & {bit_of(cls, column.name)} <> 0)"
        name = quoted(column.name)
        values.append(f"arg_max_null(record.{name}, told) {held} AS {name}")
        instants.append(f"max(told) {held}")
    id_ = "record.id AS id, " if cls.key_fields == ("id",) else ""
    return f"""SELECT record.source AS source, {id_}{", ".join(values)},
        make_timestamp(min(first_us)) AS first_seen, make_timestamp(max(last_us)) AS last_seen,
        make_timestamp(max(expires)) AS expires_at, arg_max(answer, told) AS answer,
        bool_or(complete) AS _full, max(told) AS _told, 0::BIGINT AS _held,
        [{", ".join(instants)}] AS _at FROM raw GROUP BY record.source, record.id"""


def _of_dump(reading: Reading, sql: str, told: DumpInfo, kept: bool) -> str:
    """Rows of a dump as table rows; what it does not tell is absent."""
    cls, told_fields = reading.cls, set(reading.fields)
    by_rule = kept and cls.kind == "title"
    if by_rule:
        told_fields.add("kept_by")
        sql = f"SELECT r.*, kept.rule AS kept_by FROM ({sql}) r JOIN kept USING (id)"
    values = [
        f"r.{quoted(c.name)}"
        if c.name == "id" or c.name in told_fields
        else f"'{told.source}' AS source"
        if c.name == "source"
        else f"NULL::{c.sql_type} AS {quoted(c.name)}"
        for c in stored(cls)
    ]
    held = mask(field_names(cls), told_fields)
    expires = "NULL" if told.expires_us is None else str(told.expires_us)
    named = " AND ".join(f"r.{quoted(name)} IS NOT NULL" for name in cls.key_fields)
    return f"""SELECT {", ".join(values)}, make_timestamp({told.fetched_us}) AS first_seen,
        make_timestamp({told.fetched_us}) AS last_seen, make_timestamp({expires}) AS expires_at,
        '{told.answer}' AS answer, true AS _full, {told.instant}::BIGINT AS _told,
        {held}::BIGINT AS _held, NULL::BIGINT[] AS _at FROM ({sql}) r WHERE {named}"""


def _seen_in_dump(cls: type[Record], name: str) -> str:
    """One moving figure of a batch that a dump told."""
    at = of_field("b", field_names(cls), name)
    return f"""SELECT b.source, '{cls.kind}' AS kind, b.id, '{name}' AS metric,
        b.first_seen::DATE AS day, b.{quoted(name)} AS value, b.expires_at, {at} AS _at
        FROM batch b WHERE {at} IS NOT NULL"""
