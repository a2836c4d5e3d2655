"""Spotify: its addresses and the meaning of its responses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from phonofilm.records import Artist, Record
from phonofilm.sources.classify import classify_http, retry_after
from phonofilm.sources.contract import Link, Outcome, Request, Response
from phonofilm.sources.decode import json_or_none
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.spotify.parse import PARSERS

_WORD = re.compile(r"\w+")
_YEARS = re.compile(r"\byear:(\d{4})(?:-(\d{4}))?")


class Spotify(HttpSource):
    """The Web API by client credentials; off until its terms are accepted."""

    parsers = PARSERS

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; the body's `reason` tells a quota from a rate limit."""
        outcome = classify_http(response)
        if outcome.verdict == "throttled" and _reason(response) == "QUOTA_EXCEEDED":
            # 2026-07-23: the daily quota of an account, shared by all its client ids.
            return Outcome("quota", "QUOTA_EXCEEDED", retry_after(response.headers))
        return outcome

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        """Return the genres and the words of the name of each artist."""
        use = {"genre": _genres_of, "word": _words_of}[kind]
        return [use(record) if isinstance(record, Artist) else () for record in records]

    def partition(self, request: Request) -> list[Link]:
        """Split a range of years in halves, and a single year by genres."""
        what = request.ids[0]
        if request.endpoint == "genre_artists":
            what = f'genre:"{what}"'
        elif request.endpoint not in ("search_word", "search_slice"):
            return []
        match = _YEARS.search(what)
        rest = _YEARS.sub("", what).strip()
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1950, _this_year())
        if first < last:
            middle = (first + last) // 2
            return [_slice(rest, first, middle), _slice(rest, middle + 1, last)]
        if rest:
            return []
        return [_slice(f'genre:"{g}"', first, last) for g in self.manifest.seed_genres]

    def seeds(self, access: str) -> list[Link]:
        """Return the source's own lists; known genres only where the list of genres is gone."""
        lists = any(e.item_kind == "genre" for e in self.manifest.permitted(access).values())
        seeds = [Link("root", "")] if lists else super().seeds(access)
        if self.manifest.access[access].grows:
            seeds += [_slice("", year, year) for year in range(1950, _this_year() + 1)]
        return seeds


def _genres_of(artist: Artist) -> Sequence[str]:
    return artist.genres if isinstance(artist.genres, list) else ()


def _words_of(artist: Artist) -> Sequence[str]:
    matches = _WORD.findall(artist.name.casefold()) if isinstance(artist.name, str) else ()
    return [word for word in dict.fromkeys(matches) if len(word) > 1]


def _slice(what: str, first: int, last: int) -> Link:
    years = f"year:{first}" if first == last else f"year:{first}-{last}"
    return Link("slice", f"{what} {years}".strip())


def _this_year() -> int:
    return datetime.now(UTC).year


class _Error(msgspec.Struct):
    reason: str = ""


class _Refused(msgspec.Struct):
    error: _Error


def _reason(response: Response) -> str:
    refusal = json_or_none(response.body, _Refused)
    return refusal.error.reason if refusal else ""


SOURCE = Spotify(load_manifest(__package__))
