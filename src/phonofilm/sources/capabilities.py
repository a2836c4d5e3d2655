"""Capabilities of the sources: each field with its access levels and rows per request."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.records import BY_KIND, columns
from phonofilm.records.kinds import OFFERED
from phonofilm.sources.manifest import Endpoint, Manifest

# Names that people use for fields, and the columns they mean.
FIELD_NAMES = {
    "related": "relation.related_id",
    "preview": "track.preview_url",
    "bpm": "features.tempo",
    "tempo": "features.tempo",
    "key": "features.key",
    "isrc": "track.isrc",
    "upc": "album.upc",
    "label": "album.label",
    "rank": "track.rank",
    "fans": "artist.followers",
    "poster": "title.poster_url",
    "plot": "title.plot",
    "certificate": "title.certificate",
    "keywords": "title.keywords",
    "votes": "rating.votes",
    "runtime": "title.runtime_ms",
}


class Offer(NamedTuple):
    """One field at one access level; `call` is the endpoint that returns it cheapest.

    `rows` is the number of rows that one request returns. `gone` is the date since which no
    endpoint returns the field; empty when the source never had it.
    """

    source: str
    access: str
    kind: str
    field: str
    call: str = ""
    rows: float = 0.0
    gone: str = ""

    @property
    def available(self) -> bool:
        """True when a permitted endpoint returns the field."""
        return bool(self.call)


def field_offers(manifest: Manifest, access: str, kind: str, field: str) -> Offer:
    """Return the cheapest permitted endpoint for a field, or the date since which none has it."""
    best = Offer(source=manifest.name, access=access, kind=kind, field=field)
    dates: list[str] = []
    permitted = manifest.permitted(access)
    for name, endpoint in manifest.endpoints.items():
        shapes = [s for s in endpoint.returns if _shows(manifest, s, kind, field)]
        if not shapes and not (kind == "relation" and endpoint.role == "relate"):
            continue
        losses = (endpoint.gone.get(access), manifest.access[access].lacks.get(f"{kind}.{field}"))
        if lost_on := [date for date in losses if date]:
            dates.append(min(lost_on))
        elif name in permitted and (rows := rows_per_request(endpoint, kind, access)) > best.rows:
            best = best._replace(call=name, rows=rows)
    for name, file in manifest.files.items():
        if any(_shows(manifest, s, kind, field) for s in file.returns):
            return best._replace(call=name, rows=float(file.rows), gone="")
    return best if best.available else best._replace(gone=max(dates, default=""))


def _shows(manifest: Manifest, shape: str, kind: str, field: str) -> bool:
    """Tell whether a shape has a field at some access level."""
    return shape.partition(".")[0] == kind and field in manifest.shapes[shape]


def rows_per_request(endpoint: Endpoint, kind: str, access: str) -> float:
    """Estimate the rows of a kind in one response: a batch, or what the manifest expects."""
    if endpoint.batch > 1 and kind in (endpoint.subject, endpoint.item_kind, "features"):
        return endpoint.batch if kind != "track" or endpoint.subject == "track" else 1.0
    if kind == "relation":
        kind = "artist"
    expected = endpoint.expected_items.get(kind, 1.0)
    if endpoint.role in ("detail", "measure"):
        return max(1.0, expected)
    return min(expected, endpoint.page_size(access)) if endpoint.paging else expected


def offers(manifest: Manifest, access: str) -> list[Offer]:
    """Return all fields that the source has or had, in the order of the tables' columns."""
    rows = [
        field_offers(manifest, access, kind, column.name)
        for kind in OFFERED
        for column in columns(BY_KIND[kind])
        if any(_shows(manifest, shape, kind, column.name) for shape in manifest.shapes)
    ]
    if not any(shape.startswith("artist.") for shape in manifest.shapes):
        return rows
    return [*rows, field_offers(manifest, access, "relation", "related_id")]


def resolve_field(field: str, kinds: list[str]) -> tuple[str, str] | None:
    """Resolve a name such as `artist.genres`, `genres` or `bpm` to kind and field; None for others.

    A bare name is looked for in `kinds` first.
    """
    kind, dot, name = FIELD_NAMES.get(field, field).partition(".")
    if dot:
        return (kind, name) if kind == "relation" or _has(kind, name) else None
    for kind in [*kinds, *OFFERED]:
        if _has(kind, field):
            return kind, field
    return None


def _has(kind: str, field: str) -> bool:
    return kind in BY_KIND and field in BY_KIND[kind].__struct_fields__
