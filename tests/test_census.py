"""How much there is: cases worked out by hand, and crawls of worlds whose size is known."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.coverage.coverage import Coverage
from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.scope.goal import parse_until
from phonofilm.errors import UsageError
from phonofilm.formatting import format_coverage
from tests.conftest import collect

ROCK, JAZZ = 1, 2


def census(related: bool = True) -> tuple[PopulationEstimator, Counter[int]]:
    members: Counter[int] = Counter()
    return PopulationEstimator(members, related), members


def meet(
    taken: PopulationEstimator,
    members: Counter[int],
    node: int,
    lists: tuple[int, ...],
    own: int = 0,
) -> None:
    for place in lists:
        members[place] += 1
    taken.add([node], [lists], dict.fromkeys(lists, 1), own, related=not own)


def test_one_list_that_says_how_long_it_is_tells_what_is_missing() -> None:
    taken, members = census(related=False)
    taken.set_list_size(ROCK, 100)
    for node in range(10, 60):
        meet(taken, members, node, (ROCK,), own=ROCK)
    found = taken.unknown(0, lists_open=True)
    # 50 are missing. Each known one is in one list, five imagined ones in 1.6: 50 * 55 / 58.
    assert found.middle == pytest.approx(50 * 55 / 58)
    assert found.low < 50 < found.high


def test_things_in_two_lists_are_not_counted_twice() -> None:
    taken, members = census(related=False)
    taken.set_list_size(ROCK, 60)
    taken.set_list_size(JAZZ, 60)
    for node in range(10, 50):
        meet(taken, members, node, (ROCK, JAZZ), own=ROCK)
    found = taken.unknown(0, lists_open=True)
    # 20 gaps in each of two lists; a known one stands in two, met half as often by each: 40 / 1.96.
    assert found.middle == pytest.approx(40 * (20 + 5) / (40 + 8))


def test_a_list_without_a_further_page_keeps_nothing_back() -> None:
    taken, members = census(related=False)
    taken.set_list_size(ROCK, 100)
    for node in range(10, 60):
        meet(taken, members, node, (ROCK,), own=ROCK)
    taken.close_list(ROCK)
    assert taken.unknown(0, lists_open=True).middle == pytest.approx(0.0)


def test_when_nothing_is_open_all_is_in_hand() -> None:
    taken, members = census()
    meet(taken, members, 10, (), own=0)
    assert taken.unknown(0, lists_open=False) == (0.0, 0.0, 0.0)


def test_related_calls_that_name_nothing_new_say_that_little_is_left() -> None:
    taken, members = census()
    taken.set_list_size(ROCK, 40)
    for node in range(10, 50):
        meet(taken, members, node, (ROCK,), own=ROCK)
    before = taken.unknown(40, lists_open=True).high
    for node in range(10, 50):
        taken.add_related_response([node, 10 + (node + 7) % 40], 0)
    after = taken.unknown(1, lists_open=False)
    assert after.high < before
    assert after.middle < 4


def test_what_is_kept_goes_on_as_if_nothing_had_been() -> None:
    taken, members = census()
    taken.set_list_size(ROCK, 40)
    for node in range(10, 40):
        meet(taken, members, node, (ROCK,) if node % 3 else (), own=ROCK if node % 3 else 0)
        taken.add_related_response([node], 1)
    again = PopulationEstimator(members, related=True)
    again.restore(taken.dump())
    assert again.unknown(9, lists_open=True) == taken.unknown(9, lists_open=True)
    assert again.known == taken.known


@given(
    answers=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(10, 60), max_size=9, unique=True)),
        max_size=30,
    ),
    total=st.integers(0, 50),
    left=st.integers(0, 50),
)
def test_ends_of_an_interval_never_cross(
    answers: list[tuple[bool, list[int]]], total: int, left: int
) -> None:
    taken, members = census()
    taken.set_list_size(ROCK, total)
    known: set[int] = set()
    for related, nodes in answers:
        fresh = [node for node in nodes if node not in known]
        for node in fresh:
            meet(taken, members, node, (ROCK,) if node % 2 else (), 0 if related else ROCK)
        taken.add_known([node for node in nodes if node in known], 0 if related else ROCK)
        known |= set(fresh)
        if related:
            taken.add_related_response(nodes, len(fresh))
    low, middle, high = (taken.unknown(left, True)[place] for place in (1, 0, 2))
    assert 0 <= low <= middle + 1e-9
    assert middle <= high + 1e-9


def test_coverage_is_read_with_its_ends() -> None:
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


def test_coverage_goes_on_where_the_last_run_stopped(folder, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", artists=300)
    first = collect(folder, "spotify", url, "artists=all", max_calls=40)
    again = collect(folder, "spotify", url, "artists=all", max_calls=1)
    assert again.coverage["artists"][0] == pytest.approx(first.coverage["artists"][0], abs=0.1)
    assert first.coverage_by_list
