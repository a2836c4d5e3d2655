"""Clusters: whatever the order, what cannot be one is two, and what people say holds."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from phonofilm.identity.clusters import clusters
from phonofilm.identity.genres import parents, tree
from phonofilm.identity.recordings import RECORDING


def always(one: object, other: object) -> bool:
    return True


LINKS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] != p[1]),
    max_size=30,
    unique_by=frozenset,
)


@given(LINKS, st.randoms())
def test_records_of_links_without_conflict_are_joined_in_any_order(
    links: list, chance: random.Random
) -> None:
    facts = {n: (f"source {n}", ()) for n in range(13)}
    mixed = links[:]
    chance.shuffle(mixed)
    assert clusters(links, facts, always).cluster_of == clusters(mixed, facts, always).cluster_of


@given(LINKS)
def test_no_cluster_holds_two_records_that_cannot_be_one(links: list) -> None:
    facts = {n: (f"source {n % 3}", ()) for n in range(13)}
    found = clusters(links, facts, always).cluster_of
    held: dict = {}
    for record, cluster in found.items():
        assert (cluster, facts[record][0]) not in held
        held[cluster, facts[record][0]] = record


def test_the_strongest_link_wins_where_two_cannot_both_hold() -> None:
    facts = {1: ("a", ()), 2: ("b", ()), 3: ("b", ())}
    found = clusters([(1, 2), (1, 3)], facts, always)
    assert found.cluster_of == {1: 1, 2: 1}
    assert found.refused == [(1, 3)]


def never(one: object, other: object) -> bool:
    return False


def test_what_a_person_decided_holds_against_rules_and_links() -> None:
    facts = {1: ("a", ()), 2: ("a", ()), 3: ("b", ())}
    assert clusters([], facts, always, [(1, 2, True)]).cluster_of == {1: 1, 2: 1}
    assert clusters([(1, 3)], facts, never, [(1, 3, False)]).cluster_of == {}
    by_way = clusters([(1, 2), (2, 3)], facts, never, [(1, 3, False)])
    assert by_way.cluster_of == {1: 1, 2: 1}


def test_the_newer_decision_holds_against_those_it_contradicts() -> None:
    facts = {1: ("a", ()), 2: ("b", ()), 3: ("c", ())}
    apart_last = clusters([], facts, never, [(1, 3, False), (2, 3, True), (1, 2, True)])
    assert apart_last.cluster_of == {2: 2, 3: 2}
    assert apart_last.contradicted == [(1, 2)]
    same_last = clusters([], facts, never, [(2, 3, True), (1, 2, True), (1, 3, False)])
    assert same_last.cluster_of == {1: 1, 2: 1, 3: 1}
    assert same_last.contradicted == [(1, 3)]


def test_two_recordings_of_one_source_with_other_code_and_length_are_two() -> None:
    def told(code, seconds, album=None, place=None):
        return code, seconds, album, place

    assert RECORDING.conflict(told("GBAAA9900303", 200.0), told("GBAAA9900304", 260.0))
    assert not RECORDING.conflict(told("GBAAA9900303", 200.0), told("GBAAA9900304", 201.0))
    assert not RECORDING.conflict(told("GBAAA9900303", 200.0), told(None, 260.0))
    assert RECORDING.conflict(told(None, 200.0, "howl", 3), told(None, 200.0, "howl", 4))
    assert not RECORDING.conflict(told(None, 200.0, "howl", 3), told(None, 200.0, "other", 4))


def test_deep_tech_house_is_house_when_asked() -> None:
    above = parents(["house", "tech house", "deep tech house", "drum and bass", "jazz"], {})
    assert above["deep tech house"] == "tech house"
    assert above["tech house"] == "house"
    assert above["jazz"] is None
    assert ("deep tech house", "house") in tree(above)


def test_what_a_source_says_stands_above_goes_before_words() -> None:
    above = parents(["electro house"], {"electro house": "electronic"})
    assert above["electro house"] == "electronic"


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef"), max_size=6))
def test_a_circle_of_genres_ends(told: dict) -> None:
    rows = tree(parents("abcdef", told))
    assert len(rows) == len(set(rows))
    assert {(name, name) for name in "abcdef"} <= set(rows)
