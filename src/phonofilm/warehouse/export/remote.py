"""Exports into an object store: written to a temporary folder, then uploaded with their cards."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from phonofilm.errors import UsageError
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.export.legacy.titles import FILES
from phonofilm.warehouse.export.row_choice import ALL_ROWS, RowChoice
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.landing.object_store import ObjectStore


def export_to(
    workspace: Workspace,
    table: str,
    format_: str,
    url: str,
    shape: str = "",
    per_file: int = 5,
    create: bool = False,
    rows: RowChoice = ALL_ROWS,
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
        exports = export(workspace, table, format_, Path(scratch) / name, shape, per_file, rows)
        paths = sorted(path for path in Path(scratch).rglob("*") if path.is_file())
        written = {str(path.relative_to(scratch)): path for path in paths}
        for key, path in written.items():
            objects.publish(key, path)
        if table == "titles" and shape == "seed":
            _delete_old(objects, name, written)
    return [
        exported._replace(
            path=f"{base}/{Path(exported.path).relative_to(scratch)}",
            card=f"{base}/{Path(exported.card or '').relative_to(scratch)}",
        )
        for exported in exports
    ]


def _delete_old(objects: ObjectStore, folder: str, written: Collection[str]) -> None:
    """Delete the files of titles that an earlier export had and this one has not."""
    for key in objects.names(folder):
        if key not in written and PurePosixPath(key).match(FILES):
            objects.delete(key)
