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
from phonofilm.file_types import HEAD_BYTES, SOUNDS, type_of

LISTING = "clips.csv"
_TAG_HEADER_BYTES = 10
_SUFFIXES = (".mp3", ".ogg", ".flac", ".wav", ".m4a")


def import_clips(root: Path, folders: Sequence[str], media: Path, incoming: Path) -> Path | None:
    """Link (or copy) clips into `media` and write their list; None when there are none.

    A clip is named after its track: `fma_small/000/000002.mp3` is of track 2. The list holds
    track_id, path in the data folder, bytes, SHA-256 and media type. A file without sound stays
    where it is; it is listed without a type, so that the load has a finding with its path.
    """
    listing = incoming / LISTING
    try:
        with listing.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("track_id", "path", "bytes", "sha256", "content_type"))
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


def _import_clip(path: Path, media: Path) -> tuple[int, str, int, str, str]:
    """Bring one clip into `media`; return its row of the list."""
    target = media / path.parent.name / path.name
    in_folder, size = target.relative_to(media.parent.parent).as_posix(), path.stat().st_size
    with path.open("rb") as sound:
        content_type = _sound_type(sound.read(HEAD_BYTES), size)
        digest = hashlib.file_digest(sound, "sha256").hexdigest() if content_type else ""
    if content_type:
        _link_or_copy(path, target)
    return int(path.stem), in_folder, size, digest, content_type


def _sound_type(head: bytes, size: int) -> str:
    """Return the media type of a sound; empty for another file, and for tags (ID3) without sound.

    Files of FMA were seen to be empty, tags alone, and pages that tell of an error.
    """
    content_type = type_of(head)
    if head[:3] == b"ID3":
        digits = head[6:10]
        tags = sum(digit << 7 * index for index, digit in enumerate(reversed(digits)))
        if size <= _TAG_HEADER_BYTES + tags:
            return ""
    return content_type if content_type in SOUNDS else ""


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
