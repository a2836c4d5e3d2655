"""Parse SoundCloud's responses into records: lists bare or wrapped, with or without next link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard

import msgspec

from phonofilm.sources.contract import Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import NOT_JSON, each, json_or_none, one_of, plain, script_json
from phonofilm.sources.lists import Listing, list_parser, use_each
from phonofilm.sources.paging import follow
from phonofilm.sources.soundcloud import api_types
from phonofilm.sources.soundcloud.convert import PageBuilder

# Next links were seen with the internal host of the service's own network (2024, 2025).
FAMILY = ("soundcloud.com", "s-cloud.net")
_HYDRATION = re.compile(rb"window\.__sc_hydration\s*=\s*(\[.*?\]);\s*</script>", re.DOTALL)
Use = Callable[[PageBuilder, Any], object]


def _envelope(body: bytes) -> api_types.Listing:
    """Decode a list, wrapped or bare, with its items as they came."""
    return json_or_none(body, api_types.Listing) or _loose_envelope(plain(body))


def _loose_envelope(tree: Any) -> api_types.Listing:
    """Return a bare list (deprecated), or a wrapped one with something odd beside it."""
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


def _list_of(item: Any, use: Use, after: Callable[[PageBuilder], object] | None = None) -> Parser:
    """Make a parser of a list; `after` adds what all items of a page mean together."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        envelope = _envelope(response.body)
        follow(page, request, response, envelope.next_href, len(envelope.collection), FAMILY)
        return Listing(each(envelope.collection, item, page))

    return list_parser(PageBuilder, read, use, after)


class _Comments(msgspec.Struct):
    collection: list[api_types.Comment]
    next_href: str | None = None


def _comments() -> Parser:
    """Make the parser of comments: one pass over a list that fits as it is, as nearly all do."""
    decode = msgspec.json.Decoder(_Comments).decode

    def read(request: Request, response: Response, page: Page) -> Listing:
        try:
            envelope: _Comments | api_types.Listing = decode(response.body)
            items: Iterable[Any] = envelope.collection
        except NOT_JSON:
            envelope = _envelope(response.body)
            items = each(envelope.collection, api_types.Comment, page)
        follow(page, request, response, envelope.next_href, len(envelope.collection), FAMILY)
        return Listing(items)

    return list_parser(PageBuilder, read, PageBuilder.comment)


def _one(item: Any, use: Use) -> Parser:
    """Make a parser of a single object."""

    def parse(request: Request, response: Response) -> Page:
        builder = PageBuilder(request)
        use(builder, one_of(response.body, item, builder.page))
        if not builder.page.records:
            raise Malformed("nothing with an id")
        return builder.build()

    return parse


def _playlist_tracks(request: Request, response: Response) -> Page:
    """Parse the entries of a playlist after those that it embeds itself."""
    builder = PageBuilder(request)
    envelope = _envelope(response.body)
    tracks = each(envelope.collection, api_types.Track, builder.page)
    builder.entries(request.ids[0], request.offset, tracks)
    page = builder.build()
    follow(page, request, response, envelope.next_href, len(envelope.collection), FAMILY)
    return page


_KINDS: dict[str, tuple[Any, Use]] = {
    "user": (api_types.User, PageBuilder.user),
    "track": (api_types.Track, PageBuilder.track),
    "playlist": (api_types.Playlist, PageBuilder.playlist),
    "system-playlist": (api_types.Playlist, PageBuilder.playlist),
    "comment": (api_types.Comment, PageBuilder.saved_comment),
}


def parse_saved(request: Request, response: Response) -> Page:
    """Parse a saved response of the API behind the pages, each object by its kind."""
    builder = PageBuilder(request)
    for element in objects(plain(response.body)):
        item, use = _KINDS[str(element["kind"])]
        use_each(each([element], item, builder.page), use, builder)
    return builder.build()


def objects(tree: Any) -> list[dict[str, Any]]:
    """Return the listed objects, likes and chart entries unwrapped; [] for any other body."""
    if _has_kind(tree):
        return [tree]
    rows = tree.get("collection") if isinstance(tree, dict) else tree
    result: list[dict[str, Any]] = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        row_data = row.get("data") if "hydratable" in row else row
        for inner in (row_data, row.get("track"), row.get("playlist"), row.get("user")):
            if _has_kind(inner):
                result.append(inner)
                break
    return result


def _has_kind(node: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether a node is an object of a kind that is read; its `kind` may be any JSON."""
    kind = node.get("kind") if isinstance(node, dict) else None
    return isinstance(kind, str) and kind in _KINDS


def hydration(body: bytes) -> Any:
    """Decode the data that a page of soundcloud.com carries for its scripts; None without any."""
    return script_json(body, _HYDRATION)


_USERS = _list_of(api_types.User, PageBuilder.user)
_TRACKS = _list_of(api_types.Track, PageBuilder.track)
_PLAYLISTS = _list_of(api_types.Playlist, PageBuilder.playlist)
PARSERS: dict[str, Parser] = {
    "users": _USERS,
    "search_artist": _USERS,
    "search_track": _TRACKS,
    "search_playlist": _PLAYLISTS,
    "genre_artists": _list_of(api_types.Track, PageBuilder.track, PageBuilder.of_genre),
    "resolve_artist": _one(api_types.User, PageBuilder.user),
    "resolve_track": _one(api_types.Track, PageBuilder.track),
    "resolve_playlist": _one(api_types.Playlist, PageBuilder.playlist),
    "artists": _USERS,
    "artist_tracks": _TRACKS,
    "artist_playlists": _PLAYLISTS,
    "related": _list_of(api_types.User, PageBuilder.related_user),
    "web_profiles": _list_of(api_types.WebProfile, PageBuilder.web_profile),
    "tracks": _TRACKS,
    "related_tracks": _TRACKS,
    "comments": _comments(),
    "playlist": _one(api_types.Playlist, PageBuilder.playlist),
    "playlist_tracks": _playlist_tracks,
    "saved": parse_saved,
}
