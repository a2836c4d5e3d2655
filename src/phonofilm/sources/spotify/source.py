"""Spotify: which addresses it knows, what its answers mean."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from phonofilm.sources.base import (
    HttpSource,
    Link,
    Outcome,
    Request,
    Response,
    judge_http,
    retry_after,
)
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.spotify.parse import PARSERS


class Spotify(HttpSource):
    """The Web API by client credentials; off until its terms are accepted."""

    parsers = PARSERS
    link_patterns: ClassVar[tuple[str, ...]] = (
        r"spotify:(?P<kind>artist|album|track|playlist):(?P<id>[0-9A-Za-z]{22})\b",
        r"/(?P<kind>artist|album|track|playlist)s?/(?P<id>[0-9A-Za-z]{22})\b",
    )

    def judge(self, request: Request, response: Response) -> Outcome:
        """As HTTP says, but a quota is told from a rate by the body's `reason`."""
        outcome = judge_http(response)
        if outcome.verdict == "throttled" and _reason(response) == "QUOTA_EXCEEDED":
            # 2026-07-23: the daily quota of an account, shared by all its client ids.
            return Outcome("quota", "QUOTA_EXCEEDED", retry_after(response.headers))
        return outcome

    def seeds(self, access: str) -> list[Link]:
        """The source's own lists; known genres only where the list of genres is gone."""
        lists = any(e.lists == "genre" for e in self.manifest.permitted(access).values())
        return [Link("root", "")] if lists else super().seeds(access)


class _Error(msgspec.Struct):
    reason: str = ""


class _Refused(msgspec.Struct):
    error: _Error


def _reason(response: Response) -> str:
    try:
        return msgspec.json.decode(response.body, type=_Refused).error.reason
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


SOURCE = Spotify(load_manifest("spotify"))
