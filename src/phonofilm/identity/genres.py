"""One vocabulary of genres, from the sources' own lists, each with the genre above it.

A source that has a tree says what stands above; else it is the longest known genre that a name ends
with: "deep tech house" stands under "tech house", and that under "house".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phonofilm.identity.match_store import MatchStore

_MOST_WORDS = 6
_DEEPEST = 8


def parents(names: Iterable[str], told: Mapping[str, str]) -> dict[str, str | None]:
    """The genre above each, or None; what a source tells goes first. Nothing is above itself."""
    known = set(names) | set(told.values())
    found: dict[str, str | None] = {}
    for name in sorted(known):
        above = told.get(name)
        if above is None or above == name or above not in known:
            words = name.split()[-_MOST_WORDS:]
            tails = (" ".join(words[place:]) for place in range(1, len(words)))
            above = next((tail for tail in tails if tail in known), None)
        found[name] = above
    return found


def tree(above: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Every genre with itself and all that stands above it; a circle is cut."""
    rows = []
    for name in above:
        seen: list[str] = []
        place: str | None = name
        while place is not None and place not in seen and len(seen) < _DEEPEST:
            seen.append(place)
            place = above.get(place)
        rows += [(name, within) for within in seen]
    return rows


_NAMES = """SELECT DISTINCT lower(trim(name)) FROM (
    SELECT name FROM store.genre UNION ALL SELECT unnest(genres) FROM store.artist
    UNION ALL SELECT name FROM store.tag WHERE is_genre UNION ALL
    SELECT unnest(genres) FROM store.album UNION ALL SELECT unnest(genres) FROM store.track)
    WHERE name IS NOT NULL AND trim(name) <> ''"""
_TOLD = """SELECT lower(trim(g.name)), lower(trim(p.name)) FROM store.genre g
    JOIN store.genre p ON p.source = g.source AND p.id = g.parent_id
    WHERE g.name IS NOT NULL AND p.name IS NOT NULL ORDER BY ALL"""


def keep_genres(book: MatchStore) -> int:
    """Writes the vocabulary into the book as `genres` and `genre_tree`; how many genres."""
    run = book.connection.execute
    names = [name for (name,) in run(_NAMES).fetchall()]
    above = parents(names, dict(run(_TOLD).fetchall()))
    book.replace("genres", ("name", "parent"), list(above.items()))
    book.replace("genre_tree", ("name", "within"), tree(above))
    return len(above)
