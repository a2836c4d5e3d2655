"""Build one vocabulary of genres from the lists of all sources, each with its parent.

The parent is the one in a source's own tree, else the longest known genre that ends the name: the
parent of "deep tech house" is "tech house", whose parent is "house".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phonofilm.identity.match_store import MatchStore

# Chosen, not tuned: no known genre has more words, and no chain of parents is longer.
_WORDS_MAX = 6
_DEPTH_MAX = 8


def parents(names: Iterable[str], stated_parents: Mapping[str, str]) -> dict[str, str | None]:
    """Return the parent of each genre, or None; a stated parent goes first.

    A genre is never its own parent.
    """
    known = set(names) | set(stated_parents.values())
    parent_of: dict[str, str | None] = {}
    for name in sorted(known):
        parent = stated_parents.get(name)
        if parent is None or parent == name or parent not in known:
            words = name.split()[-_WORDS_MAX:]
            tails = (" ".join(words[start:]) for start in range(1, len(words)))
            parent = next((tail for tail in tails if tail in known), None)
        parent_of[name] = parent
    return parent_of


def tree(parent_of: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Return every genre with itself and each of its ancestors; a circle is cut."""
    rows = []
    for name in parent_of:
        ancestors: list[str] = []
        genre: str | None = name
        while genre is not None and genre not in ancestors and len(ancestors) < _DEPTH_MAX:
            ancestors.append(genre)
            genre = parent_of.get(genre)
        rows += [(name, ancestor) for ancestor in ancestors]
    return rows


_NAMES = """SELECT DISTINCT lower(trim(name)) FROM (
    SELECT name FROM store.genre UNION ALL SELECT unnest(genres) FROM store.artist
    UNION ALL SELECT name FROM store.tag WHERE is_genre AND removed_at IS NULL UNION ALL
    SELECT unnest(genres) FROM store.album UNION ALL SELECT unnest(genres) FROM store.track)
    WHERE name IS NOT NULL AND trim(name) <> ''"""
_STATED_PARENTS = """SELECT lower(trim(g.name)), lower(trim(p.name)) FROM store.genre g
    JOIN store.genre p ON p.source = g.source AND p.id = g.parent_id
    WHERE g.name IS NOT NULL AND p.name IS NOT NULL ORDER BY ALL"""


def write_genres(store: MatchStore) -> int:
    """Write the tables `genres` and `genre_tree`; return the number of genres."""
    run = store.connection.execute
    names = [name for (name,) in run(_NAMES).fetchall()]
    parent_of = parents(names, dict(run(_STATED_PARENTS).fetchall()))
    store.replace("genres", ("name", "parent"), list(parent_of.items()))
    store.replace("genre_tree", ("name", "within"), tree(parent_of))
    return len(parent_of)
