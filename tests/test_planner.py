"""The planner on small closed worlds: never starves, never asks twice, is reproducible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonofilm.crawl.frontier.base import ANSWERED, Task
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.crawl.planner.estimates import Estimate, GainEstimate
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import POLICIES, policy
from phonofilm.crawl.planner.queues.counted_lists import ContinuationQueue
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.errors import UsageError
from phonofilm.records import Artist, Record
from phonofilm.sources.contract import Page, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Access, Endpoint, Manifest, Terms

NOTHING = Response(200, {}, b"")
PAGE = 5


class Small(HttpSource):
    """Genres with members, artists with others like them; short artists want a batch look-up."""

    def __init__(
        self, genres: list[list[int]], related: list[list[int]], full: bool = True
    ) -> None:
        shape = "artist.full" if full else "artist.short"
        search = Endpoint(
            "/search",
            "genre",
            "contain",
            "artist",
            [shape],
            paging="offset",
            page={"default": PAGE},
            expected_items={"artist": 3},
            membership_field="artist.genres",
        )
        like = Endpoint(
            "/related", "artist", "relate", "artist", [shape], expected_items={"artist": 2}
        )
        look = Endpoint(
            "/artists",
            "artist",
            "detail",
            "artist",
            ["artist.full"],
            batch=4,
            expected_items={"artist": 4},
        )
        super().__init__(
            Manifest(
                "small",
                "a small world",
                "",
                {"open": Access()},
                {"search": search, "related": like, "artists": look},
                Terms(),
                {"artist.full": ["name", "genres"], "artist.short": ["name"]},
                "open",
            )
        )
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
            found, page.total = members[request.offset : request.offset + PAGE], len(members)
            if request.offset + PAGE < len(members):
                page.continues = [Request("search", request.ids, request.offset + PAGE)]
        elif request.endpoint == "related":
            found = self.related[int(request.ids[0])]
        else:
            found, full = [int(a) for a in request.ids], True
        page.records = [
            Artist("small", str(a), name="n", genres=self.carried[a])
            if full
            else Artist("small", str(a), name="n")
            for a in found
        ]
        return page


def asked(
    source: Small, name: str, folder: Path, seed: int = 7
) -> tuple[list[Task], SqliteFrontier]:
    """All calls of a crawl to its end, and what is known then."""
    scope, goal = Everything(), Goal({"artist": None})
    path = folder / f"{name}-{seed}-{len(list(folder.iterdir()))}.sqlite"
    frontier = SqliteFrontier(path)
    for genre in range(min(2, len(source.genres))):
        frontier.add_nodes("genre", [(str(genre), 2, True)])
    planner = Planner(
        source.manifest, "open", goal, scope, frontier, frozenset(), policy(name), seed
    )
    reader = ResponseRecorder(
        source=source, access="open", goal=goal, scope=scope, frontier=frontier, planner=planner
    )
    calls = []
    while ask := planner.next():
        calls.append(ask)
        assert len(calls) < 3000, "it never ends"
        reading = reader.record(ask, NOTHING)
        frontier.settle(ask, ANSWERED, NOTHING, len(calls), None)
        planner.learn(ask, reading.gain, reading.discovered, reading.items)
        frontier.commit()
    return calls, frontier


@st.composite
def worlds(draw: st.DrawFn) -> Small:
    artists = draw(st.integers(2, 40))
    some = st.lists(st.integers(0, artists - 1), max_size=12, unique=True)
    genres = draw(st.lists(some, min_size=1, max_size=6))
    related = draw(st.lists(some, min_size=artists, max_size=artists))
    return Small(genres, related, draw(st.booleans()))


def reachable(source: Small) -> set[str]:
    """The truth: everything that any order of calls leads to."""
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
def test_a_dry_crawl_knows_all_that_can_be_reached_and_asks_nothing_twice(
    tmp_path_factory, name: str, source: Small
) -> None:
    calls, frontier = asked(source, name, tmp_path_factory.mktemp("crawl"))
    keys = [(c.request.endpoint, node, c.request.offset) for c in calls for node in c.nodes]
    assert len(keys) == len(set(keys))
    known = {frontier.id_of(node) for node in frontier.index.by_kind["artist"]}
    assert known == reachable(source)
    assert all(frontier.is_full(node) for node in frontier.index.by_kind["artist"])
    frontier.close()


@given(source=worlds(), seed=st.integers(0, 5))
@settings(max_examples=20)
def test_the_same_seed_and_the_same_answers_make_the_same_crawl(
    tmp_path_factory, source: Small, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("crawl")
    first, one = asked(source, "information", folder, seed)
    second, two = asked(source, "information", folder, seed)
    one.close(), two.close()
    assert [c.request for c in first] == [c.request for c in second]


def test_batches_wait_until_they_are_full_and_the_last_half_is_not_forgotten(tmp_path) -> None:
    source = Small([list(range(10))], [[] for _ in range(10)], full=False)
    calls, frontier = asked(source, "information", tmp_path)
    frontier.close()
    sizes = [len(c.nodes) for c in calls if c.request.endpoint == "artists"]
    assert sizes == [4, 4, 2]


def test_a_list_whose_members_are_known_is_left_for_one_that_is_not(tmp_path) -> None:
    frontier = SqliteFrontier(tmp_path / "x.sqlite")
    frontier.add_nodes("genre", [("known", 2, True), ("fresh", 2, True)])
    frontier.commit()
    spec = Small([[]], []).manifest.endpoints["search"]
    pages = ContinuationQueue("search+", spec, GainEstimate(3.0, {}), frontier, PAGE, counted=True)
    for row, name in enumerate(("known", "fresh"), 1):
        node = frontier.seq_of("genre", name)
        frontier.index.list_members[node] = 38 if name == "known" else 6
        pages.add(Request("genre_artists", (), PAGE), row, node, 40)
    assert pages.best() == pytest.approx(0.9 * PAGE * 34 / 35)
    assert pages.take().request.ids == ("fresh",)
    assert pages.best() == pytest.approx(0.9 * PAGE * 2 / 35)
    frontier.close()


def test_an_unknown_policy_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no policy") as told:
        policy("magic")
    assert all(name in told.value.next_step for name in POLICIES)


@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=80))
def test_an_estimate_stays_within_what_happened(values: list[float]) -> None:
    held = Estimate(values[0])
    for value in values:
        held.learn(value)
    assert min(values) - 1e-9 <= held.mean <= max(values) + 1e-9
    assert held.error >= 0
