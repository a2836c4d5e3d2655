"""The open catalogues: recorded bodies, a real client, refusals in their own words, keys kept."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import musicbrainzngs
import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything, FollowNothing, Named
from phonofilm.crawl.session import crawl
from phonofilm.errors import ConfigurationError
from phonofilm.net.auth.credentials import StaticToken
from phonofilm.net.origin.live import budgets_of, live_origin
from phonofilm.records import Album, Artist, ExternalId, Tag, Track
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Request, Response
from phonofilm.sources.manifest import Budget
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect

BEATLES = "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d"


def parsed(shared: Path, source: str, path: str, endpoint: str, *ids: str):
    body = (shared / "fixtures" / path).read_bytes()
    return get(source).parse(Request(endpoint, ids or ("x",)), Response(200, {}, body))


def test_a_recorded_artist_of_musicbrainz_keeps_its_tags_apart(shared: Path) -> None:
    name = "mbserver_LookupTagsRatings_artist_lookup_with_tags_genres_user_tags_and_user_genres"
    key = "1946a82a-f927-40c2-8235-38d64f50d043"
    page = parsed(shared, "musicbrainz", f"musicbrainz/{name}.json", "artist", key)
    kinds = Counter(record.kind for record in page.records)
    artist = page.records[0]
    assert isinstance(artist, Artist)
    assert artist.name == "The Chemical Brothers"
    assert kinds["tag"] > 5
    tags = [record for record in page.records if isinstance(record, Tag)]
    assert {tag.licence for tag in tags} == {"CC BY-NC-SA 3.0"}
    assert {tag.name for tag in tags if tag.is_genre} == {
        "big beat",
        "electronic",
        "electronica",
        "house",
    }


def test_a_recorded_recording_tells_code_length_and_who(shared: Path) -> None:
    key = "cb2cc207-8125-445c-9ef9-6ea44eee959a"
    page = parsed(shared, "musicbrainz", "musicbrainz/picard_recording.json", "recording", key)
    track = next(record for record in page.records if isinstance(record, Track))
    assert (track.name, track.duration_ms, track.isrc) == (
        "Thinking Out Loud",
        281_000,
        "GBAHS1400099",
    )
    assert track.artist_names == ["Ed Sheeran"]


def test_an_id_that_was_merged_is_kept_beside_the_new_one(shared: Path) -> None:
    old = "00000000-0000-4000-8000-000000000000"
    page = parsed(shared, "musicbrainz", "musicbrainz/picard_artist_arabic.json", "artist", old)
    told = [r for r in page.records if isinstance(r, ExternalId) and r.scheme == "musicbrainz"]
    assert [row.value for row in told] == [old]
    assert page.findings[0].kind == "merged_id"


def test_pages_of_releases_go_on_by_what_came(shared: Path) -> None:
    name = "mbserver_BrowseReleases_browse_releases_via_artist_paging_"
    page = parsed(shared, "musicbrainz", f"musicbrainz/{name}.json", "artist_releases", BEATLES)
    assert page.total == 3
    assert page.continues == [Request("artist_releases", (BEATLES,), 1)]


def test_listenbrainz_says_what_an_artist_is_called_elsewhere(shared: Path) -> None:
    name = "musicbrainz/listenbrainz_mb_artist_metadata_example.json"
    page = parsed(shared, "listenbrainz", name, "artist_metadata")
    told = {(r.scheme, r.value) for r in page.records if isinstance(r, ExternalId)}
    assert {("deezer", "1069"), ("wikidata", "Q191352")} <= told
    assert {r.name for r in page.records if isinstance(r, Tag) and r.is_genre} == {
        "downtempo",
        "trip hop",
    }


@pytest.mark.parametrize(("album", "songs"), [("1441458047_gb", 18), ("1728639278_us", 6)])
def test_recorded_albums_of_itunes_give_their_songs(shared: Path, album: str, songs: int) -> None:
    page = parsed(shared, "itunes", f"spotify/other/itunes/lookup_album_{album}.json", "album")
    kinds = Counter(record.kind for record in page.records)
    assert kinds["track"] == songs
    assert kinds["album"] == 1
    release = next(record for record in page.records if isinstance(record, Album))
    assert release.release_date_precision == "day"
    for track in page.records:
        if isinstance(track, Track):
            assert track.preview_expires_at is None


@pytest.fixture
def client(stand_in):
    url, served = stand_in("musicbrainz")
    musicbrainzngs.set_useragent("phonofilm-tests", "1", "tests@example.invalid")
    musicbrainzngs.set_hostname(url.removeprefix("http://"), use_https=False)
    musicbrainzngs.set_rate_limit(False)
    return musicbrainzngs, served


def test_a_real_client_reads_the_stand_in_of_musicbrainz(client) -> None:
    library, served = client
    key, index = next(iter(served.true_ids("artists").items()))
    name = served.service.objects.artist_short(index)["name"]
    found = library.get_artist_by_id(key, includes=["aliases", "tags", "url-rels"])["artist"]
    assert found["name"] == name
    real = served.world.artist(index).name
    people = library.search_artists(artist=real, limit=5)["artist-list"]
    assert key in {person["id"] for person in people}
    releases = library.browse_releases(artist=key, includes=["labels"], limit=100)
    assert releases["release-count"] == len(releases["release-list"]) > 0
    release = releases["release-list"][0]["id"]
    whole = library.get_release_by_id(release, includes=["recordings", "artist-credits", "isrcs"])
    tracks = whole["release"]["medium-list"][0]["track-list"]
    assert tracks[0]["recording"]["title"]
    recordings = library.browse_recordings(artist=key, includes=["isrcs"], limit=100)
    codes = [r["isrc-list"][0] for r in recordings["recording-list"] if r.get("isrc-list")]
    by_code = library.get_recordings_by_isrc(codes[0].replace("-", "").upper())
    assert by_code["isrc"]["recording-list"]
    with pytest.raises(musicbrainzngs.ResponseError):
        library.get_artist_by_id("00000000-0000-4000-8000-000000000000")


def test_musicbrainz_wants_to_know_who_asks(stand_in) -> None:
    with pytest.raises(ConfigurationError, match="requires a contact address"):
        live_origin(get("musicbrainz"), Settings())
    told = live_origin(
        get("musicbrainz"), Settings(musicbrainz=SourceSettings(contact="me@example.org"))
    )
    assert "me@example.org" in told.user_agent
    assert told.budgets == [Budget(1, 1)]
    assert told.concurrent == 1


def test_a_mirror_may_have_a_rate_of_its_own() -> None:
    manifest = get("musicbrainz").manifest
    assert budgets_of(manifest, "open", "10/1s") == [Budget(10, 1.0)]
    assert budgets_of(manifest, "open", "none") == []
    with pytest.raises(ConfigurationError, match="rate"):
        budgets_of(manifest, "open", "often")


def test_every_artist_of_the_stand_in_of_musicbrainz_is_collected(folder, stand_in) -> None:
    url, served = stand_in("musicbrainz", artists=40)
    result = collect(folder, "musicbrainz", url, "artists", "albums", "tracks")
    assert result.records["artists"]["full"] >= 0.85 * served.service.visible()["artists"]
    load(folder)
    with open_snapshot(folder) as connection:
        assert connection.execute("SELECT count(*) FROM tags").fetchone() > (0,)
        named = connection.execute("SELECT count(*) FROM artists WHERE genres IS NOT NULL")
        assert named.fetchone() == (0,)  # genres are not CC0: they stand in tags


def test_a_hundred_addresses_go_in_one_call(folder, stand_in) -> None:
    url, served = stand_in("musicbrainz", artists=60)
    objects = served.service.objects
    pages = [page for a in range(60) if objects.has("artist", a) for page in objects.addresses(a)]
    errands = [PlannedRequest("address", page) for page in pages]
    result = errand(folder, "musicbrainz", url, errands)
    assert result.calls == -(-len(pages) // 100)
    load(folder)
    with open_snapshot(folder) as connection:
        known = connection.execute("SELECT count(*) FROM external_ids").fetchone()
    assert known == (len(pages),)


def errand(folder: Workspace, source: str, url: str, errands: list[PlannedRequest]):
    told = CrawlOptions(
        source, Goal({"artist": None}), FollowNothing(), at=url, planned_requests=errands
    )
    return run(crawl(folder, Settings(), told))


def test_listeners_are_asked_for_a_thousand_at_a_time(folder, stand_in) -> None:
    url, served = stand_in("listenbrainz", artists=60)
    ids = list(served.true_ids("artists"))
    told = [
        PlannedRequest(call, id_)
        for call in ("artist_popularity", "artist_metadata")
        for id_ in ids
    ]
    result = errand(folder, "listenbrainz", url, told)
    assert result.calls_by_endpoint == {"artist_popularity": 1, "artist_metadata": 2}
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute("SELECT count(*), count(listens), count(name) FROM artists")
        assert rows.fetchone() == (len(ids), len(ids), len(ids))


def test_features_come_in_forties_whatever_their_order(folder, stand_in) -> None:
    url, served = stand_in("reccobeats", artists=20)
    world = served.world
    codes = [row.isrc for row in map(world.track, range(120)) if row.isrc and row.features]
    errands = [PlannedRequest("audio_features", code) for code in dict.fromkeys(codes)]
    result = errand(folder, "reccobeats", url, errands)
    assert result.calls == -(-len(errands) // 40)
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute("SELECT t.isrc, f.tempo FROM features f JOIN tracks t USING (id)")
        tempo = dict(rows.fetchall())
    assert len(tempo) > 0.8 * len(errands)
    for row in map(world.track, range(120)):
        if row.isrc in tempo and row.features:
            assert tempo[row.isrc] == row.features["tempo"]


def test_jamendo_says_under_which_licence_each_track_is(folder, stand_in) -> None:
    url, _ = stand_in("jamendo", artists=40)
    collect(folder, "jamendo", url, "artists", "tracks")
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT count(*), count(licence_url), count(audio_url) FROM tracks"
        ).fetchone()
    assert rows[0] == rows[1] > rows[2] > 0


def test_tags_of_jamendo_are_read_and_a_list_stands_for_none() -> None:
    tags = {"genres": ["pop"], "instruments": ["guitar"], "vartags": ["calm"]}
    rows = [
        {"id": "1", "name": "a", "musicinfo": {"tags": tags}},
        {"id": "2", "name": "b", "musicinfo": {"tags": []}},
    ]
    body = json.dumps({"headers": {"status": "success"}, "results": rows}).encode()
    page = get("jamendo").parse(Request("search_track", ("x",)), Response(200, {}, body))
    tracks = {record.id: record.genres for record in page.records if record.kind == "track"}
    assert tracks == {"1": ["pop"], "2": None}
    found = [(tag.of_id, tag.name, tag.is_genre) for tag in page.records if tag.kind == "tag"]
    assert found == [("1", "pop", True), ("1", "guitar", False), ("1", "calm", False)]


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (5, "Jamendo Api Invalid Client Id Error: not authorized.", "unauthorised"),
        (6, "Jamendo Api Rate Limit Exceeded Error: later", "quota"),
        (1, "Usage limits are exceeded", "quota"),
        (7, "Jamendo Api Method Not Found Error: x", "refused"),
        (11, "Jamendo Api Suspended Application Error", "unauthorised"),
    ],
)
def test_errors_of_jamendo_come_inside_an_answer(code: int, text: str, verdict: str) -> None:
    headers = {"status": "failed", "code": code, "error_message": text, "results_count": 0}
    body = json.dumps({"headers": headers, "results": []}).encode()
    found = get("jamendo").classify(Request("artist", ("1",)), Response(200, {}, body))
    assert found.verdict == verdict


def test_a_client_id_goes_out_and_into_nothing_else(folder, stand_in, tmp_path) -> None:
    url, served = stand_in("jamendo", artists=20)
    own = SourceSettings(client_id="s3cr3tid", base_url=url)
    told = CrawlOptions("jamendo", Goal({"artist": 5}), Everything())
    run(crawl(folder, Settings(jamendo=own), told))
    assert calls_made(served) > 0
    for path in folder.root.rglob("*"):
        if path.is_file():
            assert b"s3cr3tid" not in path.read_bytes(), path


def test_too_many_calls_are_refused_by_itunes_with_a_time_to_wait() -> None:
    source = get("itunes")
    request = Request("search_artist", ("x",))
    assert source.classify(request, Response(403, {}, b"")).retry_after_seconds == 29.0
    told = source.classify(request, Response(403, {"retry-after": "5"}, b""))
    assert (told.verdict, told.retry_after_seconds) == ("throttled", 5.0)


def test_itunes_is_asked_by_its_own_ids(folder, stand_in) -> None:
    url, served = stand_in("itunes", artists=30)
    scope = Named([Link("artist", id_) for id_ in served.service.ids("artists")], False)
    result = collect(folder, "itunes", url, "artists", "tracks", scope=scope)
    assert result.records["tracks"]["full"] + result.records["tracks"]["mentioned"] == len(
        served.true_ids("tracks")
    )


def test_a_busy_musicbrainz_is_waited_for(folder, stand_in) -> None:
    url, _ = stand_in("musicbrainz", artists=10, rate="3/1s")
    found = get("musicbrainz").classify(Request("artist", ("x",)), Response(503, {}, b""))
    assert found.verdict == "throttled"
    assert found.retry_after_seconds == 5.0


def test_what_another_host_answers_is_asked_there_without_a_key() -> None:
    manifest = get("listenbrainz").manifest
    assert manifest.endpoints["similar"].base_url == "https://labs.api.listenbrainz.org"
    own = SourceSettings(token="t0ken")
    told = live_origin(get("listenbrainz"), Settings(listenbrainz=own))
    assert told.credentials == StaticToken(authorization="Token t0ken")
    assert told.other_hosts
    assert not live_origin(
        get("listenbrainz"), Settings(listenbrainz=SourceSettings(base_url="http://x"))
    ).other_hosts


def test_a_key_never_goes_to_another_host() -> None:
    from phonofilm.net.send import send

    sent = []

    class Sender:
        async def get(self, path, query, headers, base_url=""):
            sent.append((base_url, headers))

        async def post(self, path, body, headers, base_url=""):
            sent.append((base_url, headers))

    source, secret = get("listenbrainz"), {"Authorization": "Token t0ken"}
    for endpoint in ("similar", "artist_popularity"):
        run(send(source, "open", Request(endpoint, ("x",)), Sender(), secret, other_hosts=True))
    assert sent == [("https://labs.api.listenbrainz.org", {}), ("", secret)]
