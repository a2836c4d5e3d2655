"""Partial imports: which titles a part keeps, by which rule; found once, kept beside the files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from phonofilm.errors import ShapeError
from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import Dumps, Generation
from phonofilm.sources.bulk.contract import BulkSource

KEPT_FILE = "kept.parquet"


class _Incoming(Dumps):
    """The files of a generation that is not swapped in yet."""

    def __init__(self, incoming: Path) -> None:
        self.incoming = incoming

    def path(self, generation: Generation, table: str) -> Path:
        """A file where it was fetched."""
        return self.incoming / generation.files[table].name


def keep_part(
    source: BulkSource, incoming: Path, generation: Generation, id_map: list[str]
) -> dict[str, int]:
    """Writes `kept.parquet` (id, rule) and counts the titles by the rule that kept each."""
    try:
        return _keep(source, incoming, generation, id_map, careful=False)
    except (UnparsableDump, duckdb.InvalidInputException):
        return _keep(source, incoming, generation, id_map, careful=True)


def _keep(
    source: BulkSource, incoming: Path, generation: Generation, id_map: list[str], careful: bool
) -> dict[str, int]:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(dir=incoming) as scratch:
        connection.execute("SET memory_limit = '3GB'")
        relations = DumpViews(
            connection, source, _Incoming(incoming), generation, Path(scratch), careful
        )
        for table in source.needs(generation.only):
            relations.open(table, relations.unpack(table))
        connection.execute("CREATE TABLE id_map (id VARCHAR)")
        if id_map:
            connection.execute("INSERT INTO id_map SELECT unnest(?::VARCHAR[])", [id_map])
        connection.execute("CREATE TABLE kept (id VARCHAR, rule VARCHAR)")
        for rule in source.rules(generation.only, bool(id_map)):
            connection.execute(
                f"""INSERT INTO kept SELECT DISTINCT n.id, ? FROM ({rule.sql}) n(id)
                WHERE n.id NOT IN (SELECT id FROM kept)""",
                [rule.name],
            )
        target = str(incoming / KEPT_FILE).replace("'", "''")
        connection.execute(f"COPY (FROM kept ORDER BY id) TO '{target}' (FORMAT parquet)")
        rows = connection.execute("SELECT rule, count(*) FROM kept GROUP BY rule ORDER BY 2 DESC")
        counts = {str(rule): int(number) for rule, number in rows.fetchall()}
    if not counts:
        raise ShapeError(
            f"No title is kept by --only {generation.only}.",
            saved="The last import stays as it was.",
            next_step="Are title.basics and title.akas there, and the right ones?",
        )
    return counts


def narrow(connection: duckdb.DuckDBPyConnection, source: BulkSource, folder: Path) -> None:
    """Views under the tables' own names of what belongs to the titles that were kept.

    The whole tables are there as `all TABLE`.
    """
    path = str(folder / KEPT_FILE).replace("'", "''")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS FROM '{path}'")
    for table in sorted(source.tables, key=lambda name: "credited" in source.narrowed[name]):
        if "credited" in source.narrowed[table]:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE credited AS {source.credited}")
        connection.execute(
            f'CREATE OR REPLACE TEMP VIEW "{table}" AS'
            f' SELECT * FROM "all {table}" WHERE {source.narrowed[table]}'
        )
