"""Faults by their names, and what most of them are made of."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest

Play = Callable[[Answer, HttpRequest, Clock], Answer]
FAULTS: dict[str, Play] = {}
DUMP_FAULTS: dict[str, Play] = {}
LINK_FAULTS: dict[str, Play] = {}
HTML = {"Content-Type": "text/html; charset=utf-8"}


def fault(play: Play) -> Play:
    """Registers a fault under its function's name; the docstring says what it plays."""
    FAULTS[play.__name__] = play
    return play


def dump_fault(play: Play) -> Play:
    """Registers a fault of files and pages of film, under its function's name."""
    DUMP_FAULTS[play.__name__] = play
    return play


def link_fault(play: Play) -> Play:
    """Registers a fault of lists that are followed from link to link, and of what they hold."""
    LINK_FAULTS[play.__name__] = play
    return play


def instead(
    answer: Answer, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    return answer._replace(status=status, body=body, headers=headers or {})


def error(answer: Answer, status: int, message: str, **headers: str) -> Answer:
    body = msgspec.json.encode({"error": {"status": status, "message": message}})
    return instead(answer, status, body, {k.replace("_", "-"): v for k, v in headers.items()})
