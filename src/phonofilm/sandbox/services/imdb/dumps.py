r"""The seven dumps of a film world, byte for byte as IMDb writes them: unquoted, `\N` for null."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

from phonofilm.sandbox.worlds.film import FilmWorld

COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.crew": "tconst directors writers",
    "title.episode": "tconst parentTconst seasonNumber episodeNumber",
    "title.principals": "tconst ordering nconst category job characters",
    "title.ratings": "tconst averageRating numVotes",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
_NULL = "\\N"


def _or_null(value: object) -> str:
    return _NULL if value is None or value == "" else str(value)


def _basics(world: FilmWorld) -> Iterator[str]:
    for index in range(world.titles):
        t = world.title(index)
        yield "\t".join(
            (
                world.tconst(index),
                t.kind,
                t.name,
                t.original_name,
                "1" if t.adult else "0",
                _or_null(t.start_year),
                _or_null(t.end_year),
                _or_null(t.runtime_minutes),
                _or_null(",".join(t.genres)),
            )
        )


def _akas(world: FilmWorld) -> Iterator[str]:
    for index in range(world.titles):
        tconst = world.tconst(index)
        for ordering, name, region, language, kind, original in world.akas(index):
            attributes = "literal title\x02short title" if ordering == 7 else _NULL
            yield (
                f"{tconst}\t{ordering}\t{name}\t{region or _NULL}\t{language or _NULL}"
                f"\t{kind or _NULL}\t{attributes}\t{1 if original else 0}"
            )


def _crew(world: FilmWorld) -> Iterator[str]:
    for index in range(world.titles):
        made_by = world.credits(index)
        by = {
            role: ",".join(
                dict.fromkeys(world.nconst(c.person) for c in made_by if c.category == role)
            )
            for role in ("director", "writer")
        }
        yield f"{world.tconst(index)}\t{by['director'] or _NULL}\t{by['writer'] or _NULL}"


def _episode(world: FilmWorld) -> Iterator[str]:
    for index in range(world.titles):
        if world.kind(index) == "tvEpisode":
            season, number = world.episode(index)
            parent = world.tconst(index - index % 40)
            yield f"{world.tconst(index)}\t{parent}\t{_or_null(season)}\t{_or_null(number)}"


def _principals(world: FilmWorld) -> Iterator[str]:
    for index in range(world.titles):
        tconst = world.tconst(index)
        for c in world.credits(index):
            played = _NULL if c.character is None else f'["{c.character}"]'
            yield (
                f"{tconst}\t{c.ordering}\t{world.nconst(c.person)}\t{c.category}"
                f"\t{c.job or _NULL}\t{played}"
            )


def _ratings(world: FilmWorld, days: int = 0) -> Iterator[str]:
    """Return the votes of a day, which grow by a hundredth a day."""
    for index in range(world.titles):
        rated = world.rating(index)
        if rated:
            yield f"{world.tconst(index)}\t{rated[0]}\t{rated[1] + rated[1] * days // 100}"


def _names(world: FilmWorld) -> Iterator[str]:
    for index in range(world.people):
        if index % 4999 == 11:
            continue  # credits name people that this dump does not have, as real ones do
        name, born, died = world.person(index)
        known = world.tconst(index * 5 // 6 % world.titles)
        row = (
            f"{world.nconst(index)}\t{name}\t{_or_null(born)}\t{_or_null(died)}"
            f"\tactor,producer\t{known}"
        )
        yield row
        if index % 9973 == 7:
            yield row  # a doubled key


ROWS: dict[str, Callable[..., Iterator[str]]] = {
    "title.basics": _basics,
    "title.akas": _akas,
    "title.crew": _crew,
    "title.episode": _episode,
    "title.principals": _principals,
    "title.ratings": _ratings,
    "name.basics": _names,
}


def lines(world: FilmWorld, table: str, days: int = 0) -> Iterator[bytes]:
    """Return a dump in blocks of some thousand lines, its header first; `days` after the first."""
    waiting = ["\t".join(COLUMNS[table].split())]
    rows = _ratings(world, days) if table == "title.ratings" else ROWS[table](world)
    for row in rows:
        waiting.append(row)
        if len(waiting) >= 4096:
            yield ("\n".join(waiting) + "\n").encode()
            waiting.clear()
    yield ("\n".join(waiting) + "\n").encode() if waiting else b""


def write(world: FilmWorld, folder: Path, tables: list[str] | None = None) -> list[Path]:
    """Write `TABLE.tsv.gz` files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables or list(COLUMNS):
        path = folder / f"{table}.tsv.gz"
        with gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as file:
            for block in lines(world, table):
                file.write(block)
        written.append(path)
    return written


def gzipped(world: FilmWorld, table: str, days: int = 0) -> bytes:
    """Return a dump as it is served; the same bytes every time."""
    return gzip.compress(b"".join(lines(world, table, days)), 6, mtime=0)


__all__ = ["COLUMNS", "gzipped", "lines", "write"]
