"""Comments in the demo: ten artists of a genre, every comment, and the tempo of each track."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from phonofilm.cli.console import note
from phonofilm.cli.demo.processes import run_json

_GENRE = "house"
_TOP_TEN = """SELECT 'soundcloud:users:' || id FROM artists WHERE source = 'soundcloud'
    ORDER BY followers DESC NULLS LAST, id LIMIT 10"""


class CommentsResult(NamedTuple):
    """Collected comments, and how many of the tracks Beatport has, too.

    `tracks` is 0 where matching is not installed.
    """

    comments: int
    matched: int = 0
    tracks: int = 0


def collect_comments(data: Path, url: str) -> CommentsResult:
    """Collect from stand-ins of SoundCloud and Beatport, with the commands that a person types."""
    run_json("crawl", "soundcloud", "--genre", _GENRE, "-n", "10", "--at", url, data=data)
    run_json("load", data=data)
    options = ("--want", "comments=all", "--media", "samples", "--at", url)
    crawl = run_json("crawl", "soundcloud", "--artists-from", _TOP_TEN, *options, data=data)
    comments = crawl["records"]["comments"]["full"]
    if not find_spec("splink"):
        note(("  Beatport's part needs matching: pip install 'phonofilm[match]'", "dim"))
        return CommentsResult(comments)
    match = run_json("crawl", "beatport", "--for", "soundcloud", "--at", url, data=data)
    return CommentsResult(comments, matched=match["found"], tracks=match["tracks"])
