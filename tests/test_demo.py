"""The demo, on a generated world and on the real songs: nothing is missing at the end."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from phonofilm.cli.demo import comments
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.cli import Result, run_cli

EXPORTS = ("artists", "albums", "tracks", "features", "playlists", "entries", "comments", "titles")
FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "duration_ms",
)


def demo(*words: object) -> Result:
    """Run the demo; the crawls and servers that it starts are real processes."""
    return run_cli("demo", *words)


@pytest.mark.slow
def test_the_demo_shows_the_whole_way(tmp_path: Path) -> None:
    first = demo("--artists", 80, "--data", tmp_path / "demo")
    assert first.exit_code == 0, first.stderr
    assert "simulated" in first.stderr
    for text in ("kill -9", "Ten most popular", "Anime", "Listeners"):
        assert text in first.stdout
    assert "comments, second by second" in first.stdout
    assert first.stdout.count("$ phonofilm") == 4
    for name in ("track.svg", "report.html"):
        assert (tmp_path / "demo" / name).exists()
    for name in EXPORTS:
        assert (tmp_path / f"demo/exports/{name}.csv").exists()
        assert (tmp_path / f"demo/exports/{name}.csv.card.md").exists()


@pytest.mark.slow
def test_the_demo_runs_again_in_its_folder_and_as_the_base_install_has_it(
    tmp_path: Path, monkeypatch
) -> None:
    words = ("--artists", 40, "--data", tmp_path / "demo")
    assert demo(*words).exit_code == 0
    monkeypatch.setattr(comments, "find_spec", lambda name: None)
    again = demo(*words)
    assert again.exit_code == 0, again.stderr
    assert "pip install 'phonofilm[match]'" in again.stderr
    assert "tracks found" not in again.stderr


def test_the_demo_touches_no_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    result = demo("--data", tmp_path)
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.slow
def test_real_songs_go_end_to_end_and_equal_the_file(shared: Path, tmp_path: Path) -> None:
    path = shared / "data/spotify/spotify_songs.csv.gz"
    result = demo("--catalogue", path, "--data", tmp_path / "demo")
    assert result.exit_code == 0, result.stderr
    assert "5 rows of the file have no name" in result.text
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    exports = tmp_path / "demo/exports"

    def table(name: str) -> list[dict[str, str]]:
        with (exports / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if row["source"] == "spotify"]

    assert {row["id"] for row in table("tracks")} == {row["track_id"] for row in rows}
    entries = {(row["playlist_id"], row["track_id"]) for row in table("entries")}
    assert entries == {(row["playlist_id"], row["track_id"]) for row in rows}
    named = [row for row in rows if (row["track_name"], row["track_artist"]) != ("NA", "NA")]
    assert {row["name"] for row in table("artists")} == {row["track_artist"] for row in named}
    assert len(rows) - len(named) == 5
    unknown = {"tempo": 0.0}  # what it means for the source
    features = {
        row["id"]: tuple(float(row[name] or unknown[name]) for name in FEATURES)
        for row in table("features")
    }
    assert features == {
        row["track_id"]: tuple(float(row[name]) for name in FEATURES) for row in rows
    }
    with open_snapshot(Workspace(tmp_path / "demo")) as connection:
        (run,) = connection.execute("SELECT result FROM runs WHERE source = 'spotify'").fetchall()
    assert json.loads(run[0])["status"] == "done"
