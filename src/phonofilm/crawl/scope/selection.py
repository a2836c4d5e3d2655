"""Selections: wants and a scope from the names, links, ids and themes that a person gave."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.records.kinds import BY_NAME
from phonofilm.sources import get
from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource

Wants = dict[str, int | None]

_OF_ARTIST: Wants = dict.fromkeys(BY_NAME["artist"].implies)
_OF_PLAYLIST: Wants = dict.fromkeys(BY_NAME["playlist"].implies)


class Selection(NamedTuple):
    """Names that a person gave, by at most one way of naming."""

    urls: list[str]
    genre: str
    artists: list[str]
    playlist: str
    ids: list[str]


def select(source: str, selection: Selection, wants: Wants) -> tuple[Wants, Scope]:
    """Return wants and scope of a selection.

    Where nothing is wanted, the wants are those that the selection implies. UsageError for several
    ways of naming at once and for a link of another source.
    """
    ways = [way for way, value in selection._asdict().items() if value]
    if len(ways) > 1 and set(ways) != {"urls", "ids"}:
        raise UsageError(
            f"Several ways of naming at once: {', '.join(ways)}.",
            next_step="Name a genre, artists, a playlist theme or links: one of them.",
        )
    if selection.genre:
        return wants or {"artist": None}, OfGenre(selection.genre)
    if selection.artists:
        links = [_artist_link(source, name) for name in selection.artists]
        return wants or _obtainable(source, _OF_ARTIST), Named(links, with_credits=False)
    if selection.playlist:
        return _select_theme(selection.playlist, wants or dict(_OF_PLAYLIST))
    if selection.urls or selection.ids:
        texts = selection.urls + selection.ids
        links = named_links(get(source), texts, wants)
        kind = BY_NAME[links[0].kind]
        implied = _obtainable(source, dict.fromkeys(kind.implies))
        typed = dict(zip(links, texts, strict=True))
        return wants or implied, Named(links, with_credits=kind.credits, texts=typed)
    return wants or {"artist": None}, Everything()


def _select_theme(theme: str, wants: Wants) -> tuple[Wants, Scope]:
    """Select playlists by theme, with their artists and albums when these are wanted."""
    with_credits = "artist" in wants or "album" in wants
    return wants, Named([Link("playlist_query", theme)], with_credits, wants.get("playlist"))


def _artist_link(source: str, name: str) -> Link:
    """Return the link of an artist by address where the name is an address, else by name."""
    link = get(source).parse_link(name) if "/" in name or ":" in name else None
    if link is not None and link.kind in ("artist", "artist_link"):
        return link
    return Link("artist_query", name)


def _obtainable(source: str, wants: Wants) -> Wants:
    """Return the wanted kinds that a source has at all; all of them when it has none."""
    endpoints = get(source).manifest.endpoints.values()
    kinds = {shape.partition(".")[0] for endpoint in endpoints for shape in endpoint.returns}
    return {kind: number for kind, number in wants.items() if kind in kinds} or dict(wants)


NAME_COLUMNS = ("name", "artist", "artist_name")
ID_COLUMNS = ("imdb_id", "imdb", "tconst", "id", "url", "link", "track_id", "artist_id", "album_id")


def read_names(path: Path, columns: tuple[str, ...]) -> list[str]:
    """Read names or ids from a file: one a line, or the first of `columns` that a CSV has.

    Lines that begin with # and a blank are comments; `#1 Dads` is a name. UsageError when the file
    cannot be read or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise UsageError(f"{path} is no list and no CSV: {error}.") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((header.index(name) for name in columns if name in header), None)
    if column is None:
        cells = [line.strip() for line in text.splitlines()]
    else:
        cells = [row[column].strip() for row in rows[1:] if len(row) > column]
    names = list(dict.fromkeys(cell for cell in cells if cell and f"{cell} "[:2] != "# "))
    if not names:
        raise UsageError(
            f"{path} names nothing.", next_step="One name a line, or a CSV with `name`."
        )
    return names


def named_links(source: HttpSource, texts: list[str], wants: Wants) -> list[Link]:
    """Parse the links and ids that a person gave.

    A bare id needs a wanted kind that says what it identifies; UsageError otherwise.
    """
    links = []
    for text in texts:
        link = source.parse_link(text)
        if link is None and "/" not in text and ":" not in text and wants:
            kind = next(iter(wants))
            link = Link("track" if kind == "features" else kind, text)
        if link is None:
            raise UsageError(
                f"{text!r} is no link to anything of {source.manifest.title}.",
                next_step="Give its page's address, or an id with --want artists (or albums ...).",
            )
        links.append(link)
    return links
