"""Views over the film tables: one row a title, one row a film, and the snowflake of the anime job.

A title is what one source says; a film is the titles of all sources that have one id of IMDb. A
title without such an id is a film of its own.

The job's tables were keyed on names, so two people of one name became one row. Here they are keyed
on the ids of the sources. They are in a schema of their own (`snowflake.titles`), because the plain
names belong to the records of all sources. DuckDB and PostgreSQL both understand every word.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.sources.priority import by_priority
from phonofilm.warehouse.views.definition import Definition, schema, view

# Title pages of IMDb show three stars.
_STARS = 3
_PEOPLE = {"directors": "director", "writers": "writer", "stars": "cast"}

_STARRING = f"""SELECT source, title_id, person_id, position FROM (
    SELECT c.*, row_number() OVER (
        PARTITION BY c.source, c.title_id ORDER BY c.position, c.person_id) AS billing
    FROM store.credit c WHERE c.role = 'cast' AND c.removed_at IS NULL) ranked
    WHERE billing <= {_STARS}"""


_GENRES = "store.title_genre WHERE removed_at IS NULL"


def _part(role: str) -> str:
    """Return the query of titles and people in a role."""
    if role == "cast":
        return _STARRING
    return f"""SELECT source, title_id, person_id, position FROM store.credit
        WHERE role = '{role}' AND removed_at IS NULL"""


def _names(column: str, role: str) -> str:
    """Return the query of the names in a role by title; an id where no name is known."""
    return f"""SELECT c.source, c.title_id, array_agg(coalesce(p.name, c.person_id)
        ORDER BY c.position NULLS LAST, c.person_id) AS {column} FROM ({_part(role)}) c
        LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
        GROUP BY c.source, c.title_id"""


def title_views() -> Iterator[Definition]:
    """Yield `titles_wide`, titles with rating, genres and people, and `films`, of all sources."""
    joins = "".join(
        f" LEFT JOIN ({_names(column, role)}) {column} ON {column}.source = t.source"
        f" AND {column}.title_id = t.id"
        for column, role in _PEOPLE.items()
    )
    query = f"""SELECT t.*, r.rating, r.votes, g.genres,
        directors.directors, writers.writers, stars.stars FROM titles t
        LEFT JOIN store.rating r ON r.source = t.source AND r.id = t.id
        LEFT JOIN (SELECT source, title_id, array_agg(genre ORDER BY genre) AS genres
            FROM store.title_genre WHERE removed_at IS NULL GROUP BY source, title_id) g
            ON g.source = t.source AND g.title_id = t.id{joins}"""
    yield view("titles_wide", query)
    yield view("films", _films())


# Fields of one group come from one source: the first that has the first field of the group.
_FIELD_GROUPS = (
    ("name",),
    ("original_name",),
    ("title_type", "is_series"),
    ("is_adult",),
    ("start_year", "end_year"),
    ("runtime_ms",),
    ("release_date", "release_date_precision", "release_country"),
    ("certificate", "certificate_country"),
    ("plot",),
    ("poster_url", "poster_licence"),
    ("keywords",),
    ("countries",),
    ("languages",),
    ("rating", "votes"),
    ("genres",),
    ("directors",),
    ("writers",),
    ("stars",),
)


def _first_available(group: tuple[str, ...], name: str, sources: list[str]) -> str:
    """Return the expression of a field, from the first source with the first of its group."""
    cases = " ".join(f"WHEN {s}.{group[0]} IS NOT NULL THEN {s}.{name}" for s in sources)
    return f"CASE {cases} END AS {name}"


def _films() -> str:
    """Return the query of one row per film.

    Each source fills the fields that those with a higher priority lack.
    """
    sources = by_priority(kind="title")
    parts = ", ".join(
        f"{source} AS (SELECT DISTINCT ON (coalesce(imdb_id, id)) *, coalesce(imdb_id, id) AS film"
        f" FROM titles_wide WHERE source = '{source}' ORDER BY coalesce(imdb_id, id), id)"
        for source in sources
    )
    films = " UNION ".join(f"SELECT film FROM {source}" for source in sources)
    values = ", ".join(
        _first_available(group, name, sources) for group in _FIELD_GROUPS for name in group
    )
    names = " || ".join(
        f"CASE WHEN {source}.id IS NULL THEN '' ELSE '{source} ' END" for source in sources
    )
    expiries = ", ".join(f"{source}.expires_at" for source in sources)
    seen = ", ".join(f"{source}.last_seen" for source in sources)
    joins = " ".join(f"LEFT JOIN {s} ON {s}.film = films.film" for s in sources)
    return f"""WITH {parts}, films AS ({films})
        SELECT films.film AS id, {values}, trim({names}) AS sources,
        greatest({seen}) AS last_seen, least({expiries}) AS expires_at FROM films {joins}"""


def _of_films(rows: str) -> str:
    """Return the query of rows about titles (`title_id`, `source`) as rows about films.

    They come from the first source by priority that has any of a film, as its other fields do.
    """
    ranks = " ".join(
        f"WHEN '{source}' THEN {rank}" for rank, source in enumerate(by_priority(kind="title"))
    )
    return f"""SELECT * FROM (
        SELECT coalesce(t.imdb_id, t.id) AS film_id, r.*, CASE r.source {ranks} END AS source_rank,
        min(CASE r.source {ranks} END) OVER (PARTITION BY coalesce(t.imdb_id, t.id)) AS first_rank
        FROM ({rows}) r JOIN store.title t ON t.source = r.source AND t.id = r.title_id) ranked
        WHERE source_rank = first_rank"""


_TITLES = """SELECT f.id, f.last_seen AS scrape_ts, f.runtime_ms / 60000 AS duration, f.is_series,
    f.name, CASE WHEN f.id LIKE 'tt%' THEN 'https://www.imdb.com/title/' || f.id || '/' END AS url,
    f.poster_url, f.votes AS rating_count, f.rating AS rating_value, f.release_date,
    CASE WHEN substr(f.release_date, 1, 4) ~ '^[0-9][0-9][0-9][0-9]$'
        THEN cast(substr(f.release_date, 1, 4) AS bigint) ELSE f.start_year END AS release_year,
    f.plot AS summary_text, f.sources AS source
    FROM films f"""


def snowflake_views() -> Iterator[Definition]:
    """Yield the nine tables of the anime job as views over films, and their schema."""
    yield schema("snowflake")
    yield view("snowflake.titles", _TITLES)
    for table, role in _PEOPLE.items():
        credits_ = _of_films(_part(role))
        people = f"""SELECT DISTINCT c.person_id AS id, p.name, p.birth_year AS born_year,
            cast(NULL AS bigint) AS born_month, cast(NULL AS bigint) AS born_day, c.source
            FROM ({credits_}) c
            LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id"""
        yield view(f"snowflake.{table}", people)
        links = f"""SELECT DISTINCT film_id AS title_id, person_id AS {table[:-1]}_id, source
            FROM ({credits_}) c"""
        yield view(f"snowflake.titles_{table}", links)
    genres_ = _of_films(f"SELECT title_id, genre, source FROM {_GENRES}")
    yield view("snowflake.genres", f"SELECT DISTINCT genre AS id, genre, source FROM ({genres_}) g")
    links = f"SELECT DISTINCT film_id AS title_id, genre AS genre_id, source FROM ({genres_}) g"
    yield view("snowflake.titles_genres", links)
