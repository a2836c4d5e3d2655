"""The records of film. `tt` and `nm` ids as IMDb writes them, runtimes in milliseconds."""

from __future__ import annotations

from typing import Annotated, ClassVar

from phonofilm.records.base import ABSENT, Maybe, Record, note
from phonofilm.records.values.traits import (
    COUNT,
    DATE,
    DURATION_MS,
    ORDINAL,
    RATING,
    YEAR,
    Id,
    IdList,
)


class Title(Record):
    """A film, series, episode or game."""

    kind: ClassVar[str] = "title"
    plural: ClassVar[str] = "titles"

    name: Annotated[Maybe[str], note("as it is known; pages localise it", core=True)] = ABSENT
    original_name: Annotated[Maybe[str], note("in the language it was made in")] = ABSENT
    title_type: Annotated[
        Maybe[str], note("movie, tvSeries, tvEpisode, short ... (IMDb's words)", core=True)
    ] = ABSENT
    is_series: Annotated[Maybe[bool], note("has episodes")] = ABSENT
    is_adult: Annotated[Maybe[bool], note("for adults")] = ABSENT
    start_year: Annotated[Maybe[int], note("first shown; may lie ahead", core=True, trait=YEAR)] = (
        ABSENT
    )
    end_year: Annotated[Maybe[int], note("last year of a series", trait=YEAR)] = ABSENT
    runtime_ms: Annotated[Maybe[int], note("milliseconds", core=True, trait=DURATION_MS)] = ABSENT
    release_date: Annotated[Maybe[str], note("YYYY, YYYY-MM or YYYY-MM-DD", trait=DATE)] = ABSENT
    release_date_precision: Annotated[Maybe[str], note("year, month or day")] = ABSENT
    release_country: Annotated[Maybe[str], note("ISO 3166 code the date is for")] = ABSENT
    certificate: Annotated[Maybe[str], note("age rating; differs by country")] = ABSENT
    certificate_country: Annotated[Maybe[str], note("ISO 3166 code the certificate is of")] = ABSENT
    plot: Annotated[Maybe[str], note("a few sentences")] = ABSENT
    poster_url: Annotated[Maybe[str], note("picture")] = ABSENT
    poster_licence: Annotated[
        Maybe[str], note("licence of the picture, where the source states it")
    ] = ABSENT
    keywords: Annotated[Maybe[list[str]], note("tags that people gave it")] = ABSENT
    countries: Annotated[Maybe[list[str]], note("ISO 3166 codes or names of origin")] = ABSENT
    languages: Annotated[Maybe[list[str]], note("spoken languages")] = ABSENT
    imdb_id: Annotated[Maybe[str], note("tt id, which joins sources", trait=Id("imdb_title"))] = (
        ABSENT
    )
    kept_by: Annotated[
        Maybe[str], note("the rule that kept it, where only a part was imported")
    ] = ABSENT


class Person(Record):
    """A person who made or played in a title."""

    kind: ClassVar[str] = "person"
    plural: ClassVar[str] = "people"

    name: Annotated[Maybe[str], note("as credited", core=True)] = ABSENT
    birth_year: Annotated[Maybe[int], note("year", trait=YEAR)] = ABSENT
    death_year: Annotated[Maybe[int], note("year", trait=YEAR)] = ABSENT
    professions: Annotated[Maybe[list[str]], note("at most three")] = ABSENT
    known_for: Annotated[Maybe[list[str]], note("ids of titles", trait=IdList("title"))] = ABSENT
    imdb_id: Annotated[Maybe[str], note("nm id, which joins sources", trait=Id("imdb_person"))] = (
        ABSENT
    )


class Credit(Record):
    """A person's part in a title; `id` is `title:role:person`."""

    kind: ClassVar[str] = "credit"
    plural: ClassVar[str] = "credits"
    key_fields: ClassVar[tuple[str, ...]] = ("title_id", "role", "person_id")
    list_fields: ClassVar[tuple[str, ...]] = ("title_id",)
    list_owner: ClassVar[str] = "title"
    list_item: ClassVar[str] = "person_id"

    title_id: Annotated[Maybe[str], note("the title", trait=Id("title", required=True))] = ABSENT
    person_id: Annotated[Maybe[str], note("the person", trait=Id("person", required=True))] = ABSENT
    role: Annotated[Maybe[str], note("director, writer, cast ...: one word for one part")] = ABSENT
    category: Annotated[Maybe[str], note("the source's word: actress, self, director ...")] = ABSENT
    position: Annotated[Maybe[int], note("place in the credits, from 1", trait=ORDINAL)] = ABSENT
    job: Annotated[Maybe[str], note("exact job: screenplay, original story")] = ABSENT
    characters: Annotated[Maybe[list[str]], note("characters played")] = ABSENT


class TitleGenre(Record):
    """A genre of a title; `id` is `title:genre`."""

    kind: ClassVar[str] = "title_genre"
    plural: ClassVar[str] = "title_genres"
    key_fields: ClassVar[tuple[str, ...]] = ("title_id", "genre")
    list_fields: ClassVar[tuple[str, ...]] = ("title_id",)
    list_owner: ClassVar[str] = "title"
    list_item: ClassVar[str] = "genre"

    title_id: Annotated[Maybe[str], note("the title", trait=Id("title", required=True))] = ABSENT
    genre: Annotated[
        Maybe[str], note("as the source spells it", trait=Id("title_genre_name", required=True))
    ] = ABSENT


class Rating(Record):
    """Rating of a title by people; `id` is the title's."""

    kind: ClassVar[str] = "rating"
    plural: ClassVar[str] = "ratings"
    id_kind: ClassVar[str] = "title"

    rating: Annotated[Maybe[float], note("mean, 1 to 10; null without votes", trait=RATING)] = (
        ABSENT
    )
    votes: Annotated[Maybe[int], note("how many", time_varying=True, trait=COUNT)] = ABSENT


class Aka(Record):
    """A name of a title elsewhere; `id` is `title:ordering`."""

    kind: ClassVar[str] = "aka"
    plural: ClassVar[str] = "akas"
    key_fields: ClassVar[tuple[str, ...]] = ("title_id", "position")

    title_id: Annotated[Maybe[str], note("the title", trait=Id("title", required=True))] = ABSENT
    position: Annotated[Maybe[int], note("the source's ordering, from 1", trait=COUNT)] = ABSENT
    name: Annotated[Maybe[str], note("the name there", core=True)] = ABSENT
    region: Annotated[Maybe[str], note("country or region; null when unknown")] = ABSENT
    language: Annotated[Maybe[str], note("ISO 639 code; mostly null")] = ABSENT
    types: Annotated[Maybe[list[str]], note("alternative, dvd, festival, working ...")] = ABSENT
    attributes: Annotated[Maybe[list[str]], note("free words")] = ABSENT
    is_original: Annotated[Maybe[bool], note("the original name")] = ABSENT


class Episode(Record):
    """An episode's place in its series; `id` is the episode's title."""

    kind: ClassVar[str] = "episode"
    plural: ClassVar[str] = "episodes"
    id_kind: ClassVar[str] = "title"

    series_id: Annotated[Maybe[str], note("the series", trait=Id("title"))] = ABSENT
    season_number: Annotated[Maybe[int], note("null for one in five", trait=COUNT)] = ABSENT
    episode_number: Annotated[Maybe[int], note("within the season", trait=COUNT)] = ABSENT
