"""Every recorded body of SoundCloud and Beatport: what comes of it, as counts and a hash.

The bodies are others' and stay outside; the hash of the parsed records stands in `recorded.json`.
After a change that is meant: python -m tests.test_recorded_heard
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from phonofilm.sources import get
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Malformed, Request, Response

KNOWN = Path(__file__).with_name("recorded.json")
SHARED = Path(__file__).resolve().parents[2] / "shared"
DATE = {"date": "Fri, 20 Nov 2026 10:00:00 GMT"}
# Bodies that are answers of the official APIs, by file; all others were saved behind pages.
ASKED = {
    "soundcloud/official_track_13158665_2022.json": ("resolve_track", "x"),
    "soundcloud/official_tracks_search_barelist.json": ("search_track", "x"),
    "soundcloud/comments_page1_track1670147625.json": ("comments", "1670147625"),
    "soundcloud/user_tracks_emptypages_01.json": ("artist_tracks", "73637815"),
    "soundcloud/user_tracks_emptypages_03.json": ("artist_tracks", "73637815"),
    "beatport/v4_track_object_2026-01-27.json": ("track", "23746331"),
    "beatport/v4_catalog_release_1742984_tracks_trimmed.json": ("release_tracks", "1742984"),
    "beatport/v4_catalog_release_1742984_trimmed.json": ("release", "1742984"),
    "beatport/v4_catalog_releases_artist_name_armin_page1.json": ("artist_releases", "x"),
    "beatport/v4_catalog_tracks_empty.json": ("isrc", "x"),
    "beatport/synthetic_beets4_search_tracks.json": ("search_track", "x"),
    "beatport/synthetic_beets4_search_releases.json": ("search_track", "x"),
    "beatport/synthetic_beets4_track_detail_3001.json": ("track", "3001"),
    "beatport/synthetic_beets4_track_detail_3002.json": ("track", "3002"),
    "beatport/synthetic_beets4_release_detail.json": ("release", "x"),
    "beatport/synthetic_beets4_release_tracks.json": ("release_tracks", "x"),
}
ELSEWHERE = {
    # No answers: the description of the API, headers, and bodies of logging in.
    "soundcloud/official_openapi_2026-07-19.yaml",
    "beatport/v4_catalog_releases_response_headers.json",
    "beatport/synthetic_beets4_auth_login.json",
    "beatport/synthetic_beets4_auth_token.json",
    "beatport/synthetic_beets4_my_account.json",
}


def recorded_request(name: str, response: Response) -> tuple[Request, Response]:
    """Return the request of a recorded body: a stated one, or what its response says it is."""
    if name in ASKED:
        endpoint, *ids = ASKED[name]
        return Request(endpoint, tuple(ids)), response
    source = get(name.partition("/")[0])
    response = source.strip(response)
    return source.identify(response), response


def bodies(root: Path) -> Iterator[tuple[str, int, bytes]]:
    """Name, status and body of everything recorded of the two."""
    for source in ("soundcloud", "beatport"):
        for path in sorted((root / "fixtures" / source).iterdir()):
            name = f"{source}/{path.name}"
            if name not in ELSEWHERE:
                yield name, 200, path.read_bytes()
    recorded = root / "fixtures" / "soundcloud_recorded" / "responses.jsonl.gz"
    lines = gzip.decompress(recorded.read_bytes()).decode().splitlines()
    for number, row in enumerate(map(json.loads, lines)):
        body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
        yield f"soundcloud/recorded-{number:02d}", row["status"], body.encode()


def outcome(name: str, status: int, body: bytes) -> dict[str, object]:
    """What comes of a body: counts of records, links and findings, and the hash of the records."""
    source = get(name.partition("/")[0])
    response = Response(status, DATE, body, "https://api.soundcloud.com/x")
    if status != 200:
        return {"verdict": classify_http(response).verdict}
    try:
        request, response = recorded_request(name, response)
        page = source.parse(request, response)
    except Malformed:
        return {"verdict": "none of ours"}
    told = {
        "records": dict(sorted(Counter(record.kind for record in page.records).items())),
        "sha256": hashlib.sha256(msgspec.json.encode(page.records)).hexdigest()[:16],
    }
    if page.continues:
        told["continues"] = len(page.continues)
    if page.findings:
        told["findings"] = dict(Counter(finding.kind for finding in page.findings))
    return told


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, object]]:
    if not SHARED.is_dir():
        pytest.skip("the shared material is not here")
    return {name: outcome(name, status, body) for name, status, body in bodies(SHARED)}


def test_every_recorded_body_gives_what_it_gave(found) -> None:
    known = json.loads(KNOWN.read_text("utf-8"))
    assert {n: told for n, told in found.items() if known.get(n) != told} == {}
    assert known.keys() == found.keys()


def test_what_was_recorded_is_read_almost_without_a_finding(found) -> None:
    kinds = Counter(kind for told in found.values() for kind in told.get("findings", {}))
    assert kinds["odd_value"] == 2  # a barcode in place of an ISRC, in two responses
    assert kinds.keys() <= {"unknown_field", "merged_id", "odd_value"}
    records: Counter[str] = Counter()
    for told in found.values():
        records.update(told.get("records", {}))
    assert records["track"] > 4000 and records["artist"] > 300 and records["comment"] == 8
    assert sum(1 for name in found if "recorded-" in name) == 94


if __name__ == "__main__":
    rows = {name: outcome(name, status, body) for name, status, body in bodies(SHARED)}
    KNOWN.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", "utf-8")
