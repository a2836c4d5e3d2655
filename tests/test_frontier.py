"""The frontier against a model: whatever happens in whatever order, nothing is lost or invented."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.levels import (
    FOLLOWED,
    FULL_MASK,
    IGNORED,
    LEVELS,
    LOOKED_UP,
    FollowLevel,
    flags_from,
    pack_flags,
)
from phonofilm.crawl.frontier.sqlite.read_only import answered_ids, followed_ids, saved_runs
from phonofilm.crawl.frontier.sqlite.schema import VERSION
from phonofilm.crawl.frontier.values import ANSWERED, FAILED, MISSING, Continuation, Task
from phonofilm.errors import NewerDataError, OriginError, StoreError
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import Request, Response

IDS = st.sampled_from([f"a{n}" for n in range(12)])
KINDS = st.sampled_from(["artist", "album", "track", "genre"])
ANSWER = Response(200, {"etag": '"x"'}, b"{}")


class FrontierMachine(RuleBasedStateMachine):
    """Discovers, settles, commits, crashes; a dict says what must be known."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.frontier = open_frontier(self.folder / "x.sqlite")
        self.known: dict[tuple[str, str], list[int]] = {}
        self.settled: set[tuple[str, int]] = set()
        self.saved: tuple[dict, set] = ({}, set())

    @rule(kind=KINDS, ids=st.lists(IDS, max_size=5), level=st.integers(0, 2), full=st.booleans())
    def discover(self, kind: str, ids: list[str], level: int, full: bool) -> None:
        self.frontier.add_nodes(kind, [(i, level, full) for i in ids])
        for i in ids:
            node = self.known.setdefault((kind, i), [0, 0])
            node[0], node[1] = max(node[0], level), node[1] | full

    @rule(kind=KINDS, id_=IDS, state=st.sampled_from([ANSWERED, FAILED, MISSING]))
    def settle(self, kind: str, id_: str, state: int) -> None:
        seq = self.frontier.seq_of(kind, id_)
        if seq is not None:
            self.frontier.settle(Task(Request("look", (id_,)), (seq,)), state, ANSWER, 1, None)
            if state != FAILED:
                self.settled.add(("look", seq))

    @rule()
    def commit(self) -> None:
        self.frontier.commit()
        self.saved = ({k: list(v) for k, v in self.known.items()}, set(self.settled))

    @rule()
    def crash(self) -> None:
        """What was not committed is gone; what was is there."""
        self.frontier.close()
        self.frontier = open_frontier(self.folder / "x.sqlite")
        self.known = {k: list(v) for k, v in self.saved[0].items()}
        self.settled = set(self.saved[1])
        assert set(self.frontier.settled_nodes("look")) == {seq for _, seq in self.settled}

    @invariant()
    def agrees_with_the_model(self) -> None:
        assert len(self.frontier) == len(self.known)
        tally = self.frontier.tally()
        for (kind, id_), (level, full) in self.known.items():
            seq = self.frontier.seq_of(kind, id_)
            assert seq is not None
            assert self.frontier.id_of(seq) == id_
            assert self.frontier.level(seq) == level
            assert self.frontier.is_full(seq) == bool(full)
            assert tally[kind]["full"] == sum(
                f for (k, _), (_, f) in self.known.items() if k == kind
            )

    def teardown(self) -> None:
        self.frontier.close()
        shutil.rmtree(self.folder)


FrontierMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFrontier = FrontierMachine.TestCase


def test_continuations_wait_until_they_are_requested(tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("genre", [("rock", 2, True)])
    row = frontier.add_continuation(Request("genre_artists", ("rock",), 50), 1)
    frontier.commit()
    assert list(frontier.open_continuations()) == [(Request("genre_artists", (), 50), row, 1, None)]
    task = Task(Request("genre_artists", ("rock",), 50), (1,), row)
    frontier.settle(task, ANSWERED, ANSWER, 1, None)
    frontier.commit()
    assert list(frontier.open_continuations()) == []
    frontier.close()


def test_a_frontier_that_a_crawl_creates_now_is_read_as_empty_and_left_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "f.sqlite"
    path.touch()
    assert saved_runs(path) == []
    assert answered_ids(path) == {}
    assert path.stat().st_size == 0


@pytest.mark.parametrize("offset", [0, 50])
def test_a_continuation_that_failed_waits_for_the_next_run(tmp_path: Path, offset: int) -> None:
    frontier = open_frontier(tmp_path / "f.sqlite")
    frontier.add_nodes("artist", [("a", FollowLevel.FOLLOWED, False)])
    request = Request("artist_albums", (), offset, "cursor=x")
    row = frontier.add_continuation(request, 1)
    frontier.commit()
    task = Task(request._replace(ids=("a",)), (1,), row)
    frontier.settle(task, FAILED, ANSWER._replace(status=500), 1, None)
    frontier.commit()
    frontier.close()
    frontier = open_frontier(tmp_path / "f.sqlite")
    assert [waiting.request for waiting in frontier.open_continuations()] == [request]
    frontier.close()


def test_a_continuation_added_and_answered_in_one_commit_is_answered(tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("genre", [("rock", 2, True)])
    row = frontier.add_continuation(Request("genre_artists", ("rock",), 50), 1)
    task = Task(Request("genre_artists", ("rock",), 50), (1,), row)
    frontier.settle(task, ANSWERED, ANSWER, 1, None)
    frontier.commit()
    assert list(frontier.open_continuations()) == []
    frontier.close()


def test_after_a_power_cut_responses_past_the_end_of_the_log_are_requested_again(
    tmp_path: Path,
) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    log = frontier.logs.begin()
    frontier.add_nodes("artist", [("a", 2, True), ("b", 2, True)])
    for node, offset in ((1, 0), (2, 1000)):
        task = Task(Request("artist", (str(node),)), (node,))
        frontier.settle(task, ANSWERED, ANSWER, 1, (log, offset))
    frontier.commit(log, 2000)
    frontier.reopen_lost(log, 1000)
    assert set(frontier.settled_nodes("artist")) == {1}
    assert [frontier.is_full(node) for node in (1, 2)] == [True, False]
    assert frontier.tally()["artist"] == {"full": 1, "mentioned": 1}
    assert frontier.logs.unsealed() == {log: 1000}
    frontier.close()


def test_a_folder_holds_one_origin_per_source(tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "spotify.sqlite")
    frontier.store.bind("sandbox a", "extended")
    frontier.store.bind("sandbox a", "development")
    with pytest.raises(OriginError, match="sandbox a"):
        frontier.store.bind("the live service", "extended")
    frontier.close()


def test_a_frontier_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spotify.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerDataError):
        open_frontier(path)


# A frontier as version 3 wrote it: one genre with an open continuation, one artist answered.
VERSION_3 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE node (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL, flags INTEGER NOT NULL);
CREATE TABLE ask (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, node INTEGER NOT NULL, at INTEGER NOT NULL,
    state INTEGER NOT NULL, status INTEGER, answered_at INTEGER, etag TEXT, last_modified TEXT,
    generation INTEGER NOT NULL DEFAULT 1, log INTEGER, log_offset INTEGER, total INTEGER,
    cursor TEXT);
CREATE TABLE member (node INTEGER PRIMARY KEY, known INTEGER NOT NULL);
CREATE TABLE call (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, answered_at INTEGER NOT NULL,
    status INTEGER NOT NULL, verdict TEXT NOT NULL, vein TEXT NOT NULL, gain REAL NOT NULL,
    met TEXT NOT NULL, run TEXT NOT NULL);
CREATE TABLE log (
    id INTEGER PRIMARY KEY, committed INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE length (
    endpoint TEXT NOT NULL, node INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (endpoint, node)) WITHOUT ROWID;
CREATE TABLE media (
    url TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    content_type TEXT NOT NULL, owners TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE absent (endpoint TEXT PRIMARY KEY, since INTEGER, status INTEGER);
CREATE TABLE run (id TEXT PRIMARY KEY, started REAL, result TEXT);
INSERT INTO meta VALUES ('scope', 'everything');
INSERT INTO node VALUES (1, 6, 'rock', 5), (2, 1, 'a', 5);
INSERT INTO ask (seq, endpoint, node, at, state, total, cursor)
    VALUES (1, 'genre_artists', 1, 50, 0, 120, NULL);
INSERT INTO ask (seq, endpoint, node, at, state) VALUES (2, 'related', 2, 0, 1);
INSERT INTO call VALUES (1, 'related', 7000000, 200, 'answer', 'related', 2.5, '{"artist":3}', 'r');
INSERT INTO member VALUES (1, 3);
PRAGMA user_version = 3;
"""
# What the versions before lacked, newest first.
WITHOUT = {
    2: "ALTER TABLE ask DROP COLUMN cursor; PRAGMA user_version = 2;",
    1: "ALTER TABLE ask DROP COLUMN total; DROP TABLE member; PRAGMA user_version = 1;",
}


def old_frontier(path: Path, version: int) -> Path:
    """Write a frontier file as an older version did."""
    db = sqlite3.connect(path)
    db.executescript(VERSION_3)
    for older, statements in WITHOUT.items():
        if older >= version:
            db.executescript(statements)
    db.close()
    return path


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_frontier_of_an_older_version_opens_and_goes_on(tmp_path: Path, version: int) -> None:
    path = old_frontier(tmp_path / "x.sqlite", version)
    for _ in range(2):  # migrated once, then opened as it is
        frontier = open_frontier(path)
        total = 120 if version > 1 else None
        waiting = Continuation(Request("genre_artists", (), 50), 1, 1, total)
        assert list(frontier.open_continuations()) == [waiting]
        assert list(frontier.settled_nodes("related")) == [2]
        assert list(frontier.answered_requests()) == [("related", 2.5, '{"artist":3}')]
        assert frontier.history.gain_by_queue() == [("related", 1, 2.5, 2.5)]
        assert frontier.seq_of("genre", "rock") == 1
        assert frontier.index.list_members == ({1: 3} if version > 1 else {})
        frontier.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)


@pytest.mark.parametrize("version", [2, 3])
def test_an_older_frontier_can_be_read_without_opening_it_whole(
    tmp_path: Path, version: int
) -> None:
    path = old_frontier(tmp_path / "x.sqlite", version)
    assert answered_ids(path) == {"related": {"a"}}
    assert followed_ids(path, NODE_KINDS.index("artist"), None, "everything") == ["a"]
    assert followed_ids(path, NODE_KINDS.index("artist"), None, "genre rock") == []
    assert answered_ids(tmp_path / "none.sqlite") == {}


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = old_frontier(tmp_path / "x.sqlite", 3)
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE call RENAME COLUMN vein TO queue")  # as a foreign hand left it
    db.commit()
    db.close()
    with pytest.raises(StoreError):
        open_frontier(path)
    with sqlite3.connect(path) as again:  # nothing of the failed migration stays
        assert again.execute("PRAGMA user_version").fetchone() == (3,)
        assert again.execute("SELECT count(*) FROM ask").fetchone() == (2,)


def test_estimates_outlive_a_run(tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    frontier.index.list_members[1] = 3
    frontier.save_estimates(b"evidence")
    frontier.close()
    again = open_frontier(tmp_path / "x.sqlite")
    assert again.index.list_members == {1: 3}
    assert again.saved_estimates() == b"evidence"
    again.close()


def test_another_scope_keeps_what_is_known_and_follows_nothing(tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("artist", [("a", FOLLOWED, True), ("b", LOOKED_UP, False)])
    frontier.commit()
    flags = frontier.index.flags
    frontier.reset_levels()
    assert flags is frontier.index.flags  # queues hold on to it
    for index in (frontier, open_frontier(tmp_path / "x.sqlite")):
        assert [index.level(seq) for seq in (1, 2)] == [IGNORED, IGNORED]
        assert [index.is_full(seq) for seq in (1, 2)] == [True, False]
        index.close()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("level", FollowLevel)
def test_flags_hold_a_level_and_whether_a_node_is_full(level: FollowLevel, full: bool) -> None:
    flags = pack_flags(level, full)
    assert LEVELS[flags] is level
    assert bool(flags & FULL_MASK) is full
    assert [flags >= flags_from(least) for least in FollowLevel] == [
        level >= least for least in FollowLevel
    ]
