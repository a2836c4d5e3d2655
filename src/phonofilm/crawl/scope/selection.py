"""From what a person names to wants and a scope."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from phonofilm.crawl.scope.goal import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.records.kinds import BY_NAME
from phonofilm.sources import get
from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource

_OF_ARTIST: dict[str, int | None] = dict.fromkeys(BY_NAME["artist"].implies)
_OF_PLAYLIST: dict[str, int | None] = dict.fromkeys(BY_NAME["playlist"].implies)


class Selection(NamedTuple):
    """What was named; at most one way of naming."""

    urls: list[str]
    genre: str
    artists: list[str]
    playlist: str
    ids: list[str]


def select(
    source: str, choice: Selection, wants: dict[str, int | None]
) -> tuple[dict[str, int | None], Scope]:
    """Wants (with what a scope implies when none was said) and the scope."""
    ways = [way for way, held in choice._asdict().items() if held]
    if len(ways) > 1 and set(ways) != {"urls", "ids"}:
        raise UsageError(
            f"Several ways of naming at once: {', '.join(ways)}.",
            next_step="Name a genre, artists, a playlist theme or links: one of them.",
        )
    if choice.genre:
        return wants or {"artist": None}, OfGenre(choice.genre)
    if choice.artists:
        links = [_person(source, name) for name in choice.artists]
        return wants or _given(source, _OF_ARTIST), Named(links, with_credits=False)
    if choice.playlist:
        wants = wants or dict(_OF_PLAYLIST)
        theme = [Link("playlist_query", choice.playlist)]
        return wants, Named(theme, "artist" in wants or "album" in wants, wants.get("playlist"))
    if choice.urls or choice.ids:
        links = named_links(get(source), choice.urls + choice.ids, wants)
        kind = BY_NAME[links[0].kind]
        return wants or _given(source, dict.fromkeys(kind.implies)), Named(links, kind.credits)
    return wants or {"artist": None}, Everything()


def _person(source: str, name: str) -> Link:
    """An artist by address where a name is one, else by name."""
    link = get(source).parse_link(name) if "/" in name or ":" in name else None
    named = link is not None and link.kind in ("artist", "artist_link")
    return link if link is not None and named else Link("artist_query", name)


def _given(source: str, wants: dict[str, int | None]) -> dict[str, int | None]:
    """Of what somebody is taken to want, what the source has at all."""
    endpoints = get(source).manifest.endpoints.values()
    kinds = {shape.partition(".")[0] for endpoint in endpoints for shape in endpoint.returns}
    return {kind: number for kind, number in wants.items() if kind in kinds} or dict(wants)


NAMES = ("name", "artist", "artist_name")
IDS = ("imdb_id", "imdb", "tconst", "id", "url", "link", "track_id", "artist_id", "album_id")


def lines_of(path: Path, columns: tuple[str, ...]) -> list[str]:
    """Names or ids from a file: one a line, or the first of `columns` that a CSV has."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise UsageError(f"{path} is no list and no CSV: {error}.") from None
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    named = next((head.index(name) for name in columns if name in head), None)
    if named is None:
        found = [line.strip() for line in text.splitlines()]
    else:
        found = [row[named].strip() for row in rows[1:] if len(row) > named]
    found = list(dict.fromkeys(line for line in found if line and not line.startswith("#")))
    if not found:
        raise UsageError(
            f"{path} names nothing.", next_step="One name a line, or a CSV with `name`."
        )
    return found


def named_links(source: HttpSource, texts: list[str], wants: dict[str, int | None]) -> list[Link]:
    """Links and ids a person gave; a bare id needs one wanted kind to say what it is."""
    links = []
    for text in texts:
        link = source.parse_link(text)
        if link is None and "/" not in text and ":" not in text and len(wants) >= 1:
            kind = next(iter(wants))
            link = Link("track" if kind == "features" else kind, text)
        if link is None:
            raise UsageError(
                f"{text!r} is no link to anything of {source.manifest.title}.",
                next_step="Give its page's address, or an id with --want artists (or albums ...).",
            )
        links.append(link)
    return links
