"""Beatport: the tracks of others found there, charts over time, tokens in a person's own name."""

from __future__ import annotations

import csv
import json
import logging
from collections import Counter
from types import SimpleNamespace

import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.saved import land
from phonofilm.crawl.scope.scopes import FollowNothing, Named
from phonofilm.enrich.cross_source import CrossSourceOptions, match_source
from phonofilm.errors import ConfigurationError, CredentialsError, TermsError, UsageError
from phonofilm.identity.match import match
from phonofilm.identity.names import title, without_artist
from phonofilm.identity.recordings import RECORDING
from phonofilm.records import Album, Track
from phonofilm.records.names import artist_key
from phonofilm.sandbox.kernel.server import Plan, link_servers, make_world, running
from phonofilm.sandbox.services.beatport.objects import IDS
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Malformed, Request, Response
from phonofilm.sources.musical_keys import parse_key
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect

BEATPORT = get("beatport")
DATE = {"date": "Fri, 20 Nov 2026 10:00:00 GMT"}


def parsed(endpoint: str, body: object, *ids: str, offset: int = 0):
    response = Response(200, DATE, json.dumps(body).encode())
    return BEATPORT.parse(Request(endpoint, ids or ("x",), offset), response)


def rows(folder, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def pair(request):
    """SoundCloud and Beatport over one world, each knowing where the other is."""
    artists = getattr(request, "param", 12)
    world = make_world(Plan("soundcloud", artists=artists))
    with (
        running(Plan("soundcloud"), world) as (url, soundcloud),
        running(Plan("beatport"), world) as (other, beatport),
    ):
        link_servers([soundcloud, beatport], [url, other])
        yield SimpleNamespace(url=url, soundcloud=soundcloud, beatport=beatport)


def truth_of(pair) -> set[tuple[str, str]]:
    by_recording: dict[int, list[str]] = {}
    for key, recording in pair.beatport.true_ids("tracks").items():
        by_recording.setdefault(recording, []).append(key)
    return {
        (key, other)
        for key, recording in pair.soundcloud.true_ids("tracks").items()
        for other in by_recording.get(recording, ())
    }


MATCHED = """SELECT a.id, b.id FROM identity.members a JOIN identity.members b
    ON a.entity = b.entity AND a.kind = 'recording' AND b.kind = 'recording'
    WHERE a.source = 'soundcloud' AND b.source = 'beatport'"""


@pytest.mark.slow
@pytest.mark.parametrize("pair", [63], indirect=True)
def test_the_tracks_of_listeners_are_found_in_the_shop(folder, pair) -> None:
    collect(folder, "soundcloud", pair.url, "tracks=all")
    result = match_source(
        folder, Settings(), CrossSourceOptions("beatport", "soundcloud", pair.url)
    )
    found, truth = set(rows(folder, MATCHED)), truth_of(pair)
    assert len(pair.soundcloud.true_ids("tracks")) >= 2000
    assert len(found & truth) / len(found) >= 0.99
    assert len(found & truth) / len(truth) >= 0.95
    assert result.status == "done"
    assert result.tracks - 30 < len(pair.soundcloud.true_ids("tracks")) - 20
    calls = calls_made(pair.beatport)
    again = match_source(folder, Settings(), CrossSourceOptions("beatport", "soundcloud", pair.url))
    assert (again.calls, calls_made(pair.beatport)) == (0, calls)
    # Codes go first and in one call by the dozen; words only for what they do not find.
    assert result.calls_by_endpoint["isrc"] <= 0.05 * result.tracks


@pytest.mark.heavy
def test_a_limit_of_calls_is_kept_and_the_same_command_goes_on(folder, pair) -> None:
    collect(folder, "soundcloud", pair.url, "tracks=all")
    wish = CrossSourceOptions("beatport", "soundcloud", pair.url, max_calls=4)
    first = match_source(folder, Settings(), wish)
    assert (first.status, first.calls) == ("stopped", 4)
    rest = match_source(folder, Settings(), CrossSourceOptions("beatport", "soundcloud", pair.url))
    assert rest.status == "done"
    assert rest.matched > first.matched
    # Uploaders write tempo and key as they like; the shop is ranked before them.
    picked = """SELECT DISTINCT name_source, tempo_source, key_source FROM recording
        WHERE len(sources) = 2 AND tempo IS NOT NULL AND key IS NOT NULL"""
    assert rows(folder, picked) == [("beatport", "beatport", "beatport")]


def test_finding_beside_needs_tracks_and_another_source(folder, pair) -> None:
    folder.open()
    for wish in (
        CrossSourceOptions("beatport", "soundcloud", pair.url),
        CrossSourceOptions("beatport", "beatport", pair.url),
        CrossSourceOptions("wikidata", "soundcloud", pair.url),
    ):
        with pytest.raises(UsageError):
            match_source(folder, Settings(), wish)


@pytest.mark.heavy
def test_the_best_record_of_an_upload_gives_its_beat(folder, pair) -> None:
    collect(folder, "soundcloud", pair.url, "tracks=all")
    match_source(folder, Settings(), CrossSourceOptions("beatport", "soundcloud", pair.url))
    beats = rows(folder, "SELECT id, beat_id, tempo, key_name, label, release_date FROM beats")
    truth = truth_of(pair)
    assert len(beats) > 100
    assert sum((row[0], row[1]) in truth for row in beats) >= 0.99 * len(beats)
    assert len({row[0] for row in beats}) == len(beats)
    assert sum(row[2] is not None for row in beats) > 0.9 * len(beats)


VIEWS_OF_LISTENERS = ("beats", "comments_wide", "tracks_and_beats")


@pytest.mark.heavy
def test_tempo_and_key_are_in_each_row_of_a_comment_in_every_engine(folder, pair, database) -> None:
    collect(folder, "soundcloud", pair.url, "comments=all", max_calls=60)
    match_source(folder, Settings(), CrossSourceOptions("beatport", "soundcloud", pair.url))
    queries = [f"SELECT * FROM {view} ORDER BY ALL" for view in VIEWS_OF_LISTENERS]
    embedded = [rows(folder, sql) for sql in queries]
    beats = dict(rows(folder, "SELECT id, tempo FROM beats WHERE tempo IS NOT NULL"))
    comments = rows(folder, "SELECT track_id, bpm, key_name FROM comments_wide")
    of_beats = [row for row in comments if row[0] in beats]
    assert of_beats
    assert all(bpm == beats[track] and key for track, bpm, key in of_beats)
    shares = """SELECT plays, comments, comments_per_play FROM tracks_and_beats
        WHERE comments_per_play IS NOT NULL"""
    assert all(
        share == pytest.approx(count / plays) for plays, count, share in rows(folder, shares)
    )
    producers = rows(folder, "SELECT producers FROM tracks_and_beats WHERE beat_id IS NOT NULL")
    assert all(names for (names,) in producers)
    server = Workspace(folder.root, database)
    load(server)
    match(server)
    assert [rows(server, sql) for sql in queries] == embedded


def test_pages_are_counted_and_next_links_are_not_believed() -> None:
    body = {"results": [], "next": "https://evil.example/?page=9", "page": "1/3", "count": 240}
    page = parsed("artist_tracks", body, "7")
    assert page.continues == [Request("artist_tracks", ("7",), 100)]
    assert page.total == 240
    assert parsed("artist_tracks", {**body, "page": "3/3"}, "7").continues == []
    path, query = BEATPORT.address(Request("artist_tracks", ("7",), 100), "token")
    assert (path, query) == ("/v4/catalog/artists/7/tracks/", {"per_page": "100", "page": "2"})


def test_brackets_are_left_out_of_searches() -> None:
    _, query = BEATPORT.address(Request("search_track", ("A (B) [C] (D)",)), "token")
    assert query["q"] == "A B C D"


def test_only_an_id_is_needed_and_everything_else_may_be_null() -> None:
    track = {
        "id": 7,
        "name": None,
        "mix_name": None,
        "artists": None,
        "remixers": None,
        "genre": None,
        "sub_genre": None,
        "bpm": None,
        "key": None,
        "length_ms": None,
        "isrc": None,
        "release": None,
        "image": None,
        "sample_url": None,
        "publish_date": None,
        "slug": None,
    }
    page = parsed("artist_tracks", {"results": [track, {"name": "x"}], "page": "1/1"}, "7")
    [held] = [record for record in page.records if isinstance(record, Track)]
    assert (held.id, held.name, held.artist_ids, held.genres) == ("7", None, [], [])
    assert [finding.kind for finding in page.findings] == ["malformed_item"]
    release = parsed(
        "release", {"id": 8, "name": "R", "artists": [], "track_count": 0, "label": None}, "8"
    )
    assert isinstance(release.records[0], Album)
    assert (release.records[0].total_tracks, release.records[0].label) == (0, None)


def test_an_empty_name_is_told_and_kept_as_null() -> None:
    page = parsed("track", {"id": 7, "name": "", "mix_name": "x"}, "7")
    assert page.records[0].name is None
    assert [finding.kind for finding in page.findings] == ["empty_name"]


def test_a_key_nobody_announced_is_told_and_costs_nothing() -> None:
    body = {"results": [{"id": 7, "name": "A", "is_dj_version": False, "is_ai_made": True}]}
    page = parsed("artist_tracks", body, "7")
    assert [(f.kind, f.detail) for f in page.findings] == [("unknown_field", "track.is_ai_made")]
    assert page.records[0].name == "A"


def test_pictures_that_stand_for_none_are_none() -> None:
    uri = (
        "https://geo-media.beatport.com/image_size/590x404/0dc61986-bccf-49d4-8fad-6b147ea8f327.jpg"
    )
    page = parsed("artist", {"id": 7, "name": "A", "slug": "a", "image": {"uri": uri}}, "7")
    assert page.records[0].image_url is None
    assert page.records[0].url == "https://www.beatport.com/artist/a/7"


def test_an_artist_who_is_listed_twice_is_one() -> None:
    people = [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}, {"id": 1, "name": "A"}]
    page = parsed("track", {"id": 7, "name": "T", "artists": people}, "7")
    track = next(record for record in page.records if isinstance(record, Track))
    assert (track.artist_ids, track.artist_names) == (["1", "2"], ["A", "B"])


def test_a_chart_asked_on_two_days_is_a_series(folder, stand_in) -> None:
    rows_of = [{"id": 5, "name": "A"}, {"id": 6, "name": "B"}]
    one = parsed("genre_top", {"results": rows_of, "page": "1/1"}, "11")
    places = [r for r in one.records if r.kind == "chart_entry"]
    assert [(p.day, p.position, p.track_id) for p in places] == [
        ("2026-11-20", 1, "5"),
        ("2026-11-20", 2, "6"),
    ]
    url, served = stand_in("beatport", artists=20)
    collect(folder, "beatport", url, "chart_entries=all")
    load(folder)
    charts = Counter(row[0] for row in rows(folder, "SELECT chart_id FROM chart_entries"))
    assert charts["all"] == min(100, len(served.service._top("")))
    genres = served.service._genres
    assert {str(genres[name]) for name in genres if served.service._top(name)} | {"all"} == set(
        charts
    )


def test_a_track_that_is_not_sold_here_is_its_own_matter() -> None:
    refused = Response(403, {}, b'{"detail":"Territory Restricted."}')
    assert BEATPORT.classify(Request("track", ("7",)), refused).verdict == "missing"
    other = Response(403, {}, b'{"detail":"You do not have permission to perform this action."}')
    assert BEATPORT.classify(Request("track", ("7",)), other).verdict == "forbidden"


def test_a_saved_page_is_read_by_the_keys_of_its_blocks(folder, tmp_path) -> None:
    track = {
        "id": 7,
        "name": "T",
        "mix_name": "Original Mix",
        "length_ms": 1000,
        "bpm": 120,
        "artists": [{"id": 1, "name": "A"}],
        "subgenre": {"id": 3, "name": "Deep"},
        "genre": {"id": 2, "name": "House"},
    }
    flat = {
        "track_id": 9,
        "track_name": "F",
        "artists": [
            {"artist_id": 4, "artist_name": "M", "artist_type_name": "Remixer"},
            {"artist_id": 5, "artist_name": "N", "artist_type_name": "Artist"},
        ],
        "key_name": "G Major",
        "length": 2000,
        "genre": [{"genre_id": 2, "genre_name": "House"}],
        "release_date": "2000-12-08T00:00:00",
    }
    queries = [
        {"queryKey": ["session"], "state": {"data": {"user": "me@example.org"}}},
        {"queryKey": ["track-7"], "state": {"data": track}},
        {"queryKey": ["search"], "state": {"data": {"data": [flat]}}},
    ]
    tree = {"props": {"pageProps": {"dehydratedState": {"queries": queries}, "track": track}}}
    page = f'<html><script id="__NEXT_DATA__" type="application/json">{json.dumps(tree)}</script></html>'
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "wall.html").write_text("<title>Just a moment...</title>")
    landed = land(folder, "beatport", [tmp_path / "a.html", tmp_path / "wall.html"])
    assert (landed.landed, landed.passed_over) == (1, {"bot_wall": 1})
    load(folder)
    assert rows(
        folder, "SELECT id, name, genres, release_date, remixer_names FROM tracks ORDER BY id"
    ) == [("7", "T", ["House", "Deep"], None, None), ("9", "F", ["House"], "2000-12-08", ["M"])]
    assert rows(folder, "SELECT id, tempo, key, mode FROM features ORDER BY id") == [
        ("7", 120.0, None, None),
        ("9", None, 7, 1),
    ]
    with pytest.raises(Malformed):
        BEATPORT.identify(Response(200, {}, b'{"props":{}}'))


def own(url: str, **more: str) -> Settings:
    told = {"accept_terms": True, "basis": "a test", "base_url": url, "rate": "none"} | more
    return Settings(beatport=SourceSettings.model_validate(told))


@pytest.mark.parametrize(
    ("keys", "calls"),
    [
        ({"client_id": "mine", "refresh_token": "sandbox-old"}, 1),
        ({"client_id": "mine", "username": "me", "password": "hush-hush"}, 3),
        ({"token": "sandbox-token"}, 0),
    ],
)
def test_a_token_is_got_in_the_operators_name(folder, stand_in, tmp_path, keys, calls: int) -> None:
    url, served = stand_in("beatport", artists=8)
    result = collect(
        folder, "beatport", None, "artists=all", settings=own(url, **keys), max_calls=6
    )
    assert result.records["artists"]["full"] > 0
    assert served.calls["token"].total() == calls
    kept = b"".join(p.read_bytes() for p in folder.root.rglob("*") if p.is_file())
    assert b"sandbox-" not in kept and b"hush-hush" not in kept
    held = list((tmp_path / "cache").rglob("token-*.json")) if (tmp_path / "cache").exists() else []
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in held)


def test_a_token_that_ends_on_the_way_is_refreshed_once(folder, stand_in) -> None:
    url, served = stand_in("beatport", artists=8)
    settings = own(url, client_id="mine", username="me", password="hush-hush")
    collect(folder, "beatport", None, "artists=all", settings=settings, max_calls=3)
    served.clock.skipped += 40_000
    before = served.calls["token"].total()
    collect(folder, "beatport", None, "tracks=all", settings=settings, max_calls=6, workers=1)
    assert served.calls["token"].total() == before + 1


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"client_id": "mine", "username": "me", "password": "wrong"}, "name or password"),
        ({"client_id": "mine", "refresh_token": "stolen"}, "refuses the key"),
        ({"token": "stale-token"}, "refuses the key"),
    ],
)
def test_keys_that_are_refused_are_told_and_not_shown(folder, stand_in, keys, words: str) -> None:
    url, _ = stand_in("beatport", artists=4)
    with pytest.raises(CredentialsError, match=words) as refused:
        collect(folder, "beatport", None, "artists=all", settings=own(url, **keys))
    told = f"{refused.value} {refused.value.saved} {refused.value.next_step}"
    assert not any(value in told for value in keys.values() if value not in ("me", "mine"))


def test_without_a_token_and_without_a_word_nothing_is_asked(folder, stand_in) -> None:
    url, served = stand_in("beatport", artists=4)
    with pytest.raises(TermsError, match="Beatport"):
        collect(folder, "beatport", None, "artists=all")
    with pytest.raises(ConfigurationError, match="your own token"):
        collect(folder, "beatport", None, "artists=all", settings=own(url))
    assert calls_made(served) == 0


def test_a_batch_of_codes_is_read_to_its_last_page(folder, stand_in, monkeypatch) -> None:
    url, served = stand_in("beatport", artists=30)
    monkeypatch.setattr("phonofilm.sandbox.services.beatport.service._MOST", 3)
    codes = sorted(served.service._by_code)[:20]
    errands = [PlannedRequest("isrc", code) for code in codes]
    result = collect(
        folder,
        "beatport",
        url,
        "tracks=all",
        scope=FollowNothing(),
        planned_requests=errands,
        workers=1,
    )
    load(folder)
    expected = {
        str(IDS.id_of("tracks", t)) for code in codes for t in served.service._by_code[code]
    }
    # Pages of three where a hundred were asked for: their numbers lead to the end all the same.
    assert len(rows(folder, "SELECT id FROM tracks")) <= len(expected)
    assert result.calls_by_endpoint["isrc"] >= len(expected) // 3


def test_a_real_client_reads_the_same_tracks(folder, stand_in) -> None:
    client = pytest.importorskip("beetsplug.beatport4.client")
    from beetsplug.beatport4.models import BeatportOAuthToken

    url, served = stand_in("beatport", artists=10)
    before, client.API_BASE_URL = client.API_BASE_URL, f"{url}/v4"
    try:
        token = BeatportOAuthToken("sandbox-token", 4e9, "x")
        real = client.Beatport4Client(logging.getLogger("test"), beatport_token=token)
        release = real.get_release(IDS.id_of("albums", 2))
        found = list(real.search(served.world.artist(0).name, "tracks"))
    finally:
        client.API_BASE_URL = before
    _, scope = named(served.world.artist(0).name)
    collect(folder, "beatport", url, "tracks=all", scope=scope)
    load(folder)
    ours = {
        row[0]: row[1:]
        for row in rows(
            folder,
            "SELECT t.id, t.name, t.mix_name, cast(f.tempo AS INTEGER), t.artist_names, t.duration_ms"
            " FROM tracks t LEFT JOIN features f ON f.id = t.id",
        )
    }
    theirs = [track for track in found if track.id in ours]
    assert len(theirs) >= 3
    for track in theirs:
        name, mix, tempo, people, length = ours[track.id]
        assert (track.name, track.mix_name) == (name or "", mix)
        assert [a.name for a in track.artists if a] == people or len(track.artists) > len(people)
        assert not length or round(track.length.total_seconds() * 1000) == length
    assert release is not None and release.name == served.world.album(2).name
    assert len(release.tracks) >= 1


def named(name: str):
    return {}, Named([Link("artist_query", name)], with_credits=False)


def test_titles_lose_the_artist_in_front_and_what_is_only_shouted() -> None:
    assert without_artist("Noisia - Concussion", ["Noisia"]) == "Concussion"
    assert without_artist("Noisia - Concussion - VIP", ["noisia"]) == "Concussion - VIP"
    assert without_artist("Sub - Zero", ["Noisia"]) == "Sub - Zero"
    assert title("Rain [Free Download]") == title("Rain") == title("Rain (OUT NOW)")
    assert title("Rain (Free Mix)").version == "free"
    assert artist_key("FISHER (OZ)") == artist_key("Fisher") == "fisher"
    assert artist_key("X (live)") == "x live"


def test_real_rows_of_the_shop_are_told_from_uploads_that_spell_them_out(shared) -> None:
    path = shared / "data" / "beatport" / "beatport_metadata.txt"
    lines = csv.DictReader(
        path.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    same = total = 0
    for row in lines:
        people = row["ARTIST"].split(", ")
        assert parse_key(row["BP KEY"]) != (None, None), row
        nothing = (None,) * 6
        shop = RECORDING.prepare((row["SONG TITLE"], people, row["MIX"], *nothing))
        text = f"{people[0]} - {row['SONG TITLE']} ({row['MIX']})"
        upload = RECORDING.prepare((text, people[:1], None, *nothing))
        same += shop[:3] == upload[:3]
        total += 1
    assert total == 1486
    assert same / total >= 0.985


def test_guests_end_where_a_remark_begins() -> None:
    told = title("Drown In Me feat. Berwitz (Silencer Beats Mix)")
    assert (told.song, told.version, told.guests) == ("drown in me", "beats silencer", ("berwitz",))
    assert title("Rain ft. Ada & Bob - Live").guests == ("ada", "bob")
    assert title("Rain ft. Ada & Bob - Live").version == "live"
    assert title("Defeat (feat. Ada)").song == "defeat"
