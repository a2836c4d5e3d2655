"""SoundCloud's answers as records: lists whole or bare, with or without a next link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from phonofilm.sources.contract import ODD_VALUES, Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import malformed_item, one_of, plain
from phonofilm.sources.paging import follow
from phonofilm.sources.soundcloud import api_types
from phonofilm.sources.soundcloud.convert import PageBuilder

# Next links were seen with the internal host of the service's own network (2024, 2025).
FAMILY = ("soundcloud.com", "s-cloud.net")
_HYDRATION = re.compile(rb"window\.__sc_hydration\s*=\s*(\[.*?\]);\s*</script>", re.DOTALL)
Use = Callable[[PageBuilder, Any, Request], object]


def _each(body: bytes, item: Any, gathered: PageBuilder) -> tuple[list[Any], api_types.Listing]:
    """The items of a list, wrapped or bare; one that does not fit its type is a finding."""
    try:
        listing = msgspec.json.decode(body, type=api_types.Listing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        listing = _listing(plain(body))
    rows = []
    for element in listing.collection:
        try:
            rows.append(msgspec.convert(element, item, strict=False))
        except ODD_VALUES as error:
            gathered.page.findings.append(malformed_item(error))
    return rows, listing


def _listing(tree: Any) -> api_types.Listing:
    """A bare list (deprecated), or a wrapped one with something odd beside it."""
    if isinstance(tree, list):
        return api_types.Listing(tree)
    if not isinstance(tree, dict) or not isinstance(tree.get("collection"), list):
        raise Malformed("no list")
    href, total = tree.get("next_href"), tree.get("total_results")
    return api_types.Listing(
        tree["collection"],
        href if isinstance(href, str) else None,
        total if isinstance(total, int) else None,
    )


def _list_of(
    item: Any, use: Use, after: Callable[[PageBuilder, Request], None] | None = None
) -> Parser:
    """A parser of a list; `use` gathers an item, `after` what all of them mean together."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        rows, listing = _each(response.body, item, gathered)
        _use_each(use, gathered, rows, request)
        if after:
            after(gathered, request)
        page = gathered.build()
        follow(page, request, response, listing.next_href, len(listing.collection), FAMILY)
        return page

    return parse


def _use_each(use: Use, gathered: PageBuilder, rows: list[Any], request: Request) -> None:
    """Gathers items; a value that no record can hold costs its item only."""
    for row in rows:
        try:
            use(gathered, row, request)
        except ODD_VALUES as error:
            gathered.page.findings.append(malformed_item(error))


def _typed_list(typed: Any, use: Use, slow: Parser) -> Parser:
    """The same in one pass for lists that fit as they are, which nearly all do."""
    decoder = msgspec.json.Decoder(typed)

    def parse(request: Request, response: Response) -> Page:
        try:
            listing = decoder.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return slow(request, response)
        gathered = PageBuilder()
        _use_each(use, gathered, listing.collection, request)
        page = gathered.build()
        follow(page, request, response, listing.next_href, len(listing.collection), FAMILY)
        return page

    return parse


class _Comments(msgspec.Struct):
    collection: list[api_types.Comment]
    next_href: str | None = None


def _one(item: Any, use: Use) -> Parser:
    """A parser of a single object."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        use(gathered, one_of(response.body, item), request)
        if not gathered.page.records:
            raise Malformed("nothing with an id")
        return gathered.build()

    return parse


def _user(gathered: PageBuilder, row: api_types.User, request: Request) -> None:
    gathered.user(row)


def _track(gathered: PageBuilder, row: api_types.Track, request: Request) -> None:
    gathered.track(row)


def _playlist(gathered: PageBuilder, row: api_types.Playlist, request: Request) -> None:
    gathered.playlist(row)


def _comment(gathered: PageBuilder, row: api_types.Comment, request: Request) -> None:
    gathered.comment(row, request.ids[0] if request.ids else "")


def _web_profile(gathered: PageBuilder, row: api_types.WebProfile, request: Request) -> None:
    gathered.web_profile(row, request.ids[0])


def _related(gathered: PageBuilder, request: Request) -> None:
    gathered.related(request.ids[0])


def _of_genre(gathered: PageBuilder, request: Request) -> None:
    gathered.of_genre(request.ids[0])


def _playlist_tracks(request: Request, response: Response) -> Page:
    """The places of a set after those that it embeds itself."""
    gathered = PageBuilder()
    rows, listing = _each(response.body, api_types.Track, gathered)
    gathered.entries(request.ids[0], request.offset, rows)
    page = gathered.build()
    follow(page, request, response, listing.next_href, len(listing.collection), FAMILY)
    return page


_KINDS: dict[str, tuple[Any, Use]] = {
    "user": (api_types.User, _user),
    "track": (api_types.Track, _track),
    "playlist": (api_types.Playlist, _playlist),
    "system-playlist": (api_types.Playlist, _playlist),
    "comment": (api_types.Comment, lambda gathered, row, _: gathered.comment(row, "")),
}


def parse_saved(request: Request, response: Response) -> Page:
    """Anything that somebody saved of the API behind the pages: objects by their kind."""
    gathered = PageBuilder()
    for element in objects(plain(response.body)):
        item, use = _KINDS[str(element["kind"])]
        try:
            use(gathered, msgspec.convert(element, item, strict=False), request)
        except ODD_VALUES as error:
            gathered.page.findings.append(malformed_item(error))
    return gathered.build()


def objects(tree: Any) -> list[dict[str, Any]]:
    """The objects that an answer lists, likes and chart places unwrapped; [] for anything else."""
    if isinstance(tree, dict) and tree.get("kind") in _KINDS:
        return [tree]
    rows = tree.get("collection") if isinstance(tree, dict) else tree
    found: list[dict[str, Any]] = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        held = row.get("data") if "hydratable" in row else row
        for inner in (held, row.get("track"), row.get("playlist"), row.get("user")):
            if isinstance(inner, dict) and inner.get("kind") in _KINDS:
                found.append(inner)
                break
    return found


def hydration(body: bytes) -> Any:
    """What a page of soundcloud.com carries for its scripts; None when it carries nothing."""
    match = _HYDRATION.search(body)
    try:
        return msgspec.json.decode(match[1]) if match else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_USERS = _list_of(api_types.User, _user)
_TRACKS = _list_of(api_types.Track, _track)
_PLAYLISTS = _list_of(api_types.Playlist, _playlist)
PARSERS: dict[str, Parser] = {
    "users": _USERS,
    "search_artist": _USERS,
    "search_track": _TRACKS,
    "search_playlist": _PLAYLISTS,
    "genre_artists": _list_of(api_types.Track, _track, _of_genre),
    "resolve_artist": _one(api_types.User, _user),
    "resolve_track": _one(api_types.Track, _track),
    "resolve_playlist": _one(api_types.Playlist, _playlist),
    "artists": _USERS,
    "artist_tracks": _TRACKS,
    "artist_playlists": _PLAYLISTS,
    "related": _list_of(api_types.User, _user, _related),
    "web_profiles": _list_of(api_types.WebProfile, _web_profile),
    "tracks": _TRACKS,
    "related_tracks": _TRACKS,
    "comments": _typed_list(_Comments, _comment, _list_of(api_types.Comment, _comment)),
    "playlist": _one(api_types.Playlist, _playlist),
    "playlist_tracks": _playlist_tracks,
    "saved": parse_saved,
}
