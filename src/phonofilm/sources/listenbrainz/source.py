"""ListenBrainz: its addresses and the meaning of its responses."""

from __future__ import annotations

from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Link, Outcome, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.listenbrainz.parse import PARSERS
from phonofilm.sources.manifest import load_manifest


class ListenBrainz(HttpSource):
    """The open API; rate limits stand in headers of its own."""

    parsers = PARSERS

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; `X-RateLimit-Reset-In` says how long to wait."""
        outcome = classify_http(response)
        reset_in = response.headers.get("x-ratelimit-reset-in", "")
        if outcome.verdict == "throttled" and reset_in.isdecimal():
            return outcome._replace(retry_after_seconds=float(reset_in))
        return outcome

    def seeds(self, access: str) -> list[Link]:
        """Return no seeds, because every request needs an id of MusicBrainz."""
        return []


SOURCE = ListenBrainz(load_manifest(__package__))
