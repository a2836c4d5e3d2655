"""Draw a track's waveform and its comments as SVG.

Above the line the loudness, where its samples were fetched; below it one dot per comment, stacked
where people write together. All text comes from the outside world and is escaped.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from phonofilm.formatting import format_position

# Sizes in SVG units, chosen by eye for a screen of 1,200 pixels.
_WIDTH, _LEFT, _RIGHT = 1200, 40, 40
_WAVEFORM_TOP, _WAVEFORM_HEIGHT = 92, 150
_LINE_Y = _WAVEFORM_TOP + _WAVEFORM_HEIGHT
_DOTS_TOP = _LINE_Y + 30
_BARS = 300
_COLUMNS = 240
_DOT_RADIUS = 4.2
_STACK_MAX = 26
_TICKS_MAX = 12
_TICK_SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_TITLE_CHARACTERS_MAX, _COMMENT_CHARACTERS_MAX = 70, 200
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_STYLE = """text{font-family:system-ui,sans-serif;fill:#1d2733}.t{font-size:22px;font-weight:600}
.s{font-size:13px;fill:#5b6875}.m{font-size:13px;font-weight:600}.b{fill:#f26522}.q{fill:#f7b58e}
.c{fill:#2a7de1;fill-opacity:.78}.g{stroke:#d5dbe1}.p{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e8edf2}.s{fill:#9aa7b4}.g{stroke:#3a4654}
.p{fill:#12181f}}"""

Comment = tuple[int, str]
"""Position in milliseconds, and text."""
Stacks = dict[int, list[Comment]]
"""Comments by column of the picture."""


class TrackComments(NamedTuple):
    """A track with its comments; `untimed` counts those without a position in the track.

    `samples` are the loudness over the whole length, empty when unknown.
    """

    name: str
    artist: str
    duration_ms: int
    url: str
    is_set: bool
    comments: Sequence[Comment]
    untimed: int
    samples: Sequence[int]


def draw(track: TrackComments) -> str:
    """Return the picture as an SVG document."""
    stacks = _stack(track)
    tallest = max((min(len(stack), _STACK_MAX) for stack in stacks.values()), default=0)
    height = int(_LINE_Y + 34 + max(3, tallest) * _DOT_RADIUS * 2 + 46)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{_xml(track.name)}: comments over its waveform">',
        f"<style>{_STYLE}</style>",
        f'<rect class="p" width="{_WIDTH}" height="{height}"/>',
        f'<text class="t" x="{_LEFT}" y="38">'
        f"{_xml(_shorten(track.name, _TITLE_CHARACTERS_MAX))}</text>",
        f'<text class="s" x="{_LEFT}" y="62">{_xml(_subtitle(track))}</text>',
        *_draw_bars(track.samples),
        *_draw_axis(track.duration_ms),
        *_draw_dots(stacks),
        *_draw_busiest(track, stacks),
        f'<text class="s" x="{_LEFT}" y="{height - 14}">{_xml(track.url)}</text></svg>',
    ]
    return "\n".join(parts) + "\n"


def _subtitle(track: TrackComments) -> str:
    kind = "DJ set" if track.is_set else "track"
    text = (
        f"{track.artist} · {kind} of {format_position(track.duration_ms)}"
        f" · {len(track.comments):,} comments"
    )
    return text + (f" · {track.untimed:,} more without a moment" if track.untimed else "")


def _x(share: float) -> float:
    """Return the horizontal position of a share of the track's length, kept inside the picture."""
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(1.0, max(0.0, share))


def _draw_bars(samples: Sequence[int]) -> list[str]:
    """Draw the mean loudness of each bar's part; without samples a thin line."""
    if not samples:
        return [
            f'<rect class="q" x="{_LEFT}" y="{_LINE_Y - 3}" width="{_x(1) - _LEFT}" height="3"/>'
        ]
    loudest = max(*samples, 1)
    step = (_x(1) - _LEFT) / _BARS
    bars = []
    for bar in range(_BARS):
        part = samples[bar * len(samples) // _BARS : (bar + 1) * len(samples) // _BARS] or [0]
        height = max(1.0, sum(part) / len(part) / loudest * (_WAVEFORM_HEIGHT - 12))
        bars.append(
            f'<rect class="b" x="{_LEFT + bar * step:.1f}" y="{_LINE_Y - height:.1f}"'
            f' width="{step * 0.72:.1f}" height="{height:.1f}" rx="1"/>'
        )
    return bars


def _draw_axis(duration_ms: int) -> Iterator[str]:
    """Draw the line and its ticks: at most twelve, or one an hour where these are more."""
    seconds = max(1, duration_ms // 1000)
    step = next((step for step in _TICK_SECONDS if seconds / step <= _TICKS_MAX), 3600)
    yield f'<line class="g" x1="{_LEFT}" x2="{_x(1)}" y1="{_LINE_Y}" y2="{_LINE_Y}"/>'
    for second in range(0, seconds + 1, step):
        x = _x(second * 1000 / duration_ms)
        yield (
            f'<text class="s" x="{x:.1f}" y="{_LINE_Y + 17}" text-anchor="middle">'
            f"{format_position(second * 1000)}</text>"
        )


def _stack(track: TrackComments) -> Stacks:
    """Sort comments into the columns of the picture."""
    stacks: Stacks = defaultdict(list)
    for position, body in track.comments:
        column = position * _COLUMNS // max(1, track.duration_ms)
        stacks[min(_COLUMNS - 1, max(0, column))].append((position, body))
    return stacks


def _draw_dots(stacks: Stacks) -> Iterator[str]:
    """Draw a dot per comment with its text as a tooltip, and how many a full stack leaves out."""
    for column, stack in sorted(stacks.items()):
        x = _x((column + 0.5) / _COLUMNS)
        for depth, (position, body) in enumerate(stack[:_STACK_MAX]):
            text = f"{format_position(position)}  {_shorten(body, _COMMENT_CHARACTERS_MAX)}"
            yield (
                f'<circle class="c" cx="{x:.1f}" cy="{_DOTS_TOP + depth * _DOT_RADIUS * 2:.1f}"'
                f' r="{_DOT_RADIUS * 0.86:.1f}"><title>{_xml(text)}</title></circle>'
            )
        if len(stack) > _STACK_MAX:
            y = _DOTS_TOP + _STACK_MAX * _DOT_RADIUS * 2 + 8
            more = len(stack) - _STACK_MAX
            yield f'<text class="s" x="{x:.1f}" y="{y}" text-anchor="middle">+{more}</text>'


def _draw_busiest(track: TrackComments, stacks: Stacks) -> list[str]:
    """Mark the column with most comments; nothing for fewer than three comments."""
    if not stacks or len(track.comments) < 3:
        return []
    column = max(stacks, key=lambda column: (len(stacks[column]), -column))
    x = _x((column + 0.5) / _COLUMNS)
    anchor = "start" if x < _WIDTH * 0.1 else "end" if x > _WIDTH * 0.9 else "middle"
    position_ms = column * track.duration_ms // _COLUMNS
    top, bottom = _WAVEFORM_TOP - 4, _LINE_Y + 26
    return [
        f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>',
        f'<text class="m" x="{x:.1f}" y="{_WAVEFORM_TOP - 10}" text-anchor="{anchor}">'
        f"most at {format_position(position_ms)}: {len(stacks[column])}</text>",
    ]


def _shorten(text: str, characters_max: int) -> str:
    """Return a text in one line, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= characters_max else line[: characters_max - 1] + "…"


def _xml(text: str) -> str:
    """Escape a text for XML and replace the characters that XML forbids."""
    return escape(_NOT_XML.sub("\ufffd", text))
