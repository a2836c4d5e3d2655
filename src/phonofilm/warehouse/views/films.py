"""Views over the film tables: one row a title, and one row a film.

A title is what one source says; a film is the titles of all sources that have one id of IMDb, or
that `match` joined with the title that has it. Other titles are films of their own. DuckDB and
PostgreSQL both understand every word, and both take the id of a query into each part of `films`, so
that one film costs no scan of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phonofilm.sources.priority import by_priority
from phonofilm.warehouse.views.definition import Definition, view

STARS_MAX = 3
"""Title pages of IMDb show three stars."""
PEOPLE = {"directors": "director", "writers": "writer", "stars": "cast"}
"""The columns of people, and the roles in them."""
LISTED_GENRES = "store.title_genre WHERE removed_at IS NULL"

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
)
_RATING = ("rating", "votes")
_IMDB = by_priority(kind="title")[0]  # films have its ids
_BOOLEAN = {"is_series", "is_adult"}  # PostgreSQL has no max() of them


def film_views() -> Iterator[Definition]:
    """Yield `titles_wide`, titles with rating, genres and people, `film_titles` and `films`."""
    query = f"""SELECT t.*, r.rating, r.votes, g.genres, p.directors, p.writers, p.stars
        FROM titles t LEFT JOIN store.rating r ON r.source = t.source AND r.id = t.id
        LEFT JOIN (SELECT source, title_id, array_agg(genre ORDER BY genre) AS genres
            FROM {LISTED_GENRES} GROUP BY source, title_id) g
            ON g.source = t.source AND g.title_id = t.id
        LEFT JOIN (SELECT c.source, c.title_id, {_names_by_role()}
            FROM {_CREDITS} GROUP BY c.source, c.title_id) p
            ON p.source = t.source AND p.title_id = t.id"""
    yield view("titles_wide", query)
    yield view("film_titles", _FILM_TITLES)
    yield view("films", _films())


# The title of IMDb among the records that `match` joined with a title; a source has one of a film.
_JOINED = f"""identity.members m JOIN identity.members i ON i.kind = 'title'
    AND i.entity = m.entity AND i.source = '{_IMDB}'
    WHERE m.kind = 'title' AND m.source = t.source AND m.id = t.id"""
# The first title of each film in each source. The ids of the parts are columns of tables and no
# expressions, so that an index, or the least and greatest values of a block, decide which rows are
# read for one film.
_FILM_TITLES = f"""SELECT film_id, source, title_id FROM (
    SELECT film_id, source, title_id,
        row_number() OVER (PARTITION BY film_id, source ORDER BY title_id) AS number FROM (
        SELECT imdb_id AS film_id, source, id AS title_id FROM store.title
            WHERE imdb_id IS NOT NULL
        UNION ALL SELECT i.id, t.source, t.id FROM store.title t
            JOIN identity.members m ON m.kind = 'title' AND m.source = t.source AND m.id = t.id
            JOIN identity.members i ON i.kind = 'title' AND i.entity = m.entity
                AND i.source = '{_IMDB}'
            WHERE t.imdb_id IS NULL
        UNION ALL SELECT id, source, id FROM store.title t
            WHERE imdb_id IS NULL AND NOT EXISTS (SELECT 1 FROM {_JOINED})) titles
    ) numbered WHERE number = 1"""
_CREDITS = """(SELECT * FROM store.credit WHERE removed_at IS NULL) c
    LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id"""


def _names_by_role() -> str:
    """Return the lists of names in each role; an id where no name is known."""
    names = "coalesce(p.name, c.person_id) ORDER BY c.position NULLS LAST, c.person_id"
    return ", ".join(
        f"(array_agg({names}) FILTER (WHERE c.role = '{role}'))"
        f"{f'[1:{STARS_MAX}]' if role == 'cast' else ''} AS {column}"
        for column, role in PEOPLE.items()
    )


def _first_available(group: tuple[str, ...], name: str) -> str:
    """Return a field of a film from the first source that has the first field of its group.

    The rows of a film have one for each source, so that an aggregate of those of a source is the
    value itself.
    """
    cases = " ".join(
        f"WHEN {_of_source(group[0], source)} IS NOT NULL THEN {_of_source(name, source)}"
        for source in by_priority(kind="title")
    )
    return f"CASE {cases} END AS {name}"


def _of_source(name: str, source: str) -> str:
    aggregate = "bool_or" if name in _BOOLEAN else "max"
    return f"{aggregate}({name}) FILTER (WHERE source = '{source}')"


def _films() -> str:
    """Return the query of one row per film.

    Each source fills the fields that those with a higher priority lack.
    """
    fields = [(group, name) for group in _FIELD_GROUPS for name in group]
    names = [name for _, name in fields]
    titles = f"""SELECT film_id, {_fields(fields)},
        {_sources()} AS sources, max(last_seen) AS last_seen, min(expires_at) AS expires_at
        FROM (SELECT f.film_id, t.* FROM film_titles f
            JOIN store.title t ON t.source = f.source AND t.id = f.title_id) t GROUP BY film_id"""
    ratings = f"""SELECT film_id, {_fields([(_RATING, name) for name in _RATING])}
        FROM (SELECT f.film_id, f.source, r.rating, r.votes FROM film_titles f
            JOIN store.rating r ON r.source = f.source AND r.id = f.title_id) r GROUP BY film_id"""
    genres = f"""SELECT film_id, {_fields([(("genres",), "genres")])}
        FROM (SELECT f.film_id, f.source, array_agg(g.genre ORDER BY g.genre) AS genres
            FROM film_titles f JOIN (SELECT * FROM {LISTED_GENRES}) g
            ON g.source = f.source AND g.title_id = f.title_id GROUP BY f.film_id, f.source) g
        GROUP BY film_id"""
    people = f"""SELECT film_id, {_fields([((column,), column) for column in PEOPLE])}
        FROM (SELECT f.film_id, f.source, {_names_by_role()} FROM film_titles f
            JOIN store.credit c ON c.source = f.source AND c.title_id = f.title_id
            LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
            WHERE c.removed_at IS NULL GROUP BY f.film_id, f.source) p
        GROUP BY film_id"""
    return f"""SELECT t.film_id AS id, {", ".join(f"t.{name}" for name in names)},
        r.rating, r.votes, g.genres, p.directors, p.writers, p.stars,
        t.sources, t.last_seen, t.expires_at FROM ({titles}) t
        LEFT JOIN ({ratings}) r ON r.film_id = t.film_id
        LEFT JOIN ({genres}) g ON g.film_id = t.film_id
        LEFT JOIN ({people}) p ON p.film_id = t.film_id"""


def _fields(fields: Sequence[tuple[tuple[str, ...], str]]) -> str:
    """Return the fields of a film, given as pairs of group and name."""
    return ", ".join(_first_available(group, name) for group, name in fields)


def _sources() -> str:
    """Return the names of the sources of a film, those with a higher priority first."""
    names = " || ".join(
        f"CASE WHEN bool_or(source = '{source}') THEN '{source} ' ELSE '' END"
        for source in by_priority(kind="title")
    )
    return f"trim({names})"
