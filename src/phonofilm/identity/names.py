"""Names as they are compared: script, case, accents, guests and versions taken apart.

Every function here gives for its own result the same result again, whatever the script.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from anyascii import anyascii

_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"['`\u2018\u2019\u02bc\u00b4]")
# Guests without brackets end where a remark begins: "Song feat. Ada (Club Mix)".
_GUESTS = re.compile(
    r"\s*[(\[]\s*(?:feat|ft|featuring)\b\.?\s*([^)\]]*)[)\]]"
    r"|\s+(?:(?:feat|ft)\.|featuring|feat|ft)\s+(.*?)(?=\s*[(\[]|\s+[-\u2013\u2014]\s|$)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_DASH = re.compile(r"\s+[-\u2013\u2014]\s+")
# A remark in brackets or after a dash is a version when it says one of these.
_VERSIONS = frozenset(
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
# Words that tell nothing about which recording it is; a remaster is the same recording.
_SILENT = frozenset(
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
# What uploaders shout after a title; it says nothing of the recording.
_SHOUTS = frozenset(
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
# How shops tell artists of one name apart.
_COUNTRY = re.compile(r"\s\([A-Z]{2,3}\)$")
_DIGITS = re.compile(r"\d+")
_LATIN = re.compile(r"[\x00-\x7f]*")


class Title(NamedTuple):
    """A title's own words, what says which version it is, and its guests; all comparable."""

    song: str
    version: str
    guests: tuple[str, ...]


def plain(text: str) -> str:
    """Words in lower-case Latin letters and digits; for signs alone, the signs."""
    return " ".join(_WORD.findall(_latin(text))) or _signs(text)


def _latin(text: str) -> str:
    """In the letters of ASCII: other scripts are written over, pictures are left out."""
    if not _LATIN.fullmatch(text):
        kept = "".join(c for c in unicodedata.normalize("NFKD", text) if _speaks(c))
        text = anyascii(kept)
    return _APOSTROPHES.sub("", text.replace("&", " and ").lower())


def _speaks(char: str) -> bool:
    """Whether a character is spoken: no accents, pictures and controls."""
    return unicodedata.category(char) not in ("Mn", "Me", "So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf")


def _signs(text: str) -> str:
    """What is left of a name without a word: `!!!` is a band."""
    written = anyascii(unicodedata.normalize("NFKC", text)).lower()
    return " ".join(_WORD.findall(written)) or "".join(written.split())


def artist_key(name: str) -> str:
    """An artist's name to compare: without an article, `X, The` as `X`, `X (UK)` too."""
    words = plain(_COUNTRY.sub("", name)).split()
    if len(words) > 1 and words[-1] == "the" and "," in name:
        words = words[:-1]
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def people_of(names: list[str | None] | None, guests: tuple[str, ...] = ()) -> list[str]:
    """The keys of everybody who is named, guests in names and titles included, in order."""
    found: list[str] = []
    for name in names or ():
        if name:
            main, more = _without_guests(name)
            found += [artist_key(main), *more]
    return [key for key in dict.fromkeys([*found, *guests]) if key]


def _without_guests(text: str) -> tuple[str, list[str]]:
    match = _GUESTS.search(text)
    if not match:
        return text, []
    told = match[1] or match[2] or ""
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    people = [artist_key(name) for name in re.split(r",|&|\+|\band\b", told)]
    return rest, [key for key in people if key]


def title(text: str) -> Title:
    """A title taken apart."""
    rest, guests = _without_guests(text)
    versions: list[str] = []

    def remark(match: re.Match[str]) -> str:
        if _SHOUTS.issuperset(plain(match[1]).split()):
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
    """A title without the artist whom uploads name in front: `X - Song`."""
    head, *rest = _DASH.split(text, maxsplit=1)
    keys = {artist_key(name) for name in artists or () if name}
    return rest[0] if rest and artist_key(head) in keys else text


def is_version(text: str) -> bool:
    """Whether a remark says which version something is."""
    words = plain(text).split()
    return not _VERSIONS.isdisjoint(words) or bool(_REMASTER.search(text))


def version_key(text: str) -> str:
    """The words that tell versions apart, in order of the alphabet; empty for the usual one."""
    words = set(plain(text).split()) - _SILENT
    return " ".join(sorted(word for word in words if not _DIGITS.fullmatch(word)))
