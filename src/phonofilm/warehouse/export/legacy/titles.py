"""`titles --shape seed`: the JSON objects that the anime job's first version wrote, N to a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from phonofilm.errors import UsageError, output_error
from phonofilm.files import atomic_write, output_path
from phonofilm.warehouse.export.card import (
    CardContents,
    Exported,
    attributions,
    card_path,
    card_text,
)
from phonofilm.workspace import Workspace

# The columns are the fields of `_FilmRow`.
_PEOPLE = " UNION ALL ".join(
    f"""SELECT title_id, {number} AS part, '{role}' AS role, {key} AS person_id, source
    FROM snowflake.titles_{table}"""
    for number, (table, key, role) in enumerate(
        (
            ("directors", "director_id", "director"),
            ("writers", "writer_id", "writer"),
            ("stars", "star_id", "cast"),
        )
    )
)
_SQL = f"""SELECT f.id, f.last_seen, f.name, f.poster_url, f.rating, f.votes, f.is_series,
    f.runtime_ms, f.genres, f.release_date, f.plot, p.people
    FROM films f LEFT JOIN (
        SELECT c.title_id, list({{'role': c.role, 'name': coalesce(p.name, c.person_id),
            'id': c.person_id}} ORDER BY c.part, k.position NULLS LAST, c.person_id) AS people
        FROM ({_PEOPLE}) c
        LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
        LEFT JOIN (SELECT f.source, f.film_id, d.role, d.person_id,
            min(d.position) AS position FROM store.credit d
            JOIN film_titles f ON f.source = d.source AND f.title_id = d.title_id GROUP BY ALL) k
            ON k.source = c.source AND k.film_id = c.title_id AND k.role = c.role
            AND k.person_id = c.person_id
        GROUP BY c.title_id) p ON p.title_id = f.id
    WHERE f.expires_at IS NULL OR f.expires_at > now() AT TIME ZONE 'UTC' ORDER BY f.id"""
_ROLES = {"director": "Director", "writer": "Writer", "cast": "Stars"}
_STARS_MAX = 3  # as many as a title page of IMDb shows
_HOST = "https://www.imdb.com"
_ROWS_PER_FETCH = 2000
FILES = "????-??-??/titles-?????.json"
"""Pattern of the files of an export in its folder."""


class _FilmRow(NamedTuple):
    """A row of the query; `people` are structs of role, name and id."""

    id: str
    last_seen: datetime
    name: str | None
    poster_url: str | None
    rating: float | None
    votes: int | None
    is_series: bool | None
    runtime_ms: int | None
    genres: list[str] | None
    release_date: str | None
    plot: str | None
    people: list[dict[str, str]] | None


def write_titles(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, out: Path, per_file: int
) -> list[Exported]:
    """Write `OUT/YYYY-MM-DD/titles-00001.json` and so on, at most `per_file` titles each.

    The card is next to OUT. Files of an earlier export that are not written again are deleted.
    """
    card = card_path(out)
    if card is None or (out.exists() and not out.is_dir()):
        raise UsageError(f"Cannot write {out}: it is no folder.", next_step="--out titles")
    try:
        with output_path(card) as partial_card:
            rows = _write_files(connection, out, per_file)
            contents = CardContents(table="titles", name=out.name, written=out, rows=rows, sql=_SQL)
            partial_card.write_text(card_text(connection, workspace, contents), encoding="utf-8")
    except OSError as error:
        raise output_error(out, error) from error
    terms = attributions(connection)
    return [Exported(table="titles", path=out, card=card, rows=rows, attribution=terms)]


def _write_files(connection: duckdb.DuckDBPyConnection, out: Path, per_file: int) -> int:
    """Write the files of all titles, delete those of an earlier export; return the titles."""
    rows, written = 0, set()
    out.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(_parts(_titles(connection), per_file), 1):
        day = out / part[0]["scrape_ts"][:10]
        day.mkdir(parents=True, exist_ok=True)
        target = day / f"titles-{number:05d}.json"
        atomic_write(target, msgspec.json.format(msgspec.json.encode(part), indent=1))
        written.add(target)
        rows += len(part)
    for old in out.glob(FILES):
        if old not in written:
            old.unlink()
    return rows


def _parts(titles: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(titles, size)):
        yield part


def _titles(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    result = connection.execute(_SQL)
    while rows := result.fetchmany(_ROWS_PER_FETCH):
        for row in rows:
            yield _title(_FilmRow._make(row))


def _title(row: _FilmRow) -> dict[str, Any]:
    """Return a title as the job wrote it; its keys and their order are those of the job."""
    return {
        "scrape_ts": row.last_seen.isoformat(),
        "title": row.name,
        "url": f"{_HOST}/title/{row.id}/" if row.id.startswith("tt") else None,
        "poster_url": row.poster_url,
        "ratingValue": row.rating,
        "ratingCount": row.votes,
        "name": row.name,
        "isSeries": row.is_series,
        "duration": None if row.runtime_ms is None else row.runtime_ms // 60_000,
        "genres": row.genres or [],
        "release_date": row.release_date,
        "summary_text": row.plot,
        "credits": _credits(row.people or []),
    }


def _credits(people: list[dict[str, str]]) -> dict[str, list[dict[str, str | None]]]:
    """Return names and links by role, with at most three stars."""
    by_role: dict[str, list[dict[str, str | None]]] = {}
    for person in people:
        credited = by_role.setdefault(_ROLES[person["role"]], [])
        if person["role"] != "cast" or len(credited) < _STARS_MAX:
            link = f"{_HOST}/name/{person['id']}/" if person["id"].startswith("nm") else None
            credited.append({"name": person["name"], "link": link})
    return by_role
