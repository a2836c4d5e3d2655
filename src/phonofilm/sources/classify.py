"""Classify a response by status, headers and first bytes: answer, refusal, quota, bot wall."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping

import msgspec

from phonofilm.sources.contract import Outcome, Response

# First bytes of challenges by Cloudflare, DataDome, AWS WAF and Incapsula, as recorded in 2026.
_WALLS = (
    b"Just a moment",
    b"challenges.cloudflare.com",
    b"cf_chl_opt",
    b"geo.captcha-delivery.com",
    b"awsWafCookieDomainList",
    b"_Incapsula_",
)


# One value of a list: a date, which has a comma of its own, or a number.
_RETRY_AFTER = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, [^,]+|[^,\s][^,]*")


def classify_http(response: Response) -> Outcome:
    """Classify by status, headers and first bytes; 404 concerns the entity, 403 the endpoint."""
    status, headers = response.status, response.headers
    # DataDome marks good responses, too (recorded in February 2026): only its refusals are walls.
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


def classify_whole(response: Response) -> Outcome:
    """Classify by HTTP; JSON that was cut is worth a retry, whatever its status says.

    A service that fails while it sends has sent its status 200 already.
    """
    outcome = classify_http(response)
    if outcome.verdict == "answer" and is_cut_json(response.body):
        return Outcome("unavailable", f"a body that was cut after {len(response.body):,} bytes")
    return outcome


_CLOSING = {b"{": b"}", b"[": b"]"}


def is_json(body: bytes) -> bool:
    """Tell whether a body is one whole JSON value."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def is_cut_json(body: bytes) -> bool:
    """Tell whether a body begins as JSON and ends before the JSON does, or in something else."""
    if is_json(body):
        return False
    text = body.strip()
    closing = _CLOSING.get(text[:1])
    return closing is not None and (text[-1:] != closing or _ends_early(text))


def _ends_early(text: bytes) -> bool:
    """Tell whether more text could make this valid JSON; half characters do not count."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text) or error.msg.startswith("Unterminated")
    except (UnicodeDecodeError, RecursionError):
        return False
    return False


def _is_wall(response: Response) -> bool:
    content_type = response.headers.get("content-type", "")
    return "html" in content_type and is_wall(response.body)


def is_wall(body: bytes) -> bool:
    """Tell whether a page is a challenge for browsers."""
    return any(mark in body[:20_000] for mark in _WALLS)


def _first_words(response: Response) -> str:
    return response.body[:200].decode("utf-8", "replace").strip()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, seconds or a date, as seconds; None when absent or unreadable.

    Of several the longest counts. Negative seconds and dates of the past are 0.
    """
    readable = [
        seconds
        for text in _RETRY_AFTER.findall(headers.get("retry-after", ""))
        if (seconds := _seconds_until(text.strip(), headers.get("date", ""))) is not None
    ]
    return max(readable, default=None)


def _seconds_until(text: str, date: str) -> float | None:
    """Return seconds, or those until a date, as seen from the response's own `date`."""
    try:
        seconds = float(text)
    except ValueError:
        instant = _unix_seconds(text)
        now = _unix_seconds(date)
        if instant is None:
            return None
        seconds = instant - (time.time() if now is None else now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _unix_seconds(date: str) -> float | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rare, and slow to import

    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
