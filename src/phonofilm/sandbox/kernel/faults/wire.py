"""What happens on the wire."""

from __future__ import annotations

import gzip

from phonofilm.sandbox.kernel.faults.registry import fault, instead
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest, Wire


@fault
def delay(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The right answer, half a second late."""
    return answer._replace(wire=Wire.LATE)


@fault
def hang(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """No answer at all, the connection stays open."""
    return answer._replace(wire=Wire.HANG)


@fault
def slow_loris(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The right answer, a few bytes at a time."""
    return answer._replace(wire=Wire.DRIP)


@fault
def reset(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The connection is reset before an answer."""
    return answer._replace(wire=Wire.RESET)


@fault
def host_gone(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Nobody listens any more, as when a name is gone from DNS."""
    return answer._replace(wire=Wire.GONE)


@fault
def cut_body(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The connection ends in the middle of the body."""
    return answer._replace(wire=Wire.CUT)


@fault
def gzip_bomb(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A small compressed body that unpacks to 64 MiB."""
    return answer._replace(body=_bomb(), headers={"Content-Encoding": "gzip"})


_BOMB: list[bytes] = []


def _bomb() -> bytes:
    if not _BOMB:
        _BOMB.append(gzip.compress(b" " * (64 << 20), 9))
    return _BOMB[0]


@fault
def gzip_broken(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A body that says it is compressed and is not."""
    return answer._replace(headers={"Content-Encoding": "gzip"})


@fault
def huge_body(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A body of 40 MiB."""
    return answer._replace(body=b" " * (40 << 20))


@fault
def redirect_elsewhere(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A redirect to another host."""
    return instead(answer, 302, headers={"Location": "https://elsewhere.invalid/"})


@fault
def redirect_loop(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A redirect to itself, again and again."""
    return instead(answer, 302, headers={"Location": f"{ask.base}{ask.path}"})
