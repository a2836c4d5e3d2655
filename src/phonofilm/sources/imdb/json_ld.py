"""The JSON-LD of a title page: short, the original name as its name, texts with HTML entities."""

from __future__ import annotations

from typing import Any

from phonofilm.records import ABSENT
from phonofilm.records.values.dates import year_of
from phonofilm.records.values.texts import plain_text
from phonofilm.sources.decode import json_or_none, mended
from phonofilm.sources.imdb.shapes import date_of, minutes_of

_TYPES = {
    "Movie": "movie",
    "TVSeries": "tvSeries",
    "TVEpisode": "tvEpisode",
    "VideoGame": "videoGame",
    "CreativeWork": "short",
    "TVSeason": "tvSeries",
}


def json_ld_of(text: bytes) -> dict[str, Any]:
    """Return the JSON-LD of a title; empty when it is of something else."""
    tree = json_or_none(mended(text))
    return tree if isinstance(tree, dict) and "/title/tt" in str(tree.get("url", "")) else {}


def title_fields(json_ld: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a title that the JSON-LD has, each ABSENT where it lacks it."""
    name, translated = _text(json_ld, "name"), _text(json_ld, "alternateName")
    date, precision, _ = date_of(_text(json_ld, "datePublished"))
    kind, words = _TYPES.get(str(json_ld.get("@type")), ABSENT), _text(json_ld, "keywords")
    return {
        "name": name if translated in (ABSENT, None) else translated,
        "original_name": name,
        "title_type": kind,
        "is_series": ABSENT if kind is ABSENT else kind == "tvSeries",
        "plot": _text(json_ld, "description"),
        "poster_url": _text(json_ld, "image"),
        "certificate": _text(json_ld, "contentRating"),
        "runtime_ms": minutes_of(_text(json_ld, "duration")),
        "keywords": words.split(",") if isinstance(words, str) and words else ABSENT,
        "start_year": year_of(date) if isinstance(date, str) else date,
        "release_date": date,
        "release_date_precision": precision,
    }


def rating_summary(json_ld: dict[str, Any]) -> Any:
    """Return mean and votes as `__NEXT_DATA__` has them; older pages write them as text."""
    aggregate = json_ld.get("aggregateRating")
    if not isinstance(aggregate, dict):
        return ABSENT
    mean, votes = aggregate.get("ratingValue"), aggregate.get("ratingCount")
    return {"aggregateRating": _number(mean), "voteCount": _number(votes)}


def genres(json_ld: dict[str, Any]) -> list[Any]:
    """Return the genres, of which it has three at most."""
    names = json_ld.get("genre")
    return names if isinstance(names, list) else [names]


def _text(json_ld: dict[str, Any], name: str) -> Any:
    """Return a text with its entities undone once; null for another type."""
    value = json_ld.get(name, ABSENT)
    if isinstance(value, str):
        return plain_text(value)
    return ABSENT if value is ABSENT else None


def _number(value: Any) -> Any:
    """Return the number that a text is; any other value as it came."""
    number = json_or_none(value.encode("utf-8", "replace")) if isinstance(value, str) else value
    return number if type(number) in (int, float) else value


FIELDS = tuple(title_fields({}))
"""The fields of a title that a JSON-LD can fill."""
