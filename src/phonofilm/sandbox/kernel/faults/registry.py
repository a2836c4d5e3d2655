"""Faults by their names, and what most of them are made of."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

Play = Callable[[HttpResponse, HttpRequest, Clock], HttpResponse]
FAULTS: dict[str, Play] = {}
DUMP_FAULTS: dict[str, Play] = {}
LINK_FAULTS: dict[str, Play] = {}
VALUE_FAULTS: dict[str, Play] = {}
SERVICE_FAULTS: dict[str, Play] = {}
HTML = {"Content-Type": "text/html; charset=utf-8"}


def fault(play: Play) -> Play:
    """Register a fault under its function's name; its docstring goes into docs/faults.md."""
    FAULTS[play.__name__] = play
    return play


def dump_fault(play: Play) -> Play:
    """Register a fault of film dumps and pages under its function's name."""
    DUMP_FAULTS[play.__name__] = play
    return play


def link_fault(play: Play) -> Play:
    """Register a fault of lists with next links, or of their items, under its function's name."""
    LINK_FAULTS[play.__name__] = play
    return play


def value_fault(play: Play) -> Play:
    """Register a fault of values, in responses of any service, under its function's name."""
    VALUE_FAULTS[play.__name__] = play
    return play


def service_fault(play: Play) -> Play:
    """Register a fault that one service was seen to have under its function's name."""
    SERVICE_FAULTS[play.__name__] = play
    return play


def replaced(
    response: HttpResponse, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> HttpResponse:
    """Replace status, body and headers of a response."""
    return response._replace(status=status, body=body, headers=headers or {})


def json_error(response: HttpResponse, status: int, message: str, **headers: str) -> HttpResponse:
    """Replace a response by a JSON error."""
    body = msgspec.json.encode({"error": {"status": status, "message": message}})
    return replaced(response, status, body, {k.replace("_", "-"): v for k, v in headers.items()})
