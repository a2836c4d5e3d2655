"""Normalise titles and credits for matching: guests and version words.

How single names are normalised is in `records/names.py`, because crawls compare them, too.

Every function is idempotent for every script.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from phonofilm.records.names import artist_key, plain

# Guests without brackets end where a remark starts: "Song feat. Ada (Club Mix)".
_GUESTS = re.compile(
    r"\s*[(\[]\s*(?:feat|ft|featuring)\b\.?\s*([^)\]]*)[)\]]"
    r"|\s+(?:(?:feat|ft)\.|featuring|feat|ft)\s+(.*?)(?=\s*[(\[]|\s+[-\u2013\u2014]\s|$)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_DASH = re.compile(r"\s+[-\u2013\u2014]\s+")
# A remark in brackets or after a dash names a version when it has one of these words.
_VERSION_WORDS = frozenset(
    (
        "acapella",
        "accapella",
        "acoustic",
        "bootleg",
        "cappella",
        "club",
        "cover",
        "demo",
        "dub",
        "edit",
        "extended",
        "instrumental",
        "karaoke",
        "live",
        "medley",
        "megamix",
        "mix",
        "mono",
        "orchestral",
        "outtake",
        "radio",
        "rehearsal",
        "remix",
        "remixed",
        "reprise",
        "rework",
        "reworked",
        "rmx",
        "session",
        "sessions",
        "slowed",
        "sped",
        "stereo",
        "tribute",
        "unplugged",
        "version",
        "vip",
    )
)
# Words that do not identify a recording; a remaster is the same recording.
_NEUTRAL_WORDS = frozenset(
    (
        "a",
        "album",
        "and",
        "anniversary",
        "at",
        "by",
        "deluxe",
        "digital",
        "digitally",
        "edition",
        "explicit",
        "for",
        "from",
        "full",
        "in",
        "lp",
        "master",
        "mix",
        "of",
        "on",
        "original",
        "recording",
        "release",
        "remaster",
        "remastered",
        "single",
        "the",
        "version",
        "with",
    )
)
# Words of uploaders after a title; they do not identify a recording.
_UPLOAD_WORDS = frozenset(
    (
        "audio",
        "clip",
        "dl",
        "download",
        "exclusive",
        "free",
        "music",
        "now",
        "official",
        "original",
        "out",
        "premiere",
        "preview",
        "snippet",
        "video",
    )
)
_REMASTER = re.compile(r"\bre-?master(?:ed)?\b", re.IGNORECASE)
_PART = re.compile(r"\bp(?:ar)?t\b\.?\s*(\d+)")
_DIGITS = re.compile(r"\d+")


class Title(NamedTuple):
    """Title split into song, version words and guests, each normalised."""

    song: str
    version: str
    guests: tuple[str, ...]


def people_of(names: list[str | None] | None, guests: tuple[str, ...] = ()) -> list[str]:
    """Return the keys of all named artists in order, guests in names and titles included."""
    keys: list[str] = []
    for name in names or ():
        if name:
            main, more = _without_guests(name)
            keys += [artist_key(main), *more]
    return [key for key in dict.fromkeys([*keys, *guests]) if key]


def _without_guests(text: str) -> tuple[str, list[str]]:
    match = _GUESTS.search(text)
    if not match:
        return text, []
    guests = match[1] or match[2] or ""
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    people = [artist_key(name) for name in re.split(r",|&|\+|\band\b", guests)]
    return rest, [key for key in people if key]


def title(text: str) -> Title:
    """Split a title into song, version and guests."""
    rest, guests = _without_guests(text)
    versions: list[str] = []

    def remark(match: re.Match[str]) -> str:
        if _UPLOAD_WORDS.issuperset(plain(match[1]).split()):
            return " "
        if not is_version(match[1]):
            return match[0]
        versions.append(match[1])
        return " "

    rest = _BRACKETS.sub(remark, rest)
    head, *tails = _DASH.split(rest)
    for tail in tails:
        if is_version(tail):
            versions.append(tail)
        else:
            head += f" {tail}"
    song = _PART.sub(r"part \1", plain(head))
    if not song.strip():
        song = plain(text)
    return Title(song, version_key(" ".join(versions)), tuple(guests))


def without_artist(text: str, artists: list[str | None] | None) -> str:
    """Remove the artist that an upload names before the title: `X - Song`."""
    head, *rest = _DASH.split(text, maxsplit=1)
    keys = {artist_key(name) for name in artists or () if name}
    return rest[0] if rest and artist_key(head) in keys else text


def is_version(text: str) -> bool:
    """Tell whether a remark names a version."""
    words = plain(text).split()
    return not _VERSION_WORDS.isdisjoint(words) or bool(_REMASTER.search(text))


def version_key(text: str) -> str:
    """Return the sorted words that identify a version; empty for the original."""
    words = set(plain(text).split()) - _NEUTRAL_WORDS
    return " ".join(sorted(word for word in words if not _DIGITS.fullmatch(word)))
