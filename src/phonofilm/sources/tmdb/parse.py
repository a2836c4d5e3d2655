"""Parse TMDB's responses into records; films and series differ in nearly every name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import ABSENT, Rating, Record, Title, TitleGenre
from phonofilm.records.values.dates import read_date, release_date, year_of
from phonofilm.sources.contract import Finding, Malformed, Page, Request, Response
from phonofilm.sources.decode import items_of, one_of
from phonofilm.sources.record_builder import mapped

_PICTURES = "https://image.tmdb.org/t/p/original"
_COUNTRY = "US"  # the certificate that TMDB knows of most titles
# Of a series with one of these words `last_air_date` is the last day so far, not its end.
_RUNNING = ("Returning Series", "In Production", "Planned", "Pilot")
Text = str | None | UnsetType


class _Named(msgspec.Struct):
    name: str | None = None
    english_name: str | None = None
    iso_3166_1: str | None = None
    iso_639_1: str | None = None


class _Keywords(msgspec.Struct):
    keywords: list[_Named] = []
    results: list[_Named] = []


class _Release(msgspec.Struct):
    certification: str | None = None


class _Country(msgspec.Struct):
    iso_3166_1: str
    release_dates: list[_Release] = []
    rating: str | None = None


class _Countries(msgspec.Struct):
    results: list[_Country] = []


class _Ids(msgspec.Struct):
    imdb_id: str | None = None


class _Episode(msgspec.Struct):
    runtime: int | None = None


class _Item(msgspec.Struct):
    """A film (`title`) or a series (`name`), listed or whole."""

    id: int
    title: Text = UNSET
    name: Text = UNSET
    original_title: Text = UNSET
    original_name: Text = UNSET
    release_date: Text = UNSET
    first_air_date: Text = UNSET
    last_air_date: Text = UNSET
    in_production: bool | None | UnsetType = UNSET
    status: Text = UNSET
    overview: Text = UNSET
    poster_path: Text = UNSET
    adult: bool | None | UnsetType = UNSET
    media_type: Text = UNSET
    runtime: int | None | UnsetType = UNSET
    episode_run_time: list[int] | UnsetType = UNSET
    last_episode_to_air: _Episode | None | UnsetType = UNSET
    vote_average: float | None | UnsetType = UNSET
    vote_count: int | None | UnsetType = UNSET
    genres: list[_Named] | UnsetType = UNSET
    production_countries: list[_Named] | None | UnsetType = UNSET
    spoken_languages: list[_Named] | None | UnsetType = UNSET
    imdb_id: Text = UNSET
    external_ids: _Ids | UnsetType = UNSET
    keywords: _Keywords | None | UnsetType = UNSET
    release_dates: _Countries | None | UnsetType = UNSET
    content_ratings: _Countries | None | UnsetType = UNSET


class _List(msgspec.Struct):
    results: list[_Item]
    page: int | None = None
    total_results: int | None = None
    total_pages: int | None = None


class _Found(msgspec.Struct):
    movie_results: list[_Item] | UnsetType = UNSET
    tv_results: list[_Item] | UnsetType = UNSET


def parse_discover(request: Request, response: Response) -> Page:
    """Return a page of a list."""
    kind: Literal["movie", "tv"] = "tv" if request.endpoint.endswith("tv") else "movie"
    page = Page(records=[], findings=[])
    page_body, items = items_of(response.body, _List, _Item, ["results"], page)
    page.records += [_title(item, kind) for item in items if item is not UNSET]
    page.total = total = page_body.total_results
    page.offset = None if page_body.page is None else (page_body.page - 1) * 20
    if items and (total is None or request.offset + len(items) < total):
        page.continues = [request._replace(offset=request.offset + 20)]
    return page


def parse_search(request: Request, response: Response) -> Page:
    """Return films and series of a search; people among them are left out."""
    page = Page(records=[], findings=[])
    _, items = items_of(response.body, _List, _Item, ["results"], page)
    for item in (item for item in items if item is not UNSET):
        if item.media_type in ("movie", "tv"):
            page.records.append(_title(item, item.media_type))
        elif item.media_type != "person":
            page.findings.append(Finding("not_a_title", str(item.media_type)[:40]))
    return page


def parse_find(request: Request, response: Response) -> Page:
    """Parse the title of an IMDb id."""
    page = Page(records=[], findings=[])
    results = one_of(response.body, _Found, page)
    films, series = results.movie_results, results.tv_results
    if films is UNSET and series is UNSET:
        raise Malformed("neither films nor series")
    records: list[Record] = [_title(item, "movie") for item in films or ()]
    records += [_title(item, "tv") for item in series or ()]
    for record in records:
        record.imdb_id = request.ids[0]  # type: ignore[attr-defined]
    page.records = records
    return page


def parse_title(request: Request, response: Response) -> Page:
    """Return a film or series with everything that was asked for beside it."""
    kind: Literal["movie", "tv"] = "tv" if request.ids[0].startswith("tv/") else "movie"
    page = Page(records=[], findings=[])
    item = one_of(response.body, _Item, page)
    title = _title(item, kind)
    title.runtime_ms = _runtime(item, kind)
    title.keywords = _words(item)
    title.countries = _codes(item.production_countries, "iso_3166_1")
    title.languages = _codes(item.spoken_languages, "iso_639_1")
    title.imdb_id = _imdb_id(item)
    title.certificate, title.certificate_country = _certificate(item, kind)
    if kind == "tv":
        title.end_year = _end_year(item, title, page)
    page.records += [title, *_rating(item, title.id), *_genres(item, title.id)]
    return page


def _title(item: _Item, kind: str) -> Title:
    films = kind == "movie"
    date = item.release_date if films else item.first_air_date
    return Title(
        "tmdb",
        f"{kind}/{item.id}",
        name=item.title if films else item.name,
        original_name=item.original_title if films else item.original_name,
        title_type="movie" if films else "tvSeries",
        is_series=not films,
        is_adult=item.adult,
        start_year=year_of(date) if isinstance(date, str) else date,
        release_date=date,
        release_date_precision=ABSENT if isinstance(date, UnsetType) else release_date(date)[1],
        plot=item.overview,
        poster_url=mapped(item.poster_path, _picture),
    )


def _picture(path: str) -> str | None:
    """Return the address of a picture; an empty path is TMDB's word for none."""
    return _PICTURES + path if path.startswith("/") and len(path) > 1 else None


def _end_year(item: _Item, title: Title, page: Page) -> Any:
    """Return the year in which a series ended; null while it may go on."""
    if item.in_production is True or item.status in _RUNNING:
        return None
    if not isinstance(item.last_air_date, str):
        return item.last_air_date
    year, start = year_of(read_date(item.last_air_date).date), title.start_year
    if year is None or not isinstance(start, int) or year >= start:
        return year
    page.findings.append(Finding("odd_value", f"title.end_year: {year} before {start}"))
    return None


def _runtime(item: _Item, kind: str) -> Any:
    """Return milliseconds; 0 stands for an unknown runtime.

    Series have a list that TMDB no longer fills (November 2026), and their newest episode.
    """
    if kind == "movie":
        return mapped(item.runtime, _milliseconds)
    usual, newest = item.episode_run_time, item.last_episode_to_air
    if isinstance(usual, UnsetType) and isinstance(newest, UnsetType):
        return ABSENT
    minutes = [] if isinstance(usual, UnsetType) else list(usual)
    if isinstance(newest, _Episode) and newest.runtime is not None:
        minutes.append(newest.runtime)
    return next((_milliseconds(number) for number in minutes if number), None)


def _milliseconds(minutes: int) -> int:
    return minutes * 60_000


def _words(item: _Item) -> Any:
    if not isinstance(item.keywords, _Keywords):
        return item.keywords
    return [word.name for word in item.keywords.keywords or item.keywords.results if word.name]


def _codes(rows: list[_Named] | None | UnsetType, name: str) -> Any:
    if not isinstance(rows, list):
        return rows
    return [code for row in rows if (code := getattr(row, name))]


def _imdb_id(item: _Item) -> Any:
    outside = item.external_ids
    imdb_id = item.imdb_id if isinstance(outside, UnsetType) else outside.imdb_id
    return mapped(imdb_id, lambda text: text.strip() or None)


def _certificate(item: _Item, kind: str) -> tuple[Any, Any]:
    """Return the certificate of the United States; null where TMDB has none."""
    countries = item.release_dates if kind == "movie" else item.content_ratings
    if not isinstance(countries, _Countries):
        return countries, countries
    for country in countries.results:
        certificates = [
            country.rating,
            *(release.certification for release in country.release_dates),
        ]
        if country.iso_3166_1 == _COUNTRY and any(certificates):
            return next(text for text in certificates if text), _COUNTRY
    return None, None


def _rating(item: _Item, title_id: str) -> Iterator[Rating]:
    if not isinstance(item.vote_count, UnsetType):
        mean = None if item.vote_count == 0 else item.vote_average
        yield Rating("tmdb", title_id, rating=mean, votes=item.vote_count)


def _genres(item: _Item, title_id: str) -> Iterator[TitleGenre]:
    names = [] if isinstance(item.genres, UnsetType) else [g.name for g in item.genres if g.name]
    for name in dict.fromkeys(names):
        yield TitleGenre("tmdb", f"{title_id}:{name}", title_id=title_id, genre=name)


PARSERS = {
    "discover_movie": parse_discover,
    "discover_tv": parse_discover,
    "search_title": parse_search,
    "find": parse_find,
    "title": parse_title,
}
