"""Bodies that are something else."""

from __future__ import annotations

import msgspec

from phonofilm.sandbox.kernel.faults.registry import HTML, fault, replaced
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse


@fault
def wrong_content_type(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send the right JSON, called text."""
    return response._replace(headers={"Content-Type": "text/javascript"})


@fault
def html_for_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with a page about maintenance."""
    return replaced(response, 200, b"<!doctype html><title>Maintenance</title>", HTML)


@fault
def empty_body(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with nothing."""
    return replaced(response, 200)


@fault
def bad_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with JSON that is none."""
    return response._replace(body=response.body.replace(b":", b"=", 3))


@fault
def truncated_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with half of the JSON, as a whole body."""
    return response._replace(body=response.body[: len(response.body) // 2])


@fault
def null_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with null."""
    return response._replace(body=b"null")


@fault
def deep_json(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with JSON nested 100,000 deep."""
    return response._replace(body=b"[" * 100_000 + b"]" * 100_000)


@fault
def error_inside(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with an error inside."""
    body = {"error": {"type": "Exception", "message": "Service busy", "code": 700, "status": 503}}
    return response._replace(body=msgspec.json.encode(body))


@fault
def half_characters(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a name with half of a surrogate pair."""
    return response._replace(body=response.body.replace(b'"name":"', b'"name":"\\ud83d ', 1))


@fault
def not_a_number(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send NaN where a figure should be."""
    return response._replace(
        body=response.body.replace(b'"popularity":', b'"popularity":NaN,"x":', 1)
    )
