"""Paging: whatever size a source serves, all is seen once and the walk ends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response


def walk(source: str, request: Request, serve: Any) -> tuple[list[str], int]:
    """Follows pages until no answer tells of another; ids in order and calls made."""
    seen, todo, calls = [], [request], 0
    while todo:
        asked = todo.pop()
        calls += 1
        assert calls < 500, "the walk does not end"
        page = get(source).parse(asked, Response(200, {}, json.dumps(serve(asked.offset)).encode()))
        kind = get(source).manifest.endpoints[asked.endpoint].item_kind
        seen += [record.id for record in page.records if record.kind == kind]
        todo += page.continues
        assert all(after.offset > asked.offset for after in page.continues)
    return seen, calls


@given(total=st.integers(0, 130), limit=st.integers(1, 50), drift=st.integers(-3, 3))
def test_spotify_pages_are_walked_whole_whatever_total_they_claim(
    total: int, limit: int, drift: int
) -> None:
    def serve(offset: int) -> dict[str, Any]:
        items = [{"id": f"a{n}", "name": "x"} for n in range(offset, min(total, offset + limit))]
        after = "https://elsewhere.invalid/x" if offset + limit < total else None
        return {
            "artists": {
                "items": items,
                "limit": limit,
                "offset": offset,
                "next": after,
                "total": total + drift,
            }
        }

    seen, calls = walk("spotify", Request("genre_artists", ("rock",)), serve)
    assert seen == [f"a{n}" for n in range(total)]
    assert calls == max(1, -(-total // limit))


@given(total=st.integers(0, 130), limit=st.integers(1, 50))
def test_deezer_pages_are_walked_whole(total: int, limit: int) -> None:
    def serve(index: int) -> dict[str, Any]:
        data = [{"id": n + 1, "title": "x"} for n in range(index, min(total, index + limit))]
        page: dict[str, Any] = {"data": data, "total": total}
        if index + limit < total:
            page["next"] = f"https://api.deezer.com/x?index={index + limit}"
        return page

    seen, _ = walk("deezer", Request("artist_albums", ("1",)), serve)
    assert seen == [str(n + 1) for n in range(total)]


@given(total=st.integers(1, 200), limit=st.integers(1, 50), gap=st.integers(0, 199))
def test_an_empty_page_within_the_announced_total_is_passed_over(
    total: int, limit: int, gap: int
) -> None:
    def serve(offset: int) -> dict[str, Any]:
        numbers = range(offset, min(total, offset + limit))
        items = [] if gap in numbers else [{"id": f"a{n}", "name": "x"} for n in numbers]
        goes_on = "https://x.invalid/again" if offset + limit < total else None
        return {"items": items, "limit": limit, "offset": offset, "next": goes_on, "total": total}

    seen, calls = walk("spotify", Request("artist_albums", ("a",)), serve)
    empty = range(gap // limit * limit, gap // limit * limit + limit if gap < total else 0)
    assert seen == [f"a{n}" for n in range(total) if n not in empty]
    assert calls == -(-total // limit)


def test_a_playlist_longer_than_what_it_embeds_goes_on() -> None:
    tracks = [{"id": n, "title": "x"} for n in (1, 2, 3)]
    body = {"id": 9, "title": "p", "nb_tracks": 5, "tracks": {"data": tracks}}
    page = get("deezer").parse(
        Request("playlist", ("9",)), Response(200, {}, json.dumps(body).encode())
    )
    assert page.continues == [Request("playlist_tracks", ("9",), 3)]
    rest = {"data": [{"id": 4, "title": "x"}, {"id": 5, "title": "x"}], "total": 5}
    page = get("deezer").parse(page.continues[0], Response(200, {}, json.dumps(rest).encode()))
    assert [r.position for r in page.records if r.kind == "playlist_entry"] == [3, 4]
    assert page.continues == []


def test_a_next_that_is_no_link_still_says_that_a_page_follows() -> None:
    body = {"data": [{"id": 1, "title": "x"}], "total": 9, "next": "http://["}
    request = Request("artist_albums", ("7",))
    page = get("deezer").parse(request, Response(200, {}, json.dumps(body).encode()))
    assert [record.id for record in page.records if record.kind == "album"] == ["1"]
    assert page.continues == [request._replace(offset=1)]
