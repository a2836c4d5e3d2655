"""A frontier file that is damaged anywhere: each call works or ends in one sentence."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phonofilm.crawl.frontier.sqlite.read_only import answered_ids, bound_access, followed_ids
from phonofilm.crawl.frontier.sqlite.store import SqliteStore
from phonofilm.crawl.frontier.store import FrontierStore
from phonofilm.crawl.frontier.values import ANSWERED, Changes, Lease, TaskKey, TaskQuery
from phonofilm.errors import NewerDataError, OriginError, StoreError
from phonofilm.media.base import FetchedFile
from tests.test_frontier_stores import ARTIST, FOLLOWED, RECORD, contents, settled

PAGE_BYTES = 4096
NODES = 400
RUBBISH: dict[str, Callable[[random.Random], bytes]] = {
    "one word": lambda _: b"rubbish!" * (PAGE_BYTES // 8),
    "zeros": lambda _: bytes(PAGE_BYTES),
    "random bytes": lambda rng: rng.randbytes(PAGE_BYTES),
}
each_kind = pytest.mark.parametrize(
    "kind", ["one word", *(pytest.param(k, marks=pytest.mark.slow) for k in [*RUBBISH][1:])]
)
CALLS: dict[str, Callable[[FrontierStore], object]] = {
    "bind": lambda store: store.bind("https://api.example.org", "open"),
    "read": contents,
    "node_id": lambda store: store.node_id(NODES),
    "tasks of a node": lambda store: list(store.tasks(TaskQuery(node=NODES))),
    "task_nodes": lambda store: list(store.task_nodes(TaskQuery(endpoint="artist_albums"))),
    "answered_requests": lambda store: list(store.history.answered_requests()),
    "answered_endpoints": lambda store: store.history.answered_endpoints(),
    "runs": lambda store: store.history.runs(),
    "request_counts of a run": lambda store: store.history.request_counts("r"),
    "settings": lambda store: dict(store.settings),
    "lease": lambda store: store.lease([TaskKey("artist_albums", 1)], Lease("w", 9.0), 1.0),
    "reserve": lambda store: store.reserve("artist_albums", 9),
    "apply": lambda store: store.apply(
        Changes(nodes=[(NODES + 1, ARTIST, "new", 0)], flags=dict.fromkeys(range(1, NODES), 5))
    ),
    "save_run": lambda store: store.history.save_run("s", 2.0, "{}"),
    "begin a log": lambda store: store.logs.begin(),
    "reopen_lost": lambda store: store.logs.reopen_lost(1, 0),
    "mark_sealed": lambda store: store.logs.mark_sealed(1),
    "reopen_look_ups": lambda store: store.reopen_look_ups("artist", ["artist_albums"]),
    "reopen_answered_before": lambda store: store.reopen_answered_before(6),
    "follow_none": lambda store: store.follow_none(),
    "erase_person": lambda store: store.erase_person({"artist": ["artist-7"]}, ["A name"], "gone"),
}


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A frontier file in which every table has rows, and the great ones several pages."""
    path = tmp_path_factory.mktemp("frontier") / "deezer.sqlite"
    store = SqliteStore(path)
    store.bind("https://api.example.org", "open")
    store.logs.begin()
    numbers = range(1, NODES + 1)
    store.apply(
        Changes(
            nodes=[(n, ARTIST, f"artist-{n}", FOLLOWED) for n in numbers],
            settled=[settled(n, n, ANSWERED, log=1, log_offset=n) for n in numbers],
            requests=[(n, RECORD._replace(answered_at=n)) for n in numbers],
            list_sizes=[("artist_albums", n, 9) for n in numbers],
            shortfalls=[("artist_albums", n, 9) for n in numbers],
            list_members=dict.fromkeys(numbers, 9),
            absent=[("related", 9, 403)],
            files=[(f"https://x.org/{n}", FetchedFile("x", "y", 1, "z", "")) for n in numbers],
        )
    )
    store.reserve("artist_albums", 5)
    store.history.save_run("r", 1.0, "{}")
    store.close()
    return path.read_bytes()


@contextlib.contextmanager
def only_store_errors(outcomes: list[str], name: str) -> Iterator[None]:
    """Note what a call comes to. Another error than a StoreError fails the test."""
    try:
        yield
    except (NewerDataError, OriginError):
        outcomes.append(f"{name}: another file")
    except StoreError as error:
        assert error.next_step
        outcomes.append(f"{name}: refused")
    else:
        outcomes.append(f"{name}: done")


def damaged(whole: bytes, page: int, rubbish: bytes) -> bytes:
    """Return a file with one page overwritten."""
    start = page * PAGE_BYTES
    return whole[:start] + rubbish + whole[start + PAGE_BYTES :]


@each_kind
def test_a_page_of_rubbish_anywhere_is_one_sentence_from_every_call(
    kind: str, whole_file: bytes, tmp_path: Path
) -> None:
    path, rng, outcomes = tmp_path / "deezer.sqlite", random.Random(7), list[str]()
    for page in range(len(whole_file) // PAGE_BYTES):
        for name, call in CALLS.items():
            path.write_bytes(damaged(whole_file, page, RUBBISH[kind](rng)))
            with only_store_errors(outcomes, name):
                store = SqliteStore(path)
                with contextlib.closing(store):
                    call(store)
            for more in ("-wal", "-shm"):
                path.with_name(path.name + more).unlink(missing_ok=True)
    assert {f"{name}: refused" for name in CALLS} <= set(outcomes)
    # erasing reads every page, because it wipes the free ones
    assert {f"{name}: done" for name in CALLS if name != "erase_person"} <= set(outcomes)


@each_kind
def test_a_page_of_rubbish_is_one_sentence_for_those_who_only_read(
    kind: str, whole_file: bytes, tmp_path: Path
) -> None:
    path, rng, outcomes = tmp_path / "deezer.sqlite", random.Random(8), list[str]()
    for page in range(len(whole_file) // PAGE_BYTES):
        path.write_bytes(damaged(whole_file, page, RUBBISH[kind](rng)))
        with only_store_errors(outcomes, "answered_ids"):
            answered_ids(path)
        with only_store_errors(outcomes, "followed_ids"):
            followed_ids(path, ARTIST, None, "scope")
        with only_store_errors(outcomes, "bound_access"):
            bound_access(path)
    assert {"answered_ids: refused", "bound_access: refused"} <= set(outcomes)
