"""Whole lists: a list that is given whole replaces what it gave before, in every source and engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from phonofilm.erasure.rows import erase_rows
from phonofilm.landing.envelope import Envelope, RunInfo, wrap
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.people import PersonData
from phonofilm.records import BY_KIND, Record
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_RESPONSES, Request, Response
from phonofilm.timestamps import naive_utc
from phonofilm.warehouse.load.list_pages import list_pages
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import publish
from phonofilm.workspace import Workspace
from tests.genuine import ACCESS, ATTEMPTS, DATE, ENDPOINTS, genuine
from tests.test_warehouses import workspace as workspace  # noqa: PLC0414 - a fixture of all engines
from tests.warehouses import all_rows, land, query

START = 1_780_000_000_000_000
HOUR = 3_600_000_000
WHOLE = [
    (source, endpoint, kind)
    for source, endpoint in ENDPOINTS
    for kind in get(source).manifest.endpoints[endpoint].whole
]
VARIANTS_MAX, DEPTH_MAX = 400, 9
SIZES = re.compile("total|count|nb_")


def deezer_track(id_: int) -> dict[str, Any]:
    return {"id": id_, "title": f"Song {id_}", "artist": {"id": 27, "name": "Ada"}}


def answered(at: int, request: Request, body: Any, source: str = "deezer") -> Envelope:
    """A response that came `at` hours after the first one."""
    access = ACCESS.get(source) or get(source).manifest.default_access
    run_info = RunInfo(source, access, "terms", "run")
    response = Response(200, DATE, json.dumps(body).encode(), "http://x")
    return wrap(run_info, at, request, response, START + at * HOUR)


def playlist(at: int, tracks: list[int], count: int | None = None) -> Envelope:
    """A playlist with the tracks that it embeds; `count` says how many it has."""
    rows = [deezer_track(id_) for id_ in tracks]
    size = len(tracks) if count is None else count
    body = {"id": 1, "title": "Mix", "nb_tracks": size, "tracks": {"data": rows}}
    return answered(at, Request("playlist", ("1",)), body)


def further(at: int, offset: int, tracks: list[int], next_: bool = False) -> Envelope:
    """A later page of the playlist."""
    rows = [deezer_track(id_) for id_ in tracks]
    body = {"data": rows, "total": offset + len(rows), **({"next": "http://x"} if next_ else {})}
    return answered(at, Request("playlist_tracks", ("1",), offset), body)


def hour(at: int) -> Any:
    return naive_utc(START + at * HOUR)


def entries(folder: Workspace) -> list[tuple]:
    load(folder)
    return query(folder, "SELECT position, track_id, removed_at FROM entries ORDER BY position")


def test_a_playlist_that_became_shorter_ends_its_last_places(workspace: Workspace) -> None:
    land(workspace, playlist(0, [1000, 1001, 1002, 1003, 1004]), playlist(1, [1003, 1004]))
    assert entries(workspace) == [
        (0, "1003", None),
        (1, "1004", None),
        (2, "1002", hour(1)),
        (3, "1003", hour(1)),
        (4, "1004", hour(1)),
    ]


def test_versions_say_what_was_in_a_playlist_when(workspace: Workspace) -> None:
    states = [[1, 2, 3], [1, 2, 3], [3], [], [1, 2, 3]]
    land(workspace, *(playlist(at, tracks) for at, tracks in enumerate(states)))
    load(workspace)
    versions = "SELECT version, first_seen, last_seen, members FROM list_versions ORDER BY 1"
    assert query(
        workspace, versions.replace("ORDER", "WHERE of_kind = 'playlist_entry' ORDER")
    ) == [
        (1, hour(0), hour(1), 3),
        (2, hour(2), hour(2), 1),
        (3, hour(3), hour(3), 0),
        (4, hour(4), hour(4), 3),
    ]
    places = "SELECT version, position, track_id FROM playlist_versions ORDER BY 1, 2"
    whole = [(0, "1"), (1, "2"), (2, "3")]
    assert query(workspace, places) == [
        *((1, *place) for place in whole),
        (2, 0, "3"),
        *((4, *place) for place in whole),
    ]


def test_a_list_that_came_back_is_not_removed(workspace: Workspace) -> None:
    land(workspace, playlist(0, [1, 2]), playlist(1, [1]))
    assert entries(workspace)[1] == (1, "2", hour(1))
    land(workspace, playlist(2, [1, 2]))
    assert entries(workspace)[1] == (1, "2", None)


def test_the_same_list_again_changes_nothing(workspace: Workspace) -> None:
    land(workspace, playlist(0, [1, 2]), playlist(1, [1, 2]))
    before = entries(workspace)
    assert [removed for *_, removed in before] == [None, None]
    load(workspace, again=True)
    assert entries(workspace) == before


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param([playlist(1, [1], count=3)], id="less than it announced"),
        pytest.param([playlist(1, [1], count=2)], id="its next page did not come"),
        pytest.param([further(1, 1, [7])], id="only a later page"),
        pytest.param(
            [playlist(1, [1], count=3), further(2, 2, [9])], id="a page in the middle is missing"
        ),
        pytest.param([playlist(1, [1], count=3), further(2, 1, [2], next_=True)], id="it goes on"),
    ],
)
def test_a_list_seen_in_part_removes_nothing(workspace: Workspace, newer: list[Envelope]) -> None:
    land(workspace, playlist(0, [1, 2, 3, 4]), *newer)
    assert all(removed is None for *_, removed in entries(workspace))


def test_a_list_is_whole_when_all_its_pages_came(workspace: Workspace) -> None:
    land(workspace, playlist(0, [1, 2], count=5), further(1, 2, [3, 4], next_=True))
    land(workspace, further(2, 4, [5]))
    land(workspace, playlist(3, [1, 2], count=3), further(5, 2, [4]))
    removed = {position: end for position, _, end in entries(workspace)}
    assert removed == {0: None, 1: None, 2: None, 3: hour(5), 4: hour(5)}


def test_any_order_of_loads_gives_the_same_removals(workspace: Workspace, tmp_path: Path) -> None:
    pages = [
        playlist(0, [1, 2, 3, 4, 5]),
        playlist(1, [1, 2], count=4),
        further(2, 2, [3, 4]),
        playlist(3, [1, 2]),
        playlist(4, [1, 2, 3]),
    ]
    for page in reversed(pages):
        land(workspace, page)
        load(workspace)
    in_reverse = all_rows(workspace)
    load(workspace, again=True)
    assert all_rows(workspace) == in_reverse
    at_once = Workspace(tmp_path / "other")
    land(at_once, *pages)
    load(at_once)
    assert all_rows(at_once) == in_reverse
    assert [end for *_, end in entries(at_once)] == [None, None, None, hour(3), hour(2)]


def test_a_track_that_its_album_has_no_more_is_ended_until_it_is_seen_there(
    workspace: Workspace,
) -> None:
    def album(at: int, tracks: list[int]) -> Envelope:
        rows = {"data": [deezer_track(id_) for id_ in tracks]}
        body = {"id": 7, "title": "Blue", "nb_tracks": len(tracks), "tracks": rows}
        return answered(at, Request("album", ("7",)), body)

    ended = "SELECT id, removed_at FROM tracks WHERE removed_at IS NOT NULL"
    land(workspace, album(0, [1, 2]), album(1, [1]))
    load(workspace)
    assert query(workspace, ended) == [("2", hour(1))]
    found = deezer_track(2) | {"album": {"id": 7, "title": "Blue"}}
    land(workspace, answered(2, Request("track", ("2",)), found))
    load(workspace)
    assert query(workspace, ended) == []


# --- every source


def variants(node: Any) -> Iterator[Any]:
    """Yield bodies in which one part that is a list is shorter by its last item, outer ones first.

    A list may also be an object with a key for each item, or a text of words.
    """
    for depth in range(DEPTH_MAX):
        yield from _variants_at(node, depth)


def _variants_at(node: Any, depth: int) -> Iterator[Any]:
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if depth and isinstance(child, dict | list):
            for changed in _variants_at(child, depth - 1):
                yield _replaced(node, key, changed)
        elif not depth:
            yield from (_replaced(node, key, shorter) for shorter in _without_last(child))


def _without_last(node: Any) -> Iterator[Any]:
    if isinstance(node, list) and node:
        yield node[:-1]
    if isinstance(node, dict) and node:
        yield dict(list(node.items())[:-1])
    if isinstance(node, str):
        yield from (node.rpartition(separator)[0] for separator in "| " if separator in node)


def _replaced(node: Any, key: Any, child: Any) -> Any:
    copy = node.copy()
    copy[key] = child
    return copy


def recounted(node: Any, size: int) -> Any:
    """A body whose announced sizes are smaller by one."""
    if isinstance(node, dict):
        return {
            key: child - 1
            if type(child) is int and child == size and SIZES.search(key.lower())
            else recounted(child, size)
            for key, child in node.items()
        }
    return [recounted(child, size) for child in node] if isinstance(node, list) else node


def members(source: str, request: Request, body: Any, kind: str) -> dict[str, list[str]]:
    """The members of the whole lists of a body, by list; none of lists that go on."""
    envelope = answered(0, request, body, source)
    page = get(source).parse(request, envelope.response)
    endpoint = get(source).manifest.endpoints[request.endpoint]
    return {
        row.of_id: row.member_ids
        for row in list_pages(envelope, endpoint, page, 1)
        if row.of_kind == kind and row.whole and row.next_position is None
    }


class Shorter(NamedTuple):
    """A request, a genuine body, one with a member less, and the id of that member."""

    request: Request
    body: Any
    changed: Any
    lost: str


@cache
def shorter(source: str, endpoint: str, kind: str) -> Shorter:
    """Find a body of which a whole list can be shortened."""
    for first in range(ATTEMPTS):
        request, response = genuine(source, endpoint, first)
        body = json.loads(response.body)
        before = members(source, request, body, kind)
        for name, ids in before.items():
            for changed in islice(variants({0: body}), VARIANTS_MAX) if len(ids) > 1 else ():
                counted = recounted(changed[0], len(ids))
                try:
                    after = members(source, request, counted, kind)
                except ODD_RESPONSES:  # not every list may be shorter
                    continue
                if after.keys() == before.keys() and (lost := _only_loss(before, after, name)):
                    return Shorter(request, body, counted, lost)
    raise AssertionError(f"no list of {kind} in {source} {endpoint}")


def _only_loss(before: dict[str, list[str]], after: dict[str, list[str]], name: str) -> str | None:
    """The only member that one list has lost; None when anything else differs."""
    lost = set(before[name]) - set(after[name])
    others = {key: ids for key, ids in before.items() if key != name}
    is_only = len(lost) == 1 and others == {key: after[key] for key in others}
    return lost.pop() if is_only and set(after[name]) < set(before[name]) else None


@cache
def _layers() -> list[list[tuple[str, str, str]]]:
    """All cases in groups with one case of a source, so that a group can share a folder."""
    layers: list[list[tuple[str, str, str]]] = []
    for case in WHOLE:
        free = (layer for layer in layers if all(other[0] != case[0] for other in layer))
        layer = next(free, None)
        if layer is None:
            layers.append(layer := [])
        layer.append(case)
    return layers


def _layer_params() -> list[Any]:
    """Return the layers; the first two, which have most sources, run in the quick suite."""
    return [
        pytest.param(
            layer,
            id="+".join(case[0] for case in layer),
            marks=[pytest.mark.slow] if number >= 2 else [],
        )
        for number, layer in enumerate(_layers())
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("layer", _layer_params())
def test_every_whole_list_ends_the_members_that_it_has_no_more(
    layer: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    cases = {case: shorter(*case) for case in layer}
    older, newer, again = (
        [
            answered(at, c.request, c.changed if at == 1 else c.body, s)
            for (s, *_), c in cases.items()
        ]
        for at in range(3)
    )
    folders = [Workspace(tmp_path / name) for name in ("back", "forth")]
    for folder, steps in zip(folders, ([newer, older], [older + newer]), strict=True):
        for step in steps:
            land(folder, *step)
            load(folder)
    for (source, endpoint, kind), case in cases.items():
        assert ended(folders[0], source, kind) == [(case.lost, hour(1))], endpoint
    assert all_rows(folders[0]) == all_rows(folders[1])
    land(folders[0], *again)
    load(folders[0])
    for source, endpoint, kind in cases:
        assert ended(folders[0], source, kind) == [], endpoint


def ended(folder: Workspace, source: str, kind: str) -> list[tuple]:
    """The rows of a source that are not in their list any more."""
    table = BY_KIND[kind].plural
    return query(
        folder,
        f"SELECT id, removed_at FROM {table} WHERE removed_at IS NOT NULL AND source = '{source}'",
    )


def test_only_kinds_that_belong_to_lists_are_whole() -> None:
    for _, _, kind in WHOLE:
        cls: type[Record] = BY_KIND[kind]
        assert cls.list_fields
        assert {*cls.list_fields, cls.list_item} <= set(cls.__struct_fields__)


def test_what_a_list_no_more_has_counts_for_no_entity(folder: Workspace) -> None:
    request, body, changed, _ = shorter("tmdb", "title", "title_genre")
    genres = "SELECT len(genres) FROM titles_wide"
    counts = []
    for at, version in enumerate((body, changed)):
        land(folder, answered(at, request, version, "tmdb"))
        load(folder)
        counts += query(folder, genres)
    assert counts[1][0] == counts[0][0] - 1


def test_lists_forget_a_person(folder: Workspace) -> None:
    related = Request("related", ("1",))
    people = [{"id": id_, "name": f"Name {id_}"} for id_ in (2, 3)]
    land(folder, answered(0, related, {"data": people, "total": 2}), playlist(1, [5]))
    load(folder)
    nothing: frozenset[str] = frozenset()
    person = PersonData(
        source="deezer",
        hashed="",
        ids=frozenset({"3"}),
        names=nothing,
        tracks=nothing,
        playlists=frozenset({"1"}),
        files=nothing,
        published=True,
    )
    erase_rows(folder, person, ErasedPeople(nothing, nothing, get("deezer").manifest.people, b"k"))
    publish(folder)
    pages = "SELECT of_kind, of_id, member_ids, items FROM store.list_page"
    assert query(folder, pages) == [("artist_relation", "1", ["1:2", ""], ["2", ""])]


def test_versions_expire_with_their_responses(folder: Workspace) -> None:
    request, body, *_ = shorter("spotify", "related", "artist_relation")
    land(folder, answered(0, request, body, "spotify"))
    load(folder)
    ((expires,),) = query(folder, "SELECT expires_at FROM list_versions")
    assert expires == hour(0) + timedelta(days=30)
