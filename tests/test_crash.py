"""Crashes: kill -9 at random moments loses nothing and asks nothing twice but the calls in flight."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.landing.segments import read_segments, segment_paths
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect

WANTS = ("artists=all", "albums=all", "tracks=all", "playlists=all")
WORKERS = 3
KILLS = 100
# A crawl that ends before it is killed counts for nothing: on a fast machine some do.
ROUNDS_MAX = 150


def crawl_once(root: str, url: str) -> None:
    """One crawl in a process of its own; this is what gets killed."""
    collect(Workspace(Path(root)), "spotify", url, *WANTS, workers=WORKERS)


def start(root: Path, url: str, crawl: Callable[[str, str], None] = crawl_once) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.conftest", "phonofilm.sources.spotify.source"])
    process = context.Process(target=as_this_user, args=(dict(os.environ), crawl, str(root), url))
    process.start()
    return process


def as_this_user(environment: dict[str, str], crawl: Callable[[str, str], None], *args) -> None:
    """Run a crawl with the folders of a test's user; the server of forks has those of another."""
    os.environ.update(environment)
    crawl(*args)


def everything(folder: Workspace) -> dict[str, set[tuple]]:
    """All rows, without when and from which answer."""
    load(folder)
    with open_snapshot(folder) as connection:
        return {
            table: set(connection.execute(f"SELECT {columns} FROM {table}").fetchall())
            for table, columns in (
                ("artists", "id, name, array_to_string(genres, ';'), popularity, followers"),
                ("albums", "id, name, array_to_string(artist_ids, ';'), release_date, label"),
                ("tracks", "id, name, album_id, isrc, popularity, completeness"),
                ("entries", "id, track_id"),
            )
        }


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_and_ask_nothing_twice(tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=100)
    calm = Workspace(tmp_path / "calm")
    collect(calm, "spotify", url, *WANTS)
    truth, needed = everything(calm), calls_made(served)
    rng, kills, rounds = random.Random(7), 0, 0
    while kills < KILLS:
        assert rounds < ROUNDS_MAX, f"only {kills} kills in {rounds} rounds"
        folder, before, here = Workspace(tmp_path / f"torn-{rounds}"), calls_made(served), 0
        while True:
            process = start(folder.root, url)
            process.join(rng.uniform(0.1, 0.55))
            if process.exitcode is not None:
                assert process.exitcode == 0
                break
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills, here = kills + 1, here + 1
        assert everything(folder) == truth
        # A token is asked anew by each process; a killed one had at most its workers' calls open.
        assert calls_made(served) - before <= needed * 1.05 + here * WORKERS
        rounds += 1


def test_every_answered_call_stands_once_in_the_frontier(tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=60)
    folder = Workspace(tmp_path / "data")
    rng = random.Random(3)
    for _ in range(4):
        process = start(folder.root, url)
        process.join(rng.uniform(0.2, 0.5))
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
    crawl_once(str(folder.root), url)
    frontier = open_frontier(folder.frontier / "spotify.sqlite")
    twice = frontier.store._database.execute(
        "SELECT endpoint, node, at FROM task WHERE state = 1 GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ).fetchall()
    frontier.close()
    assert twice == []


def crawl_artists(root: str, url: str, source: str = "deezer") -> None:
    """One crawl of artists and albums in a process of its own."""
    collect(Workspace(Path(root)), source, url, "artists=all", "albums=all", workers=WORKERS)


def killed_with(folder: Workspace, url: str, lines: int) -> None:
    """A crawl that is killed as soon as its log has so many lines."""
    process = start(folder.root, url, crawl_artists)
    log = folder.logs / "deezer-000001.ndjson"
    while process.exitcode is None and (not log.exists() or count_lines(log) < lines):
        time.sleep(0.002)
    assert process.exitcode is None, "it ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def count_lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def requests_landed(folder: Workspace) -> list[str]:
    """All requests whose responses are in segments, as often as they are."""
    return sorted(row.request.key for row in read_segments(segment_paths(folder.landing)))


def test_deleting_the_frontier_of_a_killed_crawl_costs_no_response(tmp_path, stand_in) -> None:
    url, _ = stand_in("deezer", artists=400)
    folder = Workspace(tmp_path / "data")
    killed_with(folder, url, 60)
    lines = count_lines(folder.logs / "deezer-000001.ndjson")
    for path in folder.frontier.glob("deezer.sqlite*"):
        path.unlink()
    collect(folder, "deezer", url, "artists=all", max_calls=1)
    assert load(folder).answers == lines + 1
    assert lines >= 60
    assert list(folder.logs.iterdir()) == []


def test_a_damaged_frontier_that_is_forgotten_costs_no_response(tmp_path, stand_in) -> None:
    url, _ = stand_in("deezer", artists=400)
    folder = Workspace(tmp_path / "data")
    killed_with(folder, url, 60)
    lines = count_lines(folder.logs / "deezer-000001.ndjson")
    for path in folder.frontier.glob("deezer.sqlite*"):
        path.write_bytes(b"no database at all" * 1000)
    collect(folder, "deezer", url, "artists=all", max_calls=1, fresh=True)
    assert load(folder).answers == lines + 1


def test_a_load_between_a_kill_and_the_next_crawl_lands_nothing_twice(tmp_path, stand_in) -> None:
    url, _ = stand_in("deezer", artists=60)
    folder = Workspace(tmp_path / "data")
    killed_with(folder, url, 30)
    first = load(folder)
    assert first.answers >= 30 - WORKERS
    before = requests_landed(folder)
    result = collect(folder, "deezer", url, "artists=all", "albums=all", workers=WORKERS)
    after = requests_landed(folder)
    assert len(after) == len(set(after)) == first.answers + result.calls
    assert set(before) < set(after)
    assert result.records["artists"] == {"full": 60, "mentioned": 0}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "phonofilm", *words]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_calls_in_flight_and_says_how_to_go_on(
    tmp_path: Path, stand_in, sign: signal.Signals
) -> None:
    url, served = stand_in("deezer", artists=2000)
    crawl = subprocess.Popen(
        command(
            "crawl",
            "deezer",
            "--at",
            url,
            "--data",
            str(tmp_path / "data"),
            "-W",
            "artists=all",
            "-W",
            "albums=all",
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while calls_made(served) < 50:
        time.sleep(0.02)
    crawl.send_signal(sign)
    out, err = crawl.communicate(timeout=30)
    assert crawl.returncode == 130, err
    assert "Interrupted; everything is saved" in out
    assert "same command" in err
    made = calls_made(served)
    frontier = open_frontier(tmp_path / "data/frontier/deezer.sqlite")
    assert sum(count for *_, count in frontier.history.request_counts()) == made
    frontier.close()


@pytest.mark.heavy
def test_a_disk_that_fills_stops_before_loss_with_exit_code_6(tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=400)
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "sys.dont_write_bytecode = True;"  # a module that is cut at the limit would stay
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY));"
        "from phonofilm.cli.main import main; sys.argv[0] = 'phonofilm'; main()"
    )
    words = ["crawl", "spotify", "--at", url, "--data", str(tmp_path / "data"), "-W", "artists=all"]
    full = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
    )
    assert full.returncode == 6, full.stderr
    assert "disk" in full.stderr
    assert "Traceback" not in full.stderr
    spent = calls_made(served)
    room = subprocess.run(command(*words), capture_output=True, text=True, check=False)
    assert room.returncode == 0, room.stderr
    folder = Workspace(tmp_path / "data")
    load(folder)
    with open_snapshot(folder) as connection:
        assert connection.execute("SELECT count(*) FROM artists").fetchone() == (400,)
    assert spent > 5
