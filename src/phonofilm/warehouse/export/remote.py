"""Exports into an object store: written to a temporary folder, then uploaded with their cards."""

from __future__ import annotations

import tempfile
from pathlib import Path

from phonofilm.errors import UsageError
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import export
from phonofilm.workspace import Workspace


def export_to(
    workspace: Workspace,
    table: str,
    format_: str,
    url: str,
    shape: str = "",
    per_file: int = 5,
    create: bool = False,
) -> list[Exported]:
    """Export as `export` does, to `s3://bucket/prefix/NAME`; paths of the result are URLs.

    `create` makes a bucket that does not exist.
    """
    from phonofilm.landing.object_store import open_objects  # noqa: PLC0415 - an extra

    base, _, name = url.rstrip("/").rpartition("/")
    if base.endswith(":/") or not name:
        raise UsageError(f"{url} names no object.", next_step="--out s3://bucket/prefix/file.csv")
    objects = open_objects(base)
    objects.check(create)
    with tempfile.TemporaryDirectory() as scratch:
        exports = export(workspace, table, format_, Path(scratch) / name, shape, per_file)
        for path in sorted(p for p in Path(scratch).rglob("*") if p.is_file()):
            objects.publish(str(path.relative_to(scratch)), path)
    return [
        exported._replace(
            path=f"{base}/{Path(exported.path).relative_to(scratch)}",
            card=f"{base}/{Path(exported.card).relative_to(scratch)}",
        )
        for exported in exports
    ]
