"""Queries that reports and screens share; each takes a connection to a snapshot."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from phonofilm.records import RECORDS
from phonofilm.sources.priority import by_priority
from phonofilm.sql import literal


class Bar(NamedTuple):
    """A label and its number."""

    label: str
    value: float


class SourceCount(NamedTuple):
    """Full and mentioned records of one table from one source."""

    source: str
    table: str
    full: int
    mentioned: int


class ArtistRow(NamedTuple):
    """An artist as lists show it; `genres` are its first three, joined."""

    name: str
    source: str
    genres: str
    popularity: int | None
    followers: int | None
    url: str | None


class TitleRow(NamedTuple):
    """A rated title as lists show it; `directors` are joined."""

    name: str
    year: int | None
    kind: str | None
    rating: float | None
    votes: int | None
    directors: str


class Run(NamedTuple):
    """How a crawl ended; shares are (estimate, low, high), `lists` those of single lists."""

    source: str
    origin: str
    access: str
    started: datetime
    status: str
    requests: int
    new_per_call: float
    elapsed_s: float
    coverage: dict[str, list[float]]
    findings: list[dict[str, Any]]
    lists: dict[str, list[float]]


class CommentedTrack(NamedTuple):
    """A track with its comments; `most_at` is the start of the ten seconds with most of them."""

    id: str
    name: str
    artist: str
    comments: int
    most_at: str
    bpm: float | None
    key: str | None


def record_counts(connection: duckdb.DuckDBPyConnection) -> list[SourceCount]:
    """Count records by source and table, in the order of the registry; empty tables are left out.

    A record is full when no permitted request would add a field.
    """
    parts = [
        f"SELECT source, '{cls.plural}', count(*) FILTER (_full), count(*) FILTER (NOT _full)"
        f" FROM store.{cls.kind} GROUP BY source"
        for cls in RECORDS
    ]
    rows = connection.execute(" UNION ALL ".join(parts)).fetchall()
    order = {cls.plural: index for index, cls in enumerate(RECORDS)}
    counts = (SourceCount(*row) for row in rows)
    return sorted(counts, key=lambda count: (count.source, order[count.table]))


def top_genres(connection: duckdb.DuckDBPyConnection, limit: int = 15) -> list[Bar]:
    """Count artists by genre; return the largest genres."""
    rows = connection.execute(
        "SELECT lower(g), count(*) FROM (SELECT unnest(genres) AS g FROM artists)"
        " WHERE g IS NOT NULL GROUP BY lower(g) ORDER BY 2 DESC, 1 LIMIT ?",
        [limit],
    )
    return [Bar(*row) for row in rows.fetchall()]


def artist_popularity(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Count artists by tens of popularity."""
    rows = connection.execute(
        "SELECT least(popularity // 10, 9) * 10, count(*) FROM artists WHERE popularity IS NOT NULL"
        " GROUP BY 1 ORDER BY 1"
    )
    return [
        Bar(f"{int(start)}-{int(start) + (10 if start == 90 else 9)}", count)
        for start, count in rows.fetchall()
    ]


def album_years(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Count albums by year of release, years between without any included."""
    rows = connection.execute(
        "SELECT try_cast(release_date[:4] AS INTEGER) AS year, count(*) FROM albums"
        " WHERE release_date IS NOT NULL GROUP BY 1 HAVING year BETWEEN 1900 AND 2100"
    )
    return _bars_by_year(dict(rows.fetchall()))


def title_years(connection: duckdb.DuckDBPyConnection) -> list[Bar]:
    """Count titles by the year they were first shown, years between without any included."""
    rows = connection.execute(
        "SELECT start_year, count(*) FROM store.title WHERE start_year BETWEEN 1870 AND 2100"
        " GROUP BY 1"
    )
    return _bars_by_year(dict(rows.fetchall()))


def _bars_by_year(counts: dict[int, int]) -> list[Bar]:
    if not counts:
        return []
    years = range(min(counts), max(counts) + 1)
    return [Bar(str(year), counts.get(year, 0)) for year in years]


def top_artists(connection: duckdb.DuckDBPyConnection, limit: int = 10) -> list[ArtistRow]:
    """Return the most popular artists; by followers where a source gives no popularity."""
    rows = connection.execute(
        "SELECT name, source, array_to_string(genres[:3], ', '), popularity, followers, url"
        " FROM artists WHERE name IS NOT NULL"
        " ORDER BY popularity DESC NULLS LAST, followers DESC NULLS LAST, name LIMIT ?",
        [limit],
    )
    return [ArtistRow(*row) for row in rows.fetchall()]


def best_titles(
    connection: duckdb.DuckDBPyConnection, limit: int = 10, subset: bool = False
) -> list[TitleRow]:
    """Return the best rated films that are no episodes, those under 100 votes last.

    The rating is that of the first source by priority. With `subset` only titles that a partial
    import kept.
    """
    ranks = " ".join(
        f"WHEN {literal(source)} THEN {rank}"
        for rank, source in enumerate(by_priority(kind="title"))
    )
    rows = connection.execute(
        f"""WITH rated AS (
            SELECT DISTINCT ON (f.film_id)
            t.source, t.id, t.name, t.start_year, t.title_type, r.rating, r.votes
            FROM store.title t JOIN store.rating r ON r.source = t.source AND r.id = t.id
            JOIN film_titles f ON f.source = t.source AND f.title_id = t.id
            WHERE t.title_type IS DISTINCT FROM 'tvEpisode' AND t.name IS NOT NULL
            AND r.rating BETWEEN 0 AND 10
            {"AND t.kept_by IS NOT NULL" if subset else ""}
            ORDER BY f.film_id, CASE t.source {ranks} END, t.id),
        best AS MATERIALIZED (
            SELECT t.source, t.id, t.name, t.start_year, t.title_type, t.rating, t.votes
            FROM rated t
            ORDER BY coalesce(t.votes, 0) < 100, t.rating DESC, t.votes DESC NULLS LAST, t.id
            LIMIT ?)
        SELECT b.name, b.start_year, b.title_type, b.rating, b.votes,
            coalesce(string_agg(coalesce(p.name, c.person_id), ', ' ORDER BY c.position), '')
        FROM best b LEFT JOIN store.credit c
            ON c.source = b.source AND c.title_id = b.id AND c.role = 'director'
            AND c.removed_at IS NULL
        LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
        GROUP BY b.source, b.id, b.name, b.start_year, b.title_type, b.rating, b.votes
        ORDER BY coalesce(b.votes, 0) < 100, b.rating DESC, b.votes DESC NULLS LAST, b.id""",
        [limit],
    )
    return [TitleRow(*row) for row in rows.fetchall()]


def title_genres(connection: duckdb.DuckDBPyConnection, limit: int = 15) -> list[Bar]:
    """Count titles by genre; return the largest genres."""
    rows = connection.execute(
        "SELECT lower(genre), count(*) FROM store.title_genre WHERE removed_at IS NULL GROUP BY 1"
        " ORDER BY 2 DESC, 1 LIMIT ?",
        [limit],
    )
    return [Bar(*row) for row in rows.fetchall()]


def crawl_runs(connection: duckdb.DuckDBPyConnection) -> list[Run]:
    """Return all crawls, oldest first."""
    rows = connection.execute("SELECT source, started, result FROM runs ORDER BY started")
    return [_run(source, started, json.loads(text)) for source, started, text in rows.fetchall()]


def _run(source: str, started: datetime, result: dict[str, Any]) -> Run:
    return Run(
        source=source,
        origin=result["origin"],
        access=result["access"],
        started=started,
        status=result["status"],
        requests=result["calls"],
        new_per_call=result["new_per_call"],
        elapsed_s=result["elapsed_s"],
        coverage=result["coverage"],
        findings=result["findings"],
        lists=result.get("coverage_by_list", {}),
    )


def list_coverage(runs: list[Run]) -> list[tuple[str, str, list[float]]]:
    """Return source, list and known share, from the last crawl of each source that has some."""
    last = {run.source: run for run in runs if run.lists}
    return [(run.source, name, share) for run in last.values() for name, share in run.lists.items()]


def quarantine_counts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """Count responses that do not parse by source and reason; return the ten largest counts."""
    return connection.execute(
        "SELECT source, reason, count(*) FROM quarantine GROUP BY ALL ORDER BY 3 DESC LIMIT 10"
    ).fetchall()


def most_commented(connection: duckdb.DuckDBPyConnection, limit: int = 5) -> list[CommentedTrack]:
    """Return the tracks with most comments, with tempo and key where another source has them."""
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
        CommentedTrack(
            id=id_,
            name=name or id_,
            artist=artist or "",
            comments=comments,
            most_at=f"{ten // 6}:{ten % 6}0",
            bpm=bpm,
            key=key,
        )
        for id_, name, artist, comments, ten, bpm, key in rows
    ]
