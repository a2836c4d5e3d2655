"""Promises of the manifests: every field is produced by a genuine body, or its gap has a reason."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from phonofilm.records import Record
from phonofilm.sandbox.services.soundcloud.pages import BehindThePages
from phonofilm.sources import bulk_names, get, get_bulk, manifests
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.media import Owner, StoredMedia, parse_media
from tests.genuine import ATTEMPTS, DATE, ENDPOINTS, genuine, genuine_records, server_of

# Promised by an endpoint, and in no genuine body of it: source, endpoint, field, and the reason.
# A gap that closes fails the test, so that its line goes.
GAPS: dict[tuple[str, str, str], str] = {}
Fields = set[tuple[str, str]]
"""Kinds and names."""


def promised(manifest: Manifest, shapes: list[str]) -> Fields:
    """The fields of some shapes."""
    return {(shape.partition(".")[0], f) for shape in shapes for f in manifest.shapes[shape]}


def produced(records: list[Record]) -> Fields:
    """The fields that some record of a page has, null or not."""
    return {
        (record.kind, field)
        for record in records
        for field in record.__struct_fields__
        if getattr(record, field) is not UNSET
    }


def gaps(source: str, endpoint: str) -> Fields:
    """The fields whose absence is declared."""
    rows = (field.split(".") for name, call, field in GAPS if (name, call) == (source, endpoint))
    return {(kind, field) for kind, field in rows}


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
def test_an_endpoint_produces_every_field_that_it_promises(source: str, endpoint: str) -> None:
    manifest = get(source).manifest
    missing = promised(manifest, manifest.endpoints[endpoint].returns)
    for first in range(ATTEMPTS):
        missing -= produced(genuine_records(source, endpoint, first))
        if not missing:
            break
    assert missing == gaps(source, endpoint)


@pytest.mark.parametrize("name", bulk_names())
def test_a_file_of_a_dump_produces_every_field_that_it_promises(name: str) -> None:
    source = get_bulk(name)
    read = {
        (reading.cls.kind, field) for reading in source.record_queries for field in reading.fields
    }
    for file in source.manifest.files.values():
        assert promised(source.manifest, file.returns) <= read


def saved_soundcloud() -> object:
    """What the API behind the pages sends of an artist, an upload, and what is said of it."""
    service = server_of("soundcloud").service
    pages, listening = BehindThePages(service.objects, service.catalogue), service.listening
    uploads = [upload for upload in range(60) if listening.exists(upload)]
    said = next(upload for upload in uploads if len(listening.said(upload)) > 1)
    playlist = genuine("soundcloud", "playlist").body
    comments = [pages.comment(comment, "http://x") for comment in listening.said(said)]
    tracks = [pages.track(upload, "http://x") for upload in uploads]
    return [pages.user(0, "http://x"), playlist, *tracks, *comments]


def saved_beatport() -> object:
    """A page with a track and a release."""
    track, release = (genuine("beatport", kind).body for kind in ("track", "release"))
    return {"props": {"pageProps": {"track": track, "release": release}}}


@pytest.mark.parametrize(
    ("source", "body"), [("soundcloud", saved_soundcloud), ("beatport", saved_beatport)]
)
def test_saved_pages_produce_every_field_that_they_promise(source: str, body) -> None:
    endpoint = get(source).manifest.endpoints["saved"]
    response = Response(200, DATE, msgspec.json.encode(body()))
    records = get(source).parse(Request("saved", ("x",)), response).records
    assert promised(get(source).manifest, endpoint.returns) - produced(records) == set()


def test_a_stored_file_produces_every_field_that_sources_with_files_promise() -> None:
    stored = StoredMedia(
        url="http://x/a.png",
        path="media/ab/x.png",
        sha256="ab",
        bytes=1,
        content_type="image/png",
        of=[Owner(kind="track", id="1", role="artwork")],
    )
    response = Response(200, {}, msgspec.json.encode(stored))
    fields = produced(parse_media("x", Request("media", ("1",)), response).records)
    with_files = [manifest for manifest in manifests() if manifest.media]
    for manifest in with_files:
        assert promised(manifest, manifest.endpoints["media"].returns) <= fields
    assert with_files


def test_every_declared_gap_has_a_reason() -> None:
    assert all(GAPS.values())
    assert {(source, endpoint) for source, endpoint, _ in GAPS} <= set(ENDPOINTS)
