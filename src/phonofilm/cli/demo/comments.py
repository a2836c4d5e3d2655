"""The demo's part about listeners: ten artists of a genre, all comments, the beat of each track."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from phonofilm.cli.console import err, plain
from phonofilm.errors import PhonofilmError
from phonofilm.show import queries
from phonofilm.show.waveform import waveform
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_GENRE = "house"
_TEN = """SELECT 'soundcloud:users:' || id FROM artists WHERE source = 'soundcloud'
    ORDER BY followers DESC NULLS LAST, id LIMIT 10"""


class CommentsResult(NamedTuple):
    """What the demo heard: comments, calls, tracks with and without a record at Beatport."""

    comments: int
    calls: int
    found: int
    tracks: int


def hear(data: Path, url: str, itself: Callable[..., list[str]]) -> CommentsResult:
    """Collects, in the words that a person would type."""
    here = ["--data", str(data), "--json"]

    def run(*words: str) -> dict[str, Any]:
        told = subprocess.run(  # noqa: S603 - our own command
            itself(*words, *here), check=False, stdout=subprocess.PIPE, text=True
        )
        if told.returncode:
            raise PhonofilmError(f"`{words[0]} {words[1]}` ended with exit code {told.returncode}.")
        found: dict[str, Any] = json.loads(told.stdout)
        return found

    run("crawl", "soundcloud", "--genre", _GENRE, "-n", "10", "--at", url)
    run("load")
    words = ("--want", "comments=all", "--media", "samples", "--at", url)
    heard = run("crawl", "soundcloud", "--artists-from", _TEN, *words)
    comments = heard["records"]["comments"]["full"]
    if not find_spec("splink"):
        err.print("  [dim]Beatport's part needs matching: pip install 'phonofilm\\[match]'[/]")
        return CommentsResult(comments, heard["calls"], 0, 0)
    shop = run("crawl", "beatport", "--for", "soundcloud", "--at", url)
    return CommentsResult(comments, heard["calls"] + shop["calls"], shop["found"], shop["tracks"])


def draw(folder: Workspace, tracks: list[queries.CommentedTrack]) -> Path | None:
    """The picture of the track that most was said of."""
    return waveform(folder, tracks[0].id, folder.root / "track.svg") if tracks else None


def most_heard(folder: Workspace) -> list[queries.CommentedTrack]:
    """The tracks that most was said of."""
    with open_snapshot(folder) as connection:
        return queries.most_commented(connection)


def table(tracks: list[queries.CommentedTrack]) -> Table:
    """Tracks with what was said of them, and their beat."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    shown.add_column("track", no_wrap=True, max_width=24)
    shown.add_column("artist", no_wrap=True, max_width=16)
    for name, width in (("comments", 8), ("most at", 7), ("BPM", 3)):
        shown.add_column(name, justify="right", no_wrap=True, min_width=width)
    shown.add_column("key", no_wrap=True, min_width=8)
    for track in tracks:
        bpm = f"{track.bpm:.0f}" if track.bpm else "-"
        shown.add_row(
            Text(plain(track.name)),
            Text(plain(track.artist)),
            f"{track.comments:,}",
            track.most_at,
            bpm,
            Text(plain(track.key or "-")),
        )
    return shown
