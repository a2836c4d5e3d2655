"""Rules: when which fault is played.

A file of rules is TOML:

[[fault]]
name = "http_500"
on = "search"      # an endpoint as /__sandbox__/stats names it; all without it
after = 10         # not before so many calls
every = 5          # then one call in so many
times = 3          # at most so often
share = 0.5        # with this chance
"""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import msgspec

from phonofilm.sandbox.kernel.faults import (
    content,
    dumps,
    links,
    services,
    shape,
    status,
    values,
    walls,
    wire,
)
from phonofilm.sandbox.kernel.faults.registry import (
    DUMP_FAULTS,
    FAULTS,
    LINK_FAULTS,
    SERVICE_FAULTS,
    VALUE_FAULTS,
    Play,
)
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

SECTIONS = (status, wire, content, shape, walls, dumps, links, values, services)
_ALL = (FAULTS, DUMP_FAULTS, LINK_FAULTS, VALUE_FAULTS, SERVICE_FAULTS)


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """Condition under which a fault is played."""

    name: str
    on: str = ""
    after: int = 0
    every: int = 1
    times: int | None = None
    share: float = 1.0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    fault: list[Rule]


class Faults:
    """Rules with their counts; the first that fits a call is played."""

    def __init__(self, rules: list[Rule], seed: int = 7) -> None:
        for rule in rules:
            if not any(rule.name in faults for faults in _ALL):
                raise ValueError(f"there is no fault called {rule.name!r}")
        self._rules = rules
        self._met, self._played = [0] * len(rules), [0] * len(rules)
        self._chance = random.Random(seed)

    @classmethod
    def read(cls, path: Path) -> Faults:
        """Read rules from a TOML file; ValueError for an invalid one."""
        try:
            return cls(msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), _File).fault)
        except (OSError, msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path}: {error}") from None

    def meet(self, response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
        """Apply the faults that are due to a response."""
        for index, rule in enumerate(self._rules):
            if rule.on in ("", response.endpoint) and response.endpoint != "token":
                self._met[index] += 1
                if self._is_due(index, rule):
                    self._played[index] += 1
                    play = next(faults[rule.name] for faults in _ALL if rule.name in faults)
                    return play(response, request, clock)
        return response

    def _is_due(self, index: int, rule: Rule) -> bool:
        turn = self._met[index] - rule.after - 1
        if turn < 0 or turn % max(1, rule.every):
            return False
        if rule.times is not None and self._played[index] >= rule.times:
            return False
        return self._chance.random() < rule.share

    def played(self) -> dict[str, int]:
        """Count how often each fault was played."""
        return {r.name: n for r, n in zip(self._rules, self._played, strict=True)}


def described(faults: dict[str, Play] = FAULTS) -> dict[str, str]:
    """Return the description of every fault."""
    return {name: (play.__doc__ or "").strip().rstrip(".") for name, play in faults.items()}
