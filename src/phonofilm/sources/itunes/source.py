"""iTunes: its addresses and the meaning of its responses."""

from __future__ import annotations

from phonofilm.sources.classify import classify_http, retry_after
from phonofilm.sources.contract import Link, Outcome, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.itunes.parse import PARSERS
from phonofilm.sources.manifest import load_manifest

# Reported beside refusals; the answer itself seldom says.
_BUSY_SECONDS = 29.0


class Itunes(HttpSource):
    """The search API; responses are JSON, labelled text/javascript."""

    parsers = PARSERS

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; 403 is the rate limit of this source."""
        outcome = classify_http(response)
        if outcome.verdict in ("throttled", "forbidden"):
            retry_after_seconds = retry_after(response.headers)
            return Outcome(
                "throttled",
                outcome.reason,
                _BUSY_SECONDS if retry_after_seconds is None else retry_after_seconds,
            )
        return outcome

    def seeds(self, access: str) -> list[Link]:
        """Return no seeds, because the source has searches and lookups only."""
        return []


SOURCE = Itunes(load_manifest(__package__))
