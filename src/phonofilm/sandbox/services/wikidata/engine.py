"""SPARQL queries of any form over the graph of the stand-in, where rdflib is installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_PREFIXES = """
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX psv: <http://www.wikidata.org/prop/statement/value/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
# A federated query would leave this machine; the graph has no label service.
_ELSEWHERE = re.compile(r"\b(SERVICE|LOAD|FROM)\b", re.IGNORECASE)


def results(query: str, triples: Callable[[], Iterator[str]]) -> bytes | None:
    """Return SPARQL JSON results; None for a query that cannot be run here."""
    graph = _graph(triples)
    if graph is None or _ELSEWHERE.search(query):
        return None
    try:
        body = graph.query(_PREFIXES + query).serialize(format="json")
    except _query_errors():
        return None
    return body if isinstance(body, bytes) else None


@lru_cache(maxsize=1)
def _query_errors() -> tuple[type[Exception], ...]:
    """Return what rdflib raises for a query that is malformed or that it cannot evaluate."""
    parse_error = import_module("pyparsing").ParseException
    query_error = import_module("rdflib.plugins.sparql.sparql").SPARQLError
    return (parse_error, query_error, NotImplementedError, TypeError, ValueError)


@lru_cache(maxsize=2)
def _graph(triples: Callable[[], Iterator[str]]) -> Any:
    if find_spec("rdflib") is None:
        return None
    return import_module("rdflib").Graph().parse(data="\n".join(triples()), format="nt")
