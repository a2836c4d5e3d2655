"""Sound files that come with a dataset: brought into the data folder, and listed."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from phonofilm.errors import storage_error

LISTING = "clips.csv"
_ENDINGS = (".mp3", ".ogg", ".flac", ".wav", ".m4a")


def bring_clips(root: Path, folders: Sequence[str], media: Path, incoming: Path) -> Path | None:
    """Links (or copies) clips into `media` and writes their list; None when there are none.

    A clip is called by its track: `fma_small/000/000002.mp3` is of track 2. The list holds
    track_id, path in the data folder, bytes and SHA-256.
    """
    listing = incoming / LISTING
    number = 0
    try:
        with listing.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(("track_id", "path", "bytes", "sha256"))
            for path in _clips(root, folders):
                target = media / path.parent.name / path.name
                _bring(path, target)
                with target.open("rb") as sound:
                    digest = hashlib.file_digest(sound, "sha256").hexdigest()
                inside = target.relative_to(media.parent.parent).as_posix()
                lines.writerow((int(path.stem), inside, target.stat().st_size, digest))
                number += 1
    except OSError as error:
        raise storage_error(media, error) from error
    if not number:
        listing.unlink()
        return None
    return listing


def _clips(root: Path, folders: Sequence[str]) -> Iterator[Path]:
    """Files called by a number, in folders of that name or in one that was named itself."""
    for name in folders:
        base = root if root.name == name else root / name
        if base.is_dir():
            for path in sorted(base.glob("*/*")):
                if path.suffix.lower() in _ENDINGS and path.stem.isdecimal():
                    yield path


def _bring(path: Path, target: Path) -> None:
    """A link where both lie on one disk, else a copy; what is there already stays."""
    if target.exists() and target.stat().st_size == path.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.link(path, target)
        return
    shutil.copyfile(path, target)
