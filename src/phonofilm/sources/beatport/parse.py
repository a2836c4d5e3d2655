"""Parse Beatport's responses into records; pages are counted, because next links are internal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from phonofilm.sources.beatport import api_types
from phonofilm.sources.beatport.convert import PageBuilder
from phonofilm.sources.contract import Finding, Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import each, one_of, plain, script_json
from phonofilm.sources.lists import Listing, describe, list_parser, use_each

PAGE = 100
_COUNT = re.compile(r"(\d+)/(\d+)")
_SCRIPT = re.compile(rb'<script id="__NEXT_DATA__"[^>]*>(.*?)</script>', re.DOTALL)
Use = Callable[[PageBuilder, Any], object]


def _rows(tree: Any, words: str) -> list[Any]:
    """Return the list of an envelope: under `results`, or in a search under what was looked for."""
    if not isinstance(tree, dict):
        raise Malformed("no list")
    if tree == {}:  # what some searches answer when they find nothing
        return []
    rows = tree.get("results", tree.get(words))
    if not isinstance(rows, list):
        raise Malformed(f"no list of {words}")
    return rows


def _strange(rows: list[Any], page: Page) -> None:
    """Report keys that no track had before, once a page."""
    first = next((row for row in rows if isinstance(row, dict)), {})
    for name in sorted(first.keys() - api_types.TRACK_KEYS):
        page.findings.append(Finding("unknown_field", f"track.{name}"))


def _listing(tree: Any, items: Iterable[Any], request: Request) -> Listing:
    """Describe a page; whether another comes stands in `page` ("1/503") alone."""
    count = tree.get("count")
    turned = _COUNT.fullmatch(str(tree.get("page", "")))
    goes_on = turned and int(turned[1]) < int(turned[2])
    further = Request(request.endpoint, request.ids, int(turned[1]) * PAGE) if turned else request
    return Listing(
        items,
        total=count if isinstance(count, int) else None,
        continues=(further,) if goes_on else (),
        offset=(int(turned[1]) - 1) * PAGE if turned else None,
    )


def _list_of(words: str, item: Any, use: Use, turns: bool = True) -> Parser:
    """Make a parser of a list of tracks, releases, artists ..."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        tree = plain(response.body)
        rows = _rows(tree, words)
        if item is api_types.Track:
            _strange(rows, page)
        items = each(rows, item, page)
        return _listing(tree, items, request) if turns else Listing(items)

    return list_parser(PageBuilder, read, use)


def _one(item: Any, use: Use) -> Parser:
    """Make a parser of a single object."""

    def parse(request: Request, response: Response) -> Page:
        builder = PageBuilder(request)
        use(builder, one_of(response.body, item, builder.page))
        if item is api_types.Track:
            _strange([plain(response.body)], builder.page)
        if not builder.page.records:
            raise Malformed("nothing with an id")
        return builder.build()

    return parse


def _chart(request: Request, response: Response) -> Page:
    """Parse a chart of a day: its tracks and their positions."""
    builder, tree = PageBuilder(request), plain(response.body)
    items = each(_rows(tree, "tracks"), api_types.Track, builder.page)
    chart, day = request.ids[0] or "all", _day(response)
    use_each(items, lambda records, row: records.charted(row, chart, day), builder)
    page = builder.build()
    describe(page, _listing(tree, (), request))
    return page


def _day(response: Response) -> str | None:
    try:
        return f"{parsedate_to_datetime(response.headers.get('date', '')):%Y-%m-%d}"
    except (ValueError, TypeError, IndexError):
        return None


def next_data(body: bytes) -> Any:
    """Decode the data that a page carries for its scripts; None when it carries none."""
    return script_json(body, _SCRIPT)


def blocks(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a saved page, by the keys of its queries, never by position."""
    page_props = _child(_child(tree, "props") or tree, "pageProps")
    queries = _child(_child(page_props, "dehydratedState"), "queries")
    for query in queries if isinstance(queries, list) else ():
        data = _child(_child(query, "state"), "data")
        rows = data.get("results", data.get("data", [data])) if isinstance(data, dict) else []
        yield from (
            row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)
        )
    for name in ("track", "release"):
        if isinstance(block := _child(page_props, name), dict):
            yield block


def _child(node: Any, name: str) -> Any:
    """Return a member of an object; None of anything else."""
    return node.get(name) if isinstance(node, dict) else None


def kind_of(block: dict[str, Any]) -> str:
    """Return the kind of a block: `track`, `release`, `row` of the search service, or empty."""
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
    """Return tracks, releases and search rows of a page that somebody saved, each once."""
    builder = PageBuilder(request)
    seen = set()
    for block in blocks(plain(response.body)):
        kind = kind_of(block)
        key = (kind, str(block.get("id", block.get("track_id"))))
        if kind and key not in seen:
            seen.add(key)
            item, use = _SAVED[kind]
            use_each(each([block], item, builder.page), use, builder)
    return builder.build()


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
