"""The snowflake of the anime job: its nine tables as views over films.

The job's tables were keyed on names, so two people of one name became one row. Here they are keyed
on the ids of the sources. They are in a schema of their own (`snowflake.titles`), because the plain
names belong to the records of all sources. DuckDB and PostgreSQL both understand every word.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.sources.priority import by_priority
from phonofilm.warehouse.views.definition import Definition, schema, view
from phonofilm.warehouse.views.films import LISTED_GENRES, PEOPLE, STARS_MAX

_STARRING = f"""SELECT source, title_id, person_id, position FROM (
    SELECT c.*, row_number() OVER (
        PARTITION BY c.source, c.title_id ORDER BY c.position, c.person_id) AS billing
    FROM store.credit c WHERE c.role = 'cast' AND c.removed_at IS NULL) ranked
    WHERE billing <= {STARS_MAX}"""


def _part(role: str) -> str:
    """Return the query of titles and people in a role."""
    if role == "cast":
        return _STARRING
    return f"""SELECT source, title_id, person_id, position FROM store.credit
        WHERE role = '{role}' AND removed_at IS NULL"""


def _of_films(rows: str) -> str:
    """Return the query of rows about titles (`title_id`, `source`) as rows about films.

    They come from the first source by priority that has any of a film, as its other fields do.
    """
    ranks = " ".join(
        f"WHEN '{source}' THEN {rank}" for rank, source in enumerate(by_priority(kind="title"))
    )
    return f"""SELECT * FROM (
        SELECT f.film_id, r.*, CASE r.source {ranks} END AS source_rank,
        min(CASE r.source {ranks} END) OVER (PARTITION BY f.film_id) AS first_rank
        FROM ({rows}) r
        JOIN film_titles f ON f.source = r.source AND f.title_id = r.title_id) ranked
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
    for table, role in PEOPLE.items():
        credits_ = _of_films(_part(role))
        people = f"""SELECT DISTINCT c.person_id AS id, p.name, p.birth_year AS born_year,
            cast(NULL AS bigint) AS born_month, cast(NULL AS bigint) AS born_day, c.source
            FROM ({credits_}) c
            LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id"""
        yield view(f"snowflake.{table}", people)
        links = f"""SELECT DISTINCT film_id AS title_id, person_id AS {table[:-1]}_id, source
            FROM ({credits_}) c"""
        yield view(f"snowflake.titles_{table}", links)
    genres_ = _of_films(f"SELECT title_id, genre, source FROM {LISTED_GENRES}")
    yield view("snowflake.genres", f"SELECT DISTINCT genre AS id, genre, source FROM ({genres_}) g")
    links = f"SELECT DISTINCT film_id AS title_id, genre AS genre_id, source FROM ({genres_}) g"
    yield view("snowflake.titles_genres", links)
