"""Coverage: cases worked out by hand, and crawls of worlds whose size is known."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.coverage.coverage import Coverage
from phonofilm.crawl.coverage.population import STATE_VERSION, PopulationEstimator
from phonofilm.crawl.scope.goal import parse_until
from phonofilm.crawl.scope.scopes import Named, OfGenre
from phonofilm.errors import UsageError
from phonofilm.formatting import format_coverage
from phonofilm.sources.contract import Link
from phonofilm.workspace import Workspace
from tests.conftest import collect

ROCK, JAZZ = 1, 2


class Evidence:
    """An estimator with the member counts that its owner keeps up to date."""

    def __init__(self, has_related: bool = True) -> None:
        self.members: Counter[int] = Counter()
        self.estimator = PopulationEstimator(self.members, has_related)

    def add(self, node: int, lists: tuple[int, ...], page_of: int = 0) -> None:
        """Add a new node that stands in lists, from a page of a list or a related response."""
        self.members.update(lists)
        self.estimator.add([node], [lists], dict.fromkeys(lists, 1), page_of, related=not page_of)


def test_one_list_that_announces_its_size_tells_what_is_missing() -> None:
    evidence = Evidence(has_related=False)
    evidence.estimator.set_list_size(ROCK, 100)
    for node in range(10, 60):
        evidence.add(node, (ROCK,), page_of=ROCK)
    unknown = evidence.estimator.unknown(0, lists_open=True)
    # 50 are missing. Each known one is in one list, five imagined ones in 1.6: 50 * 55 / 58.
    assert unknown.middle == pytest.approx(50 * 55 / 58)
    assert unknown.low < 50 < unknown.high


def test_nodes_in_two_lists_are_not_counted_twice() -> None:
    evidence = Evidence(has_related=False)
    evidence.estimator.set_list_size(ROCK, 60)
    evidence.estimator.set_list_size(JAZZ, 60)
    for node in range(10, 50):
        evidence.add(node, (ROCK, JAZZ), page_of=ROCK)
    unknown = evidence.estimator.unknown(0, lists_open=True)
    # 20 are missing in each of two lists; a known one stands in two, so each list discovers it half
    # as often: 40 / 1.96.
    assert unknown.middle == pytest.approx(40 * (20 + 5) / (40 + 8))


def test_a_list_without_a_further_page_has_no_missing_members() -> None:
    evidence = Evidence(has_related=False)
    evidence.estimator.set_list_size(ROCK, 100)
    for node in range(10, 60):
        evidence.add(node, (ROCK,), page_of=ROCK)
    evidence.estimator.close_list(ROCK)
    assert evidence.estimator.unknown(0, lists_open=True).middle == pytest.approx(0.0)


def test_when_no_request_is_open_everything_is_known() -> None:
    evidence = Evidence()
    evidence.add(10, ())
    assert evidence.estimator.unknown(0, lists_open=False) == (0.0, 0.0, 0.0)


def test_related_responses_without_new_nodes_say_that_little_is_left() -> None:
    evidence = Evidence()
    evidence.estimator.set_list_size(ROCK, 40)
    for node in range(10, 50):
        evidence.add(node, (ROCK,), page_of=ROCK)
    before = evidence.estimator.unknown(40, lists_open=True).high
    for node in range(10, 50):
        evidence.estimator.add_related_response([node, 10 + (node + 7) % 40], 0)
    after = evidence.estimator.unknown(1, lists_open=False)
    assert after.high < before
    assert after.middle < 4


def some_evidence() -> Evidence:
    """Listed and unlisted nodes, a sized list, related responses and a response of another list."""
    evidence = Evidence()
    evidence.estimator.set_list_size(ROCK, 40)
    for node in range(10, 40):
        listed = node % 3
        evidence.add(node, (ROCK,) if listed else (), page_of=ROCK if listed else 0)
        evidence.estimator.add_related_response([node], 1)
    evidence.estimator.add_list_response(9, 2)
    return evidence


def test_without_sizes_the_new_share_of_related_responses_says_what_is_unknown() -> None:
    evidence = Evidence()
    for number in range(20):  # each names ten nodes, two of them for the first time
        for node in (2 * number, 2 * number + 1):
            evidence.add(10 + node, ())
        evidence.estimator.add_related_response(list(range(10 + 2 * number, 20 + 2 * number)), 2)
    unknown = evidence.estimator.unknown(20, lists_open=True)
    assert unknown.middle == pytest.approx(40 * 2 / 8, rel=0.1)
    assert unknown.low < 5 < 20 < unknown.high


def test_mentions_alone_are_known_too() -> None:
    evidence = Evidence()
    evidence.estimator.add_list_response(50, 50)
    assert evidence.estimator.unknown(0, lists_open=True).middle > 0
    assert evidence.estimator.unknown(0, lists_open=False) == (0.0, 0.0, 0.0)


@given(
    nodes=st.lists(
        st.tuples(st.integers(50, 90), st.booleans(), st.booleans()),
        max_size=20,
        unique_by=lambda node: node[0],
    )
)
def test_a_restored_estimator_goes_on_as_if_it_had_never_stopped(
    nodes: list[tuple[int, bool, bool]],
) -> None:
    evidence = some_evidence()
    restored = Evidence()
    restored.members.update(evidence.members)
    restored.estimator.restore(evidence.estimator.dump())
    for each in (evidence, restored):
        for node, listed, related in nodes:
            each.add(node, (ROCK, JAZZ) if listed else (), page_of=0 if related else JAZZ)
            each.estimator.add_known([11, 12], 0)
            each.estimator.add_related_response([node, 11], 1)
    for open_related in (0, 9):
        for lists_open in (True, False):
            arguments = (open_related, lists_open)
            assert restored.estimator.unknown(*arguments) == evidence.estimator.unknown(*arguments)
    assert restored.estimator.share_of(ROCK) == evidence.estimator.share_of(ROCK)
    assert restored.estimator.known == evidence.estimator.known
    assert restored.estimator.dump() == evidence.estimator.dump()


def of_version(version: int | None) -> bytes:
    """A whole state of another version, or of none."""
    state = msgspec.msgpack.decode(some_evidence().estimator.dump())
    assert state.pop("version") == STATE_VERSION
    return msgspec.msgpack.encode(state if version is None else state | {"version": version})


def with_a_field_missing() -> bytes:
    """A state whose evidence about lists lost one of its numbers."""
    state = msgspec.msgpack.decode(some_evidence().estimator.dump())
    state["lists"]["open_members"].pop()
    return msgspec.msgpack.encode(state)


# As it was stored until 2026-11-30: numbers by position, no version.
UNNAMED_NUMBERS = {
    "own": b"",
    "seen": b"",
    "totals": {1: 40},
    "crossed": {},
    "counts": [7.0] * 30,
    "newest": [],
}


@pytest.mark.parametrize(
    "stored",
    [
        of_version(None),
        of_version(STATE_VERSION - 1),
        of_version(STATE_VERSION + 1),
        with_a_field_missing(),
        msgspec.msgpack.encode(UNNAMED_NUMBERS),
        b"no state at all",
        b"",
    ],
    ids=["none", "older", "newer", "field missing", "numbers by position", "damaged", "empty"],
)
def test_the_state_of_another_version_is_left_alone(stored: bytes) -> None:
    restored = some_evidence()
    before = restored.estimator.dump()
    restored.estimator.restore(stored)
    assert restored.estimator.dump() == before


@given(
    responses=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(10, 60), max_size=9, unique=True)),
        max_size=30,
    ),
    size=st.integers(0, 50),
    open_related=st.integers(0, 50),
)
def test_ends_of_an_interval_never_cross(
    responses: list[tuple[bool, list[int]]], size: int, open_related: int
) -> None:
    evidence = Evidence()
    evidence.estimator.set_list_size(ROCK, size)
    known: set[int] = set()
    for related, nodes in responses:
        new = [node for node in nodes if node not in known]
        for node in new:
            evidence.add(node, (ROCK,) if node % 2 else (), 0 if related else ROCK)
        known_nodes = [node for node in nodes if node in known]
        evidence.estimator.add_known(known_nodes, 0 if related else ROCK)
        known |= set(new)
        if related:
            evidence.estimator.add_related_response(nodes, len(new))
    unknown = evidence.estimator.unknown(open_related, lists_open=True)
    assert 0 <= unknown.low <= unknown.middle + 1e-9
    assert unknown.middle <= unknown.high + 1e-9


def test_coverage_is_written_with_its_ends() -> None:
    assert format_coverage(Coverage(0.5, 0.4, 0.61)) == "50% (40% to 61%)"
    assert format_coverage(Coverage(1.0, 1.0, 1.0)) == "100%"


@pytest.mark.parametrize(
    ("text", "share"), [("coverage=0.9", 0.9), ("coverage=90%", 0.9), ("", None)]
)
def test_until_takes_a_share_or_a_percentage(text: str, share: float | None) -> None:
    assert parse_until(text) == share


@pytest.mark.parametrize("text", ["coverage", "coverage=2", "coverage=0", "calls=3", "coverage=x"])
def test_until_refuses_what_is_no_coverage(text: str) -> None:
    with pytest.raises(UsageError, match="coverage"):
        parse_until(text)


def test_a_crawl_stops_when_enough_is_in_hand(folder, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=300)
    result = collect(folder, "spotify", url, "artists=all", until=0.6)
    assert result.status == "goal"
    assert result.coverage["artists"][0] >= 0.6
    estimate, low, high = result.coverage["artists"]
    assert low <= result.records["artists"]["full"] / 300 + 0.1
    assert low <= estimate <= high
    assert served.calls["related"][200] < 250


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crawl_until_a_coverage_has_that_share_of_full_artists(
    folder, stand_in, seed: int
) -> None:
    url, _ = stand_in("deezer", artists=300, seed=seed)
    result = collect(folder, "deezer", url, "artists=all", until=0.6, workers=1)
    assert result.status == "goal"
    assert result.records["artists"]["full"] / 300 >= 0.5


# Sources whose lists name artists, and a level of access; most of them without sizes of lists.
ARTIST_SOURCES = [
    ("deezer", "open"),
    ("musicbrainz", "open"),
    ("soundcloud", "official"),
    ("spotify", "extended-legacy"),
    ("spotify", "development"),
]


@pytest.mark.parametrize(("source", "access"), ARTIST_SOURCES)
def test_intervals_hold_the_share_of_full_artists(
    folder, stand_in, source: str, access: str
) -> None:
    """Stops before the end; nine of ten intervals should hold, so one of six may fail."""
    inside = []
    for seed in (21, 22):
        url, _ = stand_in(source, access=access, artists=240, seed=seed)
        crate = Workspace(folder.root / f"{seed}")
        for max_calls in (30, 15, 15):
            result = collect(crate, source, url, "artists=all", workers=1, max_calls=max_calls)
            share = result.records["artists"]["full"] / 240
            _, low, high = result.coverage["artists"]
            inside.append(low - 0.01 <= share <= high + 0.01)
    assert sum(inside) >= 5


@pytest.mark.parametrize(("source", "access"), ARTIST_SOURCES)
def test_at_the_end_of_a_crawl_everything_reachable_is_collected(
    folder, stand_in, source: str, access: str
) -> None:
    url, _ = stand_in(source, access=access, artists=40)
    result = collect(folder, source, url, "artists=all")
    assert result.status == "done"
    assert result.coverage == {"artists": [1.0, 1.0, 1.0]}


def test_what_is_only_mentioned_is_not_collected(folder, stand_in) -> None:
    url, _ = stand_in("deezer", artists=200)
    result = collect(folder, "deezer", url, "artists=all", workers=1, max_calls=12)
    known = result.records["artists"]
    assert known["mentioned"] > 0
    assert result.coverage["artists"][2] <= known["full"] / sum(known.values())


def test_coverage_goes_on_where_the_last_run_stopped(folder, tmp_path, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", artists=300)
    collect(folder, "spotify", url, "artists=all", workers=1, max_calls=40)
    again = collect(folder, "spotify", url, "artists=all", workers=1, max_calls=1)
    undisturbed = Workspace(tmp_path / "undisturbed")
    at_once = collect(undisturbed, "spotify", url, "artists=all", workers=1, max_calls=41)
    assert again.coverage["artists"][0] == pytest.approx(at_once.coverage["artists"][0], abs=0.1)
    assert again.coverage_by_list.keys() == at_once.coverage_by_list.keys() != set()


@pytest.mark.parametrize(
    ("source", "access", "want"),
    [("spotify", "extended-legacy", "albums=all"), ("soundcloud", "", "tracks=all")],
)
def test_an_open_page_of_another_scope_lowers_no_coverage(
    folder, stand_in, source: str, access: str, want: str
) -> None:
    url, server = stand_in(source, access=access, artists=60, rate="none")
    collect(folder, source, url, want, workers=1, max_calls=1, scope=OfGenre("rock"))
    named = Link("artist_query", server.world.artist(5).name)
    scope = Named([named], with_credits=False)
    result = collect(folder, source, url, want, workers=1, scope=scope)
    assert (result.status, result.not_found) == ("done", [])
    assert list(result.coverage.values()) == [[1.0, 1.0, 1.0]]
