"""Classify a response by status, headers and first bytes: answer, refusal, quota, bot wall."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from phonofilm.sources.contract import Outcome, Response

_WALLS = (
    b"Just a moment",
    b"challenges.cloudflare.com",
    b"cf_chl_opt",
    b"geo.captcha-delivery.com",
    b"awsWafCookieDomainList",
    b"_Incapsula_",
)


def classify_http(response: Response) -> Outcome:
    """What status, headers and the first bytes say; 404 is the entity's own, 403 the call's."""
    status, headers = response.status, response.headers
    # DataDome marks good answers, too (recorded in February 2026): only its refusals are walls.
    walled = "x-amzn-waf-action" in headers or ("x-datadome" in headers and status in (403, 405))
    if walled or _is_wall(response):
        return Outcome("bot_wall", f"HTTP {status} with a challenge for browsers")
    if status == 200:
        return Outcome("answer")
    if status in (404, 410):
        return Outcome("missing", f"HTTP {status}")
    if status == 401:
        return Outcome("unauthorised", "HTTP 401")
    if status in (429, 503) and (status == 429 or "retry-after" in headers):
        return Outcome("throttled", f"HTTP {status}", retry_after(headers))
    if status == 403:
        return Outcome("forbidden", _first_words(response))
    if status >= 500 or status in (408, 425):
        return Outcome("unavailable", f"HTTP {status}")
    return Outcome("refused", f"HTTP {status} {_first_words(response)}")


def _is_wall(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind and is_wall(response.body)


def is_wall(body: bytes) -> bool:
    """Whether a page is a challenge for browsers."""
    return any(mark in body[:20_000] for mark in _WALLS)


def _first_words(response: Response) -> str:
    return response.body[:200].decode("utf-8", "replace").strip()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After given as seconds or as a date; None when absent or unreadable."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rare, and slow to import

    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        told = headers.get("date")
        now = parsedate_to_datetime(told).timestamp() if told else time.time()
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
