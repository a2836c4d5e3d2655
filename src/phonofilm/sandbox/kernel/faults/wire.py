"""Faults on the wire."""

from __future__ import annotations

import gzip

from phonofilm.sandbox.kernel.faults.registry import fault, replaced
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Wire


@fault
def delay(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send the right answer, half a second late."""
    return response._replace(wire=Wire.LATE)


@fault
def hang(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send nothing and keep the connection open."""
    return response._replace(wire=Wire.HANG)


@fault
def slow_loris(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send the right answer, a few bytes at a time."""
    return response._replace(wire=Wire.DRIP)


@fault
def reset(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Reset the connection before a response."""
    return response._replace(wire=Wire.RESET)


@fault
def host_gone(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Refuse connections, as when a name is gone from DNS."""
    return response._replace(wire=Wire.GONE)


@fault
def cut_body(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """End the connection in the middle of the body."""
    return response._replace(wire=Wire.CUT)


@fault
def gzip_bomb(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a small compressed body that unpacks to 64 MiB."""
    return response._replace(body=_bomb(), headers={"Content-Encoding": "gzip"})


_BOMB: list[bytes] = []


def _bomb() -> bytes:
    if not _BOMB:
        _BOMB.append(gzip.compress(b" " * (64 << 20), 9))
    return _BOMB[0]


@fault
def gzip_broken(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a body that says it is compressed and is not."""
    return response._replace(headers={"Content-Encoding": "gzip"})


@fault
def huge_body(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a body of 40 MiB."""
    return response._replace(body=b" " * (40 << 20))


@fault
def redirect_elsewhere(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a redirect to another host."""
    return replaced(response, 302, headers={"Location": "https://elsewhere.invalid/"})


@fault
def redirect_loop(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a redirect to itself, again and again."""
    return replaced(response, 302, headers={"Location": f"{request.base}{request.path}"})
