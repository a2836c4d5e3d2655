"""Jamendo: its addresses and the errors inside its responses."""

from __future__ import annotations

import msgspec

from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Malformed, Outcome, Query, Request, Response
from phonofilm.sources.decode import one_of
from phonofilm.sources.http import HttpSource
from phonofilm.sources.jamendo.parse import PARSERS
from phonofilm.sources.manifest import load_manifest

_CLIENT, _LIMIT, _SUSPENDED = 5, 6, 11


class _Headers(msgspec.Struct):
    status: str = ""
    code: int = 0
    error_message: str = ""


class _Answer(msgspec.Struct):
    headers: _Headers


class Jamendo(HttpSource):
    """API 3.0, by client id."""

    parsers = PARSERS

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build the address; a space separates several ids."""
        path, query = super().address(request, access)
        if len(request.ids) > 1:
            query["id"] = " ".join(request.ids)
        return path, query

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP, then by the headers inside the body."""
        outcome = classify_http(response)
        if outcome.verdict != "answer":
            return outcome
        try:
            status = one_of(response.body, _Answer).headers
        except Malformed:
            return Outcome("malformed", "no answer of Jamendo's")
        if status.status in ("success", "succeed") or not status.status:
            return outcome
        if status.code == _LIMIT or "limit" in status.error_message.lower():
            return Outcome("quota", status.error_message)
        if status.code in (_CLIENT, _SUSPENDED):
            return Outcome("unauthorised", status.error_message)
        return Outcome("refused", f"{status.code} {status.error_message}")


SOURCE = Jamendo(load_manifest(__package__))
