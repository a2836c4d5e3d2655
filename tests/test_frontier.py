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

from phonofilm.crawl.frontier.database import ANSWERED, FAILED, MISSING, Task
from phonofilm.crawl.frontier.sqlite import Frontier
from phonofilm.errors import NewerDataError, OriginError
from phonofilm.sources.contract import Request, Response

IDS = st.sampled_from([f"a{n}" for n in range(12)])
KINDS = st.sampled_from(["artist", "album", "track", "genre"])
ANSWER = Response(200, {"etag": '"x"'}, b"{}")


class FrontierMachine(RuleBasedStateMachine):
    """Meets, asks, commits, crashes; a dict says what must be known."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.frontier = Frontier(self.folder / "x.sqlite")
        self.known: dict[tuple[str, str], list[int]] = {}
        self.asked: set[tuple[str, int]] = set()
        self.saved: tuple[dict, set] = ({}, set())

    @rule(kind=KINDS, ids=st.lists(IDS, max_size=5), level=st.integers(0, 2), full=st.booleans())
    def meet(self, kind: str, ids: list[str], level: int, full: bool) -> None:
        self.frontier.add_nodes(kind, [(i, level, full) for i in ids])
        for i in ids:
            held = self.known.setdefault((kind, i), [0, 0])
            held[0], held[1] = max(held[0], level), held[1] | full

    @rule(kind=KINDS, id_=IDS, state=st.sampled_from([ANSWERED, FAILED, MISSING]))
    def settle(self, kind: str, id_: str, state: int) -> None:
        seq = self.frontier.seq_of(kind, id_)
        if seq is not None:
            self.frontier.settle(Task(Request("look", (id_,)), (seq,)), state, ANSWER, 1, None)
            if state != FAILED:
                self.asked.add(("look", seq))

    @rule()
    def commit(self) -> None:
        self.frontier.commit()
        self.saved = ({k: list(v) for k, v in self.known.items()}, set(self.asked))

    @rule()
    def crash(self) -> None:
        """What was not committed is gone; what was is there."""
        self.frontier.close()
        self.frontier = Frontier(self.folder / "x.sqlite")
        self.known = {k: list(v) for k, v in self.saved[0].items()}
        self.asked = set(self.saved[1])
        assert set(self.frontier.settled_nodes("look")) == {seq for _, seq in self.asked}

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


def test_pages_after_an_answer_wait_until_they_are_asked(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("genre", [("rock", 2, True)])
    row = frontier.add_continuation(Request("genre_artists", ("rock",), 50), 1)
    frontier.commit()
    assert list(frontier.open_continuations()) == [(Request("genre_artists", (), 50), row, 1, None)]
    ask = Task(Request("genre_artists", ("rock",), 50), (1,), row)
    frontier.settle(ask, ANSWERED, ANSWER, 1, None)
    frontier.commit()
    assert list(frontier.open_continuations()) == []
    frontier.close()


def test_a_page_told_of_and_answered_in_one_commit_is_answered(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("genre", [("rock", 2, True)])
    row = frontier.add_continuation(Request("genre_artists", ("rock",), 50), 1)
    ask = Task(Request("genre_artists", ("rock",), 50), (1,), row)
    frontier.settle(ask, ANSWERED, ANSWER, 1, None)
    frontier.commit()
    assert list(frontier.open_continuations()) == []
    frontier.close()


def test_after_a_power_cut_answers_past_the_end_of_the_log_are_asked_again(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path / "x.sqlite")
    log = frontier.new_log()
    frontier.add_nodes("artist", [("a", 2, True), ("b", 2, True)])
    for node, offset in ((1, 0), (2, 1000)):
        ask = Task(Request("artist", (str(node),)), (node,))
        frontier.settle(ask, ANSWERED, ANSWER, 1, (log, offset))
    frontier.commit(log, 2000)
    assert frontier.reopen_lost(log, 1000) == 1
    assert set(frontier.settled_nodes("artist")) == {1}
    assert frontier.committed(log) == 1000
    frontier.close()


def test_a_folder_holds_one_origin_per_source(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path / "spotify.sqlite")
    frontier.bind_origin("sandbox a", "extended")
    frontier.bind_origin("sandbox a", "development")
    with pytest.raises(OriginError, match="sandbox a"):
        frontier.bind_origin("the live service", "extended")
    frontier.close()


def test_a_frontier_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spotify.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerDataError):
        Frontier(path)


def test_a_frontier_of_the_first_version_goes_on_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    frontier = Frontier(path)
    frontier.add_nodes("genre", [("rock", 2, True)])
    row = frontier.add_continuation(Request("genre_artists", ("rock",), 50), 1)
    frontier.commit()
    frontier.close()
    old = sqlite3.connect(path)
    old.executescript(
        "ALTER TABLE ask DROP COLUMN total; ALTER TABLE ask DROP COLUMN cursor; DROP TABLE member; PRAGMA user_version = 1"
    )
    old.close()
    again = Frontier(path)
    assert list(again.open_continuations()) == [(Request("genre_artists", (), 50), row, 1, None)]
    again.list_members[1] = 3
    again.save_estimates(b"evidence")
    again.close()
    kept = Frontier(path)
    assert kept.list_members == {1: 3}
    assert kept.saved_estimates() == b"evidence"
    kept.close()
