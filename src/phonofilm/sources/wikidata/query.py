"""The one query, in three ways of choosing items: a class page by page, items, IMDb ids.

Genres and people come joined, `IRI~label` or `IRI~label~IMDb id` each: a label may hold any
character, so only an IRI tells where the next one begins (`joined.py` reads them).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from phonofilm.sources.contract import InvalidId

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
  OPTIONAL { ?item wdt:P136 ?g . ?g rdfs:label ?gname . FILTER(LANG(?gname) = "en")
    BIND(CONCAT(STR(?g), "~", ?gname) AS ?genre) }
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
_ITEM = re.compile(r"Q[1-9][0-9]*")
_IMDB = re.compile(r"tt[0-9]{7,}")


def of_class(class_id: str, limit: int, offset: int) -> str:
    """Query a page of the items of a class and its subclasses; InvalidId for an invalid id."""
    [class_id] = _valid([class_id], _ITEM)
    return _QUERY % _OF_CLASS.format(id=class_id, limit=limit, offset=offset)


def of_items(ids: Sequence[str]) -> str:
    """Query items by their own ids; InvalidId when none of them is one."""
    values = " ".join(f"wd:{id_}" for id_ in _valid(ids, _ITEM))
    return _QUERY % (f"VALUES ?item {{ {values} }} OPTIONAL {{ ?item wdt:P345 ?imdb . }} {_CLASS}")


def of_imdb_ids(ids: Sequence[str]) -> str:
    """Query items by IMDb's ids; InvalidId when none of them is one."""
    values = " ".join(f'"{id_}"' for id_ in _valid(ids, _IMDB))
    return _QUERY % f"VALUES ?imdb {{ {values} }} ?item wdt:P345 ?imdb . {_CLASS}"


def _valid(ids: Sequence[str], shape: re.Pattern[str]) -> list[str]:
    """Return the ids that are ids, so that nothing else gets into a query.

    The others are left out, because a batch must not fail for one of them.
    """
    valid = [id_ for id_ in ids if shape.fullmatch(id_)]
    if not valid:
        raise InvalidId(f"{', '.join(map(repr, ids))[:100]} is no id")
    return valid
