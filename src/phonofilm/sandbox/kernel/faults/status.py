"""Refusals: what status codes say."""

from __future__ import annotations

from email.utils import formatdate

import msgspec

from phonofilm.sandbox.kernel.faults.registry import HTML, error, fault, instead
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest


@fault
def http_500(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 500 with a JSON error."""
    return error(answer, 500, "Server error")


@fault
def http_502_html(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 502 with a proxy's HTML page."""
    return instead(answer, 502, b"<html><h1>502 Bad Gateway</h1></html>", HTML)


@fault
def http_503_come_back(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 503 with Retry-After."""
    return error(answer, 503, "Service unavailable", Retry_After="1")


@fault
def http_504_empty(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 504 with no body."""
    return instead(answer, 504)


@fault
def http_408(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 408, the request took too long."""
    return error(answer, 408, "Request timeout")


@fault
def http_400(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 400, the request is wrong."""
    return error(answer, 400, "Invalid limit")


@fault
def http_404(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 404, no such thing."""
    return error(answer, 404, "Resource not found")


@fault
def http_410(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 410, the thing is gone for good."""
    return error(answer, 410, "Gone")


@fault
def http_418(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 418, a code nobody expects."""
    return instead(answer, 418, b"teapot", {"Content-Type": "text/plain"})


@fault
def forbidden_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 403 with a JSON error: the capability is not for this key."""
    return error(answer, 403, "Forbidden")


@fault
def forbidden_text(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 403 in plain text: the owner of the app has no subscription."""
    text = b"Active premium subscription required for the owner of the app."
    return instead(answer, 403, text, {"Content-Type": "text/plain"})


@fault
def token_expired(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 401, the token ran out."""
    return error(answer, 401, "The access token expired")


@fault
def throttled_seconds(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 with Retry-After in seconds."""
    return error(answer, 429, "API rate limit exceeded", Retry_After="1")


@fault
def throttled_date(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 with Retry-After as a date."""
    soon = formatdate(clock.now() + 1, usegmt=True)
    return error(answer, 429, "Slow down", Retry_After=soon)


@fault
def throttled_zero(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 with Retry-After 0."""
    return error(answer, 429, "Slow down", Retry_After="0")


@fault
def throttled_silent(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 without Retry-After, with an empty body."""
    return instead(answer, 429)


@fault
def throttled_text(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 in plain text."""
    return instead(
        answer, 429, b"Too many requests", {"Content-Type": "text/plain", "Retry-After": "1"}
    )


@fault
def throttled_a_day(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 with Retry-After 86400."""
    return error(answer, 429, "Too many requests", Retry_After="86400")


@fault
def quota_exceeded(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 with QUOTA_EXCEEDED and thirteen hours to wait."""
    error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
    return instead(answer, 429, msgspec.json.encode({"error": error}), {"Retry-After": "48925"})
