"""What each source can still give: field by field, at which access level, for how many calls."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.records import BY_KIND, columns
from phonofilm.records.kinds import OFFERED
from phonofilm.sources.manifest import Endpoint, Manifest

# What people call a field, and where it stands.
NAMES_OF_FIELDS = {
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
    """One field at one access level. `call` names the cheapest call that shows it.

    `rows` is how many rows such a call brings; `gone` is the date since when no call shows it, or
    empty when the source never gave it.
    """

    source: str
    access: str
    kind: str
    field: str
    call: str = ""
    rows: float = 0.0
    gone: str = ""

    @property
    def here(self) -> bool:
        """Whether a permitted call shows the field."""
        return bool(self.call)


def field_offers(manifest: Manifest, access: str, kind: str, field: str) -> Offer:
    """The cheapest permitted call that shows a field, or since when there is none."""
    best = Offer(manifest.name, access, kind, field)
    dates: list[str] = []
    for name, endpoint in manifest.endpoints.items():
        shapes = [s for s in endpoint.returns if _shows(manifest, s, kind, field)]
        if not shapes and not (kind == "relation" and endpoint.role == "relate"):
            continue
        lost = (endpoint.gone.get(access), manifest.access[access].lacks.get(f"{kind}.{field}"))
        if since := [date for date in lost if date]:
            dates.append(min(since))
        elif name in manifest.permitted(access) and rows_of(endpoint, kind, access) > best.rows:
            best = best._replace(call=name, rows=rows_of(endpoint, kind, access))
    for name, file in manifest.files.items():
        if any(_shows(manifest, s, kind, field) for s in file.returns):
            return best._replace(call=name, rows=float(file.rows), gone="")
    return best if best.here else best._replace(gone=max(dates, default=""))


def _shows(manifest: Manifest, shape: str, kind: str, field: str) -> bool:
    """Whether a shape holds a field at some access level."""
    return shape.partition(".")[0] == kind and field in manifest.shapes[shape]


def rows_of(endpoint: Endpoint, kind: str, access: str) -> float:
    """Rows of a kind that a call brings: a batch, or what the manifest expects of a page."""
    if endpoint.batch > 1 and kind in (endpoint.subject, endpoint.item_kind, "features"):
        return endpoint.batch if kind != "track" or endpoint.subject == "track" else 1.0
    if kind == "relation":
        kind = "artist"
    expected = endpoint.expected_items.get(kind, 1.0)
    if endpoint.role in ("detail", "measure"):
        return max(1.0, expected)
    return min(expected, endpoint.page_size(access)) if endpoint.paging else expected


def offers(manifest: Manifest, access: str) -> list[Offer]:
    """All fields of all kinds that the source gives or gave."""
    found = []
    for kind in OFFERED:
        named = {
            s
            for shape, fields in manifest.shapes.items()
            if shape.startswith(kind + ".")
            for s in fields
        }
        order = [column.name for column in columns(BY_KIND[kind])]
        found += [field_offers(manifest, access, kind, f) for f in sorted(named, key=order.index)]
    if not any(shape.startswith("artist.") for shape in manifest.shapes):
        return found
    return [*found, field_offers(manifest, access, "relation", "related_id")]


def place_of(field: str, kinds: list[str]) -> tuple[str, str] | None:
    """Kind and field that a word names: `artist.genres`, `genres`, `bpm`; None for no field."""
    kind, dot, name = NAMES_OF_FIELDS.get(field, field).partition(".")
    if dot:
        return (kind, name) if kind == "relation" or _has(kind, name) else None
    for kind in [*kinds, *OFFERED]:
        if _has(kind, field):
            return kind, field
    return None


def _has(kind: str, field: str) -> bool:
    return kind in BY_KIND and field in BY_KIND[kind].__struct_fields__
