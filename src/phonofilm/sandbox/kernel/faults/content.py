"""Bodies that are something else."""

from __future__ import annotations

import msgspec

from phonofilm.sandbox.kernel.faults.registry import HTML, fault, instead
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest


@fault
def wrong_content_type(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The right JSON, called text."""
    return answer._replace(headers={"Content-Type": "text/javascript"})


@fault
def html_for_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with a page about maintenance."""
    return instead(answer, 200, b"<!doctype html><title>Maintenance</title>", HTML)


@fault
def empty_body(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with nothing."""
    return instead(answer, 200)


@fault
def bad_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with JSON that is none."""
    return answer._replace(body=answer.body.replace(b":", b"=", 3))


@fault
def truncated_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with half of the JSON, as a whole body."""
    return answer._replace(body=answer.body[: len(answer.body) // 2])


@fault
def null_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with null."""
    return answer._replace(body=b"null")


@fault
def deep_json(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with JSON nested 100,000 deep."""
    return answer._replace(body=b"[" * 100_000 + b"]" * 100_000)


@fault
def error_inside(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with an error inside."""
    body = {"error": {"type": "Exception", "message": "Service busy", "code": 700, "status": 503}}
    return answer._replace(body=msgspec.json.encode(body))


@fault
def half_characters(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A name with half of a surrogate pair."""
    return answer._replace(body=answer.body.replace(b'"name":"', b'"name":"\\ud83d ', 1))


@fault
def not_a_number(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """NaN where a figure should be."""
    return answer._replace(body=answer.body.replace(b'"popularity":', b'"popularity":NaN,"x":', 1))
