"""Links that nobody is sure of, for a person to decide."""

from __future__ import annotations

import msgspec

from phonofilm.identity.decisions import decisions
from phonofilm.identity.match import kind_of
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

# What tells a person which record is meant.
_SHOWN = {
    "recording": (
        "track",
        "t.name || ' · ' || coalesce(array_to_string(t.artist_names, ', '), '')"
        " || ' · ' || coalesce(t.album_name, '')",
    ),
    "release": (
        "album",
        "t.name || ' · ' || coalesce(array_to_string(t.artist_names, ', '), '')"
        " || ' · ' || coalesce(t.release_date, '')",
    ),
    "artist": ("artist", "t.name || ' ' || coalesce('(' || t.disambiguation || ')', '')"),
    "title": ("title", "t.name || ' · ' || coalesce(cast(t.start_year AS VARCHAR), '')"),
}


class Uncertain(msgspec.Struct):
    """A link to decide: two records as `source:id`, what they are called, what speaks for it."""

    kind: str
    one: str
    other: str
    one_name: str
    other_name: str
    probability: float
    evidence: str


def uncertain(folder: Workspace, kind: str = "", limit: int = 100) -> list[Uncertain]:
    """What is to decide, the most probable first; what was decided is not asked again."""
    if kind:
        kind_of(kind)
    known = {(made.kind, made.one, made.other) for made in decisions(folder)}
    found: list[Uncertain] = []
    with open_snapshot(folder) as connection:
        for name, (table, shown) in _SHOWN.items():
            if kind not in ("", name):
                continue
            rows = connection.execute(
                f"""SELECT source_a || ':' || id_a, source_b || ':' || id_b, probability, evidence,
                (SELECT {shown} FROM store.{table} t WHERE t.source = source_a AND t.id = id_a),
                (SELECT {shown} FROM store.{table} t WHERE t.source = source_b AND t.id = id_b)
                FROM identity.links WHERE kind = ? AND status = 'to decide'
                ORDER BY probability DESC, 1, 2 LIMIT ?""",
                [name, limit + len(known)],
            ).fetchall()
            found += [
                Uncertain(name, one, other, mine or "", theirs or "", probability, evidence)
                for one, other, probability, evidence, mine, theirs in rows
                if (name, *sorted((one, other))) not in known
            ]
    return sorted(found, key=lambda row: -row.probability)[:limit]
