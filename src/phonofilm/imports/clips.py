"""Bring in audio clips that come with a dataset, and list them."""

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
_SUFFIXES = (".mp3", ".ogg", ".flac", ".wav", ".m4a")


def import_clips(root: Path, folders: Sequence[str], media: Path, incoming: Path) -> Path | None:
    """Link (or copy) clips into `media` and write their list; None when there are none.

    A clip is named after its track: `fma_small/000/000002.mp3` is of track 2. The list holds
    track_id, path in the data folder, bytes and SHA-256.
    """
    listing = incoming / LISTING
    try:
        with listing.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("track_id", "path", "bytes", "sha256"))
            rows = (_import_clip(path, media) for path in _clips(root, folders))
            count = sum(1 for row in rows if writer.writerow(row))
        if not count:
            listing.unlink()
            return None
    except OSError as error:
        raise storage_error(media, error) from error
    return listing


def _clips(root: Path, folders: Sequence[str]) -> Iterator[Path]:
    """Yield files named by a number, below folders of these names or below `root` itself."""
    for name in folders:
        base = root if root.name == name else root / name
        if base.is_dir():
            for path in sorted(base.glob("*/*")):
                if _is_clip(path):
                    yield path


def _is_clip(path: Path) -> bool:
    """Tell whether a file is a clip by its name; links, which may lead anywhere, are none."""
    is_named = path.suffix.lower() in _SUFFIXES and path.stem.isdecimal()
    return is_named and path.is_file() and not path.is_symlink()


def _import_clip(path: Path, media: Path) -> tuple[int, str, int, str]:
    """Bring one clip into `media`; return its row of the list."""
    target = media / path.parent.name / path.name
    _link_or_copy(path, target)
    with target.open("rb") as sound:
        digest = hashlib.file_digest(sound, "sha256").hexdigest()
    in_folder = target.relative_to(media.parent.parent).as_posix()
    return int(path.stem), in_folder, target.stat().st_size, digest


def _link_or_copy(path: Path, target: Path) -> None:
    """Link a file where both lie on one disk, else copy it; one of equal size stays."""
    if target.exists() and target.stat().st_size == path.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.link(path, target)
        return
    shutil.copyfile(path, target)
