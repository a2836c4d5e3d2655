"""Conformance of frontier stores: what a crawl and workers that share a store rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.sqlite.store import SqliteStore
from phonofilm.crawl.frontier.store import FrontierStore
from phonofilm.crawl.frontier.values import (
    ANSWERED,
    FAILED,
    MISSING,
    QUARANTINED,
    Changes,
    Continuation,
    Lease,
    LogPosition,
    RequestRecord,
    SettledTask,
    Task,
    TaskKey,
    TaskQuery,
)
from phonofilm.errors import OriginError, StoreError
from phonofilm.media.base import FetchedFile
from phonofilm.sources.contract import Request, Response

STORES: dict[str, Callable[[Path], FrontierStore]] = {"sqlite": SqliteStore}
FULL_AND_FOLLOWED, FOLLOWED = 5, 4
ARTIST = 1
FILE = FetchedFile("media/ab/x.mp3", "ab" * 32, 7, "audio/mpeg", "f00d")
A, B = TaskKey("artist_albums", 1), TaskKey("artist_albums", 2)
RECORD = RequestRecord("artist_albums", 5_000_000, 200, "answer", "albums", 2.5, '{"album":3}', "r")


def settled(row: int, node: int, state: int, **more: Any) -> SettledTask:
    """Return a settled task of the first page of a list."""
    values = {"offset": 0, "status": 200, "answered_at": 5, "etag": None, "last_modified": None}
    values |= {"log": None, "log_offset": None} | more
    return SettledTask(row=row, endpoint="artist_albums", node=node, state=state, **values)


def changes() -> Changes:
    """Return changes of every kind."""
    page = Request("artist_albums", offset=50, cursor="c")
    return Changes(
        nodes=[(1, ARTIST, "a", FOLLOWED), (2, ARTIST, "b", FOLLOWED)],
        flags={2: FULL_AND_FOLLOWED},
        continuations=[Continuation(page, 3, 1, 120)],
        settled=[
            settled(1, 1, ANSWERED, etag='"x"', log=1, log_offset=0),
            settled(2, 2, ANSWERED, log=1, log_offset=900),
        ],
        requests=[(1, RECORD), (2, RECORD._replace(verdict="missing", status=404))],
        list_sizes=[("artist_albums", 1, 120)],
        shortfalls=[("artist_albums", 2, 4)],
        list_members={1: 50},
        absent=[("related", 9, 403)],
        files=[("https://example.org/x", FILE)],
        position=LogPosition(1, 1200),
    )


class Stores:
    """Stores of one kind at one address, opened one after the other as by a killed process."""

    def __init__(self, name: str, folder: Path) -> None:
        self._make, self._path = STORES[name], folder / "deezer.sqlite"
        self.opened = self._make(self._path)

    def reopen(self) -> FrontierStore:
        """Close the store without another word, and open it again."""
        self.opened.close()
        self.opened = self._make(self._path)
        return self.opened


@pytest.fixture(params=STORES)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """An empty store of each kind."""
    made = Stores(request.param, tmp_path)
    yield made
    made.opened.close()


def contents(store: FrontierStore) -> dict[str, Any]:
    """Return everything that a store gives back."""
    state, history = store.load(), store.history
    return {
        "last": (state.last_task, state.last_request),
        "nodes": list(state.nodes),
        "answered": sorted(state.answered),
        "shortfalls": dict(state.shortfalls),
        "members": dict(state.list_members),
        "tasks": list(store.tasks(TaskQuery())),
        "sizes": store.list_sizes("artist_albums"),
        "files": store.files(),
        "requests": history.requests_since(0.0),
        "counts": history.request_counts(),
        "gain": history.gain_by_queue(),
        "absent": history.absent(),
        "logs": store.logs.unsealed(),
    }


EMPTY: dict[str, Any] = {
    "last": (0, 0),
    "nodes": [],
    "answered": [],
    "shortfalls": {},
    "members": {},
    "tasks": [],
    "sizes": {},
    "files": {},
    "requests": [],
    "counts": [],
    "gain": [],
    "absent": {},
}


def test_changes_of_every_kind_come_back_after_a_kill(stores: Stores) -> None:
    store = stores.opened
    assert store.logs.begin() == 1
    applied = store.apply(changes())
    assert list(applied.discovered) == [1, 2]
    expected = contents(store)
    assert {**expected, "logs": None} != {**EMPTY, "logs": None}
    assert expected["nodes"] == [(1, ARTIST, "a", FOLLOWED), (2, ARTIST, "b", FULL_AND_FOLLOWED)]
    assert expected["logs"] == {1: 1200}
    assert [store.node_id(node) for node in (1, 2, 3)] == ["a", "b", None]
    assert contents(stores.reopen()) == expected


def test_changes_are_values_that_can_be_sent(stores: Stores) -> None:
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(changes()), type=Changes)
    assert sent == changes()
    stores.opened.logs.begin()
    stores.opened.apply(sent)
    assert contents(stores.opened)["counts"] == [
        ("artist_albums", 200, 1),
        ("artist_albums", 404, 1),
    ]


def test_changes_are_applied_whole_or_not_at_all(stores: Stores) -> None:
    store = stores.opened
    broken = changes()
    broken.files.append(("https://example.org/y", FILE._replace(path=None)))  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.apply(broken)
    assert contents(store) == EMPTY | {"logs": {}}
    assert contents(stores.reopen()) == EMPTY | {"logs": {}}


def test_a_continuation_is_settled_in_its_row(stores: Stores) -> None:
    store = stores.opened
    store.logs.begin()
    store.apply(changes())
    store.apply(Changes(settled_continuations=[settled(3, 1, ANSWERED, offset=50)]))
    (page,) = store.tasks(TaskQuery(row=3))
    assert (page.state, page.cursor, page.total) == (ANSWERED, "c", 120)
    assert list(store.task_nodes(TaskQuery("artist_albums", states=(ANSWERED,)))) == [1, 2, 1]
    assert list(store.task_nodes(TaskQuery("artist_albums", first_page=True))) == [1, 2]


@pytest.mark.parametrize("state", [ANSWERED, FAILED, MISSING, QUARANTINED])
def test_tasks_are_selected_by_every_condition(stores: Stores, state: int) -> None:
    store = stores.opened
    store.apply(Changes(settled=[settled(1, 1, state), settled(2, 2, ANSWERED)]))
    selected = {row.row for row in store.tasks(TaskQuery("artist_albums", states=(state,)))}
    assert selected == ({1, 2} if state == ANSWERED else {1})
    assert [row.row for row in store.tasks(TaskQuery(node=2))] == [2]
    assert not list(store.tasks(TaskQuery("albums")))


def test_a_lease_keeps_other_workers_away_until_it_ends(stores: Stores) -> None:
    store = stores.opened
    assert store.lease([A, B], Lease("one", 100.0), now=0.0)
    assert not store.lease([B], Lease("two", 100.0), now=50.0)
    assert store.lease([B], Lease("one", 200.0), now=50.0)  # extended
    assert not store.lease([A, B], Lease("two", 300.0), now=150.0)  # all or none
    assert store.lease([A], Lease("two", 300.0), now=150.0)
    assert store.lease([B], Lease("two", 300.0), now=200.0)


def test_leases_end_with_the_task_the_worker_and_the_store(stores: Stores) -> None:
    store = stores.opened
    store.lease([A, B], Lease("one", 1e9), now=0.0)
    store.apply(Changes(settled=[settled(1, 1, FAILED)]))
    assert store.lease([A], Lease("two", 1e9), now=0.0)
    store.release("one")
    assert store.lease([B], Lease("two", 1e9), now=0.0)
    assert stores.reopen().lease([A, B], Lease("three", 2e9), now=1e9)


def test_a_request_whose_worker_died_counts_towards_budgets(stores: Stores) -> None:
    store = stores.opened
    recorded = store.reserve("albums", 7_000_000)
    store.reserve("artist", 8_000_000)
    record = RECORD._replace(endpoint="albums", answered_at=7_000_000)
    store.apply(Changes(requests=[(1, record)], permits=[recorded]))
    expected = [(7.0, "albums"), (8.0, "artist")]
    assert stores.reopen().history.requests_since(6.0) == expected
    assert stores.opened.history.requests_since(7.5) == expected[1:]


def test_lines_that_did_not_land_are_requested_again(stores: Stores) -> None:
    store = stores.opened
    log = store.logs.begin()
    assert log == 1
    store.apply(changes())
    assert store.logs.reopen_lost(log, 900) == {2}
    assert list(store.task_nodes(TaskQuery(states=(FAILED,)))) == [2]
    assert list(store.load().nodes)[1] == (2, ARTIST, "b", FOLLOWED)
    assert store.logs.unsealed() == {log: 900}
    store.logs.mark_sealed(log)
    assert store.logs.unsealed() == {}
    assert store.logs.begin(7) == 7


def test_what_is_due_is_requested_again_list_by_list(stores: Stores) -> None:
    store = stores.opened
    store.logs.begin()
    store.apply(changes())
    later = settled(3, 1, ANSWERED, offset=50, answered_at=20)
    store.apply(Changes(settled_continuations=[later]))
    assert store.reopen_answered_before(5) == 0
    assert store.reopen_answered_before(6) == 2
    assert not list(store.tasks(TaskQuery()))
    assert [flags for *_, flags in store.load().nodes] == [FOLLOWED, FOLLOWED]


def test_a_store_has_one_origin_and_forgets_absence_at_another_access_level(stores: Stores) -> None:
    store = stores.opened
    store.bind("sandbox a", "extended")
    store.apply(Changes(absent=[("related", 9, 403)]))
    store.bind("sandbox a", "extended")
    assert store.history.absent() == {"related": 9}
    store.bind("sandbox a", "development")
    assert store.history.absent() == {}
    with pytest.raises(OriginError, match="sandbox a"):
        stores.reopen().bind("the live service", "extended")


def test_settings_are_a_mapping_that_is_written_at_once(stores: Stores) -> None:
    settings = stores.opened.settings
    settings["scope"], settings["census"] = "everything", "x"
    del settings["census"]
    assert settings.pop("census", None) is None
    with pytest.raises(KeyError):
        del settings["census"]
    assert dict(stores.reopen().settings) == {"scope": "everything"}
    assert len(stores.opened.settings) == 1


def test_a_person_is_erased_from_every_value(stores: Stores) -> None:
    store = stores.opened
    store.logs.begin()
    store.apply(changes())
    store.apply(Changes(files=[("https://example.org/470815117.jpg", FILE)]))
    store.apply(Changes(nodes=[(3, ARTIST, "470815117", FOLLOWED)]))
    store.history.save_run("r", 1.0, '{"not_found": [{"name": "470815117"}]}')
    store.settings["scope"] = "named artist 470815117"
    store.erase_person({"artist": ["470815117"]}, [], "forgotten")
    everything = f"{contents(store)} {dict(store.settings)} {store.history.runs()}"
    assert "470815117" not in everything
    assert store.node_id(3) == "forgotten-3"


def test_following_nothing_keeps_what_is_full(stores: Stores) -> None:
    store = stores.opened
    store.logs.begin()
    store.apply(changes())
    store.follow_none()
    assert [flags for *_, flags in store.load().nodes] == [0, 1]


def test_two_workers_of_a_store_never_have_the_same_task(stores: Stores) -> None:
    frontier = Frontier(stores.opened)
    frontier.add_nodes("artist", [("a", 2, False)])
    task = Task(Request("artist", ("a",)), (1,))
    assert frontier.lease(task, "one", 0.0)
    assert not frontier.lease(task, "two", 0.0)
    frontier.settle(task, MISSING, Response(404, {}, b""), 1, None)
    frontier.commit()
    assert frontier.lease(task, "two", 0.0)
