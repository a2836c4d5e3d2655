"""From Python: one typed object, data frames when their extra is there, notebooks too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import duckdb
import pytest

import phonofilm
from phonofilm.api import Rows, Table
from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.records import BY_PLURAL
from phonofilm.show.rows import run_query
from phonofilm.warehouse.snapshots import publish, withdraw


@pytest.fixture
def crate(tmp_path: Path, stand_in):
    url, served = stand_in("deezer", artists=50)
    opened = phonofilm.open(tmp_path / "data")
    opened.url = url
    opened.crawl("deezer", want={"artists": None}, at=url)
    opened.load()
    return opened


def test_a_crate_collects_loads_and_answers(crate) -> None:
    assert len(crate.artists) == 50
    assert "name" in crate.artists.columns
    assert crate.artists.dicts()[0]["source"] == "deezer"
    assert crate.sql("SELECT count(*) FROM artists").rows() == [(50,)]
    assert repr(crate.artists) == "<artists: 50 rows>"
    assert crate.find("artist", "the", at=crate.url)


def test_tables_come_as_data_frames(crate) -> None:
    frame = crate.artists.df()
    assert len(frame) == 50
    assert list(frame.columns)[:3] == ["source", "id", "name"]
    assert crate.artists.pl().height == 50
    assert crate.artists.arrow().num_rows == 50


def test_every_record_kind_is_a_table_of_a_crate(crate) -> None:
    for name in (*BY_PLURAL, "films"):
        assert isinstance(getattr(crate, name), Table)
        assert name in dir(crate)
        assert len(getattr(crate, name)) >= 0
    with pytest.raises(AttributeError, match="no attribute 'atrists'"):
        _ = crate.atrists


def test_a_query_runs_once_until_the_next_load(crate, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[str] = []

    def counting_run(workspace, query: str):
        queries.append(query)
        return run_query(workspace, query)

    monkeypatch.setattr("phonofilm.show.rows.run_query", counting_run)
    rows = crate.sql("SELECT id, name FROM artists")
    assert rows.columns == ["id", "name"]
    assert len(rows) == len(rows.rows()) == len(rows.dicts()) == len(list(rows)) == 50
    assert queries == ["SELECT id, name FROM artists"]
    rows.rows().clear()
    assert len(rows) == 50
    crate.crawl("deezer", want={"albums": 20}, at=crate.url)
    crate.load()
    assert len(rows) == 50
    assert len(queries) == 2


def test_a_table_says_its_size_and_columns_without_reading_rows(
    crate, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []

    def counting_run(workspace, query: str):
        result = run_query(workspace, query)
        fetched.append(len(result[1]))
        return result

    monkeypatch.setattr("phonofilm.show.rows.run_query", counting_run)
    assert len(crate.artists) == 50
    assert crate.artists.columns[:3] == ["source", "id", "name"]
    assert fetched == [1, 0]


def test_a_result_does_not_outlive_the_snapshot_that_was_withdrawn(crate) -> None:
    rows = crate.sql("SELECT count(*) FROM artists")
    assert rows.rows() == [(50,)]
    with duckdb.connect(str(crate.folder.warehouse / "phonofilm.duckdb")) as connection:
        connection.execute("DELETE FROM store.artist")
    withdraw(crate.folder)
    publish(crate.folder)  # numbers begin again, so the path is that of the old snapshot
    assert rows.rows() == [(0,)]


def test_a_missing_extra_is_named(crate, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("phonofilm.show.rows.import_module", absent)
    with pytest.raises(ConfigurationError) as told:
        crate.artists.pl()
    assert "phonofilm[polars]" in told.value.next_step


def test_it_works_where_a_loop_is_running_already(crate) -> None:
    async def notebook() -> int:
        return crate.crawl("deezer", want={"artists": 5}, at=crate.url).calls

    assert asyncio.run(notebook()) == 0


def test_exports_and_reports_are_one_call(crate, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no row has this genre"):
        crate.export("artists", tmp_path / "a.csv", genre="no such genre")
    (written,) = crate.export("artists", tmp_path / "a.csv")
    assert written.rows == 50
    assert crate.report(tmp_path / "r.html").exists()


def test_errors_are_the_same_as_on_the_command_line(crate) -> None:
    with pytest.raises(UsageError):
        crate.crawl("deezer", want={"songs": 1}, at=crate.url)
    for read in (Rows.rows, Rows.arrow, len):
        with pytest.raises(UsageError, match="query fails"):
            read(crate.sql("SELEC"))
    with pytest.raises(UsageError, match="is empty"):
        crate.sql("").rows()
    with pytest.raises(UsageError, match="no table"):
        crate.sql("").arrow()


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((Path(__file__).parents[1] / "examples/first-steps.ipynb").read_text())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["result"].status == "goal"
