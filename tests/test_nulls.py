"""Readers of the warehouse where everything that may be null is null, or odd in older files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from phonofilm.cli.demo.screen import _titles_table
from phonofilm.config import Settings
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.records import BY_KIND
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.show import queries
from phonofilm.show.report import report
from phonofilm.sql import identifier
from phonofilm.warehouse.export.export import FORMATS, TABLES, export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot, publish
from phonofilm.workspace import Workspace
from tests.conftest import collect

# Values that older versions stored, by DuckDB type.
ODD = {"DOUBLE": "'nan'::DOUBLE", "BIGINT": "-9223372036854775807", "VARCHAR": "''"}
ODD |= {"VARCHAR[]": "[NULL, '']", "BOOLEAN": "NULL"}


def fill(folder: Path) -> None:
    """Load films of a dump and comments of a crawl."""
    workspace = Workspace(folder / "data")
    write(FilmWorld(120), folder / "dumps")
    run(import_dumps(workspace, Settings(), ImportOptions("imdb", str(folder / "dumps"))))
    with running(Plan("soundcloud", artists=8, rate="none")) as (url, _):
        collect(workspace, "soundcloud", url, "artists=4", "tracks=all", "comments=all")
    load(workspace)


@pytest.fixture(params=["null", "odd"])
def emptied(
    request: pytest.FixtureRequest, made_once: Callable[..., Path], copied: Callable[[Path], Path]
) -> Workspace:
    """A warehouse whose nullable columns are all null, or have values that are none."""
    workspace = Workspace(copied(made_once("nulls", fill)) / "data")
    with duckdb.connect(workspace.warehouse / "phonofilm.duckdb") as connection:
        columns = connection.execute(
            """SELECT table_name, column_name, data_type FROM duckdb_columns()
            WHERE schema_name = 'store' AND is_nullable AND NOT starts_with(column_name, '_')
            AND data_type IN ('DOUBLE', 'BIGINT', 'VARCHAR', 'VARCHAR[]', 'BOOLEAN')
            AND column_name NOT IN ('source', 'id', 'title_id', 'person_id', 'role', 'genre',
                'position', 'of_kind', 'of_id', 'track_id', 'answer')"""
        ).fetchall()
        for table, column, kind in columns:
            if table not in BY_KIND:
                continue
            value = "NULL" if request.param == "null" else ODD[kind]
            connection.execute(f"UPDATE store.{table} SET {identifier(column)} = {value}")
    publish(workspace)
    return workspace


def test_the_report_has_a_dash_where_nothing_is_known(emptied: Workspace, tmp_path: Path) -> None:
    page = report(emptied, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "None" not in page
    assert "nan" not in page.lower().split("</style>")[-1]


def test_a_title_without_votes_stands_in_the_report(
    made_once: Callable[..., Path], copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    workspace = Workspace(copied(made_once("nulls", fill)) / "data")
    with duckdb.connect(workspace.warehouse / "phonofilm.duckdb") as connection:
        connection.execute("UPDATE store.rating SET votes = NULL, rating = 6.5")
        connection.execute("UPDATE store.title SET title_type = NULL, start_year = NULL")
    publish(workspace)
    page = report(workspace, tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<td class="n">6.5</td><td class="n">–</td>' in page
    with open_snapshot(workspace) as connection:
        titles = queries.best_titles(connection)
    assert titles
    assert _titles_table(titles).row_count == len(titles)


def test_every_view_can_be_read_to_its_end(emptied: Workspace) -> None:
    with open_snapshot(emptied) as connection:
        views = connection.execute(
            "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        assert views
        for (view,) in views:
            schema, _, name = view.partition(".")
            connection.execute(f"SELECT * FROM {identifier(schema)}.{identifier(name)}").fetchall()


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_every_table_can_be_exported(emptied: Workspace, tmp_path: Path, format_: str) -> None:
    for table in TABLES:
        out = tmp_path / f"{table}.{format_}"
        export(emptied, table, format_, out)
        if format_ == "jsonl":
            for line in out.read_text(encoding="utf-8").splitlines():
                json.loads(line, parse_constant=pytest.fail)


def test_the_json_of_the_anime_job_is_strict(emptied: Workspace, tmp_path: Path) -> None:
    export(emptied, "titles", "jsonl", tmp_path / "titles", shape="seed")
    files = list((tmp_path / "titles").rglob("*.json"))
    assert files
    for path in files:
        json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
