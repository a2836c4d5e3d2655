"""Rank the sources by which an entity's values are picked."""

from __future__ import annotations

from phonofilm.sources import manifests


def by_priority(field: str = "", kind: str = "") -> list[str]:
    """Return the names of the sources, the one with the best rank for a field first.

    With a `kind`, only the sources that give it.
    """
    ranked = [
        (manifest.priority.fields.get(field, manifest.priority.default), manifest.name)
        for manifest in manifests()
        if not kind or any(shape.startswith(f"{kind}.") for shape in manifest.shapes)
    ]
    return [name for _, name in sorted(ranked)]
