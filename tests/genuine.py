"""Genuine responses: what the stand-ins send, one for each endpoint of the music sources."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from phonofilm.sandbox.kernel.server import Plan, SandboxServer
from phonofilm.sandbox.kernel.service import Clock, HttpRequest
from phonofilm.sources import get
from phonofilm.sources.contract import Request

OPEN = ("musicbrainz", "listenbrainz", "reccobeats", "itunes", "jamendo")
HEARD = ("soundcloud", "beatport")
NAMES = ("spotify", "deezer", *OPEN, *HEARD)
ACCESS = {"spotify": "extended-legacy", "listenbrainz": "token"}
ENDPOINTS = [
    (name, endpoint) for name in NAMES for endpoint in get(name).parsers if endpoint != "saved"
]


class Genuine(NamedTuple):
    """A request and the JSON that answers it."""

    request: Request
    body: Any


@cache
def genuine(source: str, endpoint: str) -> Genuine:
    """Send a request of an endpoint to a stand-in of the source."""
    server, nodes = _served(source)
    spec = get(source).manifest.endpoints[endpoint]
    if endpoint == "category_playlists":
        categories = genuine("spotify", "categories").body["categories"]["items"]
        ids = [categories[0]["id"]]
    else:
        subject = spec.subject or ("album" if endpoint == "album_tracks" else "playlist")
        ids = nodes.get(subject, ["rock"])
    request = Request(endpoint, tuple(ids[: spec.batch]))
    first = _http_request(server, source, request)
    response = server.service.respond(first)
    if response.status == 302:
        path = response.headers["Location"].removeprefix("http://x")
        second = HttpRequest("GET", path, {}, first.headers, b"", "http://x", {})
        response = server.service.respond(second)
    assert response.status == 200, (source, endpoint, response.body)
    return Genuine(request, json.loads(response.body))


def cut(node: Any, items_max: int = 3) -> Any:
    """Return a body whose lists hold at most three items: enough to change one thing in."""
    if isinstance(node, dict):
        return {key: cut(child, items_max) for key, child in node.items()}
    return [cut(child, items_max) for child in node[:items_max]] if isinstance(node, list) else node


@cache
def _served(source: str) -> tuple[SandboxServer, dict[str, list[str]]]:
    server = SandboxServer(Plan(source, ACCESS.get(source, ""), artists=40, rate="none"))
    if source in ("spotify", *HEARD):
        server.service._tokens["sandbox-t"] = Clock().now() + 60
    return server, _nodes(server, source)


def _http_request(server: SandboxServer, source: str, request: Request) -> HttpRequest:
    manifest = get(source).manifest
    post = manifest.endpoints[request.endpoint].post
    path, query = get(source).address(request, server.service.access)
    lists = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    key = {} if source == "soundcloud" else {"client_id": "sandbox"}
    return HttpRequest(
        "POST" if post else "GET",
        "/" + path.strip("/"),
        {name: values[0] for name, values in lists.items()} | key,
        {
            "Authorization": f"{manifest.auth.scheme} sandbox-t",
            "User-Agent": "tests (me@example.org)",
        },
        json.dumps({post: request.ids}).encode() if post else b"",
        "http://x",
        lists,
    )


def _nodes(server: SandboxServer, source: str) -> dict[str, list[str]]:
    """Ids to ask with, by what is asked about."""
    service, kinds = server.service, ("artist", "album", "track", "playlist")
    nodes = {kind: [str(id_) for id_ in service.ids(kind + "s")] for kind in kinds}
    nodes["isrc"] = [row.isrc for row in map(server.world.track, range(9)) if row.isrc]
    nodes["track_code"] = nodes["isrc"]
    nodes["genre"] = {"deezer": ["1"], "beatport": ["1"]}.get(source, ["pop"])
    if source in HEARD:
        nodes["label"] = [str(key) for key in getattr(service, "_labels", {"": ""})]
    if source == "soundcloud":
        page = f"https://soundcloud.com/{service.objects.handle(0)}"
        nodes |= {
            "artist_link": [page],
            "track_link": [f"{page}/track-{nodes['track'][0]}"],
            "playlist_link": [f"{page}/sets/0"],
        }
    if source == "musicbrainz":
        objects = service.objects
        nodes["isrc"] = list(service._codes)[:3]
        nodes["address"] = [
            page for a in range(20) for page in objects.addresses(a) if objects.has("artist", a)
        ]
    return nodes
