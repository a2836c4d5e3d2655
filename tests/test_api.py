"""From Python: one typed object, data frames when their extra is there, notebooks too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import phonofilm
from phonofilm.errors import ConfigurationError, UsageError


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
    (written,) = crate.export("artists", tmp_path / "a.csv")
    assert written.rows == 50
    assert crate.report(tmp_path / "r.html").exists()


def test_errors_are_the_same_as_on_the_command_line(crate) -> None:
    with pytest.raises(UsageError):
        crate.crawl("deezer", want={"songs": 1}, at=crate.url)
    with pytest.raises(UsageError, match="query fails"):
        crate.sql("SELEC").rows()


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((Path(__file__).parents[1] / "examples/first-steps.ipynb").read_text())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["result"].status == "goal"
