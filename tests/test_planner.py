"""The planner on small closed worlds: requests all that is reachable, nothing twice, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import ANSWERED, Task
from phonofilm.crawl.planner.estimates import Estimate, GainEstimate
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import POLICIES, policy
from phonofilm.crawl.planner.queues import base
from phonofilm.crawl.planner.queues.base import OpenLists, QueueOptions
from phonofilm.crawl.planner.queues.continuations import ContinuationQueue
from phonofilm.crawl.planner.queues.sized_lists import SizedListQueue
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.planner.worklist import PlannedRequest, Worklist
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.records import Artist, Record
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Page, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Access, Endpoint, Manifest, Terms

NOTHING = Response(200, {}, b"")
PAGE = 5


GENRE_ARTISTS = Endpoint(
    path="/search",
    subject="genre",
    role="contain",
    item_kind="artist",
    returns=["artist.full"],
    paging="offset",
    page={"default": PAGE},
    expected_items={"artist": 3},
    membership_field="artist.genres",
)
RELATED = Endpoint(
    path="/related",
    subject="artist",
    role="relate",
    item_kind="artist",
    returns=["artist.full"],
    expected_items={"artist": 2},
)
LOOK_UP = Endpoint(
    path="/artists",
    subject="artist",
    role="detail",
    item_kind="artist",
    returns=["artist.full"],
    batch=4,
    expected_items={"artist": 4},
)
COMMENTS = Endpoint(
    path="/comments",
    subject="track",
    role="contain",
    item_kind="comment",
    returns=["comment.full"],
    paging="offset",
    page={"default": 200},
    size_field="track.comment_count",
    expected_items={"comment": 30},
)


def manifest_of(**endpoints: Endpoint) -> Manifest:
    """The manifest of a source with these endpoints."""
    return Manifest(
        name="small",
        title="a small world",
        base_url="",
        access={"open": Access()},
        endpoints=endpoints,
        terms=Terms(),
        shapes={"artist.full": ["name", "genres"], "artist.short": ["name"]},
        default_access="open",
    )


class Small(HttpSource):
    """Genres with members, artists with related ones; short artists want a batch look-up."""

    def __init__(
        self, genres: list[list[int]], related: list[list[int]], full: bool = True
    ) -> None:
        returns = ["artist.full" if full else "artist.short"]
        search = msgspec.structs.replace(GENRE_ARTISTS, returns=returns)
        like = msgspec.structs.replace(RELATED, returns=returns)
        super().__init__(manifest_of(search=search, related=like, artists=LOOK_UP))
        self.genres, self.related, self.full = genres, related, full
        self.carried = {
            a: [str(g) for g, members in enumerate(genres) if a in members]
            for a in range(len(related))
        }

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        return [record.genres for record in records]

    def parse(self, request: Request, response: Response) -> Page:
        page = Page(records=[], links=[], continues=[])
        full = self.full
        if request.endpoint == "search":
            members = self.genres[int(request.ids[0])]
            artists, page.total = members[request.offset : request.offset + PAGE], len(members)
            if request.offset + PAGE < len(members):
                page.continues = [Request("search", request.ids, request.offset + PAGE)]
        elif request.endpoint == "related":
            artists = self.related[int(request.ids[0])]
        else:
            artists, full = [int(a) for a in request.ids], True
        page.records = [
            Artist("small", str(a), name="n", genres=self.carried[a])
            if full
            else Artist("small", str(a), name="n")
            for a in artists
        ]
        return page


def crawled(source: Small, name: str, folder: Path, seed: int = 7) -> tuple[list[Task], Frontier]:
    """All tasks of a crawl to its end, and its frontier then."""
    scope, goal = Everything(), Goal({"artist": None})
    frontier = open_frontier(folder / f"{name}-{seed}-{len(list(folder.iterdir()))}.sqlite")
    for genre in range(min(2, len(source.genres))):
        frontier.add_nodes("genre", [(str(genre), 2, True)])
    endpoints = GoalEndpoints(manifest=source.manifest, access="open", goal=goal, scope=scope)
    planner = Planner(endpoints, frontier, policy(name), seed=seed)
    recorder = ResponseRecorder(
        source=source, access="open", goal=goal, scope=scope, frontier=frontier, planner=planner
    )
    tasks: list[Task] = []
    while task := planner.next():
        tasks.append(task)
        assert len(tasks) < 3000, "it never ends"
        recorded = recorder.record(task, NOTHING)
        frontier.settle(task, ANSWERED, NOTHING, len(tasks), None)
        planner.learn(task, recorded.gain, recorded.discovered, recorded.items)
        frontier.commit()
    return tasks, frontier


@st.composite
def worlds(draw: st.DrawFn) -> Small:
    artists = draw(st.integers(2, 40))
    some = st.lists(st.integers(0, artists - 1), max_size=12, unique=True)
    genres = draw(st.lists(some, min_size=1, max_size=6))
    related = draw(st.lists(some, min_size=artists, max_size=artists))
    return Small(genres, related, draw(st.booleans()))


def reachable(source: Small) -> set[str]:
    """The truth: everything that any order of requests leads to."""
    known, genres = set[int](), set(range(min(2, len(source.genres))))
    while True:
        more = {a for g in genres for a in source.genres[g]} | {
            b for a in known for b in source.related[a]
        }
        lists = genres | {int(g) for a in more | known for g in source.carried[a]}
        if more <= known and lists == genres:
            return {str(a) for a in known}
        known, genres = known | more, lists


@pytest.mark.parametrize("name", POLICIES)
@given(source=worlds())
@settings(max_examples=40)
def test_a_crawl_to_its_end_knows_all_that_is_reachable_and_requests_nothing_twice(
    tmp_path_factory, name: str, source: Small
) -> None:
    tasks, frontier = crawled(source, name, tmp_path_factory.mktemp("crawl"))
    keys = [(t.request.endpoint, node, t.request.offset) for t in tasks for node in t.nodes]
    assert len(keys) == len(set(keys))
    known = {frontier.id_of(node) for node in frontier.index.by_kind["artist"]}
    assert known == reachable(source)
    assert all(frontier.is_full(node) for node in frontier.index.by_kind["artist"])
    frontier.close()


@given(source=worlds(), seed=st.integers(0, 5))
@settings(max_examples=20)
def test_the_same_seed_and_the_same_responses_make_the_same_crawl(
    tmp_path_factory, source: Small, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("crawl")
    requests = []
    for _ in range(2):
        tasks, frontier = crawled(source, "information", folder, seed)
        frontier.close()
        requests.append([task.request for task in tasks])
    assert requests[0] == requests[1]


def test_batches_wait_until_they_are_full_and_the_last_half_is_not_forgotten(tmp_path) -> None:
    source = Small([list(range(10))], [[] for _ in range(10)], full=False)
    tasks, frontier = crawled(source, "information", tmp_path)
    frontier.close()
    sizes = [len(task.nodes) for task in tasks if task.request.endpoint == "artists"]
    assert sizes == [4, 4, 2]


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    """An empty frontier."""
    frontier = open_frontier(tmp_path / "x.sqlite")
    yield frontier
    frontier.close()


def options(frontier: Frontier, name: str, spec: Endpoint, **more: Any) -> QueueOptions:
    """Options of a queue whose endpoint is expected to bring three records."""
    more = {"list_sizes": {}, "page_size": spec.page["default"], "counted": False} | more
    expected = GainEstimate(3.0, {})
    return QueueOptions(name=name, spec=spec, expected=expected, frontier=frontier, **more)


def test_a_list_whose_members_are_known_is_left_for_one_that_is_not(frontier) -> None:
    frontier.add_nodes("genre", [("known", 2, True), ("new", 2, True)])
    frontier.commit()
    pages = ContinuationQueue(options(frontier, "search+", GENRE_ARTISTS, counted=True))
    for row, name in enumerate(("known", "new"), 1):
        node = frontier.seq_of("genre", name)
        frontier.index.list_members[node] = 38 if name == "known" else 6
        pages.add(Request("genre_artists", (), PAGE), row, node, 40)
    assert pages.best_gain() == pytest.approx(0.9 * PAGE * 34 / 35)
    assert pages.take().request.ids == ("new",)
    assert pages.best_gain() == pytest.approx(0.9 * PAGE * 2 / 35)


def comment_queues(frontier: Frontier) -> tuple[SizedListQueue, ContinuationQueue]:
    """Queues of the comments of three tracks, of which the third does not announce a number."""
    frontier.add_nodes("track", [("7", 2, True), ("8", 2, True), ("9", 2, True)])
    frontier.commit()
    sizes = {1: 12, 2: 5}
    first_pages = SizedListQueue(options(frontier, "comments", COMMENTS, list_sizes=sizes))
    return first_pages, ContinuationQueue(
        options(frontier, "comments+", COMMENTS, list_sizes=sizes)
    )


def read_page(pages: ContinuationQueue, row: int, cursor: str, items: int) -> None:
    """Take a page, and learn that it had some items and a link to another page."""
    task = pages.take()
    node, offset = task.nodes[0], task.request.offset + max(1, items)
    pages.add(Request("comments", task.request.ids, offset, cursor), row, node, None)
    pages.learn(task, items, {"comment": items}, items, pages.goes_on(task))
    pages.on_page(node, items, items, items)


def test_empty_pages_before_another_page_do_not_use_up_the_patience_of_a_queue(frontier) -> None:
    _, pages = comment_queues(frontier)
    pages.add(Request("comments", ("7",), 1, "cursor=0"), 1, 1, None)
    for row in range(2, 500):
        read_page(pages, row, f"cursor={row}", items=0)
    assert pages.expected.fruitless == 0
    assert pages.expected.empty_pages == 498
    assert not pages.out_of_patience
    read_page(pages, 500, "cursor=500", items=3)
    assert pages.expected.empty_pages == 0


def test_pages_of_known_items_use_up_the_patience_of_a_queue(frontier) -> None:
    _, pages = comment_queues(frontier)
    pages.add(Request("comments", ("7",), 1, "cursor=0"), 1, 1, None)
    for row in range(2, 402):
        task = pages.take()
        request = Request("comments", ("7",), task.request.offset + 9, f"cursor={row}")
        pages.add(request, row, 1, None)
        pages.learn(task, 0.0, {}, 9, pages.goes_on(task))
    assert pages.out_of_patience


def test_a_queue_of_empty_pages_is_given_up_in_the_end(frontier, monkeypatch) -> None:
    monkeypatch.setattr(base, "EMPTY_PAGES_PATIENCE", 3)
    first_pages, pages = comment_queues(frontier)
    task = first_pages.take()
    pages.add(Request("comments", task.request.ids, 1, "cursor=0"), 1, task.nodes[0], None)
    first_pages.learn(task, 0.0, {}, 0, pages.goes_on(task))
    pages.on_page(task.nodes[0], 0.0, 0, 0)
    for row in range(2, 5):
        read_page(pages, row, f"cursor={row}", items=0)
    assert not first_pages.out_of_patience
    assert pages.out_of_patience
    # Four empty pages take an offset each, so all twelve comments of the first track are missing.
    assert pages.unfinished(given_up=True) == OpenLists(lists=1, items=12)
    assert pages.unfinished(given_up=False) == OpenLists(lists=0, items=0)
    assert first_pages.unfinished(given_up=True) == OpenLists(lists=1, items=5)


def test_a_list_that_the_guard_left_stays_open_for_the_next_run(frontier) -> None:
    _, pages = comment_queues(frontier)
    for node in (1, 2, 3):
        pages.abandon(Request("comments", (str(node + 6),), 4, "cursor=4"), node, None)
    # Of twelve, three were listed before the empty page; of five, too; the third announces none.
    assert pages.unfinished(given_up=False) == OpenLists(lists=3, items=9 + 2 + 1)
    frontier.commit()
    rows = [(row.node, row.total) for row in frontier.open_continuations()]
    assert rows == [(1, 13), (2, 6), (3, None)]


def test_a_list_that_was_listed_to_its_announced_end_is_not_left_open(frontier) -> None:
    _, pages = comment_queues(frontier)
    pages.abandon(Request("comments", ("8",), 6, "cursor=6"), 2, None)
    frontier.commit()
    assert pages.unfinished(given_up=False) == OpenLists(lists=0, items=0)
    assert not list(frontier.open_continuations())


class Spent:
    """A quota of which nothing is left."""

    uniform_quota = False

    def quota_weight(self, endpoint: str) -> float | None:
        """Return that the quota is spent."""
        return None


def test_requests_without_quota_block_and_do_not_end_a_crawl(frontier) -> None:
    frontier.add_nodes("artist", [("1", 2, False)])
    endpoints = GoalEndpoints(
        manifest=manifest_of(related=RELATED),
        access="open",
        goal=Goal({"artist": None}),
        scope=Everything(),
    )
    planner = Planner(endpoints, frontier, quota=Spent())
    assert planner.next() is None
    assert planner.quota_blocked


@pytest.mark.parametrize("planned", [[PlannedRequest("artists", "1")], []])
def test_planned_requests_without_quota_block_and_do_not_end_a_crawl(frontier, planned) -> None:
    worklist = Worklist(manifest_of(artists=LOOK_UP), frontier, planned, Spent())
    if not planned:  # only a further page of a batch is left
        worklist.lists.add_continuation(Request("artists", ("1",), PAGE), 1, 1, None)
    assert worklist.next() is None
    assert worklist.quota_blocked


def test_an_unknown_policy_is_reported_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no policy") as error:
        policy("magic")
    assert all(name in error.value.next_step for name in POLICIES)


@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=80))
def test_an_estimate_stays_within_what_happened(values: list[float]) -> None:
    estimate = Estimate(values[0])
    for value in values:
        estimate.learn(value)
    assert min(values) - 1e-9 <= estimate.mean <= max(values) + 1e-9
    assert estimate.error >= 0


def relevant(access: str, scope: Scope, *wants: str) -> set[str]:
    """Return the endpoints that are relevant for a goal at an access level of Spotify."""
    goal = Goal(dict.fromkeys(wants))
    endpoints = GoalEndpoints(
        manifest=get("spotify").manifest, access=access, goal=goal, scope=scope
    )
    return set(endpoints.relevant(frozenset()))


def test_tracks_that_nobody_wanted_are_not_looked_up_one_by_one() -> None:
    links = [Link("artist_query", "Ada")]
    implied = Named(links, with_credits=False, implies_tracks=True)
    wanted = Named(links, with_credits=False)
    kinds = ("artist", "album", "track")
    assert "track" not in relevant("development", implied, *kinds)
    assert "track" in relevant("development", wanted, *kinds)
    assert "tracks" in relevant("extended-legacy", implied, *kinds)  # fifty in a request


def test_a_genre_is_whole_with_its_lists_where_artists_do_not_say_their_genres() -> None:
    detours = {"genre_tracks", "artist_albums", "album", "related"}
    assert not relevant("development", OfGenre("techno"), "artist") & detours
    assert "related" in relevant("extended-legacy", OfGenre("techno"), "artist")
