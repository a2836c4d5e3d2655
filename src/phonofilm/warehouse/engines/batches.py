"""Batches: records of responses or dumps as rows of a table, ready to be merged.

Batches are made in DuckDB for every engine. A batch is a relation `batch` with the columns of the
table, its provenance and its field times; `observed` are its time-varying figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from phonofilm.records import Record, bit_of, columns, traits_of
from phonofilm.records.values.sql import MACROS, cleaned, precision_of
from phonofilm.records.values.traits import VERBATIM, Id
from phonofilm.runtime.signals import import_for_duckdb
from phonofilm.sources import get
from phonofilm.sources.bulk.contract import RecordQuery
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.schema.field_times import field_mask, field_time
from phonofilm.warehouse.schema.tables import (
    field_columns,
    field_names,
    is_observed,
    stored_columns,
)

RECORDS_FILE, RESPONSES_FILE = "records.ndjson", "responses.ndjson"
# Masks of records count `source` and `id` as well; those of rows begin after them.
_KEY_BITS = 2


class DumpInfo(NamedTuple):
    """What all rows of one reading of a dump share.

    `order_key` is that of a response, `fetched_us` and `expires_us` are Unix microseconds, and
    `digest` is the start of the SHA-256. Of a `partial` import there is a table `kept` of the
    titles in it, each with the rule that selected it.
    """

    source: str
    order_key: int
    fetched_us: int
    expires_us: int | None
    digest: str
    partial: bool
    may_have_nul: bool


class RecordBatches:
    """Makes batches on a DuckDB connection, one at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        import_for_duckdb(connection)
        for macro in MACROS:
            connection.execute(macro)
        self.may_have_nul = True
        """False where no text of the batch has a NUL, which PostgreSQL cannot store."""

    def from_responses(self, cls: type[Record], folder: Path, repeated: bool) -> None:
        """Make a batch of the staged records in a folder.

        `repeated` says that a record may be there twice, from several responses.
        """
        self.may_have_nul = True
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {_staged(cls, folder)}")
        self._drop()
        self._create(_grouped(cls) if repeated else _flat(cls), copy=repeated)
        self._create_observed(cls, _staged_observations, repeated)

    def from_dump(self, reading: RecordQuery, dump: DumpInfo, copy: bool) -> None:
        """Make a batch of the rows of a reading.

        `copy` says that the rows are read more than once, so they are copied first.
        """
        self._drop()
        self.may_have_nul = dump.may_have_nul
        rows = reading.unique_sql if self._has_repeated_keys(reading) else reading.sql
        self._create(_dump_rows(reading, rows, dump), copy)
        self._create_observed(reading.cls, _dump_observations, repeated=False)

    def _has_repeated_keys(self, reading: RecordQuery) -> bool:
        """Tell whether any key is there twice; tables `keys` and `twice` are made for `once`.

        Counting hashes is far cheaper than sorting, and most dumps have no repeated keys.
        """
        if not reading.key_sql:
            return False
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE keys AS {reading.key_sql}")
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE twice AS"
            " SELECT h FROM keys GROUP BY h HAVING count(*) > 1"
        )
        return self._number("SELECT count(*) FROM (FROM twice LIMIT 1)") > 0

    def _drop(self) -> None:
        """Drop the last batch, be it a view or a table."""
        for kind, catalogue in (("view", "duckdb_views()"), ("table", "duckdb_tables()")):
            if self._number(
                f"SELECT count(*) FROM {catalogue} WHERE {kind}_name = 'batch' AND temporary"
            ):
                self.connection.execute(f"DROP {kind} batch")

    def _create(self, query: str, copy: bool) -> None:
        """Create `batch`; as a view its rows are read once, on their way into the table."""
        shape = "TABLE" if copy else "VIEW"
        self.connection.execute(f"CREATE TEMP {shape} batch AS {query}")

    def _create_observed(
        self, cls: type[Record], query_of: Callable[[type[Record], str], str], repeated: bool
    ) -> None:
        """Create `observed`: one value per record, metric and day, the last of the day."""
        self.connection.execute("DROP VIEW IF EXISTS observed")
        if not is_observed(cls):
            return
        metrics = [column.name for column in field_columns(cls) if column.time_varying]
        query = " UNION ALL ".join(query_of(cls, name) for name in metrics)
        if repeated:
            query = f"""SELECT source, kind, id, metric, day, arg_max_null(value, _at) AS value,
                max(expires_at) AS expires_at, max(_at) AS _at FROM ({query}) GROUP BY ALL"""
        self.connection.execute(f"CREATE TEMP VIEW observed AS {query}")

    def count(self) -> int:
        """Return the number of rows of the batch."""
        return self._number("SELECT count(*) FROM batch")

    def _number(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0


def _staged(cls: type[Record], folder: Path) -> str:
    """Return the query of staged records, joined with the responses that they come from."""
    row = ", ".join(f"{identifier(c.name)} {c.sql_type}" for c in columns(cls))
    records, responses = literal(folder / RECORDS_FILE), literal(folder / RESPONSES_FILE)
    return f"""SELECT s.mask, s.complete, s.record, t.order_key, t.day, t.digest,
        coalesce(s.first_us, t.fetched_us) AS first_us,
        coalesce(s.last_us, t.fetched_us) AS last_us,
        coalesce(s.expires_us, t.expires_us) AS expires_us
        FROM read_json({records}, format = 'newline_delimited', columns = {{mask: 'BIGINT',
            complete: 'BOOLEAN', number: 'BIGINT', record: 'STRUCT({row})', first_us: 'BIGINT',
            last_us: 'BIGINT', expires_us: 'BIGINT'}}) s
        JOIN read_json({responses}, format = 'newline_delimited', columns = {{number: 'BIGINT',
            order_key: 'BIGINT', fetched_us: 'BIGINT', day: 'BIGINT', expires_us: 'BIGINT',
            digest: 'VARCHAR'}}) t USING (number)"""


def _staged_observations(cls: type[Record], name: str) -> str:
    """Return the query of one time-varying figure of the staged records, with its day."""
    return f"""SELECT record.source AS source, '{cls.kind}' AS kind, record.id AS id,
        '{name}' AS metric, epoch_ms(day * 86400000)::DATE AS day,
        record.{identifier(name)} AS value,
        make_timestamp(expires_us) AS expires_at, order_key AS _at
        FROM staged WHERE mask & {bit_of(cls, name)} <> 0"""


def _flat(cls: type[Record]) -> str:
    """Return the query of table rows, where each record was staged once."""
    values = [f"record.{identifier(c.name)} AS {identifier(c.name)}" for c in stored_columns(cls)]
    return f"""SELECT {", ".join(values)}, make_timestamp(first_us) AS first_seen,
        make_timestamp(last_us) AS last_seen, make_timestamp(expires_us) AS expires_at,
        digest AS answer, complete AS _full, order_key AS _told, mask >> {_KEY_BITS} AS _held,
        NULL::BIGINT[] AS _at
        FROM staged"""


def _grouped(cls: type[Record]) -> str:
    """Return the query of table rows: for each field, the newest response that had it."""
    values, times = [], []
    for column in field_columns(cls):
        present = f"FILTER (mask & {bit_of(cls, column.name)} <> 0)"
        name = identifier(column.name)
        values.append(f"arg_max_null(record.{name}, order_key) {present} AS {name}")
        times.append(f"max(order_key) {present}")
    id_ = "record.id AS id, " if cls.key_fields == ("id",) else ""
    return f"""SELECT record.source AS source, {id_}{", ".join(values)},
        make_timestamp(min(first_us)) AS first_seen, make_timestamp(max(last_us)) AS last_seen,
        make_timestamp(max(expires_us)) AS expires_at, arg_max(digest, order_key) AS answer,
        bool_or(complete) AS _full, max(order_key) AS _told, 0::BIGINT AS _held,
        [{", ".join(times)}] AS _at FROM staged GROUP BY record.source, record.id"""


def _dump_rows(reading: RecordQuery, query: str, dump: DumpInfo) -> str:
    """Return the query of a dump's rows as table rows; fields that it does not have are absent.

    Values are as the traits of their columns say; a row without one of its keys is left out.
    """
    cls, present = reading.cls, set(reading.fields)
    if dump.partial and cls.kind == "title":
        present.add("kept_by")
        query = f"SELECT r.*, kept.rule AS kept_by FROM ({query}) r JOIN kept USING (id)"
    patterns = get(dump.source).manifest.ids.patterns
    present |= {name for name in _precisions(cls) if name.removesuffix("_precision") in present}
    values = [
        f"{_dump_value(cls, c.name, patterns)} AS {identifier(c.name)}"
        if c.name == "id" or c.name in present
        else f"{literal(dump.source)} AS source"
        if c.name == "source"
        else f"NULL::{c.sql_type} AS {identifier(c.name)}"
        for c in stored_columns(cls)
    ]
    mask = field_mask(field_names(cls), present)
    expires = "NULL" if dump.expires_us is None else str(dump.expires_us)
    keys = [_dump_value(cls, name, patterns) for name in cls.key_fields]
    return f"""SELECT {", ".join(values)}, make_timestamp({dump.fetched_us}) AS first_seen,
        make_timestamp({dump.fetched_us}) AS last_seen, make_timestamp({expires}) AS expires_at,
        {literal(dump.digest)} AS answer, true AS _full, {dump.order_key}::BIGINT AS _told,
        {mask}::BIGINT AS _held, NULL::BIGINT[] AS _at FROM ({query}) r
        WHERE {" AND ".join(f"{key} IS NOT NULL" for key in keys)}"""


def _precisions(cls: type[Record]) -> list[str]:
    return [name for name in cls.__struct_fields__ if name.endswith("_precision")]


def _dump_value(cls: type[Record], name: str, patterns: Mapping[str, str]) -> str:
    """Return the SQL of one value of a dump's row, as the trait of its column says."""
    if name == "id":
        return cleaned(Id(cls.id_kind or cls.kind), "r.id", patterns)
    if name in _precisions(cls):
        return precision_of(f"r.{identifier(name.removesuffix('_precision'))}")
    trait = traits_of(cls).get(name, VERBATIM)
    return cleaned(trait, f"r.{identifier(name)}", patterns)


def _dump_observations(cls: type[Record], name: str) -> str:
    """Return the query of one time-varying figure of a dump's batch."""
    time = field_time("b", field_names(cls), name)
    return f"""SELECT b.source, '{cls.kind}' AS kind, b.id, '{name}' AS metric,
        b.first_seen::DATE AS day, b.{identifier(name)} AS value, b.expires_at, {time} AS _at
        FROM batch b WHERE {time} IS NOT NULL"""
