"""Walls against machines, of four makers. None is passed, ever."""

from __future__ import annotations

from phonofilm.sandbox.kernel.faults.registry import HTML, fault, instead
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest


def _wall(answer: Answer, status: int, page: bytes, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return instead(answer, status, b"<!doctype html>" + page, HTML | named)


@fault
def wall_cloudflare(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A challenge page: "Just a moment"."""
    return _wall(answer, 403, b"<title>Just a moment...</title>", cf_mitigated="challenge")


@fault
def wall_datadome(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A captcha page that DataDome delivers."""
    page = b"<script src='https://geo.captcha-delivery.com/c.js'></script>"
    return _wall(answer, 403, page, X_DataDome="protected")


@fault
def wall_aws(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """An empty 202 with AWS's challenge header."""
    return instead(answer, 202, b"", HTML | {"x-amzn-waf-action": "challenge"})


@fault
def wall_incapsula(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with Incapsula's frame."""
    return _wall(answer, 200, b"<iframe src='/_Incapsula_Resource?x'></iframe>")
