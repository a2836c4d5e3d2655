"""The questions that every view of a warehouse asks; one place for each."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from phonofilm.records import RECORDS


class Bar(NamedTuple):
    """A label and its number."""

    label: str
    value: float


class SourceCount(NamedTuple):
    """How much of a kind a source gave."""

    source: str
    table: str
    full: int
    mentioned: int


class Person(NamedTuple):
    """An artist as lists show them."""

    name: str
    source: str
    genres: str
    popularity: int | None
    followers: int | None
    url: str | None


class Run(NamedTuple):
    """How a crawl ended."""

    source: str
    origin: str
    access: str
    started: datetime
    status: str
    calls: int
    new_per_call: float
    elapsed_s: float
    coverage: dict[str, list[float]]
    findings: list[dict[str, Any]]
    lists: dict[str, list[float]]


def held(connection: duckdb.DuckDBPyConnection) -> list[SourceCount]:
    """Rows by source and table, empty ones left out."""
    parts = [
        f"SELECT source, '{cls.plural}', count(*) FILTER (_full), count(*) FILTER (NOT _full)"
        f" FROM store.{cls.kind} GROUP BY source"
        for cls in RECORDS
    ]
    rows = connection.execute(" UNION ALL ".join(parts)).fetchall()
    order = {cls.plural: place for place, cls in enumerate(RECORDS)}
    return sorted((SourceCount(*row) for row in rows), key=lambda h: (h.source, order[h.table]))


def top_genres(connection: duckdb.DuckDBPyConnection, limit: int = 15) -> list[Bar]:
    """Genres with most artists."""
    rows = connection.execute(
        "SELECT lower(g), count(*) FROM (SELECT unnest(genres) AS g FROM artists)"
        " GROUP BY lower(g) ORDER BY 2 DESC, 1 LIMIT ?",
        [limit],
    )
    return [Bar(*row) for row in rows.fetchall()]


def popularity(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Artists by tens of popularity."""
    rows = connection.execute(
        "SELECT least(popularity // 10, 9) * 10, count(*) FROM artists WHERE popularity IS NOT NULL"
        " GROUP BY 1 ORDER BY 1"
    )
    return [
        Bar(f"{int(start)}-{int(start) + (10 if start == 90 else 9)}", n)
        for start, n in rows.fetchall()
    ]


def releases(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Albums by year of release, gaps filled."""
    rows = dict(
        connection.execute(
            "SELECT try_cast(release_date[:4] AS INTEGER) AS year, count(*) FROM albums"
            " WHERE release_date IS NOT NULL GROUP BY 1"
            " HAVING year BETWEEN 1900 AND 2100 ORDER BY 1"
        ).fetchall()
    )
    if not rows:
        return []
    return [Bar(str(year), rows.get(year, 0)) for year in range(min(rows), max(rows) + 1)]


def top_artists(connection: duckdb.DuckDBPyConnection, limit: int = 10) -> list[Person]:
    """The most popular artists; where a source gives no popularity, by followers."""
    rows = connection.execute(
        "SELECT name, source, array_to_string(genres[:3], ', '), popularity, followers, url"
        " FROM artists WHERE name IS NOT NULL"
        " ORDER BY popularity DESC NULLS LAST, followers DESC NULLS LAST, name LIMIT ?",
        [limit],
    )
    return [Person(*row) for row in rows.fetchall()]


class Rated(NamedTuple):
    """A title as lists show it."""

    name: str
    year: int | None
    kind: str
    rating: float
    votes: int
    directors: str


def best_titles(
    connection: duckdb.DuckDBPyConnection, limit: int = 10, kept: bool = False
) -> list[Rated]:
    """The best rated titles that are no episodes; those with few votes prove nothing.

    With `kept` only titles that a partial import kept.
    """
    rows = connection.execute(
        f"""WITH best AS MATERIALIZED (
            SELECT t.source, t.id, t.name, t.start_year, t.title_type, r.rating, r.votes
            FROM store.title t JOIN store.rating r ON r.source = t.source AND r.id = t.id
            WHERE t.title_type <> 'tvEpisode' AND r.rating IS NOT NULL AND t.name IS NOT NULL
            {"AND t.kept_by IS NOT NULL" if kept else ""}
            ORDER BY r.votes < 100, r.rating DESC, r.votes DESC, t.id LIMIT ?)
        SELECT b.name, b.start_year, b.title_type, b.rating, b.votes,
            coalesce(string_agg(coalesce(p.name, c.person_id), ', ' ORDER BY c.position), '')
        FROM best b LEFT JOIN store.credit c
            ON c.source = b.source AND c.title_id = b.id AND c.role = 'director'
        LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
        GROUP BY b.source, b.id, b.name, b.start_year, b.title_type, b.rating, b.votes
        ORDER BY b.votes < 100, b.rating DESC, b.votes DESC, b.id""",
        [limit],
    )
    return [Rated(*row) for row in rows.fetchall()]


def title_genres(connection: duckdb.DuckDBPyConnection, limit: int = 15) -> list[Bar]:
    """Genres with most titles."""
    rows = connection.execute(
        "SELECT lower(genre), count(*) FROM store.title_genre GROUP BY 1"
        " ORDER BY 2 DESC, 1 LIMIT ?",
        [limit],
    )
    return [Bar(*row) for row in rows.fetchall()]


def title_years(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Titles by the year they were first shown, gaps filled."""
    rows = dict(
        connection.execute(
            "SELECT start_year, count(*) FROM store.title WHERE start_year BETWEEN 1870 AND 2100"
            " GROUP BY 1"
        ).fetchall()
    )
    if not rows:
        return []
    return [Bar(str(year), rows.get(year, 0)) for year in range(min(rows), max(rows) + 1)]


def runs(connection: duckdb.DuckDBPyConnection) -> list[Run]:
    """All crawls, oldest first."""
    rows = connection.execute(
        "SELECT source, started, result FROM runs ORDER BY started"
    ).fetchall()
    result = []
    for source, started, text in rows:
        told = json.loads(text)
        result.append(
            Run(
                source,
                told["origin"],
                told["access"],
                started,
                told["status"],
                told["calls"],
                told["new_per_call"],
                told["elapsed_s"],
                told["coverage"],
                told["findings"],
                told.get("coverage_by_list", {}),
            )
        )
    return result


def lists_known(runs: list[Run]) -> list[tuple[str, str, list[float]]]:
    """The known share of lists, as the last crawl of each source told it: source, list, share."""
    last = {run.source: run for run in runs if run.lists}
    return [(run.source, name, share) for run in last.values() for name, share in run.lists.items()]


def quarantined(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """Answers that did not parse, by source and reason."""
    return connection.execute(
        "SELECT source, reason, count(*) FROM quarantine GROUP BY ALL ORDER BY 3 DESC LIMIT 10"
    ).fetchall()


class CommentedTrack(NamedTuple):
    """A track by what listeners said; `most_at` is the ten seconds in which they wrote most."""

    id: str
    name: str
    artist: str
    comments: int
    most_at: str
    bpm: float | None
    key: str | None


def most_commented(connection: duckdb.DuckDBPyConnection, limit: int = 5) -> list[CommentedTrack]:
    """The tracks with most comments, with their beat where a shop tells it."""
    rows = connection.execute(
        """WITH tens AS (SELECT source, track_id, timestamp_ms // 10000 AS ten, count(*) AS said
            FROM comments WHERE timestamp_ms IS NOT NULL GROUP BY ALL)
        SELECT t.id, t.name, t.artist_names[1], h.said, h.ten, b.tempo, b.key_name
        FROM (SELECT source, track_id, sum(said)::BIGINT AS said, arg_max(ten, (said, -ten)) AS ten
            FROM tens GROUP BY ALL) h JOIN tracks t ON t.source = h.source AND t.id = h.track_id
        LEFT JOIN beats b ON b.source = t.source AND b.id = t.id
        ORDER BY h.said DESC, t.id LIMIT ?""",
        [limit],
    ).fetchall()
    return [
        CommentedTrack(id_, name or id_, artist or "", said, f"{ten // 6}:{ten % 6}0", bpm, key)
        for id_, name, artist, said, ten, bpm, key in rows
    ]
