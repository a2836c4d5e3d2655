"""`titles --shape seed`: the JSON objects that the anime job's first version wrote, N to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from phonofilm.errors import UsageError, storage_error
from phonofilm.warehouse.export.card import Exported, attributions, write_card
from phonofilm.workspace import Workspace

_SQL = """SELECT t.id, t.imdb_id, t.last_seen, t.name, t.poster_url, t.rating, t.votes, t.is_series,
    t.runtime_ms, t.genres, t.release_date, t.plot, p.people
    FROM titles_wide t LEFT JOIN (
        SELECT c.source, c.title_id, list({'role': c.role, 'name': coalesce(p.name, c.person_id),
            'id': c.person_id} ORDER BY c.position NULLS LAST, c.person_id) AS people
        FROM store.credit c LEFT JOIN store.person p ON p.source = c.source AND p.id = c.person_id
        WHERE c.role IN ('director', 'writer', 'cast') GROUP BY c.source, c.title_id) p
        ON p.source = t.source AND p.title_id = t.id
    WHERE t.expires_at IS NULL OR t.expires_at > now() AT TIME ZONE 'UTC' ORDER BY t.source, t.id"""
_ROLES = {"director": "Director", "writer": "Writer", "cast": "Stars"}
_STARS = 3
_HOST = "https://www.imdb.com"


def write_titles(
    connection: duckdb.DuckDBPyConnection, folder: Workspace, out: Path, per_file: int
) -> list[Exported]:
    """Writes `OUT/YYYY-MM-DD/titles-00001.json` and so on; the card lies beside OUT."""
    if out.is_file():
        raise UsageError(f"{out} is a file.", next_step="Name a folder: --out titles")
    rows, fresh = 0, set()
    try:
        for number, part in enumerate(_parts(_titles(connection), per_file), 1):
            day = out / part[0]["scrape_ts"][:10]
            day.mkdir(parents=True, exist_ok=True)
            target = day / f"titles-{number:05d}.json"
            growing = target.with_suffix(".growing")
            growing.write_text(json.dumps(part, ensure_ascii=False, indent=1), encoding="utf-8")
            growing.replace(target)
            fresh.add(target)
            rows += len(part)
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("????-??-??/titles-?????.json"):  # of an earlier export
            if old not in fresh:
                old.unlink()
    except OSError as error:
        raise storage_error(out, error) from error
    card = write_card(connection, folder, "titles", out, rows, _SQL)
    return [Exported("titles", out, card, rows, attributions(connection))]


def _parts(titles: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(titles, size)):
        yield part


def _titles(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    found = connection.execute(_SQL)
    while rows := found.fetchmany(2000):
        for row in rows:
            yield _title(*row)


def _title(  # noqa: PLR0913 - the columns of one query
    id_: str,
    imdb_id: str | None,
    seen: Any,
    name: str | None,
    poster: str | None,
    rating: float | None,
    votes: int | None,
    is_series: bool | None,
    runtime_ms: int | None,
    genres: list[str] | None,
    released: str | None,
    plot: str | None,
    people: list[dict[str, str]] | None,
) -> dict[str, Any]:
    return {
        "scrape_ts": seen.isoformat(),
        "title": name,
        "url": f"{_HOST}/title/{imdb_id}/" if imdb_id else id_,
        "poster_url": poster,
        "ratingValue": rating,
        "ratingCount": votes,
        "name": name,
        "isSeries": is_series,
        "duration": None if runtime_ms is None else runtime_ms // 60_000,
        "genres": genres or [],
        "release_date": released,
        "summary_text": plot,
        "credits": _credits(people or []),
    }


def _credits(people: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Names and links by role; as many stars as a page shows."""
    by: dict[str, list[dict[str, str]]] = {}
    for person in people:
        held = by.setdefault(_ROLES[person["role"]], [])
        if person["role"] != "cast" or len(held) < _STARS:
            held.append({"name": person["name"], "link": f"{_HOST}/name/{person['id']}/"})
    return by
