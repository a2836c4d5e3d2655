"""Views over the film tables: one row a title, and one row a film.

A title is what one source says; a film is the titles of all sources that have one id of IMDb. A
title without such an id is a film of its own. DuckDB and PostgreSQL both understand every word, and
both take the id of a query into each part of `films`, so that one film costs no scan of all.
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
_BOOLEAN = {"is_series", "is_adult"}  # PostgreSQL has no max() of them


def film_views() -> Iterator[Definition]:
    """Yield `titles_wide`, titles with rating, genres and people, and `films`, of all sources."""
    query = f"""SELECT t.*, r.rating, r.votes, g.genres, p.directors, p.writers, p.stars
        FROM titles t LEFT JOIN store.rating r ON r.source = t.source AND r.id = t.id
        LEFT JOIN (SELECT source, title_id, array_agg(genre ORDER BY genre) AS genres
            FROM {LISTED_GENRES} GROUP BY source, title_id) g
            ON g.source = t.source AND g.title_id = t.id
        LEFT JOIN (SELECT c.source, c.title_id, {_names_by_role()}
            FROM {_CREDITS} GROUP BY c.source, c.title_id) p
            ON p.source = t.source AND p.title_id = t.id"""
    yield view("titles_wide", query)
    yield view("films", _films())


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


def _by_film(columns: str) -> str:
    """Return the query of the first title of each film in each source.

    The two halves have a column of a table as their key, not an expression, so that an index or the
    least and greatest values of a block decide which rows are read.
    """
    keys = "source, id" + (f", {columns}" if columns else "")
    return f"""SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY film, source ORDER BY id) AS number FROM (
            SELECT imdb_id AS film, {keys} FROM store.title WHERE imdb_id IS NOT NULL
            UNION ALL SELECT id AS film, {keys} FROM store.title WHERE imdb_id IS NULL) titles
        ) numbered WHERE number = 1"""


def _films() -> str:
    """Return the query of one row per film.

    Each source fills the fields that those with a higher priority lack.
    """
    fields = [(group, name) for group in _FIELD_GROUPS for name in group]
    names = [name for _, name in fields]
    titles = f"""SELECT film, {_fields(fields)},
        {_sources()} AS sources, max(last_seen) AS last_seen, min(expires_at) AS expires_at
        FROM ({_by_film(", ".join((*names, "last_seen", "expires_at")))}) t GROUP BY film"""
    ratings = f"""SELECT film, {_fields([(_RATING, name) for name in _RATING])}
        FROM (SELECT t.film, t.source, r.rating, r.votes FROM ({_by_film("")}) t
            JOIN store.rating r ON r.source = t.source AND r.id = t.id) r GROUP BY film"""
    genres = f"""SELECT film, {_fields([(("genres",), "genres")])}
        FROM (SELECT t.film, t.source, array_agg(g.genre ORDER BY g.genre) AS genres
            FROM ({_by_film("")}) t JOIN (SELECT * FROM {LISTED_GENRES}) g
            ON g.source = t.source AND g.title_id = t.id GROUP BY t.film, t.source) g
        GROUP BY film"""
    people = f"""SELECT film, {_fields([((column,), column) for column in PEOPLE])}
        FROM (SELECT t.film, t.source, {_names_by_role()} FROM ({_by_film("")}) t
            JOIN store.credit c ON c.source = t.source AND c.title_id = t.id
            LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
            WHERE c.removed_at IS NULL GROUP BY t.film, t.source) p
        GROUP BY film"""
    return f"""SELECT t.film AS id, {", ".join(f"t.{name}" for name in names)},
        r.rating, r.votes, g.genres, p.directors, p.writers, p.stars,
        t.sources, t.last_seen, t.expires_at FROM ({titles}) t
        LEFT JOIN ({ratings}) r ON r.film = t.film LEFT JOIN ({genres}) g ON g.film = t.film
        LEFT JOIN ({people}) p ON p.film = t.film"""


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
