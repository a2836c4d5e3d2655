"""Files that records point to: their roles, and the JSON that is landed for a stored file.

A stored file is landed like any response, as a small object with its URL, hash and owners, so that
the table `media` can be built again from the landing alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from phonofilm.records import Media, Record, Track
from phonofilm.sources.contract import Page, Request, Response
from phonofilm.sources.decode import one_of

if TYPE_CHECKING:
    from phonofilm.sources.http import HttpSource

ROLES = ("artwork", "profile", "background", "waveform", "samples", "preview", "audio")


class MediaRef(NamedTuple):
    """A file that a record points to, and the record that owns it."""

    kind: str
    id: str
    role: str
    url: str
    licence: str | None
    page_url: str | None


class Owner(msgspec.Struct):
    """A record that owns a file, and the role of the file for it."""

    kind: str
    id: str
    role: str
    licence: str | None = None
    page_url: str | None = None


class StoredMedia(msgspec.Struct):
    """A file in the data folder, as it is landed."""

    url: str
    path: str
    sha256: str
    bytes: int
    content_type: str
    of: list[Owner]


def parse_media(source: str, request: Request, response: Response) -> Page:
    """Parse the rows of a stored file: one for each record that owns it."""
    page = Page(records=[], findings=[])
    stored = one_of(response.body, StoredMedia, page)
    records: list[Record] = [
        Media(
            source,
            f"{owner.kind}:{owner.id}:{owner.role}",
            of_kind=owner.kind,
            of_id=owner.id,
            role=owner.role,
            url=stored.url,
            path=stored.path,
            sha256=stored.sha256,
            bytes=stored.bytes,
            content_type=stored.content_type,
            licence=owner.licence,
            page_url=owner.page_url,
        )
        for owner in stored.of
    ]
    page.records = records
    return page


def media_refs(
    source: HttpSource, records: Iterable[Record], roles: Iterable[str]
) -> Iterator[MediaRef]:
    """Yield the files of these roles that records point to."""
    fields = source.manifest.media
    for record in records:
        for role in roles:
            for path in fields.get(role, ()):
                kind, _, field = path.partition(".")
                url = getattr(record, field, None) if record.kind == kind else None
                if isinstance(url, str) and (address := source.media_url(role, url)):
                    yield _media_ref(source, record, role, address)


def _media_ref(source: HttpSource, record: Record, role: str, url: str) -> MediaRef:
    """Describe a file with its licence: that of the track, else that of the source."""
    track_licence = record.licence_url if isinstance(record, Track) else None
    page_url = getattr(record, "url", None)
    return MediaRef(
        kind=record.kind,
        id=record.id,
        role=role,
        url=url,
        licence=track_licence if isinstance(track_licence, str) else source.manifest.terms.licence,
        page_url=page_url if isinstance(page_url, str) else None,
    )
