"""Addresses of other catalogues in MusicBrainz's relations, and the ids in them.

Catalogues number artists, albums and tracks separately, so the kind in an address must be that of
the entity. Responses and dumps are read by the same patterns.
"""

from __future__ import annotations

import re

_WORDS = {
    "artist": {"": "artist", "discogs": "artist", "imdb": "name"},
    "album": {"": "album", "discogs": "release"},
    "track": {"": "track", "itunes": "song"},
}
_TEMPLATES = {
    "spotify": r"open\.spotify\.com/(?:intl-[a-z]+/)?KIND/([0-9A-Za-z]{22})",
    "deezer": r"deezer\.com/(?:[a-z]{2}/)?KIND/(\d+)",
    "itunes": r"\.apple\.com/.*?KIND/(?:.*/)?(?:id)?(\d+)",
    "jamendo": r"jamendo\.com/(?:[a-z]{2}/)?KIND/(\d+)",
    "discogs": r"discogs\.com/KIND/(\d+)",
    "wikidata": r"wikidata\.org/(?:wiki|entity)/(Q\d+)",
    "imdb": r"imdb\.com/KIND/(nm\d+)",
}


def patterns_of(kind: str) -> dict[str, str]:
    """Return the patterns of addresses of a kind of entity by catalogue; group 1 is the id."""
    words = _WORDS[kind]
    return {
        scheme: template.replace("KIND", words.get(scheme, words[""]))
        for scheme, template in _TEMPLATES.items()
        if scheme != "imdb" or scheme in words
    }


_PATTERNS = {
    kind: {scheme: re.compile(pattern) for scheme, pattern in patterns_of(kind).items()}
    for kind in _WORDS
}


def elsewhere(address: str, kind: str) -> tuple[str, str] | None:
    """Return catalogue and id that an address names for an entity of a kind; None for neither."""
    for scheme, pattern in _PATTERNS[kind].items():
        match = pattern.search(address)
        if match:
            return scheme, match[1]
    return None
