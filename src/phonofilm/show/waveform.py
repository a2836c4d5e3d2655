"""`phonofilm report --track`: one track's waveform with its comments at their seconds, as SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from phonofilm.errors import UsageError, output_error
from phonofilm.files import output_path
from phonofilm.media.reader import read_media
from phonofilm.show.waveform_svg import TrackComments, draw
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_TRACK = """SELECT t.source, t.id, t.name, t.artist_names[1], t.duration_ms, t.url, t.is_set, m.path
    FROM tracks t LEFT JOIN media m ON m.source = t.source AND m.of_kind = 'track'
    AND m.of_id = t.id AND m.role = 'samples' WHERE {condition} LIMIT 1"""
_COMMENTS = """SELECT timestamp_ms, body FROM comments WHERE source = ? AND track_id = ?
    ORDER BY timestamp_ms NULLS LAST, id"""
_SIMILAR = """SELECT name FROM tracks WHERE name IS NOT NULL
    AND id IN (SELECT track_id FROM comments)
    GROUP BY name ORDER BY jaro_winkler_similarity(lower(name), lower(?)) DESC, name LIMIT 3"""
# `source:id` or a URN, of which the last part is the id.
_QUALIFIED_ID = re.compile(r"[\w.]+:[\w:.]+")


class _TrackRow(NamedTuple):
    """A track and the path of its samples, where they were fetched."""

    source: str
    id: str
    name: str | None
    artist: str | None
    duration_ms: int | None
    url: str | None
    is_set: bool | None
    samples_path: str | None


def waveform(workspace: Workspace, track: str, out: Path) -> Path:
    """Write the picture of a track named by id, address or title and return its path.

    UsageError for an unknown track, with similar titles.
    """
    with open_snapshot(workspace) as connection:
        row = _find_track(connection, track)
        comments = connection.execute(_COMMENTS, [row.source, row.id]).fetchall()
    picture = draw(_track_comments(row, comments, _read_samples(workspace, row.samples_path)))
    try:
        with output_path(out) as partial:
            partial.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise output_error(out, error) from error
    return out


def _find_track(connection: duckdb.DuckDBPyConnection, track: str) -> _TrackRow:
    id_ = track.rsplit(":", 1)[-1] if _QUALIFIED_ID.fullmatch(track) else track
    for condition, value in (
        ("t.id = ?", id_),
        ("t.url = ?", track),
        ("lower(t.name) = lower(?)", track),
    ):
        row = connection.execute(_TRACK.format(condition=condition), [value]).fetchone()
        if row is not None:
            return _TrackRow(*row)
    names = [name for (name,) in connection.execute(_SIMILAR, [track]).fetchall()]
    raise UsageError(
        f"There is no track {track!r} here.",
        next_step=f"Near: {', '.join(names)}"
        if names
        else "Collect one: phonofilm crawl soundcloud --want comments",
    )


def _track_comments(
    row: _TrackRow, comments: list[tuple[Any, ...]], samples: Sequence[int]
) -> TrackComments:
    """Return a track for drawing; without a duration it ends a second after its last comment."""
    timed = [(int(position), body or "") for position, body in comments if position is not None]
    last_ms = max((position for position, _ in timed), default=0)
    return TrackComments(
        name=row.name or row.id,
        artist=row.artist or "",
        duration_ms=int(row.duration_ms or last_ms + 1000),
        url=row.url or "",
        is_set=bool(row.is_set),
        comments=timed,
        untimed=len(comments) - len(timed),
        samples=samples,
    )


def _read_samples(workspace: Workspace, path: str | None) -> Sequence[int]:
    """Return the loudness of a track; empty when it was not fetched or is no list of numbers."""
    body = read_media(workspace, path) if path else None
    try:
        document = msgspec.json.decode(body or b"null")
    except msgspec.DecodeError:
        return ()
    samples = document.get("samples") if isinstance(document, dict) else None
    if not isinstance(samples, list):
        return ()
    return [sample for sample in samples if isinstance(sample, int) and sample >= 0]
