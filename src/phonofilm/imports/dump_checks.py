"""Check a file of a dump: whole, of the right table, and not shrunk."""

from __future__ import annotations

import time
from pathlib import Path

from phonofilm.errors import BotWallError, PhonofilmError, ShapeError, StoreError, storage_error
from phonofilm.landing.archives import convert
from phonofilm.landing.dumps import CheckedFile, DumpFile, Generation, check_dump
from phonofilm.net.partial_file import Validators
from phonofilm.sources.bulk.contract import BulkSource, DumpTable
from phonofilm.sources.bulk.tsv import TruncatedFile
from phonofilm.sources.classify import is_wall

# Chosen, not tuned: tables of catalogues grow; one that lost more than a twentieth was cut.
_ROWS_SHARE_MIN = 0.95
_UNCHANGED = "The last import stays as it was."


class DumpChecks:
    """Checks against the tables of a source and the last generation, which may be None."""

    def __init__(self, source: BulkSource, last: Generation | None, allow_shrink: bool) -> None:
        self.source, self.last = source, last
        self._allow_shrink = allow_shrink

    def check(self, name: str, path: Path, url: str, validators: Validators) -> DumpFile:
        """Read a file to its end; a file that is refused is removed.

        Raises StoreError, ShapeError or BotWallError.
        """
        table = self.source.tables[name]
        checked = _read(path, table)
        try:
            _check_header(path, table, checked)
            self._check_rows(name, checked)
        except PhonofilmError:
            path.unlink(missing_ok=True)
            raise
        return DumpFile(
            table=name,
            name=path.name,
            rows=checked.rows,
            bytes=path.stat().st_size,
            sha256=checked.sha256,
            regular=checked.regular,
            fetched_at=int(time.time() * 1e6),
            url=url,
            etag=validators.etag,
            last_modified=validators.last_modified,
            parts=checked.parts,
            bad_lines=checked.bad_lines,
        )

    def _check_rows(self, name: str, checked: CheckedFile) -> None:
        last = self.last.files.get(name) if self.last else None
        if last and not self._allow_shrink and checked.rows < last.rows * _ROWS_SHARE_MIN:
            raise ShapeError(
                f"{name} shrank from {last.rows:,} to {checked.rows:,} rows.",
                table=name,
                saved=_UNCHANGED,
                next_step="If that is right, say so: --allow-shrink.",
            )


def _read(path: Path, table: DumpTable) -> CheckedFile:
    try:
        is_text = table.packing == "tsv"
        return check_dump(path) if is_text else convert(path, table, path.parent)
    except TruncatedFile as error:
        path.unlink(missing_ok=True)
        raise StoreError(
            f"{path.name} is not whole: {error}.",
            saved=_UNCHANGED,
            next_step="Fetch the file again and repeat the command.",
        ) from None
    except OSError as error:
        raise storage_error(path, error) from error


def _check_header(path: Path, table: DumpTable, checked: CheckedFile) -> None:
    """Check that the header is that of the table; a page for browsers is named as one."""
    if table.packing != "tsv" or tuple(checked.header) == table.columns:
        return
    start = checked.start.lstrip().lower()
    if is_wall(checked.start):
        raise BotWallError(f"{path.name} is a challenge for browsers, not a dump.")
    if start.startswith((b"<!doctype", b"<html")):
        raise ShapeError(
            f"{path.name} is a web page, not a dump.",
            table=table.name,
            saved="Nothing was changed.",
        )
    columns = ", ".join(checked.header)[:200]
    raise ShapeError(
        f"{path.name} has other columns than {table.name}: {columns!r}.",
        table=table.name,
        saved=_UNCHANGED,
        next_step="Is it the right file? If the source changed it, update phonofilm.",
    )
