"""Beatport's answers as records. Next links name hosts of its own network: pages are counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from phonofilm.sources.beatport import api_types
from phonofilm.sources.beatport.convert import PageBuilder
from phonofilm.sources.contract import (
    ODD_VALUES,
    Finding,
    Malformed,
    Page,
    Parser,
    Request,
    Response,
)
from phonofilm.sources.decode import malformed_item, one_of, plain

PAGE = 100
_COUNT = re.compile(r"(\d+)/(\d+)")
_SCRIPT = re.compile(rb'<script id="__NEXT_DATA__"[^>]*>(.*?)</script>', re.DOTALL)
Use = Callable[[PageBuilder, Any], object]


def _rows(tree: Any, words: str) -> list[Any]:
    """The list of an envelope: under `results`, or in a search under what was looked for."""
    if not isinstance(tree, dict):
        raise Malformed("no list")
    if tree == {}:  # what some searches answer when they find nothing
        return []
    rows = tree.get("results", tree.get(words))
    if not isinstance(rows, list):
        raise Malformed(f"no list of {words}")
    return rows


def _gather(rows: list[Any], item: Any, use: Use, gathered: PageBuilder) -> None:
    for row in rows:
        try:
            use(gathered, msgspec.convert(row, item, strict=False))
        except ODD_VALUES as error:
            gathered.page.findings.append(malformed_item(error))


def _strange(rows: list[Any], gathered: PageBuilder) -> None:
    """Keys that no track had before: told once a page."""
    first = next((row for row in rows if isinstance(row, dict)), {})
    for name in sorted(first.keys() - api_types.TRACK_KEYS):
        gathered.page.findings.append(Finding("unknown_field", f"track.{name}"))


def _further(tree: Any, request: Request, page: Page) -> None:
    """The page after this one, told from `page` ("1/503") alone."""
    if isinstance(count := tree.get("count"), int):
        page.total = count
    told = _COUNT.fullmatch(str(tree.get("page", "")))
    if told and int(told[1]) < int(told[2]):
        page.continues.append(Request(request.endpoint, request.ids, int(told[1]) * PAGE))


def _list_of(words: str, item: Any, use: Use, turns: bool = True) -> Parser:
    """A parser of a list of tracks, releases, artists ..."""

    def parse(request: Request, response: Response) -> Page:
        gathered, tree = PageBuilder(), plain(response.body)
        rows = _rows(tree, words)
        _gather(rows, item, use, gathered)
        if item is api_types.Track:
            _strange(rows, gathered)
        page = gathered.build()
        if turns:
            _further(tree, request, page)
        return page

    return parse


def _one(item: Any, use: Use) -> Parser:
    """A parser of a single object."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        use(gathered, one_of(response.body, item))
        if item is api_types.Track:
            _strange([plain(response.body)], gathered)
        if not gathered.page.records:
            raise Malformed("nothing with an id")
        return gathered.build()

    return parse


def _chart(request: Request, response: Response) -> Page:
    """A chart of a day: its tracks, and who stands where."""
    gathered, tree = PageBuilder(), plain(response.body)
    rows = _rows(tree, "tracks")
    tracks: list[str] = []
    _gather(rows, api_types.Track, lambda g, row: tracks.append(g.track(row)), gathered)
    day = _day(response)
    for position, track in enumerate(tracks, request.offset + 1):
        if track and day:
            gathered.place(request.ids[0] or "all", day, position, track)
    page = gathered.build()
    _further(tree, request, page)
    return page


def _day(response: Response) -> str | None:
    try:
        return f"{parsedate_to_datetime(response.headers.get('date', '')):%Y-%m-%d}"
    except (ValueError, TypeError, IndexError):
        return None


def next_data(body: bytes) -> Any:
    """What a page carries for its scripts; None when it carries nothing."""
    match = _SCRIPT.search(body)
    try:
        return msgspec.json.decode(match[1]) if match else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def blocks(tree: Any) -> Iterator[dict[str, Any]]:
    """The things that a saved page is about: by the keys of its queries, never by their place."""
    props = tree.get("props", tree) if isinstance(tree, dict) else {}
    held = props.get("pageProps") if isinstance(props, dict) else None
    if not isinstance(held, dict):
        return
    state = held.get("dehydratedState")
    queries = state.get("queries") if isinstance(state, dict) else None
    for query in queries if isinstance(queries, list) else ():
        data = query.get("state", {}).get("data") if isinstance(query, dict) else None
        rows = data.get("results", data.get("data", [data])) if isinstance(data, dict) else []
        yield from (row for row in rows or () if isinstance(row, dict))
    for name in ("track", "release"):
        if isinstance(held.get(name), dict):
            yield held[name]


def kind_of(block: dict[str, Any]) -> str:
    """What a block is of: `track`, `release`, `row` of the search service, or nothing of ours."""
    if "track_id" in block and "track_name" in block:
        return "row"
    if not {"id", "name"} <= block.keys():
        return ""
    if "length_ms" in block or "mix_name" in block:
        return "track"
    return "release" if "catalog_number" in block and "artists" in block else ""


_SAVED: dict[str, tuple[Any, Use]] = {
    "track": (api_types.Track, PageBuilder.track),
    "release": (api_types.Release, PageBuilder.release),
    "row": (api_types.Flat, PageBuilder.flat),
}


def parse_saved(request: Request, response: Response) -> Page:
    """Tracks, releases and search rows of a page that somebody saved, each once."""
    gathered = PageBuilder()
    seen = set()
    for block in blocks(plain(response.body)):
        kind = kind_of(block)
        key = (kind, str(block.get("id", block.get("track_id"))))
        if kind and key not in seen:
            seen.add(key)
            _gather([block], *_SAVED[kind], gathered)
    return gathered.build()


_TRACKS = _list_of("tracks", api_types.Track, PageBuilder.track)
PARSERS: dict[str, Parser] = {
    "genres": _list_of("genres", api_types.Named, PageBuilder.genre),
    "top": _chart,
    "genre_top": _chart,
    "isrc": _TRACKS,
    "search_track": _list_of("tracks", api_types.Track, PageBuilder.track, turns=False),
    "search_artist": _list_of("artists", api_types.Named, PageBuilder.listed_artist),
    "artist": _one(api_types.Named, PageBuilder.listed_artist),
    "artist_tracks": _TRACKS,
    "artist_releases": _list_of("releases", api_types.Release, PageBuilder.release),
    "track": _one(api_types.Track, PageBuilder.track),
    "release": _one(api_types.Release, PageBuilder.release),
    "release_tracks": _TRACKS,
    "label": _one(api_types.Named, PageBuilder.label),
    "label_tracks": _TRACKS,
    "saved": parse_saved,
}
