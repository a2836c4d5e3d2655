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
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] != p[1]), max_size=30,
    unique_by=frozenset,
)  # fmt: skip


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


def test_what_a_person_decided_holds_against_rules_and_links() -> None:
    facts = {1: ("a", ()), 2: ("a", ()), 3: ("b", ())}
    same = clusters([], facts, always, same=[(1, 2)])
    assert same.cluster_of == {1: 1, 2: 1}
    apart = clusters([(1, 3)], facts, lambda x, y: False, different=[(1, 3)])
    assert apart.cluster_of == {}
    by_way = clusters([(1, 2), (2, 3)], facts, lambda x, y: False, different=[(1, 3)])
    assert by_way.cluster_of == {1: 1, 2: 1}


def test_two_recordings_of_one_source_with_other_code_and_length_are_two() -> None:
    assert RECORDING.apart(("GBAAA9900303", 200.0), ("GBAAA9900304", 260.0))
    assert not RECORDING.apart(("GBAAA9900303", 200.0), ("GBAAA9900304", 201.0))
    assert not RECORDING.apart(("GBAAA9900303", 200.0), (None, 260.0))


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
