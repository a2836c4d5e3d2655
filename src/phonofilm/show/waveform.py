"""One picture: a track's waveform with its comments at their seconds, as SVG.

Above the line the loudness, where its samples were fetched; below it a dot for every comment, one
over the other where people write together. All text comes from the world and is escaped.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from phonofilm.errors import UsageError, storage_error
from phonofilm.files import atomic_write
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_WIDTH, _LEFT, _RIGHT = 1200, 40, 40
_BARS, _COLUMNS = 300, 240
_TOP, _LOUD, _DOT = 92, 150, 4.2
_MOST_STACKED = 26
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TRACK = """SELECT t.source, t.id, t.name, t.artist_names[1], t.duration_ms, t.url, t.comment_count,
    t.is_set, m.path FROM tracks t LEFT JOIN media m ON m.source = t.source AND m.of_kind = 'track'
    AND m.of_id = t.id AND m.role = 'samples' WHERE {where} LIMIT 1"""
_SAID = """SELECT timestamp_ms, body FROM comments WHERE source = ? AND track_id = ?
    ORDER BY timestamp_ms NULLS LAST, id"""
_STYLE = """text{font-family:system-ui,sans-serif;fill:#1d2733}.t{font-size:22px;font-weight:600}
.s{font-size:13px;fill:#5b6875}.m{font-size:13px;font-weight:600}.b{fill:#f26522}.q{fill:#f7b58e}
.c{fill:#2a7de1;fill-opacity:.78}.g{stroke:#d5dbe1}.p{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e8edf2}.s{fill:#9aa7b4}.g{stroke:#3a4654}
.p{fill:#12181f}}"""


class TrackComments(NamedTuple):
    """A track with what was said of it; moments in milliseconds."""

    name: str
    artist: str
    duration_ms: int
    url: str
    is_set: bool
    said: Sequence[tuple[int, str]]
    without_moment: int
    samples: Sequence[int]


def waveform(folder: Workspace, track: str, out: Path) -> Path:
    """Writes the picture of a track named by id, address or title; UsageError for none such."""
    with open_snapshot(folder) as connection:
        heard = _heard(connection, folder, track)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(out, draw(heard))
    except OSError as error:
        raise storage_error(out, error) from error
    return out


def _heard(connection: duckdb.DuckDBPyConnection, folder: Workspace, track: str) -> TrackComments:
    plain = track.rsplit(":", 1)[-1] if re.fullmatch(r"[\w.]+:[\w:.]+", track) else track
    row = None
    for where in ("t.id = ?", "t.url = ?", "lower(t.name) = lower(?)"):
        named = plain if where == "t.id = ?" else track
        row = row or connection.execute(_TRACK.format(where=where), [named]).fetchone()
    if row is None:
        raise UsageError(f"There is no track {track!r} here.", next_step=_near(connection, track))
    source, id_, name, artist, length, url, _, is_set, path = row
    said = connection.execute(_SAID, [source, id_]).fetchall()
    moments = [(int(at), body or "") for at, body in said if at is not None]
    length = length or max((at for at, _ in moments), default=0) + 1000
    return TrackComments(
        name or id_,
        artist or "",
        int(length),
        url or "",
        bool(is_set),
        moments,
        len(said) - len(moments),
        _samples(folder, path),
    )


def _near(connection: duckdb.DuckDBPyConnection, track: str) -> str:
    rows = connection.execute(
        """SELECT name FROM tracks WHERE name IS NOT NULL AND id IN (SELECT track_id FROM comments)
        GROUP BY name ORDER BY jaro_winkler_similarity(lower(name), lower(?)) DESC, name LIMIT 3""",
        [track],
    ).fetchall()
    near = ", ".join(name for (name,) in rows)
    return f"Near: {near}" if near else "Collect one: phonofilm crawl soundcloud --want comments"


def _samples(folder: Workspace, path: str | None) -> Sequence[int]:
    """The loudness that was fetched; empty without it."""
    if not path:
        return ()
    store = folder.segments()
    try:
        told = msgspec.json.decode(store.path(path).read_bytes())
    except (OSError, msgspec.DecodeError):
        return ()
    finally:
        store.remove_fetched()
    found = told.get("samples") if isinstance(told, dict) else None
    return [v for v in found if isinstance(v, int) and v >= 0] if isinstance(found, list) else ()


def draw(heard: TrackComments) -> str:
    """The picture."""
    stacks = _stacks(heard)
    deepest = max((min(len(rows), _MOST_STACKED) for rows in stacks.values()), default=0)
    middle = _TOP + _LOUD
    height = int(middle + 34 + max(3, deepest) * _DOT * 2 + 46)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{_text(heard.name)}: comments over its waveform">',
        f"<style>{_STYLE}</style>",
        f'<rect class="p" width="{_WIDTH}" height="{height}"/>',
        f'<text class="t" x="{_LEFT}" y="38">{_text(_short(heard.name, 70))}</text>',
        f'<text class="s" x="{_LEFT}" y="62">{_text(_line(heard))}</text>',
        *_bars(heard, middle),
        *_axis(heard, middle),
        *_dots(stacks, middle + 30),
        *_busiest(heard, stacks),
        f'<text class="s" x="{_LEFT}" y="{height - 14}">{_text(heard.url)}</text></svg>',
    ]
    return "\n".join(parts) + "\n"


def _line(heard: TrackComments) -> str:
    kind = "DJ set" if heard.is_set else "track"
    words = f"{heard.artist} · {kind} of {_clock(heard.duration_ms)} · {len(heard.said):,} comments"
    lost = heard.without_moment
    return words + (f" · {lost:,} more without a moment" if lost else "")


def _x(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(1.0, max(0.0, share))


def _bars(heard: TrackComments, middle: int) -> list[str]:
    """Loudness in bars; without samples a thin line says that there is none."""
    samples = heard.samples
    if not samples:
        return [
            f'<rect class="q" x="{_LEFT}" y="{middle - 3}" width="{_x(1) - _LEFT}" height="3"/>'
        ]
    most = max(*samples, 1)
    step = (_x(1) - _LEFT) / _BARS
    bars = []
    for bar in range(_BARS):
        part = samples[bar * len(samples) // _BARS : (bar + 1) * len(samples) // _BARS] or [0]
        high = max(1.0, sum(part) / len(part) / most * (_LOUD - 12))
        bars.append(
            f'<rect class="b" x="{_LEFT + bar * step:.1f}" y="{middle - high:.1f}"'
            f' width="{step * 0.72:.1f}" height="{high:.1f}" rx="1"/>'
        )
    return bars


def _axis(heard: TrackComments, middle: int) -> list[str]:
    """A tick every so many seconds, ten or so of them."""
    seconds = max(1, heard.duration_ms // 1000)
    steps = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
    step = next((step for step in steps if seconds / step <= 12), 3600)
    parts = [f'<line class="g" x1="{_LEFT}" x2="{_x(1)}" y1="{middle}" y2="{middle}"/>']
    for at in range(0, seconds + 1, step):
        x = _x(at * 1000 / heard.duration_ms)
        parts.append(
            f'<text class="s" x="{x:.1f}" y="{middle + 17}" text-anchor="middle">'
            f"{_clock(at * 1000)}</text>"
        )
    return parts


def _stacks(heard: TrackComments) -> dict[int, list[tuple[int, str]]]:
    stacks: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for at, body in heard.said:
        place = min(_COLUMNS - 1, max(0, at * _COLUMNS // max(1, heard.duration_ms)))
        stacks[place].append((at, body))
    return stacks


def _dots(stacks: dict[int, list[tuple[int, str]]], top: float) -> list[str]:
    """A dot a comment, with its words for whoever points at it."""
    dots = []
    for place, rows in sorted(stacks.items()):
        x = _x((place + 0.5) / _COLUMNS)
        for depth, (at, body) in enumerate(rows[:_MOST_STACKED]):
            words = _text(f"{_clock(at)}  {_short(body, 200)}")
            dots.append(
                f'<circle class="c" cx="{x:.1f}" cy="{top + depth * _DOT * 2:.1f}"'
                f' r="{_DOT * 0.86:.1f}"><title>{words}</title></circle>'
            )
        if len(rows) > _MOST_STACKED:
            y = top + _MOST_STACKED * _DOT * 2 + 8
            more = len(rows) - _MOST_STACKED
            dots.append(f'<text class="s" x="{x:.1f}" y="{y}" text-anchor="middle">+{more}</text>')
    return dots


def _busiest(heard: TrackComments, stacks: dict[int, list[tuple[int, str]]]) -> list[str]:
    """Where most is written."""
    if not stacks or len(heard.said) < 3:
        return []
    place = max(stacks, key=lambda p: (len(stacks[p]), -p))
    x = _x((place + 0.5) / _COLUMNS)
    anchor = "start" if x < _WIDTH * 0.1 else "end" if x > _WIDTH * 0.9 else "middle"
    at = place * heard.duration_ms // _COLUMNS
    return [
        f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4}" y2="{_TOP + _LOUD + 26}"/>',
        f'<text class="m" x="{x:.1f}" y="{_TOP - 10}" text-anchor="{anchor}">'
        f"most at {_clock(at)}: {len(stacks[place])}</text>",
    ]


def _clock(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02d}" if hours else str(rest // 60)
    return f"{f'{hours}:' if hours else ''}{minutes}:{rest % 60:02d}"


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _text(text: str) -> str:
    """Text as XML holds it: escaped, and without what XML forbids."""
    return escape(_BAD.sub("\ufffd", text))
