"""The benchmark of five spellings of one set of songs (Leipzig, CC BY 4.0) as tracks.

Each of its tables writes titles, lengths and years in a way of its own; the ways are documented
with the data. Its truth is not looked at here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "musicbrainz_20k"
_MOST_YEAR = 2025


def tracks(data: Path = DATA) -> Iterator[tuple[Any, ...]]:
    """Rows of tracks; the ids are the data's own."""
    for number in range(5):
        with (data / f"table_{number}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield _track(number, {k: "" if v in (None, "null") else v for k, v in row.items()})


def truth(data: Path = DATA) -> list[list[str]]:
    """The groups of ids that are one song."""
    lines = (data / "ground_truth.txt").read_text(encoding="utf-8").split()
    return [line.split(",") for line in lines]


def _track(number: int, row: dict[str, str]) -> tuple[Any, ...]:
    title, artist, album, year = _written(number, row)
    place = re.search(r"(\d+)$", row["number"])
    return (
        f"table_{number}",
        row["tid"],
        title or None,
        [artist] if artist else [],
        [],
        album or None,
        _length_ms(number, row["length"].strip()),
        None,
        _year(year),
        int(place[1]) if place else None,
    )


def _written(number: int, row: dict[str, str]) -> tuple[str, str, str, str]:
    """Title, artist, album and year, taken apart as each table joins them."""
    title, artist, album, year = (
        row[name].strip() for name in ("title", "artist", "album", "year")
    )
    if number == 0:  # Title (Album)
        head, inner = _last_bracket(title)
        return head, artist, album or inner, year
    if number == 1 and " - " in title:  # Artist - Title
        name, _, rest = title.partition(" - ")
        return (title if artist else rest.strip()), artist or name.strip(), album, year
    if number == 2 and " - " in title:  # Title - Album
        head, _, rest = title.partition(" - ")
        return head.strip(), artist, album or rest.strip(), year
    if number == 3:  # 007-Title, Album (Year)
        found = re.search(r"\s*\(([^()]*)\)?\s*$", album)
        if found:
            album, year = album[: found.start()].strip(), found[1]
        return re.sub(r"^\d+\s*-\s*", "", title), artist, album, year
    return title, artist, album, year


def _last_bracket(title: str) -> tuple[str, str]:
    if not title.endswith(")"):
        return title, ""
    depth = 0
    for place in range(len(title) - 1, -1, -1):
        depth += (title[place] == ")") - (title[place] == "(")
        if depth == 0:
            head = title[:place].strip()
            return (head, title[place + 1 : -1]) if head else (title, "")
    return title, ""


def _length_ms(number: int, text: str) -> int | None:
    found = re.fullmatch(r"(\d+):(\d\d)|(\d+)m (\d+)sec", text)
    if found:
        minutes, seconds = (int(part) for part in found.groups() if part is not None)
        return (minutes * 60 + seconds) * 1000 or None
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value * {1: 1000, 2: 60_000, 4: 1}.get(number, 1000)) or None


def _year(text: str) -> str | None:
    found = re.search(r"(\d{4}|\d{2})$", text)
    if not found:
        return None
    year = int(found[1])
    if len(found[1]) == 2:
        year += 1900 if year > 20 else 2000
    return str(year) if 1900 < year <= _MOST_YEAR else None
