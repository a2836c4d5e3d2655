"""Walls against machines, of four makers. None is passed, ever."""

from __future__ import annotations

from phonofilm.sandbox.kernel.faults.registry import HTML, fault, replaced
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse


def _wall(response: HttpResponse, status: int, page: bytes, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replaced(response, status, b"<!doctype html>" + page, HTML | named)


@fault
def wall_cloudflare(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a challenge page: "Just a moment"."""
    return _wall(response, 403, b"<title>Just a moment...</title>", cf_mitigated="challenge")


@fault
def wall_datadome(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a captcha page that DataDome delivers."""
    page = b"<script src='https://geo.captcha-delivery.com/c.js'></script>"
    return _wall(response, 403, page, X_DataDome="protected")


@fault
def wall_aws(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty 202 with AWS's challenge header."""
    return replaced(response, 202, b"", HTML | {"x-amzn-waf-action": "challenge"})


@fault
def wall_incapsula(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with Incapsula's frame."""
    return _wall(response, 200, b"<iframe src='/_Incapsula_Resource?x'></iframe>")
