"""SPARQL results as Wikidata's query service gives them, for the shapes of query it is asked.

Queries of the collector's form are read without an engine. Others run over the same graph where
rdflib is installed, and are refused as malformed where it is not; the graph itself is at
/__sandbox__/graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import msgspec

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window
from phonofilm.sandbox.services.wikidata import engine
from phonofilm.sandbox.worlds.film import FilmWorld

_ENTITY = "http://www.wikidata.org/entity/"
_CLASSES = {
    "Q20650540": ("movie", "tvMovie"),
    "Q63952888": ("tvSeries",),
    "Q220898": ("video", "tvSpecial"),
}
_PAGE = re.compile(r"LIMIT\s+(\d+)\s+OFFSET\s+(\d+)")
_CLASS = re.compile(r"VALUES \?class \{ wd:(Q\d+) \}")
_ITEMS = re.compile(r"VALUES \?item \{ ([^}]*)\}")
_IDS = re.compile(r"VALUES \?imdb \{ ([^}]*)\}")
_INNER = re.compile(r"\((?:[^()]*\bAS\s+\?(\w+)\s*|[^()]*)\)")
_COLUMNS = frozenset(
    [
        "item",
        "name",
        "imdb",
        "original",
        "kind",
        "dates",
        "countries",
        "genres",
        "directors",
        "composers",
        "picture",
    ]
)
_ITEM_BASE, _PERSON_BASE, _GENRE_BASE = 900_000_000, 950_000_000, 990_000_000


class WikidataService:
    """The stand-in; everybody has the same access."""

    name = "wikidata"

    def __init__(self, world: FilmWorld, access: str, clock: Clock, rate: str, quota: str) -> None:
        if access != "open":
            raise ValueError("wikidata has one access level: open")
        self.world, self.access = world, access
        self._rate = Window.parse(rate, clock)

    def visible(self) -> dict[str, int]:
        """Count the titles by kind: most anime."""
        return {"titles": sum(len(list(self._of_class(c))) for c in _CLASSES)}

    def ids(self, kind: str) -> list[str]:
        """Return the items of all titles it knows."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each item to the number of its title in the world."""
        classes = _CLASSES if kind == "titles" else ()
        return {self.item(i): i for c in classes for i in self._of_class(c)}

    def item(self, index: int) -> str:
        """Return the item of a title."""
        return f"Q{_ITEM_BASE + index}"

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one query."""
        if request.path != "/sparql":
            return HttpResponse("unknown", 404, b"not found", {"Content-Type": "text/plain"})
        if not request.headers.get("User-Agent"):
            return HttpResponse(
                "query", 403, b"Please set a user-agent", {"Content-Type": "text/plain"}
            )
        if (wait := self._rate.admit()) is not None:
            return HttpResponse("query", 429, b"Too Many Requests", {"Retry-After": str(wait)})
        query = request.query.get("query") or parse_qs(request.body.decode()).get("query", [""])[0]
        body = self._results(query)
        if body is None:
            text = b"SPARQL-QUERY: queryStr=\njava.util.concurrent.ExecutionException: Malformed"
            return HttpResponse("query", 400, text, {"Content-Type": "text/plain"})
        kind = {"Content-Type": "application/sparql-results+json;charset=utf-8"}
        return HttpResponse("query", 200, body, kind)

    def _results(self, query: str) -> bytes | None:
        """Return the results of a query in JSON, or None when it cannot be read."""
        indices, names = self._asked(query), _projected(query)
        if indices is None or not _COLUMNS.issuperset(names):
            return engine.results(query, self.triples)
        rows = [self._row(index, query) for index in indices]
        shown = [{n: cell for n, cell in row.items() if n in names} for row in rows]
        return msgspec.json.encode({"head": {"vars": names}, "results": {"bindings": shown}})

    def _asked(self, query: str) -> list[int] | None:
        """Return the titles that a query asks for, or None when it is none that is understood."""
        if not query.lstrip().startswith(("SELECT", "PREFIX")):
            return None
        if (chosen := _CLASS.search(query)) and (page := _PAGE.search(query)):
            limit, offset = int(page[1]), int(page[2])
            titles = sorted(self._of_class(chosen[1]), key=self.item)
            return titles[offset : offset + limit]
        if listed := _ITEMS.search(query):
            numbers = [int(n) - _ITEM_BASE for n in re.findall(r"wd:Q(\d+)", listed[1])]
            return [n for n in numbers if 0 <= n < self.world.titles and self._knows(n)]
        if listed := _IDS.search(query):
            indices = [self.world.index_of(id_) for id_ in re.findall(r'"(tt\d+)"', listed[1])]
            return [n for n in indices if n is not None and self._knows(n)]
        return None

    def _of_class(self, class_id: str) -> Iterator[int]:
        kinds = _CLASSES.get(class_id, ())
        return (i for i in self.world.anime() if self.world.kind(i) in kinds and self._knows(i))

    def _knows(self, index: int) -> bool:
        """Tell whether a title has an item; nine in ten anime have one."""
        return index % 10 != 3 and self.world.is_anime(index)

    def _row(self, index: int, query: str) -> dict[str, Any]:
        title = self.world.title(index)
        row: dict[str, Any] = {"item": _uri(self.item(index)), "name": _text(title.name, "en")}
        if index % 12:  # some items miss IMDb's id
            row["imdb"] = _text(self.world.tconst(index))
        row["original"] = _text(title.original_name, "ja")
        row["kind"] = _uri(next(c for c, kinds in _CLASSES.items() if title.kind in kinds))
        if date := self.world.release_date(index):
            precision = 11 if date[2] else 10 if date[1] else 9
            instant = f"{date[0]}-{date[1] or 1:02d}-{date[2] or 1:02d}T00:00:00Z"
            row["dates"] = _text(f"{instant}/{precision}")
        row["countries"] = _text(title.country)
        row["genres"] = _text("|".join(map(self._genre, title.genres)))
        for name, category in (("directors", "director"), ("composers", "composer")):
            row[name] = _text("|".join(self._people(index, category)))
        if poster := self.world.poster(index):
            row["picture"] = _uri(poster, "http://commons.wikimedia.org/wiki/Special:FilePath/")
        return row

    @staticmethod
    def _genre(name: str) -> str:
        """Return a genre as the query joins it: its entity and its label."""
        label = f"{name.lower()} anime"
        return f"{_ENTITY}Q{_GENRE_BASE + sum(label.encode())}~{label}"

    def _people(self, index: int, category: str) -> list[str]:
        people = [c.person for c in self.world.credits(index) if c.category == category]
        return [
            f"{_ENTITY}Q{_PERSON_BASE + p}~{self.world.person(p)[0]}~{self.world.nconst(p)}"
            for p in dict.fromkeys(people)
        ]

    def triples(self) -> Iterator[str]:
        """Return the graph behind the answers, as N-Triples with Wikidata's own predicates."""
        direct = "http://www.wikidata.org/prop/direct/"
        label = "<http://www.w3.org/2000/01/rdf-schema#label>"
        for class_id in _CLASSES:
            for index in self._of_class(class_id):
                item, row = f"<{_ENTITY}{self.item(index)}>", self._row(index, "")
                yield f"{item} <{direct}P31> <{_ENTITY}{class_id}> ."
                yield f"{item} {label} {_literal(row['name']['value'])}@en ."
                yield f"{item} <{direct}P1476> {_literal(row['original']['value'])}@ja ."
                if "imdb" in row:
                    yield f"{item} <{direct}P345> {_literal(row['imdb']['value'])} ."
                if "picture" in row:
                    yield f"{item} <{direct}P18> <{row['picture']['value']}> ."
                yield from self._date(item, row)
                country = f"<{_ENTITY}Q{sum(row['countries']['value'].encode())}>"
                yield f"{item} <{direct}P495> {country} ."
                yield f"{country} <{direct}P297> {_literal(row['countries']['value'])} ."
                for genre in filter(None, row["genres"]["value"].split("|")):
                    node, _, called = genre.partition("~")
                    yield f"{item} <{direct}P136> <{node}> ."
                    yield f"<{node}> {label} {_literal(called)}@en ."
                for name, predicate in (("directors", "P57"), ("composers", "P86")):
                    for person in filter(None, row[name]["value"].split("|")):
                        who, called, imdb = person.split("~")
                        yield f"{item} <{direct}{predicate}> <{who}> ."
                        yield f"<{who}> {label} {_literal(called)}@en ."
                        yield f"<{who}> <{direct}P345> {_literal(imdb)} ."

    @staticmethod
    def _date(item: str, row: dict[str, Any]) -> Iterator[str]:
        if "dates" not in row:
            return
        instant, _, precision = row["dates"]["value"].rpartition("/")
        wikibase = "http://wikiba.se/ontology#"
        statement, value = item[:-1] + "#s>", item[:-1] + "#v>"
        yield f"{item} <http://www.wikidata.org/prop/P577> {statement} ."
        yield f"{statement} <http://www.wikidata.org/prop/statement/value/P577> {value} ."
        when = f'"{instant}"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
        yield f"{value} <{wikibase}timeValue> {when} ."
        whole = f'"{precision}"^^<http://www.w3.org/2001/XMLSchema#integer>'
        yield f"{value} <{wikibase}timePrecision> {whole} ."


def _projected(query: str) -> list[str]:
    """Return the variables that a query selects; `(... AS ?name)` selects its name."""
    head = query.partition("SELECT")[2].partition("WHERE")[0]
    while (plain := _INNER.sub(lambda m: f" ?{m[1]} " if m[1] else " ", head)) != head:
        head = plain
    return list(dict.fromkeys(re.findall(r"\?(\w+)", head)))


def _uri(name: str, base: str = _ENTITY) -> dict[str, str]:
    return {"type": "uri", "value": base + name}


def _text(value: str, language: str = "") -> dict[str, str]:
    literal = {"type": "literal", "value": value}
    return literal | ({"xml:lang": language} if language else {})


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
