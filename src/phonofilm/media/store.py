"""Media files in a data folder: named by content, whole or not at all.

A small file is written next to its place and renamed into it. A large one grows in `media/parts`
and is resumed there after a cut, when the server still has the same version.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from phonofilm.file_types import ENDINGS, HEAD_BYTES, FileLimits, describe, type_of
from phonofilm.files import PARTIAL_SUFFIX
from phonofilm.media.base import StoredFile
from phonofilm.sources.contract import Outcome

PARTS = "parts"


class GrowingFile:
    """The part of one address: its bytes so far, and the etag of the version they are of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._etag = path.with_suffix(".etag")

    def progress(self) -> tuple[int, str]:
        """Return the bytes received so far and their etag; (0, "") for nothing that can resume."""
        with contextlib.suppress(OSError):
            return self.path.stat().st_size, self._etag.read_text()
        return 0, ""

    def begin(self, etag: str) -> None:
        """Note the version; a weak etag does not promise equal bytes."""
        self._etag.write_text(etag if etag.startswith('"') else "")

    def drop(self) -> None:
        """Remove the part."""
        self.path.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)


class MediaStore:
    """The folder `media` of a data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root / "media"
        self._root = root
        self._folders: set[str] = set()
        parts = self.root / PARTS
        parts.mkdir(parents=True, exist_ok=True)
        self._begun = {path.name for path in parts.iterdir()}
        for unfinished in self.root.glob(f"??/*{PARTIAL_SUFFIX}"):  # of a run that was killed
            unfinished.unlink(missing_ok=True)

    def growing(self, url: str) -> GrowingFile:
        """Return the part of an address, which may not exist yet."""
        return GrowingFile(self.root / PARTS / hashlib.sha256(url.encode()).hexdigest()[:32])

    def progress(self, part: GrowingFile) -> tuple[int, str]:
        """Return the progress of a part; without a look at the disk where it never began."""
        return part.progress() if part.path.name in self._begun else (0, "")

    def begin(self, part: GrowingFile, etag: str) -> None:
        """Begin or resume a part."""
        self._begun.add(part.path.name)
        part.begin(etag)

    def drop(self, part: GrowingFile) -> None:
        """Remove a part."""
        part.drop()
        self._begun.discard(part.path.name)

    def save(self, body: bytes, limits: FileLimits) -> StoredFile | Outcome:
        """Store a small file."""
        content_type = type_of(body[:HEAD_BYTES])
        if content_type not in limits.types:
            return wrong_type(content_type, body)
        digest = hashlib.sha256(body).hexdigest()
        path = self._path(digest, content_type)
        target = f"{self._root}/{path}"
        if not os.path.exists(target):  # noqa: PTH110 - Path objects cost as much as the hash
            partial = f"{target}.{os.getpid()}{PARTIAL_SUFFIX}"
            with open(partial, "wb") as file:  # noqa: PTH123
                file.write(body)
            os.replace(partial, target)  # noqa: PTH105
        return StoredFile(path=path, sha256=digest, bytes=len(body), content_type=content_type)

    def adopt(self, part: GrowingFile, limits: FileLimits) -> StoredFile | Outcome:
        """Store a part that is whole by now."""
        with part.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        content_type, size = type_of(head), part.path.stat().st_size
        if content_type not in limits.types:
            self.drop(part)
            return wrong_type(content_type, head)
        path = self._path(digest, content_type)
        part.path.replace(self._root / path)
        self.drop(part)
        return StoredFile(path=path, sha256=digest, bytes=size, content_type=content_type)

    def _path(self, digest: str, content_type: str) -> str:
        """Return a file's path in the data folder; its folder is made."""
        folder = digest[:2]
        if folder not in self._folders:
            (self.root / folder).mkdir(exist_ok=True)
            self._folders.add(folder)
        return f"media/{folder}/{digest}.{ENDINGS[content_type]}"


def wrong_type(content_type: str, head: bytes) -> Outcome:
    """Describe a file that is something else than its role says."""
    return Outcome("refused", f"not what it should be: {content_type or describe(head)}")
