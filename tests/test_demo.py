"""The demo, on a generated world and on the real songs: nothing is missing at the end."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

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


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "phonofilm", "demo", *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_shows_the_whole_way(tmp_path: Path) -> None:
    told = demo("--artists", "80", "--data", str(tmp_path / "demo"))
    assert told.returncode == 0, told.stderr
    assert "simulated" in told.stderr
    assert "kill -9" in told.stdout
    assert "Ten most popular" in told.stdout
    assert "Anime" in told.stdout
    assert "Listeners" in told.stdout and "comments, second by second" in told.stdout
    assert (tmp_path / "demo/track.svg").exists()
    assert told.stdout.count("$ phonofilm") == 4
    for name in (
        "artists",
        "albums",
        "tracks",
        "features",
        "playlists",
        "entries",
        "comments",
        "titles",
    ):
        assert (tmp_path / f"demo/exports/{name}.csv").exists()
        assert (tmp_path / f"demo/exports/{name}.csv.card.md").exists()
    assert (tmp_path / "demo/report.html").exists()
    assert demo("--artists", "80", "--data", str(tmp_path / "demo")).returncode == 0


def test_the_demo_touches_no_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    told = demo("--data", str(tmp_path))
    assert told.returncode == 2
    assert "not empty" in told.stderr
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.slow
def test_real_songs_go_end_to_end_and_equal_the_file(shared: Path, tmp_path: Path) -> None:
    path = shared / "data/spotify/spotify_songs.csv.gz"
    told = demo("--catalogue", str(path), "--data", str(tmp_path / "demo"))
    assert told.returncode == 0, told.stderr
    assert "5 rows of the file have no name" in " ".join(told.stdout.split())
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
    features = {
        row["id"]: tuple(float(row[name]) for name in FEATURES) for row in table("features")
    }
    assert features == {
        row["track_id"]: tuple(float(row[name]) for name in FEATURES) for row in rows
    }
    with open_snapshot(Workspace(tmp_path / "demo")) as connection:
        (run,) = connection.execute("SELECT result FROM runs WHERE source = 'spotify'").fetchall()
    assert json.loads(run[0])["status"] == "done"
