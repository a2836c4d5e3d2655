"""The API behind SoundCloud's pages, for clients that request it and for bodies to save.

It is no live way of ours; its shapes are those recorded in 2026, its `client_id` is any.
"""

from __future__ import annotations

from typing import Any, TypeGuard
from urllib.parse import quote

from phonofilm.sandbox.kernel.service import HttpRequest, HttpResponse, json_response
from phonofilm.sandbox.services.soundcloud.links import Links
from phonofilm.sandbox.services.soundcloud.objects import IDS, Objects
from phonofilm.sandbox.services.soundcloud.page_lists import PageLists, Rows
from phonofilm.sandbox.services.soundcloud.page_objects import PageObjects
from phonofilm.sandbox.worlds.world import Catalogue

_DEFAULT = 20
_KINDS = ("users", "tracks", "playlists")


class BehindThePages(PageObjects):
    """Responses in the shapes of api-v2."""

    def __init__(self, objects: Objects, catalogue: Catalogue) -> None:
        super().__init__(objects)
        self._catalogue, self._links = catalogue, Links(objects)
        self._lists = PageLists(objects, self, catalogue)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request; an unknown path is `{}` with 404."""
        kind, *rest = request.path.strip("/").split("/")
        base = request.base
        if kind == "resolve":
            target = self._links.target(request.query.get("url", ""))
            return _missing() if target is None else self._one("v2_resolve", *target, base)
        if kind == "search":
            text = request.query.get("q", "")
            rows = self._lists.search(rest[0] if rest else "", text, base)
            return self._page(request, "v2_search", rows)
        if kind == "tracks" and "ids" in request.query:
            uploads = [self._index(kind, text) for text in request.query["ids"].split(",")[:50]]
            tracks = [self.track(u, base) for u in uploads if self._there(u, kind)]
            return json_response("v2_tracks", tracks)
        streamed = kind == "stream" and rest[:1] == ["users"]
        if streamed:
            kind, rest = "users", rest[1:]
        index = self._index(kind, rest[0]) if rest else None
        if not self._there(index, kind):
            return _missing()
        if streamed:
            rows = self._lists.stream(index, rest[1:] == ["reposts"], base)
            return self._page(request, "v2_stream", rows)
        if len(rest) == 1:
            return self._one(f"v2_{kind[:-1]}", kind, index, base)
        return self._listed(kind, index, rest[1], request)

    def _one(self, endpoint: str, kind: str, index: int, base: str) -> HttpResponse:
        build = {"users": self.user, "tracks": self.track, "playlists": self.playlist}[kind]
        return json_response(endpoint, build(index, base))

    def _listed(self, kind: str, index: int, what: str, request: HttpRequest) -> HttpResponse:
        if (kind, what) == ("users", "web-profiles"):
            profiles = self._objects.web_profiles(index)
            named = [{**row, "network": row["service"]} for row in profiles]
            return json_response("v2_web_profiles", named)
        of = {
            "users": self._lists.of_user,
            "tracks": self._lists.of_track,
            "playlists": self._lists.of_playlist,
        }[kind]
        endpoint = "v2_comments" if what == "comments" else f"v2_{kind[:-1]}_{what}"
        return self._page(request, endpoint, of(index, what, request.base))

    @staticmethod
    def _index(kind: str, text: str) -> int | None:
        return IDS.index_of(kind, text.rsplit(":", 1)[-1]) if kind in _KINDS else None

    def _there(self, index: int | None, kind: str) -> TypeGuard[int]:
        if index is None:
            return False
        if kind == "tracks":
            return index < self._listening.uploads and self._listening.exists(index)
        artists = len(self._catalogue.everyone)
        return index < (artists if kind == "users" else 2 * artists)

    @staticmethod
    def _page(request: HttpRequest, endpoint: str, listed: Rows | None) -> HttpResponse:
        if listed is None:
            return _missing()
        limit, offset = request.query.get("limit", ""), request.query.get("offset", "")
        size = int(limit) if limit.isdecimal() else _DEFAULT
        start = int(offset) if offset.isdecimal() else 0
        rows = [listed.build(row) for row in listed.rows[start : start + size]]
        body: dict[str, Any] = {"collection": rows}
        if start + size < len(listed.rows):
            query = f"offset={start + size}&limit={size}&client_id={request.query['client_id']}"
            if "q" in request.query:
                query = f"q={quote(request.query['q'])}&{query}"
            body["next_href"] = f"{request.base}{request.path}?{query}"
        return json_response(endpoint, body)


def _missing() -> HttpResponse:
    return json_response("v2_missing", {}, 404)
