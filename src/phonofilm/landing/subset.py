"""Partial imports: which titles a part selects, by which rule; computed once, beside the files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from phonofilm.errors import ShapeError
from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import SUBSET_FILE, Dumps, Generation
from phonofilm.runtime.signals import import_for_duckdb
from phonofilm.sources.bulk.contract import BulkSource
from phonofilm.sql import identifier, literal

_MEMORY = "3GB"  # chosen, not tuned


class _Incoming(Dumps):
    """The files of a generation that is not swapped in yet."""

    def __init__(self, incoming: Path) -> None:
        self.incoming = incoming

    def path(self, generation: Generation, table: str) -> Path:
        """Return the path of a file where it was fetched."""
        return self.incoming / generation.files[table].name


def write_subset(
    source: BulkSource, incoming: Path, generation: Generation, id_map: list[str]
) -> dict[str, int]:
    """Write the titles of a part (id, rule) to `kept.parquet`; count them by rule.

    `id_map` are ids that a map named. ShapeError when the part has no title.
    """
    try:
        return _write(source, incoming, generation, id_map, row_by_row=False)
    except (UnparsableDump, duckdb.InvalidInputException):
        return _write(source, incoming, generation, id_map, row_by_row=True)


def _write(
    source: BulkSource, incoming: Path, generation: Generation, id_map: list[str], row_by_row: bool
) -> dict[str, int]:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(dir=incoming) as scratch:
        import_for_duckdb(connection)
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        views = DumpViews(
            connection, source, _Incoming(incoming), generation, Path(scratch), row_by_row
        )
        for table in source.tables_of(generation.only):
            views.create(table, views.unpack(table))
        _select_titles(connection, source, generation.only, id_map)
        connection.execute(
            f"COPY (FROM kept ORDER BY id) TO {literal(incoming / SUBSET_FILE)} (FORMAT parquet)"
        )
        rows = connection.execute("SELECT rule, count(*) FROM kept GROUP BY rule ORDER BY 2 DESC")
        counts = {str(rule): int(count) for rule, count in rows.fetchall()}
    if not counts:
        raise ShapeError(
            f"No title is kept by --only {generation.only}.",
            saved="The last import stays as it was.",
            next_step="Are title.basics and title.akas there, and the right ones?",
        )
    return counts


def _select_titles(
    connection: duckdb.DuckDBPyConnection, source: BulkSource, only: str, id_map: list[str]
) -> None:
    """Fill the table `kept` (id, rule); the first rule that selects a title is its rule."""
    connection.execute("CREATE TABLE id_map (id VARCHAR)")
    if id_map:
        connection.execute("INSERT INTO id_map SELECT unnest(?::VARCHAR[])", [id_map])
    connection.execute("CREATE TABLE kept (id VARCHAR, rule VARCHAR)")
    for rule in source.rules(only, bool(id_map)):
        connection.execute(
            f"""INSERT INTO kept SELECT DISTINCT n.id, ? FROM ({rule.sql}) n(id)
            WHERE n.id NOT IN (SELECT id FROM kept)""",
            [rule.name],
        )


def create_subset_views(
    connection: duckdb.DuckDBPyConnection, source: BulkSource, folder: Path
) -> None:
    """Create views, under the tables' own names, of the rows that belong to selected titles.

    The whole tables must be there as `all TABLE`.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE kept AS FROM {literal(str(folder / SUBSET_FILE))}"
    )
    for table in sorted(source.tables, key=lambda name: "credited" in source.subset_filters[name]):
        if "credited" in source.subset_filters[table]:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE credited AS {source.credited_sql}")
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {identifier(table)} AS"
            f" SELECT * FROM {identifier(f'all {table}')} WHERE {source.subset_filters[table]}"
        )
