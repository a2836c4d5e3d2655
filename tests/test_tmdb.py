"""TMDB's words for "not known", series that go on, and odd fields of a title."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.records import ABSENT, Rating, Title
from phonofilm.sources import get
from phonofilm.sources.contract import Page, Request, Response

FILM: dict[str, Any] = {
    "id": 128,
    "title": "Princess Mononoke",
    "original_title": "もののけ姫",
    "release_date": "1997-07-12",
    "overview": "A prince and a girl.",
    "poster_path": "/a.jpg",
    "adult": False,
    "runtime": 134,
    "vote_average": 8.3,
    "vote_count": 8000,
    "genres": [{"id": 1, "name": "Animation"}],
    "production_countries": [{"iso_3166_1": "JP", "name": "Japan"}],
    "spoken_languages": [{"iso_639_1": "ja", "name": "日本語"}],
    "keywords": {"keywords": [{"id": 2, "name": "forest"}]},
    "release_dates": {
        "results": [{"iso_3166_1": "US", "release_dates": [{"certification": "PG-13"}]}]
    },
    "external_ids": {"imdb_id": "tt0119698"},
}
SERIES: dict[str, Any] = {
    "id": 37854,
    "name": "One Piece",
    "original_name": "ワンピース",
    "first_air_date": "1999-10-20",
    "last_air_date": "2001-03-30",
    "in_production": False,
    "status": "Ended",
    "episode_run_time": [24],
    "vote_average": 8.7,
    "vote_count": 4000,
}


def parsed(body: dict[str, Any], key: str = "movie/128") -> Page:
    response = Response(200, {}, json.dumps(body).encode())
    return get("tmdb").parse(Request("title", (key,)), response)


def title_of(page: Page) -> Title:
    return next(record for record in page.records if isinstance(record, Title))


def film(**changes: Any) -> Title:
    return title_of(parsed(FILM | changes))


def series(**changes: Any) -> Title:
    return title_of(parsed(SERIES | changes, "tv/37854"))


def test_a_film_and_a_series_are_read_whole() -> None:
    title = film()
    assert (title.runtime_ms, title.imdb_id, title.certificate) == (8_040_000, "tt0119698", "PG-13")
    assert title.poster_url == "https://image.tmdb.org/t/p/original/a.jpg"
    ended = series()
    assert (ended.start_year, ended.end_year, ended.runtime_ms) == (1999, 2001, 1_440_000)
    assert not parsed(FILM).findings + parsed(SERIES, "tv/37854").findings


@pytest.mark.parametrize("runtime", [0, None])
def test_no_minutes_are_an_unknown_runtime(runtime: int | None) -> None:
    page = parsed(FILM | {"runtime": runtime})
    assert title_of(page).runtime_ms is None
    assert not page.findings


@pytest.mark.parametrize(
    ("usual", "newest", "minutes"),
    [
        ([0], None, None),
        ([], None, None),
        ([], {"runtime": 24}, 24),
        ([0], {"runtime": 24}, 24),
        ([0, 45], {"runtime": 24}, 45),
        ([], {"runtime": 0}, None),
        ([], {}, None),
    ],
)
def test_the_runtime_of_a_series_is_that_of_an_episode(
    usual: list[int], newest: dict[str, int] | None, minutes: int | None
) -> None:
    title = series(episode_run_time=usual, last_episode_to_air=newest)
    assert title.runtime_ms == (minutes and minutes * 60_000)


@pytest.mark.parametrize(
    ("in_production", "status"),
    [(True, "Returning Series"), (False, "Returning Series"), (True, "Ended"), (True, None)],
)
def test_a_series_that_may_go_on_has_no_end(in_production: bool, status: str | None) -> None:
    assert series(in_production=in_production, status=status).end_year is None


@pytest.mark.parametrize("status", ["Ended", "Canceled", None])
def test_a_series_that_ended_has_its_last_year(status: str | None) -> None:
    assert series(status=status).end_year == 2001


def test_no_series_ends_before_it_began() -> None:
    page = parsed(SERIES | {"last_air_date": "1989-01-01"}, "tv/37854")
    assert title_of(page).end_year is None
    assert [finding.kind for finding in page.findings] == ["odd_value"]


@pytest.mark.parametrize("path", ["", " ", "/", None, "a.jpg"])
def test_a_path_that_is_none_makes_no_poster(path: str | None) -> None:
    assert film(poster_path=path).poster_url is None


@pytest.mark.parametrize(
    ("text", "date", "precision", "year", "odd"),
    [
        ("2023-13-45", "2023", "year", 2023, True),
        ("2023-02-30", "2023-02", "month", 2023, True),
        ("2023-00-00", "2023", "year", 2023, False),
        ("", None, None, None, False),
        ("soon", None, None, None, True),
    ],
)
def test_a_date_is_its_valid_part(
    text: str, date: str | None, precision: str | None, year: int | None, odd: bool
) -> None:
    page = parsed(FILM | {"release_date": text})
    title = title_of(page)
    assert (title.release_date, title.release_date_precision) == (date, precision)
    assert title.start_year == year
    assert bool(page.findings) == odd


ODD: list[Any] = ["7,2", "abc", -5, 10**400, 1.5, [], {}, True, [None], {"results": 7}]


@pytest.mark.parametrize("name", [name for name in FILM if name != "id"])
@given(value=st.sampled_from([None, *ODD]))
def test_an_odd_field_costs_itself(name: str, value: Any) -> None:
    whole, page = title_of(parsed(FILM)), parsed(FILM | {name: value})
    title = title_of(page)
    of_field = {
        "title": {"name"},
        "original_title": {"original_name"},
        "release_date": {"release_date", "release_date_precision", "start_year"},
        "overview": {"plot"},
        "poster_path": {"poster_url"},
        "adult": {"is_adult"},
        "runtime": {"runtime_ms"},
        "production_countries": {"countries"},
        "spoken_languages": {"languages"},
        "keywords": {"keywords"},
        "release_dates": {"certificate", "certificate_country"},
        "external_ids": {"imdb_id"},
    }.get(name, set())
    for field in Title.__struct_fields__:
        if field not in of_field:
            assert getattr(title, field) == getattr(whole, field), field
    ratings = [record for record in page.records if isinstance(record, Rating)]
    if not name.startswith("vote"):
        assert [(r.rating, r.votes) for r in ratings] == [(8.3, 8000)]


def test_an_odd_mean_costs_the_mean() -> None:
    page = parsed(FILM | {"vote_average": "7,2"})
    [rating] = [record for record in page.records if isinstance(record, Rating)]
    assert (rating.rating, rating.votes) == (None, 8000)
    assert page.findings
    page = parsed(FILM | {"vote_average": 0.0, "vote_count": 0})
    [rating] = [record for record in page.records if isinstance(record, Rating)]
    assert (rating.rating, rating.votes) == (None, 0)
    assert not page.findings


@pytest.mark.parametrize("id_", [0, -5, "abc", None])
def test_a_title_without_an_id_is_no_title(id_: Any) -> None:
    body = {"results": [FILM | {"id": id_}, FILM], "total_results": 2}
    response = Response(200, {}, json.dumps(body).encode())
    page = get("tmdb").parse(Request("discover_movie", ("",)), response)
    assert [record.id for record in page.records] == ["movie/128"]
    assert page.findings


def test_a_list_does_not_say_what_a_title_lacks() -> None:
    response = Response(200, {}, json.dumps({"results": [{"id": 1, "title": "x"}]}).encode())
    page = get("tmdb").parse(Request("discover_movie", ("",)), response)
    assert title_of(page).poster_url is ABSENT
    assert title_of(page).release_date_precision is ABSENT
