"""Faults that single services were seen to have, each in its own shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from phonofilm.sandbox.kernel.faults.registry import json_error, replaced, service_fault
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

_JSON = {"Content-Type": "application/json"}
_TRACE = b"\njava.util.concurrent.TimeoutException\n" + b"\tat org.eclipse.jetty.Filter.x()\n" * 300


def _changed(response: HttpResponse, change: Callable[[Any], Any]) -> HttpResponse:
    """Change a JSON body of HTTP 200; `change` may return another tree."""
    if response.status != 200:
        return response
    try:
        tree = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    other = change(tree)
    return response._replace(body=msgspec.json.encode(tree if other is None else other))


def _json(response: HttpResponse, status: int, body: Any, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replaced(response, status, msgspec.json.encode(body), _JSON | named)


@service_fault
def no_data_inside(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with DataException 800: there is no such object."""
    error = {"type": "DataException", "message": "no data", "code": 800}
    return _json(response, 200, {"error": error})


@service_fault
def quota_inside(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with error 4: too many requests in five seconds."""
    error = {"type": "Exception", "message": "Quota limit exceeded", "code": 4}
    return _json(response, 200, {"error": error})


@service_fault
def uploads_in_playlist(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send files of the playlist's owner: negative ids, artist 0 and album 0."""

    def change(tree: Any) -> None:
        rows = tree.get("tracks", tree).get("data", [])
        for number, row in enumerate(rows[::3], 1):
            row |= {"id": -number, "artist": {"id": 0, "name": "Mia"}}
            row["album"] = {"id": 0, "title": "Tapes"}

    return _changed(response, change)


@service_fault
def tracks_null_in_playlist(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send a playlist whose list of tracks is null, though it has some."""
    return _changed(response, lambda tree: tree | {"tracks": None})


@service_fault
def offset_stands_still(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a later page that says it begins at 0."""

    def change(tree: Any) -> None:
        if tree.get("offset"):
            tree["offset"] = 0

    return _changed(response, change)


@service_fault
def withdrawn_entries(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send entries of a playlist whose track is null."""

    def change(tree: Any) -> None:
        page = tree.get("tracks") or tree.get("items") or tree
        rows = page.get("items", []) if isinstance(page, dict) else page
        for row in rows[::3]:
            row.update({name: None for name in ("track", "item") if name in row})

    return _changed(response, change)


@service_fault
def marks_without_meaning(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send tracks of the catalogue that are marked as local files and as episodes."""

    def change(tree: Any) -> None:
        page = tree.get("tracks") or tree.get("items") or tree
        rows = page.get("items", []) if isinstance(page, dict) else page
        for row in rows:
            row["is_local"] = True
            track = row.get("track") or row.get("item")
            if isinstance(track, dict):
                track |= {"is_local": True, "episode": True}

    return _changed(response, change)


@service_fault
def batch_refused(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 400 for a batch, because one of its ids is none."""
    return json_error(response, 400, "Invalid base62 id")


@service_fault
def batch_falls_short(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a batch without its last member, and nothing in its place."""

    def change(tree: Any) -> Any:
        rows = tree if isinstance(tree, list) else next(v for v in tree.values() if type(v) is list)
        del rows[-1:]
        return tree

    return _changed(response, change)


@service_fault
def another_object(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a look-up under another id, because the object was merged into another one."""

    def change(tree: Any) -> None:
        tree["id"] = tree["id"][::-1] if isinstance(tree["id"], str) else tree["id"] + 10**6

    return _changed(response, change)


@service_fault
def total_too_large(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a total that is ten more than the list has."""

    def change(tree: Any) -> None:
        if isinstance(tree.get("total"), int):
            tree["total"] += 10

    return _changed(response, change)


@service_fault
def total_below_zero(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send -1 for a total that is not known."""
    return _changed(response, lambda tree: tree | {"total": -1})


@service_fault
def busy_503(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 503: the allowable rate limit is exceeded."""
    text = "Your requests are exceeding the allowable rate limit."
    return _json(response, 503, {"error": text}, Retry_After="1")


@service_fault
def relations_of_the_past(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send links of an artist that have ended, or lead to objects of another kind."""

    def change(tree: Any) -> None:
        target = {"resource": "https://www.deezer.com/album/302127"}
        tree["relations"] = [
            {"type": "streaming", "ended": False, "target-type": "url", "url": target},
            {
                "type": "streaming",
                "ended": True,
                "target-type": "url",
                "url": {"resource": "https://www.deezer.com/artist/777"},
            },
        ]

    return _changed(response, change)


@service_fault
def timeout_inside(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with half of the JSON and a Java trace: the query ran out of time."""
    return response._replace(body=response.body[: len(response.body) // 2] + _TRACE)


@service_fault
def blank_nodes(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send blank nodes for names and ids that Wikidata does not know."""

    def change(tree: Any) -> None:
        genid = "http://www.wikidata.org/.well-known/genid/0a1b2c"
        for row in tree["results"]["bindings"][::3]:
            row["imdb"] = {"type": "bnode", "value": "t55"}
            row["original"] = {"type": "uri", "value": genid}

    return _changed(response, change)


@service_fault
def empty_row(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty row among the results."""
    return _changed(response, lambda tree: tree["results"]["bindings"].insert(0, {}))


@service_fault
def class_without_meaning(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send titles of a class that was not asked for."""

    def change(tree: Any) -> None:
        for row in tree["results"]["bindings"][::3]:
            row["kind"] = {"type": "uri", "value": "http://www.wikidata.org/entity/Q5"}

    return _changed(response, change)


def _details(response: HttpResponse, **values: Any) -> HttpResponse:
    return _changed(response, lambda tree: tree | values)


@service_fault
def no_minutes(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send 0 minutes for a length that is not known."""
    return _details(response, runtime=0, episode_run_time=[0])


@service_fault
def no_poster(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty path of a poster."""
    return _details(response, poster_path="")


@service_fault
def error_in_headers(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with an error in `headers`: the rate limit is exceeded."""
    headers = {"status": "failed", "code": 6, "error_message": "Rate limit exceeded"}
    return _json(response, 200, {"headers": headers, "results": []})


@service_fault
def lists_for_tags(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send [] for the tags of a track that has none."""

    def change(tree: Any) -> None:
        for row in tree.get("results", [])[::2]:
            if "musicinfo" in row:
                row["musicinfo"]["tags"] = []

    return _changed(response, change)


@service_fault
def keys_that_nobody_reads(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send musical keys that are none."""

    def change(tree: Any) -> None:
        for row in tree.get("results", []):
            if isinstance(row.get("key"), dict):
                row["key"]["name"] = "open"

    return _changed(response, change)


@service_fault
def seconds_without_meaning(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send comments whose second in the track is a word."""

    def change(tree: Any) -> None:
        for row in tree.get("collection", [])[::3]:
            row["timestamp"] = "soon"

    return _changed(response, change)
