"""The goal of a crawl: wanted kinds, how many records of each, and limits of requests and time."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from phonofilm.errors import UsageError
from phonofilm.records.kinds import BY_PLURAL, PLURALS, WANTED


class Goal(msgspec.Struct):
    """Wanted kinds with the number of records of each; None is as many as there are.

    `until` is the coverage of all wanted kinds (0 to 1) at which the crawl stops.
    """

    wants: dict[str, int | None]
    max_calls: int | None = None
    max_seconds: float | None = None
    until: float | None = None

    def less(self, requests: int, seconds: float) -> Goal:
        """Return the rest of the goal after a run of so many requests and seconds."""
        requests_left = None if self.max_calls is None else max(0, self.max_calls - requests)
        seconds_left = None if self.max_seconds is None else max(0.1, self.max_seconds - seconds)
        return Goal(
            wants=self.wants, max_calls=requests_left, max_seconds=seconds_left, until=self.until
        )

    def spent(self) -> bool:
        """Tell whether no request is left."""
        return self.max_calls == 0

    def open_ended(self) -> bool:
        """Tell whether some kind is wanted without a number."""
        return any(number is None for number in self.wants.values())


def parse_want(text: str) -> tuple[str, int | None]:
    """Parse `artists`, `artists=100` or `artists=all` into kind and number.

    UsageError for an unknown kind or a number below 1.
    """
    plural, _, number = text.partition("=")
    cls = BY_PLURAL.get(plural.strip().lower())
    if cls is None or cls.kind not in WANTED:
        near = get_close_matches(plural, [PLURALS[kind] for kind in WANTED], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"There is nothing called {plural!r} to want.{hint}",
            next_step=f"Kinds: {', '.join(PLURALS[kind] for kind in WANTED)}.",
        )
    if number in ("", "all"):
        return cls.kind, None
    if not number.isascii() or not number.isdigit() or int(number) < 1:
        raise UsageError(
            f"--want {text}: {number!r} is not a number of {plural}.",
            next_step=f"Say --want {plural}=100 or --want {plural}=all.",
        )
    return cls.kind, int(number)


def parse_until(text: str) -> float | None:
    """Parse `coverage=0.9` or `coverage=90%` into a fraction; None for an empty text.

    UsageError for anything else.
    """
    if not text:
        return None
    name, _, share = text.partition("=")
    try:
        fraction = float(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
    except ValueError:
        fraction = 0.0
    if name.strip() != "coverage" or not 0 < fraction <= 1:
        raise UsageError(f"--until {text} is no coverage.", next_step="Say --until coverage=0.9.")
    return fraction
