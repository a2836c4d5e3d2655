"""Deezer: its addresses and the meaning of its responses."""

from __future__ import annotations

import msgspec

from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Outcome, Request, Response
from phonofilm.sources.decode import json_or_none
from phonofilm.sources.deezer.parse import PARSERS
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest

_QUOTA, _BUSY, _NO_DATA = 4, 700, 800
# The published window: 50 calls in 5 s. A refusal carries no Retry-After.
WINDOW_SECONDS = 5.0


class Deezer(HttpSource):
    """The open API: no key, errors inside HTTP 200."""

    parsers = PARSERS

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP, then by the error inside the body."""
        outcome = classify_http(response)
        # Errors are small; a long body that says "error" somewhere is a list of songs.
        if outcome.verdict != "answer" or b'"error"' not in response.body[:2000]:
            return outcome
        return _judge_error(response.body) or outcome


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Refused(msgspec.Struct):
    error: _Error | str | None = None


def _judge_error(body: bytes) -> Outcome | None:
    """Classify an error inside a body; None without an error at the top level."""
    refusal = json_or_none(body, _Refused, strict=False)
    if refusal is None:
        return Outcome("malformed", "an error body that is not Deezer's")
    error = refusal.error
    if error is None:
        return None
    if isinstance(error, str):
        return Outcome("malformed", error[:200])
    if error.code == _QUOTA:
        return Outcome("throttled", error.message, WINDOW_SECONDS)
    if error.code == _BUSY:
        return Outcome("unavailable", error.message)
    if error.code == _NO_DATA:
        return Outcome("missing", error.message)
    return Outcome("refused", f"{error.code} {error.message}")


SOURCE = Deezer(load_manifest(__package__))
