"""Files that records point to: which roles a source gives, and how a kept file is told of.

A kept file is landed like any answer, as a small object that says what was fetched, from where and
for whom; so the table of files can be made again from the landing alone.
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
    """A file that a record points to, and whose it is."""

    kind: str
    id: str
    role: str
    url: str
    licence: str | None
    page_url: str | None


class Owner(msgspec.Struct):
    """Whose file it is."""

    kind: str
    id: str
    role: str
    licence: str | None = None
    page_url: str | None = None


class StoredMedia(msgspec.Struct):
    """A file that lies in the data folder."""

    url: str
    path: str
    sha256: str
    bytes: int
    content_type: str
    of: list[Owner]


def parse_media(source: str, request: Request, response: Response) -> Page:
    """The rows of a kept file: one for each thing that points to it."""
    kept = one_of(response.body, StoredMedia)
    records: list[Record] = [
        Media(
            source,
            f"{owner.kind}:{owner.id}:{owner.role}",
            of_kind=owner.kind,
            of_id=owner.id,
            role=owner.role,
            url=kept.url,
            path=kept.path,
            sha256=kept.sha256,
            bytes=kept.bytes,
            content_type=kept.content_type,
            licence=owner.licence,
            page_url=owner.page_url,
        )
        for owner in kept.of
    ]
    return Page(records=records)


def media_refs(
    source: HttpSource, records: Iterable[Record], roles: Iterable[str]
) -> Iterator[MediaRef]:
    """The files of these roles that records point to."""
    given = source.manifest.media
    for record in records:
        for role in roles:
            for place in given.get(role, ()):
                kind, _, field = place.partition(".")
                url = getattr(record, field, None) if record.kind == kind else None
                if isinstance(url, str) and (address := source.media_url(role, url)):
                    yield _wish(source, record, role, address)


def _wish(source: HttpSource, record: Record, role: str, url: str) -> MediaRef:
    own = record.licence_url if isinstance(record, Track) else None
    licence = own if isinstance(own, str) else source.manifest.terms.licence
    page = getattr(record, "url", None)
    return MediaRef(
        record.kind, record.id, role, url, licence, page if isinstance(page, str) else None
    )
