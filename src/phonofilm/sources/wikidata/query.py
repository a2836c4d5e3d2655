"""The one query, in three ways of choosing items: a class page by page, items, IMDb ids."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Anime film, anime television series, original video animation.
KINDS = {"Q20650540": "movie", "Q63952888": "tvSeries", "Q220898": "video"}

_QUERY = """SELECT ?item ?imdb
  (SAMPLE(?label) AS ?name) (SAMPLE(?native) AS ?original) (SAMPLE(?class) AS ?kind)
  (GROUP_CONCAT(DISTINCT COALESCE(?dated, ""); separator="|") AS ?dates)
  (GROUP_CONCAT(DISTINCT COALESCE(?country, ""); separator="|") AS ?countries)
  (GROUP_CONCAT(DISTINCT COALESCE(?genre, ""); separator="|") AS ?genres)
  (GROUP_CONCAT(DISTINCT COALESCE(?director, ""); separator="|") AS ?directors)
  (GROUP_CONCAT(DISTINCT COALESCE(?composer, ""); separator="|") AS ?composers)
  (SAMPLE(?image) AS ?picture)
WHERE {
  %s
  OPTIONAL { ?item rdfs:label ?label . FILTER(LANG(?label) = "en") }
  OPTIONAL { ?item wdt:P1476 ?native . }
  OPTIONAL { ?item p:P577/psv:P577 ?when . ?when wikibase:timeValue ?date ;
    wikibase:timePrecision ?precision .
    BIND(CONCAT(STR(?date), "/", STR(?precision)) AS ?dated) }
  OPTIONAL { ?item wdt:P495/wdt:P297 ?country . }
  OPTIONAL { ?item wdt:P136/rdfs:label ?genre . FILTER(LANG(?genre) = "en") }
  OPTIONAL { ?item wdt:P57 ?d . ?d rdfs:label ?dname . FILTER(LANG(?dname) = "en")
    OPTIONAL { ?d wdt:P345 ?dimdb . }
    BIND(CONCAT(STR(?d), "~", ?dname, "~", COALESCE(?dimdb, "")) AS ?director) }
  OPTIONAL { ?item wdt:P86 ?c . ?c rdfs:label ?cname . FILTER(LANG(?cname) = "en")
    OPTIONAL { ?c wdt:P345 ?cimdb . }
    BIND(CONCAT(STR(?c), "~", ?cname, "~", COALESCE(?cimdb, "")) AS ?composer) }
  OPTIONAL { ?item wdt:P18 ?image . }
}
GROUP BY ?item ?imdb"""
_OF_CLASS = """{{ SELECT ?item ?imdb ?class WHERE {{ VALUES ?class {{ wd:{id} }}
    ?item wdt:P31/wdt:P279* ?class . OPTIONAL {{ ?item wdt:P345 ?imdb . }} }}
    ORDER BY ?item LIMIT {limit} OFFSET {offset} }}"""
_CLASS = "OPTIONAL { ?item wdt:P31 ?class . }"
_ITEM = re.compile(r"Q[1-9]\d*")
_IMDB = re.compile(r"tt\d{7,}")


def of_class(class_id: str, limit: int, offset: int) -> str:
    """Query a page of the items of a class and its subclasses; ValueError for an invalid id."""
    return _QUERY % _OF_CLASS.format(id=_checked(class_id, _ITEM), limit=limit, offset=offset)


def of_items(ids: Sequence[str]) -> str:
    """Return items by their own ids."""
    values = " ".join(f"wd:{_checked(id_, _ITEM)}" for id_ in ids)
    return _QUERY % (f"VALUES ?item {{ {values} }} OPTIONAL {{ ?item wdt:P345 ?imdb . }} {_CLASS}")


def of_imdb_ids(ids: Sequence[str]) -> str:
    """Return items by IMDb's ids."""
    values = " ".join(f'"{_checked(id_, _IMDB)}"' for id_ in ids)
    return _QUERY % f"VALUES ?imdb {{ {values} }} ?item wdt:P345 ?imdb . {_CLASS}"


def _checked(id_: str, shape: re.Pattern[str]) -> str:
    """Check that a text is an id, so that nothing else gets into a query."""
    if not shape.fullmatch(id_):
        raise ValueError(f"{id_!r} is no id")
    return id_
