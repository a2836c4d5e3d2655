"""Selections: wants and a scope from the names, links, ids and themes that a person gave."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.scope.first_of import kinds_below
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.records.kinds import BY_NAME, WANTED
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource
from phonofilm.sources.links import parse_id, stripped

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

    def texts(self) -> list[str]:
        """Return what may be links: addresses, ids and names of artists."""
        return [*self.urls, *self.artists, *self.ids]

    def replaced(self, texts: list[str]) -> Selection:
        """Return this selection with other texts in the order of `texts`."""
        urls, artists = len(self.urls), len(self.urls) + len(self.artists)
        return self._replace(urls=texts[:urls], artists=texts[urls:artists], ids=texts[artists:])


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
        scope = Named(links, with_credits=False, implies_tracks=not wants)
        return wants or _obtainable(source, _OF_ARTIST), scope
    if selection.playlist:
        return _select_theme(selection.playlist, wants or dict(_OF_PLAYLIST))
    if selection.urls or selection.ids:
        texts = selection.urls + selection.ids
        links = named_links(get(source), texts, wants)
        kind = BY_NAME[links[0].kind]
        implied = _obtainable(source, dict.fromkeys(kind.implies))
        typed = dict(zip(links, texts, strict=True))
        implies_tracks = not wants and links[0].kind in ("artist", "album")
        with_credits = kind.credits or ("artist" in wants and kind.name != "artist")
        scope = Named(links, with_credits, texts=typed, implies_tracks=implies_tracks)
        return _with_named(get(source), wants, links) or implied, scope
    return wants or {"artist": None}, Everything()


def _with_named(source: HttpSource, wants: Wants, links: list[Link]) -> Wants:
    """Add the named kinds above which something is wanted: records credit artists and albums.

    A track is looked up for its artists; an artist need not be, because lists have the tracks.
    """
    named, wanted = {link.kind for link in links}, wants.keys() & _kinds_given(source)
    above = [kind for kind in WANTED if kind in named and wanted - kinds_below(kind) - {kind}]
    return wants | dict.fromkeys(above)


def _select_theme(theme: str, wants: Wants) -> tuple[Wants, Scope]:
    """Select playlists by theme, with their artists and albums when these are wanted."""
    with_credits = "artist" in wants or "album" in wants
    return wants, Named([Link("playlist_query", theme)], with_credits, wants.get("playlist"))


def _artist_link(source: str, name: str) -> Link:
    """Return the link of an artist by address where the name is an address, else by name.

    UsageError for an address of anything else, and for an empty name.
    """
    link = get(source).parse_link(name) if "/" in name or ":" in name else None
    if link is not None and link.kind in ("artist", "artist_link"):
        return link
    if link is not None or "://" in name:
        raise UsageError(
            f"{name!r} is no link to an artist of {get(source).manifest.title}.",
            next_step="Give links to other pages without --artist.",
        )
    if not name.strip():
        raise UsageError("An artist's name is empty.", next_step='Say --artist "Name".')
    return Link("artist_query", name.strip())


def _obtainable(source: str, wants: Wants) -> Wants:
    """Return the wanted kinds that a source has at all; all of them when it has none."""
    kinds = _kinds_given(get(source))
    return {kind: number for kind, number in wants.items() if kind in kinds} or dict(wants)


def _kinds_given(source: HttpSource) -> set[str]:
    """Return the kinds of the records of a source."""
    endpoints = source.manifest.endpoints.values()
    return {shape.partition(".")[0] for endpoint in endpoints for shape in endpoint.returns}


def named_links(source: HttpSource, texts: list[str], wants: Wants) -> list[Link]:
    """Parse the links and ids that a person gave.

    A bare id needs a wanted kind that says what it identifies, or its own (`track:ID`). UsageError
    for texts that mean nothing at the source, before anything is requested.
    """
    links = [_named_link(source, text, wants) for text in texts]
    unknown = [text for text, link in zip(texts, links, strict=True) if link is None]
    if unknown:
        others = f" (and {len(unknown) - 1:,} more)" if len(unknown) > 1 else ""
        raise UsageError(
            f"{unknown[0]!r}{others} is {_meaning(source, unknown[0])}.", next_step=_NAMING
        )
    return [link for link in links if link is not None]


_NAMING = "Give its page's address, its kind and id (track:ID), or an id with --want artists."


def _named_link(source: HttpSource, text: str, wants: Wants) -> Link | None:
    link = source.parse_link(text)
    if link is not None:
        return link
    ids = source.manifest.ids
    kind, _, rest = stripped(text).partition(":")
    if rest and kind in BY_NAME and (id_ := parse_id(ids, rest)):
        return Link(kind, id_) if kind in _subjects(source) else _bare_link(source, kind, rest)
    if wants and (id_ := parse_id(ids, text)):
        return Link(_identified(source, next(iter(wants))), id_)
    return None


def _bare_link(source: HttpSource, kind: str, id_: str) -> Link | None:
    """Return what an id says itself that it identifies, where that gives records of a kind."""
    link = source.parse_link(id_)
    return link if link and kind in BY_NAME[link.kind].implies else None


def _identified(source: HttpSource, kind: str) -> str:
    """Return the kind that a bare id is of: comments of a track are requested by the track's id."""
    parents = BY_NAME[kind].parents
    return parents[0] if kind not in _subjects(source) and parents else kind


def _subjects(source: HttpSource) -> set[str]:
    """Return the kinds of what requests of a source are about."""
    return {endpoint.subject for endpoint in source.manifest.endpoints.values()}


def _meaning(source: HttpSource, text: str) -> str:
    """Say what a text is that is nothing of this source."""
    title = source.manifest.title
    for name in source_names() if "/" in text else ():
        manifest = get(name).manifest
        link = get(name).parse_link(text)
        if link is not None and link.kind not in manifest.links.prefixes.values():
            return f"a link of {manifest.title}, not of {title}"
    return f"no link to anything of {title}, and no id of its form"
