"""Questions about films by id, by votes and whole, in a warehouse of 200,000 titles.

python -m benchmarks.films [TITLES]

The tables are filled by statements, with titles of IMDb, and a tenth as many of Wikidata and TMDB
about the same films. A second row of each engine is the same question to the table of IMDb's titles
alone, without people, genres and other sources: what a database takes for the least of it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from tests.servers import postgres

from benchmarks.tables import table
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.location import open_warehouse
from phonofilm.warehouse.snapshots import publish, published
from phonofilm.workspace import Workspace

ROUNDS = 7
PEOPLE = 50_000
SEEN = "timestamp '2026-11-01', timestamp '2026-11-01', 'a'"
SEEN_COLUMNS = "first_seen, last_seen, answer"
TT = "'tt' || lpad(cast(i AS varchar(9)), 7, '0')"
# of a source: its titles per title of IMDb, its own ids, the ids of IMDb in it, credits of a title
SOURCES = {
    "imdb": (1, TT, TT, 6),
    "wikidata": (10, "'Q' || i", TT, 3),
    "tmdb": (10, "'' || i", f"CASE WHEN i % 2 = 0 THEN {TT} END", 3),
}
QUESTIONS = {
    "film by id": "SELECT * FROM films WHERE id = 'tt0001234'",
    "ten with most votes": "SELECT id, name, poster_url, votes FROM films"
    " ORDER BY votes DESC NULLS LAST LIMIT 10",
    "all, whole": "SELECT count(name), count(stars), count(genres), count(directors),"
    " count(writers), count(rating), count(plot) FROM films",
    "title of IMDb by id": "SELECT * FROM store.title WHERE source = 'imdb' AND id = 'tt0001234'",
}


def statements(titles: int) -> Iterator[str]:
    """Fill the film tables."""
    for source, (part, id_, imdb_id, credits_) in SOURCES.items():
        rows = f"FROM generate_series(1, {titles // part}) g(i)"
        yield f"""INSERT INTO store.title (source, id, name, title_type, start_year, runtime_ms,
            imdb_id, plot, {SEEN_COLUMNS}) SELECT '{source}', {id_}, 'Film ' || i, 'movie',
            1950 + i % 70, 6000000, {imdb_id}, 'A plot', {SEEN} {rows}"""
        yield f"""INSERT INTO store.rating (source, id, rating, votes, {SEEN_COLUMNS})
            SELECT '{source}', {id_}, 5.5, i, {SEEN} {rows}"""
        yield f"""INSERT INTO store.title_genre (source, title_id, genre, {SEEN_COLUMNS})
            SELECT '{source}', {id_}, genre, {SEEN} {rows}, (VALUES ('Drama'), ('Comedy')) v(genre)
            """
        yield f"""INSERT INTO store.credit (source, title_id, person_id, role, position,
            {SEEN_COLUMNS}) SELECT '{source}', {id_}, 'nm' || (i * 7 + j * 13) % {PEOPLE},
            CASE j WHEN 1 THEN 'director' WHEN 2 THEN 'writer' ELSE 'cast' END, j, {SEEN}
            {rows}, generate_series(1, {credits_}) h(j)"""
        yield f"""INSERT INTO store.person (source, id, name, {SEEN_COLUMNS})
            SELECT '{source}', 'nm' || i, 'Person ' || i, {SEEN}
            FROM generate_series(0, {PEOPLE - 1}) g(i)"""


def fill(warehouse: Warehouse, titles: int) -> None:
    with warehouse.transaction():
        for statement in statements(titles):
            warehouse.execute(statement)
    warehouse.checkpoint()
    warehouse.close()


def milliseconds(run: Callable[[str], list[Any]], sql: str) -> float:
    """Return the best of some rounds: the file is in the page cache, the planner is not."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assert run(sql)
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def report(engine: str, run: Callable[[str], list[Any]]) -> Iterator[list[str]]:
    for name, sql in QUESTIONS.items():
        yield [engine, name, f"{milliseconds(run, sql):,.1f}"]


def in_duckdb(root: Path, titles: int) -> list[list[str]]:
    workspace = Workspace(root / "embedded")
    workspace.root.mkdir()
    fill(open_warehouse(workspace, None), titles)
    publish(workspace)
    with duckdb.connect(str(published(workspace)), read_only=True) as connection:
        return list(report("DuckDB", lambda sql: connection.execute(sql).fetchall()))


def in_postgres(root: Path, titles: int) -> list[list[str]]:
    workspace = Workspace(root / "server")
    workspace.root.mkdir()
    with postgres() as server:
        url = server.database()
        fill(open_warehouse(workspace, url), titles)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
            return list(report("PostgreSQL", lambda sql: connection.execute(sql).fetchall()))


def main() -> None:
    titles = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as root:
        rows = [*in_duckdb(Path(root), titles), *in_postgres(Path(root), titles)]
    table(f"{titles:,} titles", ["engine", "question", "ms"], rows)


if __name__ == "__main__":
    main()
