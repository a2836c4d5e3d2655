"""What downloads of media need of a crawl: its frontier and its writer, as protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from phonofilm.sources.contract import Outcome, Request, Response


class StoredFile(NamedTuple):
    """A whole file in the data folder; `path` is relative to it, `bytes` its size."""

    path: str
    sha256: str
    bytes: int
    content_type: str


class FetchedFile(NamedTuple):
    """A file as a frontier remembers it; an empty `path` means that it was refused for good.

    `owners` is a fingerprint of the records that point to it.
    """

    path: str
    sha256: str
    bytes: int
    content_type: str
    owners: str


class MediaFrontier(Protocol):
    """What downloads need of a frontier."""

    def is_followed(self, kind: str, id_: str) -> bool:
        """Tell whether a record is known and in the scope of the crawl."""
        ...

    def media(self) -> Mapping[str, FetchedFile]:
        """Return the fetched and refused files by address."""
        ...

    def save_media(self, url: str, file: FetchedFile) -> None:
        """Save a fetched or refused file; it waits for the writer's next commit."""
        ...

    def record_file(self, run: str) -> int:
        """Record a download, which counts towards no budget; return its request number."""
        ...


class MediaWriter(Protocol):
    """What downloads need of the writer of responses."""

    def add(self, seq: int, request: Request, response: Response) -> object:
        """Add a response to the log."""
        ...

    async def wait_durable(self) -> None:
        """Return when everything added so far is committed."""
        ...

    async def finish(self) -> None:
        """Seal the log."""
        ...


class FileSender(Protocol):
    """Fetches one file; senders that limit and senders that retry wrap another sender."""

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """Return the stored file, or the outcome of the request when there is none."""
        ...
