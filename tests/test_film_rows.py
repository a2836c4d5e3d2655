"""One film is one row, whatever number of sources describe it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonofilm.identity.match import match
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.show.queries import best_titles
from phonofilm.warehouse.engines.location import open_warehouse
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot, publish
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import import_files

TITLES = 1500


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A folder with one world by IMDb's dumps, Wikidata and TMDB."""
    root = tmp_path_factory.mktemp("films")
    folder = Workspace(root / "data")
    for source in ("tmdb", "wikidata"):
        with running(Plan(source, rate="none", titles=TITLES)) as (url, served):
            collect(folder, source, url, "titles")
    write(served.world, root / "dumps")
    import_files(folder, root / "dumps", only="anime")
    load(folder)
    return folder


def rows(folder: Workspace, sql: str) -> list[tuple[Any, ...]]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("table", ["films", "snowflake.titles"])
def test_a_film_of_three_sources_is_one_row(films: Workspace, table: str) -> None:
    distinct = "SELECT count(DISTINCT coalesce(imdb_id, id)) FROM titles"
    assert rows(films, f"SELECT count(*) FROM {table}") == rows(films, distinct)
    assert rows(films, f"SELECT count(DISTINCT id) FROM {table}") == rows(films, distinct)


def test_a_title_without_an_id_of_imdb_is_the_film_that_it_was_matched_with(
    films: Workspace, copied: Callable[[Path], Path]
) -> None:
    folder = Workspace(copied(films.root))
    joined = """FROM identity.members m JOIN identity.members i USING (kind, entity)
        JOIN titles t ON t.source = m.source AND t.id = m.id
        WHERE kind = 'title' AND i.source = 'imdb' AND t.imdb_id IS NULL"""
    warehouse = open_warehouse(folder, "")
    warehouse.execute("UPDATE store.title SET imdb_id = NULL WHERE source = 'wikidata'")
    warehouse.close()
    publish(folder)
    before = rows(folder, "SELECT count(*) FROM films")[0][0]
    match(folder)
    pairs = rows(folder, f"SELECT i.id, m.source, m.id {joined}")
    assert pairs
    assert rows(folder, "SELECT count(*) FROM films") == [(before - len(pairs),)]
    for film, source, title in pairs:
        assert rows(folder, f"SELECT id FROM films WHERE id IN ('{film}', '{title}')") == [(film,)]
        assert source in rows(folder, f"SELECT sources FROM films WHERE id = '{film}'")[0][0]
        named = f"SELECT count(*) FROM snowflake.titles WHERE id IN ('{film}', '{title}')"
        assert rows(folder, named) == [(1,)]


def test_votes_of_one_source_stand_beside_the_poster_of_another(films: Workspace) -> None:
    sql = """SELECT count(*) FROM snowflake.titles
        WHERE rating_count IS NOT NULL AND poster_url IS NOT NULL AND summary_text IS NOT NULL"""
    assert rows(films, sql)[0][0] > 0


@pytest.mark.parametrize("table", ["directors", "writers", "stars"])
def test_people_of_a_film_come_from_one_source(films: Workspace, table: str) -> None:
    sql = f"""SELECT max(sources) FROM (SELECT count(DISTINCT source) AS sources
        FROM snowflake.titles_{table} GROUP BY title_id)"""
    assert rows(films, sql) == [(1,)]
    strangers = f"""SELECT count(*) FROM snowflake.titles_{table} l
        WHERE title_id NOT IN (SELECT id FROM snowflake.titles)
        OR {table[:-1]}_id NOT IN (SELECT id FROM snowflake.{table})"""
    assert rows(films, strangers) == [(0,)]


def test_the_objects_of_the_first_job_are_films(films: Workspace, tmp_path: Path) -> None:
    [exported] = export(films, "titles", "jsonl", tmp_path / "seed", "seed")
    parts = [json.loads(path.read_text()) for path in (tmp_path / "seed").glob("20*/*.json")]
    objects = [title for part in parts for title in part]
    assert len(objects) == exported.rows == rows(films, "SELECT count(*) FROM films")[0][0]
    assert any(title["poster_url"] and title["ratingCount"] for title in objects)
    urls = [title["url"] for title in objects if title["url"]]
    assert len(set(urls)) == len(urls)
    assert all("/title/tt" in url for url in urls)
    links = [p["link"] for t in objects for role in t["credits"].values() for p in role]
    assert all(link is None or "/name/nm" in link for link in links)


def test_the_best_rated_films_are_named_once(films: Workspace) -> None:
    with open_snapshot(films) as connection:
        best = best_titles(connection, 50)
    named = [(title.name, title.year) for title in best]
    assert len(named) == len(set(named)) > 0
