"""Genuine responses: what the stand-ins send, for each endpoint of each source that has one."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from phonofilm.records import Record
from phonofilm.sandbox.kernel.server import KINDS, Plan, SandboxServer
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Request, Response

NAMES = [name for name in source_names() if get(name).parsers]
"""Sources that are requested over HTTP; the others give whole files alone."""
ACCESS = {"spotify": "extended-legacy", "listenbrainz": "token", "imdb": "pages"}
ATTEMPTS = 24
"""Requests of one endpoint that differ in their ids."""
DATE = {"date": "Fri, 20 Nov 2026 10:00:00 GMT"}
ENDPOINTS = [
    (name, endpoint)
    for name in NAMES
    for endpoint, spec in get(name).manifest.endpoints.items()
    if spec.role != "stored"
]
JSON_ENDPOINTS = [(name, endpoint) for name, endpoint in ENDPOINTS if name != "imdb"]
"""Title pages of IMDb are HTML."""


class Genuine(NamedTuple):
    """A request and the response to it."""

    request: Request
    response: Response

    @property
    def body(self) -> Any:
        """The JSON of the response."""
        return json.loads(self.response.body)


@cache
def genuine(source: str, endpoint: str, first: int = 0) -> Genuine:
    """Send a request of an endpoint to a stand-in; `first` chooses among the ids known of it."""
    server = server_of(source)
    spec = get(source).manifest.endpoints[endpoint]
    if endpoint == "category_playlists":
        ids = [row["id"] for row in genuine("spotify", "categories").body["categories"]["items"]]
    else:
        subject = spec.subject or ("album" if endpoint == "album_tracks" else "playlist")
        ids = _nodes(source).get(subject) or _found(source).get(subject) or ["rock"]
    first *= max(1, len(ids) // ATTEMPTS)  # spread over all of them: neighbours are alike
    for start in range(first, first + 9):  # some are blocked for everybody
        request = Request(endpoint, tuple(ids[start % len(ids) :][: spec.batch]))
        answered = send(server, source, request)
        if answered.status == 200:
            return Genuine(request, Response(200, DATE, answered.body, "http://x"))
    raise AssertionError(f"{source} {endpoint}: {answered.body!r}")


def send(server: SandboxServer, source: str, request: Request) -> HttpResponse:
    http_request = _http_request(server, source, request)
    answered = server.service.respond(http_request)
    if answered.status == 302:
        path = answered.headers["Location"].removeprefix("http://x")
        second = HttpRequest("GET", path, {}, http_request.headers, b"", "http://x", {})
        answered = server.service.respond(second)
    return answered


@cache
def genuine_records(source: str, endpoint: str, first: int = 0) -> list[Record]:
    """Return the records of a genuine response."""
    return get(source).parse(*genuine(source, endpoint, first)).records


def cut(node: Any, items_max: int = 3) -> Any:
    """Return a body whose lists hold at most three items: enough to change one thing in."""
    if isinstance(node, dict):
        return {key: cut(child, items_max) for key, child in node.items()}
    return [cut(child, items_max) for child in node[:items_max]] if isinstance(node, list) else node


@cache
def server_of(source: str, artists: int = 40) -> SandboxServer:
    plan = Plan(source, ACCESS.get(source, ""), artists=artists, rate="none")
    server = SandboxServer(plan)
    if hasattr(server.service, "_tokens"):
        server.service._tokens["sandbox-t"] = Clock().now() + 86_400
    return server


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


@cache
def _nodes(source: str) -> dict[str, list[str]]:
    """Return ids to request with, by the kind of node."""
    server = server_of(source)
    if KINDS[source].film:
        return _film_nodes(server, source)
    service, kinds = server.service, ("artist", "album", "track", "playlist")
    nodes = {kind: [str(id_) for id_ in service.ids(kind + "s")] for kind in kinds}
    nodes["isrc"] = [row.isrc for row in map(server.world.track, range(9)) if row.isrc]
    nodes["track_code"] = nodes["isrc"]
    if source == "itunes":  # its codes are barcodes of albums
        nodes["track_code"] = [row.upc for row in map(server.world.album, range(9)) if row.upc]
    nodes["root"] = [""]
    if labels := getattr(service, "_labels", None):
        nodes["label"] = [str(key) for key in labels]
    if source == "soundcloud":
        pages = [f"https://soundcloud.com/{service.objects.handle(a)}" for a in range(9)]
        nodes |= {
            "artist_link": pages,
            "track_link": [f"{pages[0]}/track-{id_}" for id_ in nodes["track"]],
            "playlist_link": [f"{pages[0]}/sets/0"],
        }
    if source == "musicbrainz":
        objects = service.objects
        nodes["isrc"] = list(service._codes)[:3]
        nodes["address"] = [
            page for a in range(20) for page in objects.addresses(a) if objects.has("artist", a)
        ]
    return nodes


def _film_nodes(server: SandboxServer, source: str) -> dict[str, list[str]]:
    titles = [str(id_) for id_ in server.service.ids("titles")]
    imdb_ids = [server.world.tconst(index) for index in server.world.anime()]
    return {
        "title": titles,
        "imdb_id": imdb_ids,
        "title_query": [server.world.title(index).name for index in server.world.anime()],
        "root": [""],
        "genre": list(get(source).manifest.seed_genres),
    }


@cache
def _found(source: str) -> dict[str, list[str]]:
    """Return genres and names to search with, as records of the source have them."""
    if "genres" in get(source).manifest.endpoints:
        genres = [record.id for record in genuine_records(source, "genres")]
    else:
        genres = get(source).manifest.seed_genres or ["pop", "rock"]
    names: dict[str, list[str]] = {}
    for endpoint, spec in get(source).manifest.endpoints.items():
        if spec.role in ("detail", "contain") and spec.subject in _nodes(source):
            several = (genuine_records(source, endpoint, first) for first in range(3))
            for record in chain(*several):
                if isinstance(name := getattr(record, "name", None), str):
                    names.setdefault(record.kind, []).append(name)
    artists = names.get("artist", [])
    # Stand-ins find albums, tracks and playlists by the names of artists, too.
    queries = {
        f"{kind}_query": list(dict.fromkeys(chain(*zip(artists * 9, named, strict=False))))
        for kind, named in names.items()
    }
    words = list(dict.fromkeys(re.findall(r"\w{3,}", " ".join(artists))))
    slices = [f"{word} year:1950-2030" for word in words]
    return queries | {"genre": genres, "word": words, "slice": slices}
