"""List uncertain links for a person to decide."""

from __future__ import annotations

import msgspec

from phonofilm.identity.decisions import decisions
from phonofilm.identity.match import kind_of
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

# SQL of the text that identifies a record for a person.
_LABELS = {
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
    """A link to decide: two records as `source:id`, their labels and the evidence."""

    kind: str
    one: str
    other: str
    one_name: str
    other_name: str
    probability: float
    evidence: str


def uncertain(workspace: Workspace, kind: str = "", limit: int = 100) -> list[Uncertain]:
    """Return the undecided links, most probable first."""
    if kind:
        kind_of(kind)
    decided = {(decision.kind, decision.one, decision.other) for decision in decisions(workspace)}
    links: list[Uncertain] = []
    with open_snapshot(workspace) as connection:
        for name, (table, label) in _LABELS.items():
            if kind not in ("", name):
                continue
            rows = connection.execute(
                f"""SELECT source_a || ':' || id_a, source_b || ':' || id_b, probability, evidence,
                (SELECT {label} FROM store.{table} t WHERE t.source = source_a AND t.id = id_a),
                (SELECT {label} FROM store.{table} t WHERE t.source = source_b AND t.id = id_b)
                FROM identity.links WHERE kind = ? AND status = 'to decide'
                ORDER BY probability DESC, 1, 2 LIMIT ?""",
                [name, limit + len(decided)],
            ).fetchall()
            links += [
                Uncertain(
                    kind=name,
                    one=one,
                    other=other,
                    one_name=one_name or "",
                    other_name=other_name or "",
                    probability=probability,
                    evidence=evidence,
                )
                for one, other, probability, evidence, one_name, other_name in rows
                if (name, *sorted((one, other))) not in decided
            ]
    return sorted(links, key=lambda row: -row.probability)[:limit]
