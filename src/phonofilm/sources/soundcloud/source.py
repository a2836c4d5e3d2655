"""SoundCloud: its addresses, the meaning of its responses, the content of saved pages."""

from __future__ import annotations

import hashlib
from calendar import timegm
from email.utils import parsedate_to_datetime
from time import strptime
from typing import Any

import msgspec

from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Malformed, Outcome, Query, Request, Response
from phonofilm.sources.decode import json_or_none, plain
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.soundcloud.parse import PARSERS, hydration, objects

_URN = {"artist": "users", "track": "tracks", "playlist": "playlists"}
# A quota names the day, not the wait: `2015/06/01 09:49:40 +0000`.
_RESET = "%Y/%m/%d %H:%M:%S +0000"


class _Limit(msgspec.Struct):
    name: str = ""
    time_window: str = ""


class _Meta(msgspec.Struct):
    rate_limit: _Limit | None = None
    reset_time: str = ""


class _Error(msgspec.Struct):
    meta: _Meta | None = None


class _Refused(msgspec.Struct):
    errors: list[_Error] = []
    message: str | None = None
    spam_warning_urn: str | None = None


class SoundCloud(HttpSource):
    """The official API, by client credentials. What lies behind its pages is parsed where saved."""

    parsers = PARSERS
    saved_endpoint = "saved"
    saved_access = "pages"

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build the address; ids are URNs, several in one parameter."""
        endpoint = self.manifest.endpoints[request.endpoint]
        words = _URN.get(endpoint.subject)
        if words:
            urns = tuple(f"soundcloud:{words}:{id_}" for id_ in request.ids)
            return super().address(request._replace(ids=urns), access)
        return super().address(request, access)

    def media_url(self, role: str, url: str) -> str | None:
        """Return a waveform is a picture and, under the same name, its samples."""
        if role == "samples":
            return url.replace("_m.png", "_m.json") if url.endswith(("_m.png", "_m.json")) else None
        return url.replace("_m.json", "_m.png") if role == "waveform" else url

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; a 403 without a wall concerns this object, a 429 may name its end."""
        outcome = classify_http(response)
        if outcome.verdict == "forbidden":
            return Outcome("missing", "HTTP 403, blocked or not shown")
        if response.status == 429:
            return _refusal(response) or outcome
        return outcome

    def strip(self, response: Response) -> Response:
        """Keep only the JSON that a page carries for its scripts; the rest is about its reader."""
        hydration_rows = hydration(response.body)
        if hydration_rows is None:
            return response
        relevant_rows = [row for row in hydration_rows if isinstance(row, dict) and objects([row])]
        return response._replace(body=msgspec.json.encode(relevant_rows))

    def identify(self, response: Response) -> Request:
        """Return objects of the API behind the pages, one or listed; by name of what they hold."""
        tree = plain(response.body)
        page_objects = objects(tree)
        if not page_objects and not (isinstance(tree, dict) and tree.get("collection") == []):
            raise Malformed("no answer of SoundCloud's")
        return Request("saved", (hashlib.sha256(response.body).hexdigest()[:16],))


def _refusal(response: Response) -> Outcome | None:
    """Return a quota with the instant at which it ends; None when the body tells none."""
    refusal = json_or_none(response.body, _Refused, strict=False)
    if refusal is None:
        return None
    for error in refusal.errors:
        if error.meta and (wait := _wait_until(error.meta.reset_time, response)) is not None:
            name = error.meta.rate_limit.name if error.meta.rate_limit else ""
            return Outcome("throttled", f"HTTP 429 {name}".strip(), wait)
    if refusal.spam_warning_urn:
        return Outcome("quota", "HTTP 429: taken for spam")
    return None


def _wait_until(reset: str, response: Response) -> float | None:
    """Return the seconds from the response's own date to an instant."""
    try:
        end = timegm(strptime(reset, _RESET))
        now = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError):
        return None
    return max(1.0, end - now)


SOURCE: Any = SoundCloud(load_manifest(__package__))
