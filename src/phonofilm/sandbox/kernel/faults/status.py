"""Refusals: what status codes say."""

from __future__ import annotations

from email.utils import formatdate

import msgspec

from phonofilm.sandbox.kernel.faults.registry import HTML, fault, json_error, replaced
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse


@fault
def http_500(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 500 with a JSON error."""
    return json_error(response, 500, "Server error")


@fault
def http_502_html(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 502 with a proxy's HTML page."""
    return replaced(response, 502, b"<html><h1>502 Bad Gateway</h1></html>", HTML)


@fault
def http_503_come_back(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 503 with Retry-After."""
    return json_error(response, 503, "Service unavailable", Retry_After="1")


@fault
def http_504_empty(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 504 with no body."""
    return replaced(response, 504)


@fault
def http_408(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 408, the request took too long."""
    return json_error(response, 408, "Request timeout")


@fault
def http_400(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 400, the request is wrong."""
    return json_error(response, 400, "Invalid limit")


@fault
def http_404(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 404, the object does not exist."""
    return json_error(response, 404, "Resource not found")


@fault
def http_410(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 410, the object is gone for good."""
    return json_error(response, 410, "Gone")


@fault
def http_418(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 418, an unexpected code."""
    return replaced(response, 418, b"teapot", {"Content-Type": "text/plain"})


@fault
def forbidden_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 403 with a JSON error: the capability is not for this key."""
    return json_error(response, 403, "Forbidden")


@fault
def forbidden_text(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 403 in plain text: the owner of the app has no subscription."""
    text = b"Active premium subscription required for the owner of the app."
    return replaced(response, 403, text, {"Content-Type": "text/plain"})


@fault
def token_expired(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 401, the token ran out."""
    return json_error(response, 401, "The access token expired")


@fault
def throttled_seconds(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 with Retry-After in seconds."""
    return json_error(response, 429, "API rate limit exceeded", Retry_After="1")


@fault
def throttled_date(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 with Retry-After as a date."""
    soon = formatdate(clock.now() + 1, usegmt=True)
    return json_error(response, 429, "Slow down", Retry_After=soon)


@fault
def throttled_zero(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 with Retry-After 0."""
    return json_error(response, 429, "Slow down", Retry_After="0")


@fault
def throttled_silent(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 without Retry-After, with an empty body."""
    return replaced(response, 429)


@fault
def throttled_text(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 in plain text."""
    return replaced(
        response, 429, b"Too many requests", {"Content-Type": "text/plain", "Retry-After": "1"}
    )


@fault
def throttled_a_day(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 with Retry-After 86400."""
    return json_error(response, 429, "Too many requests", Retry_After="86400")


@fault
def quota_exceeded(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 with QUOTA_EXCEEDED and thirteen hours to wait."""
    json_error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
    return replaced(
        response, 429, msgspec.json.encode({"error": json_error}), {"Retry-After": "48925"}
    )
