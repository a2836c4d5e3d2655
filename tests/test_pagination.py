"""One guard for all paged lists: every paged endpoint of every source inherits these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web

import phonofilm
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import Unobserved
from phonofilm.crawl.responses.continuations import ContinuationRecorder
from phonofilm.crawl.scope.scopes import Everything, Named
from phonofilm.records import Track
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Page, Request
from phonofilm.warehouse.load.load import load
from tests.conftest import collect
from tests.hostile import Hostile

PAGED = [
    (source, name)
    for source in source_names()
    for name, endpoint in get(source).manifest.endpoints.items()
    if endpoint.paging
]
PAGE = 10
ItemsAt = Callable[[int], range]


class Walk:
    """A list of one endpoint, followed to its end; `items` gives the numbers on a page."""

    def __init__(self, folder: Any, source: str, endpoint: str) -> None:
        manifest = get(source).manifest
        self.endpoint, self.spec = endpoint, manifest.endpoints[endpoint]
        self.access = manifest.default_access
        self.frontier = open_frontier(folder / f"{source}.sqlite")
        self.frontier.add_nodes(self.spec.node_kind, [("7", 2, True)])
        self.recorder = ContinuationRecorder(
            endpoints=manifest.endpoints,
            access=self.access,
            scope=Everything(),
            frontier=self.frontier,
            lists=Unobserved(),
        )

    def run(
        self, items: ItemsAt, total: int | None, own: Callable[[int], int | None]
    ) -> tuple[list[int], list[str], list[int]]:
        """Return the offsets requested, the findings, and the offsets that the pages landed at."""
        offsets, findings, landed, request = [], [], [], Request(self.endpoint, ("7",))
        while request is not None:
            assert len(offsets) < 60, "the list does not end"
            offsets.append(request.offset)
            records = [Track("x", str(number + 1)) for number in items(request.offset)]
            follows = request._replace(offset=request.offset + PAGE)
            page = Page(
                records=list(records),
                continues=[follows],
                total=total,
                offset=own(request.offset),
                findings=[],
            )
            before = {(p.request.offset) for p in self._open()}
            landed.append(self.recorder.record(Task(request, (1,)), page, len(records)))
            findings += [finding.kind for finding in page.findings]
            added = [p.request for p in self._open() if p.request.offset not in before]
            request = added[0]._replace(ids=("7",)) if added else None
        return offsets, findings, landed

    def _open(self) -> list[Any]:
        self.frontier.commit()
        return [*self.frontier.open_continuations()]


@pytest.fixture(params=PAGED, ids="-".join)
def walk(tmp_path, request: pytest.FixtureRequest) -> Iterator[Walk]:
    started = Walk(tmp_path, *request.param)
    yield started
    started.frontier.close()


def test_an_ignored_offset_ends_a_list_at_its_second_page(walk: Walk) -> None:
    offsets, findings, landed = walk.run(lambda at: range(PAGE), 120, lambda at: 0)
    assert (offsets, findings, landed) == ([0, PAGE], ["ignored_offset"], [0, 0])


def test_a_repeated_page_ends_a_list_that_does_not_say_where_it_is(walk: Walk) -> None:
    offsets, findings, landed = walk.run(lambda at: range(PAGE), None, lambda at: None)
    assert (offsets, findings, landed) == ([0, PAGE], ["repeated_page"], [0, 0])


def test_a_page_past_the_total_ends_a_list(walk: Walk) -> None:
    offsets, findings, _ = walk.run(lambda at: range(at, at + PAGE), 15, lambda at: at)
    assert (offsets, findings) == ([0, PAGE, 2 * PAGE], ["past_total"])


def test_empty_pages_between_full_ones_are_passed_over_and_an_empty_end_is_left(walk: Walk) -> None:
    full = {0, 3 * PAGE}
    items = lambda at: range(at, at + PAGE) if at in full else range(0)  # noqa: E731
    offsets, findings, _ = walk.run(items, None, lambda at: at)
    assert (offsets, findings) == ([at * PAGE for at in range(7)], ["barren_pages"])


def test_a_list_that_gives_less_than_it_announced_falls_short(walk: Walk) -> None:
    items = lambda at: range(at, at + PAGE) if at < 2 * PAGE else range(0)  # noqa: E731
    walk.run(items, 97, lambda at: at)
    promised = walk.spec.role == "contain" and walk.spec.node_kind in (
        "artist",
        "album",
        "playlist",
        "label",
        "track",
    )
    short = walk.frontier.shortfalls()
    if promised and walk.spec.item_kind == "track":
        assert set(short) == {(walk.endpoint, 1)}
    if not promised:
        assert short == {}


def test_a_page_that_fails_does_not_end_a_list(walk: Walk) -> None:
    first, failed = Request(walk.endpoint, ("7",)), Request(walk.endpoint, ("7",), PAGE)
    records = [Track("x", str(number + 1)) for number in range(PAGE)]
    page = Page(records=list(records), continues=[failed], total=990, offset=0, findings=[])
    walk.recorder.record(Task(first, (1,)), page, PAGE)
    walk.frontier.commit()
    (following,) = walk.frontier.open_continuations()
    walk.recorder.skip(Task(failed, (1,), following.row))
    walk.frontier.commit()
    offsets = [p.request.offset for p in walk.frontier.open_continuations()]
    assert offsets == [PAGE, PAGE + walk.spec.page_size(walk.access)]
    assert walk.frontier.shortfalls()


def entries(offset: int) -> dict[str, Any]:
    """Return 50 entries of a playlist of 120, always the first ones."""
    tracks = [
        {"id": f"{n:022d}", "name": f"S{n}", "type": "track", "duration_ms": 1000 + n}
        for n in range(1, 51)
    ]
    items = [{"added_at": "2020-01-01T00:00:00Z", "track": track} for track in tracks]
    return {"items": items, "limit": 50, "offset": 0, "total": 120, "next": "https://x.invalid/y"}


def test_a_playlist_whose_offset_is_ignored_has_no_invented_entries(folder, hostile) -> None:
    async def respond(server: Hostile, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/token"):
            return web.json_response(
                {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
            )
        if request.path == "/v1/tracks":
            return web.json_response(
                {"tracks": [{"id": i} for i in request.query["ids"].split(",")]}
            )
        if request.path.endswith("/tracks"):
            return web.json_response(entries(int(request.query["offset"])))
        return web.json_response({"id": "P" * 22, "name": "Old", "tracks": entries(0)})

    server = hostile(respond, source="spotify", access="extended")
    link = get("spotify").parse_link(f"https://open.spotify.com/playlist/{'P' * 22}")

    scope = Named([link], with_credits=False)
    result = collect(folder, "spotify", server.url, "playlists", "tracks", scope=scope)
    assert result.calls_by_endpoint["playlist_tracks"] <= 2
    assert {"ignored_offset", "short_lists"} <= {f["kind"] for f in result.findings}
    load(folder)
    counts = phonofilm.open(folder.root).sql(
        "SELECT count(*), count(DISTINCT track_id) FROM entries"
    )
    assert counts.rows() == [(50, 50)]
