"""Where only search is left: queries grown from what was found, long lists asked for in parts."""

from __future__ import annotations

import pytest

from phonofilm.crawl.scope.scopes import Named
from phonofilm.records import Artist
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Request
from tests.conftest import collect

SPOTIFY = get("spotify")


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        (
            Request("genre_artists", ("deep house",)),
            ['genre:"deep house" year:1950-1988', 'genre:"deep house" year:1989-'],
        ),
        (Request("search_word", ("velvet",)), ["velvet year:1950-1988", "velvet year:1989-"]),
        (
            Request("search_slice", ("velvet year:1990-1993",)),
            ["velvet year:1990-1991", "velvet year:1992-1993"],
        ),
        (Request("search_slice", ("velvet year:1990",)), []),
        (Request("search_artist", ("queen",)), []),
        (Request("genre_tracks", ("rock",)), []),
    ],
)
def test_a_list_past_its_reach_is_asked_for_by_halves_of_its_years(request_, parts) -> None:
    ids = [link.id for link in SPOTIFY.partition(request_)]
    assert len(ids) == len(parts)
    assert all(id_.startswith(part) for id_, part in zip(ids, parts, strict=True))


def test_a_year_past_its_reach_is_asked_for_by_genres() -> None:
    links = SPOTIFY.partition(Request("search_slice", ("year:1990",)))
    assert len(links) == len(SPOTIFY.manifest.seed_genres)
    assert links[0] == Link("slice", 'genre:"pop" year:1990')


def test_names_and_genres_say_in_which_lists_an_artist_stands() -> None:
    artist = Artist("spotify", "1", name="The Velvet, Ærø & 9", genres=["rock", "pop"])
    assert SPOTIFY.memberships("genre", [artist]) == [["rock", "pop"]]
    assert SPOTIFY.memberships("word", [artist]) == [["the", "velvet", "ærø"]]
    assert SPOTIFY.memberships("word", [Artist("spotify", "1")]) == [[]]


def test_development_mode_finds_what_search_reaches(folder, stand_in) -> None:
    url, _ = stand_in("spotify", access="development", artists=150)
    result = collect(folder, "spotify", url, "artists=all")
    assert result.status == "done"
    assert result.records["artists"]["full"] >= 0.97 * 150
    assert result.calls_by_endpoint["search_word"] > 0


def test_a_name_that_many_share_grows_no_searches(folder, stand_in) -> None:
    url, served = stand_in("spotify", access="development", artists=60)
    name = served.world.artist(3).name
    scope = Named([Link("artist_query", name)], with_credits=False)
    result = collect(folder, "spotify", url, "artists=all", scope=scope)
    assert not {"search_word", "search_slice"} & result.calls_by_endpoint.keys()
