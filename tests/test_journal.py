"""Logs of the landing without their frontier: nothing that was committed is lost or lands twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.values import ANSWERED, Task
from phonofilm.crawl.responses.writer import seal_waiting
from phonofilm.errors import NewerDataError, StoreError
from phonofilm.landing.envelope import Envelope, RunInfo, wrap
from phonofilm.landing.journal import Journal, LogFolder, OffsetFile
from phonofilm.landing.segments import read_segments, segment_paths
from phonofilm.sources.contract import Request, Response
from phonofilm.workspace import Workspace

RUN = RunInfo("deezer", "open", "terms", "run-1")
ANSWER = Response(200, {}, b'{"id": 1}', "http://x/artist/1")


def envelope(number: int) -> Envelope:
    return wrap(RUN, number, Request("artist", (str(number),)), ANSWER, 1_780_000_000_000_000)


def landed(folder: Workspace) -> list[int]:
    """Numbers of all responses in segments, as often as they landed."""
    return sorted(row.seq for row in read_segments(segment_paths(folder.landing)))


class Crawl:
    """The commits of a crawl, step by step, so that a kill can be put between any two."""

    def __init__(self, folder: Workspace) -> None:
        folder.open()
        self.folder, self.logs = folder, LogFolder(folder.landing)
        self.frontier = open_frontier(folder.frontier / "deezer.sqlite")
        seal_waiting(self.logs, self.frontier, "deezer")
        self.log = self.frontier.logs.begin(max(self.logs.numbers("deezer"), default=0) + 1)
        self.journal = Journal(self.logs.path("deezer", self.log))

    def answer(self, number: int) -> None:
        """Queue a response and settle its task."""
        offset = self.journal.add(envelope(number))
        self.frontier.add_nodes("artist", [(str(number), 2, True)])
        node = self.frontier.seq_of("artist", str(number))
        task = Task(Request("artist", (str(number),)), (node,))
        self.frontier.settle(task, ANSWERED, ANSWER, 1, (self.log, offset))

    def commit(self, steps: int = 3) -> None:
        """Do the first steps of a commit."""
        self.journal.write()
        if steps > 1:
            self.frontier.commit(self.log, self.journal.offset)
        if steps > 2:
            self.journal.confirm()

    def kill(self) -> None:
        """End without any further step."""
        self.journal.close()
        self.frontier.close()

    def settled(self) -> list[int]:
        """Numbers of the responses whose requests are not sent again."""
        nodes = self.frontier.settled_nodes("artist")
        return sorted(int(self.frontier.id_of(node)) for node in nodes)


def killed_after(folder: Workspace, steps: int) -> None:
    """A crawl with two committed responses that is killed in the commit of a third."""
    crawl = Crawl(folder)
    crawl.answer(1)
    crawl.answer(2)
    crawl.commit()
    crawl.answer(3)
    crawl.commit(steps)
    crawl.kill()


def delete_frontier(folder: Workspace) -> None:
    for path in folder.frontier.glob("deezer.sqlite*"):
        path.unlink()


@pytest.mark.parametrize(("steps", "expected"), [(1, [1, 2]), (2, [1, 2, 3]), (3, [1, 2, 3])])
def test_the_next_crawl_lands_what_its_frontier_holds_and_nothing_else(
    folder, steps: int, expected: list[int]
) -> None:
    killed_after(folder, steps)
    again = Crawl(folder)
    assert landed(folder) == again.settled() == expected
    again.kill()


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_log_that_is_sealed_without_its_frontier_lands_each_response_once(
    folder, steps: int
) -> None:
    killed_after(folder, steps)
    folder.seal_logs()
    before = landed(folder)
    assert before == ([1, 2, 3] if steps == 3 else [1, 2])
    again = Crawl(folder)
    assert again.settled() == before  # what did not land is asked for again
    for number in {1, 2, 3} - set(again.settled()):
        again.answer(number)
    again.commit()
    again.kill()
    folder.seal_logs()
    assert landed(folder) == [1, 2, 3]


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("sealed_first", [False, True])
def test_a_deleted_frontier_takes_no_response_with_it(
    folder, steps: int, sealed_first: bool
) -> None:
    killed_after(folder, steps)
    delete_frontier(folder)
    if sealed_first:
        folder.seal_logs()
    again = Crawl(folder)
    again.answer(9)
    again.commit()
    again.kill()
    folder.seal_logs()
    assert landed(folder) == [1, 2, 3, 9]
    assert list(folder.logs.iterdir()) == [OffsetFile(again.journal.path).path]


def test_a_number_that_stands_in_the_folder_is_not_used_again(folder) -> None:
    killed_after(folder, 3)
    delete_frontier(folder)
    path = LogFolder(folder.landing).path("deezer", 1)
    lines = path.read_bytes()
    with pytest.raises(StoreError, match="exists"):
        Journal(path)
    assert path.read_bytes() == lines
    frontier = open_frontier(folder.frontier / "deezer.sqlite")
    assert frontier.logs.begin(2) == 2
    assert frontier.logs.begin(2) == 3
    frontier.close()


@pytest.mark.parametrize("moment", ["seal_log", "unlink"])
def test_a_seal_that_was_cut_off_is_repeated_at_the_same_byte(
    folder, monkeypatch, moment: str
) -> None:
    killed_after(folder, 2)  # the frontier holds a response more than the offset file says

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        target = "phonofilm.landing.journal.seal_log" if moment == "seal_log" else None
        patch.setattr(target, cut) if target else patch.setattr(Path, "unlink", cut)
        with pytest.raises(KeyboardInterrupt):
            folder.seal_logs()
    again = Crawl(folder)
    assert landed(folder) == again.settled() == [1, 2]
    again.kill()


def test_a_log_that_was_deleted_by_hand_is_asked_for_again(folder) -> None:
    killed_after(folder, 3)
    for path in folder.logs.iterdir():
        path.unlink()
    again = Crawl(folder)
    assert again.settled() == []
    again.kill()


def test_after_a_power_cut_whole_lines_land_and_the_others_are_asked_for_again(folder) -> None:
    killed_after(folder, 3)
    path = LogFolder(folder.landing).path("deezer", 1)
    os.truncate(path, path.stat().st_size - 7)
    again = Crawl(folder)
    assert landed(folder) == again.settled() == [1, 2]
    again.kill()


@pytest.mark.parametrize("line", [b"", b"\0" * 30, b"1 open", b"half a line\n"])
def test_an_offset_that_cannot_be_read_costs_no_response(folder, line: bytes) -> None:
    killed_after(folder, 3)
    OffsetFile(LogFolder(folder.landing).path("deezer", 1)).path.write_bytes(line)
    folder.seal_logs()
    assert landed(folder) == [1, 2, 3]


def test_an_offset_of_a_newer_version_is_left_alone(folder) -> None:
    killed_after(folder, 3)
    offset_path = OffsetFile(LogFolder(folder.landing).path("deezer", 1)).path
    offset_path.write_bytes(offset_path.read_bytes().replace(b"1 ", b"2 ", 1))
    with pytest.raises(NewerDataError) as raised:
        folder.seal_logs()
    assert raised.value.written == 2
    assert landed(folder) == []


def test_a_log_of_a_version_without_offsets_lands_as_its_frontier_says(folder) -> None:
    killed_after(folder, 1)
    OffsetFile(LogFolder(folder.landing).path("deezer", 1)).path.unlink()
    again = Crawl(folder)
    assert landed(folder) == again.settled() == [1, 2]
    again.kill()


def test_logs_of_saved_pages_are_no_logs_of_a_crawl(folder) -> None:
    folder.open()
    saved = folder.logs / "imdb-saved-20261128T101010-123456.ndjson"
    saved.write_text("not sealed: such a run begins anew\n")
    folder.seal_logs()
    assert saved.exists()
    assert landed(folder) == []


def test_a_disk_that_fails_in_the_third_step_loses_nothing(folder, monkeypatch) -> None:
    crawl = Crawl(folder)
    crawl.answer(1)
    crawl.commit()
    crawl.answer(2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(StoreError, match="no room"):
            crawl.commit()
    crawl.kill()
    again = Crawl(folder)
    assert landed(folder) == again.settled() == [1, 2]
    again.kill()
