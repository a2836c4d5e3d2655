"""SoundCloud: profiles, tracks and what listeners say of them, second by second."""

from __future__ import annotations

import json
import math
import time

import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.scope.scopes import Named
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import CredentialsError, ParkedError, StoreError, TermsError, UsageError
from phonofilm.net import limiter
from phonofilm.net.auth.client_token import ClientToken
from phonofilm.net.auth.credentials import ClientCredentials
from phonofilm.net.transport import Transport
from phonofilm.privacy.pseudonyms import pseudonym
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sandbox.services.soundcloud.objects import IDS
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Request, Response
from phonofilm.sources.manifest import Budget
from phonofilm.sources.musical_keys import parse_key
from phonofilm.sources.soundcloud.convert import moment, tags_of
from phonofilm.sources.soundcloud.sets import is_set
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.conftest import calls_made, collect

SOUNDCLOUD = get("soundcloud")


def named(*names: str) -> Named:
    return Named([Link("artist_query", name) for name in names], with_credits=False)


def rows(folder, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


def iso(slashed: str) -> str:
    return slashed.replace("/", "-").replace(" +0000", "Z").replace(" ", "T")


@pytest.fixture
def key(tmp_path) -> bytes:
    """The key of the name hashes of this test's user."""
    from phonofilm.config import hash_key

    return hash_key()


def test_every_comment_comes_once_with_every_field_and_names_as_their_hash(
    folder, stand_in, key
) -> None:
    url, served = stand_in("soundcloud", artists=20)
    collect(folder, "soundcloud", url, "comments=all")
    load(folder)
    found = rows(
        folder,
        "SELECT id, track_id, timestamp_ms, body, created_at, user_id, user_name, is_set"
        " FROM comments_wide JOIN (SELECT id, timestamp_ms FROM comments) USING (id) ORDER BY id",
    )

    def hashed(text: str | None) -> str | None:
        return None if text is None else pseudonym(key, text)

    def said(text: str) -> str:
        if not text.startswith("@"):
            return text
        name, _, rest = text[1:].partition(" ")
        return f"@{pseudonym(key, name)} {rest}"

    truth = sorted(
        (
            row["id"],
            row["track_id"],
            row["timestamp_ms"],
            said(row["body"]),
            iso(row["created_at"]),
            hashed(row["user_id"]),
            hashed(row["user_name"]),
            row["is_set"],
        )
        for row in served.service.rows("comments")
    )
    assert found == truth
    assert len(found) > 1000
    assert any("\r\n" in row[3] for row in found)
    assert any(row[2] is None for row in found)
    assert any(row[5] is None for row in found)


def test_an_artist_costs_hardly_more_calls_than_there_are_pages(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=30)
    listening = served.service.listening
    artist = max(range(30), key=lambda a: sum(map(listening.count, listening.uploads_of(a))))
    name = served.world.artist(artist).name
    result = collect(folder, "soundcloud", url, "comments=all", scope=named(name))
    uploads = listening.uploads_of(artist)
    least = 1 + math.ceil(len(uploads) / 200)
    least += sum(
        math.ceil(listening.count(u) / 200)
        for u in uploads
        if not served.service.objects.hides_figures(u)
    )
    assert result.records["comments"]["full"] > 100
    # What hides its figures must be asked to see whether there is anything.
    quiet = sum(served.service.objects.hides_figures(u) for u in uploads)
    assert calls_made(served) <= math.ceil(least * 1.05) + quiet


def test_what_says_that_it_is_empty_is_never_asked(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=15)
    collect(folder, "soundcloud", url, "comments=all")
    listening, made = served.service.listening, served.service.objects
    silent = sum(
        1
        for key in served.service.true_ids("tracks")
        for upload in [listening_index(served, key)]
        if listening.count(upload) == 0 and not made.hides_figures(upload)
    )
    asked = sum(served.calls["track_comments"].values()) + served.calls["refused"].total()
    pages = sum(max(1, math.ceil(listening.count(u) / 200)) for u in served.service._uploads)
    assert silent > 0
    assert asked <= pages - silent
    before = calls_made(served)
    again = collect(folder, "soundcloud", url, "comments=all")
    assert (again.calls, calls_made(served)) == (0, before)


def listening_index(served, key: str) -> int:
    return next(u for u in served.service._uploads if str(IDS.id_of("tracks", u)) == key)


def test_the_longest_list_is_asked_first(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=8)
    listening = served.service.listening
    collect(folder, "soundcloud", url, "tracks=all")
    result = collect(folder, "soundcloud", url, "comments=all", max_calls=10, workers=1)
    readable = filter(served.service._readable, served.service._uploads)
    counts = sorted((min(200, listening.count(u)) for u in readable), reverse=True)
    assert result.records["comments"]["full"] >= 0.8 * sum(counts[:10])


def test_artists_are_found_by_link_by_urn_and_by_name(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=10)
    made = served.service.objects
    page = f"https://soundcloud.com/{made.handle(3)}"
    wants, scope = select("soundcloud", Selection([page], "", [], "", []), {})
    assert set(wants) == {"artist", "track"}
    collect(folder, "soundcloud", url, "tracks=all", scope=scope)
    wants, scope = select("soundcloud", Selection([], "", [page], "", []), {"track": None})
    assert scope.seeds(SOUNDCLOUD, "official") == [Link("artist_link", page)]
    _, by_urn = select(
        "soundcloud", Selection([f"soundcloud:users:{IDS.id_of('users', 4)}"], "", [], "", []), {}
    )
    collect(folder, "soundcloud", url, "tracks=all", scope=by_urn)
    assert sum(served.calls["resolve"].values()) == 1
    load(folder)
    told = {(row[0], row[1]) for row in rows(folder, "SELECT artist_ids[1], id FROM tracks")}
    for artist in (3, 4):
        uploads = {str(IDS.id_of("tracks", u)) for u in served.service.listening.uploads_of(artist)}
        assert {i for owner, i in told if owner == str(IDS.id_of("users", artist))} == uploads


def test_an_unknown_artist_is_told_with_near_names(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=40)
    name = next(a.name for a in map(served.world.artist, range(40)) if len(a.name.split()[0]) > 6)
    wrong = name.split()[0] + " Nobody"
    result = collect(folder, "soundcloud", url, "comments=all", scope=named(wrong))
    told = next(f for f in result.findings if f["kind"] == "unknown_artist")
    assert name.split()[0] in told["example"]


def test_quiet_counters_stay_null_and_are_not_zero(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=30)
    collect(folder, "soundcloud", url, "tracks=all")
    load(folder)
    quiet = {
        str(IDS.id_of("tracks", u))
        for u in served.service._uploads
        if served.service.objects.hides_figures(u)
    }
    found = rows(folder, "SELECT id, likes, listens, reposts, comment_count, downloads FROM tracks")
    assert {row[0] for row in found if row[1:] == (None,) * 5} == quiet
    assert quiet
    held = rows(
        folder, "SELECT count(*) FROM observations WHERE kind = 'track' AND metric = 'likes'"
    )
    assert held == [(len(found) - len(quiet),)]


def test_what_is_blocked_is_in_the_catalogue_and_its_comments_are_not(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=30)
    result = collect(folder, "soundcloud", url, "comments=all")
    load(folder)
    blocked = {
        str(IDS.id_of("tracks", u))
        for u in served.service._uploads
        if served.service.objects.access(u) == "blocked"
    }
    told = rows(folder, "SELECT id FROM tracks WHERE access = 'blocked'")
    assert {row[0] for row in told} == blocked
    assert any(f["kind"] == "missing" and "blocked" in f["example"] for f in result.findings)


def test_sets_are_told_from_tracks_in_the_whole_world(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=60)
    collect(folder, "soundcloud", url, "tracks=all")
    load(folder)
    truth = {row["id"]: row["is_set"] for row in served.service.rows("tracks")}
    assert dict(rows(folder, "SELECT id, is_set FROM tracks")) == truth
    assert sum(truth.values()) > 10


@pytest.mark.parametrize(
    ("minutes", "title", "text", "expected"),
    [
        (4, "Song", "", False),
        (61, "Untitled recording", "", True),
        (75, "Full Album", "1. A - B\n2. C - D\n3. E - F\n4. G - H", False),
        (45, "Boiler Room Berlin", "", True),
        (45, "Long piece for strings", "one take", False),
        (33, "Sunday", "00:00 A - B\r\n03:10 C - D\r\n07:45 E - F\r\n11:02 G - H", True),
        (33, "Essential Mix", "", True),
        (19, "Essential Mix", "", False),
        (None, "Essential Mix", "", None),
    ],
)
def test_a_set_is_long_and_says_so(minutes, title: str, text: str, expected) -> None:
    length = None if minutes is None else minutes * 60_000
    assert is_set(length, title, text) is expected


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('"uzivert " uzi', ["uzivert", "uzi"]),
        ('house "deep house" house', ["house", "deep house"]),
        ("soundcloud:source=iphone-record ", []),
        ('"a', ["a"]),
        ("", []),
        ("  ", []),
    ],
)
def test_tags_are_words_or_stand_in_quotes(text: str, tags: list[str]) -> None:
    assert tags_of(text) == tags


def test_slashed_dates_become_those_of_everybody_else() -> None:
    assert moment("2019/01/15 15:40:49 +0000") == "2019-01-15T15:40:49Z"
    assert moment("2024-09-01T17:45:16Z") == "2024-09-01T17:45:16Z"
    assert moment("") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("F Major", (5, 1)),
        ("Bb Major", (10, 1)),
        ("C#m", (1, 0)),
        ("d#min", (3, 0)),
        ("8A", (9, 0)),
        ("8B", (0, 1)),
        ("1A", (8, 0)),
        ("H moll", (11, 0)),
        ("C\u266f minor", (1, 0)),
        ("A flat", (8, 1)),
        ("", (None, None)),
        (None, (None, None)),
        ("X", (None, None)),
        ("13A", (None, None)),
    ],
)
def test_keys_are_read_as_people_write_them(text: str | None, key: tuple) -> None:
    text = "Aflat" if text == "A flat" else text
    assert parse_key(text) == key


def test_a_refusal_that_names_an_instant_is_waited_for_until_then() -> None:
    meta = {"reset_time": "2015/06/01 09:49:40 +0000", "rate_limit": {"name": "plays"}}
    body = json.dumps({"errors": [{"meta": meta}]}).encode()
    headers = {"date": "Mon, 01 Jun 2015 09:48:40 GMT"}
    told = SOUNDCLOUD.classify(Request("comments", ("7",)), Response(429, headers, body))
    assert (told.verdict, told.retry_after_seconds, told.reason) == (
        "throttled",
        60.0,
        "HTTP 429 plays",
    )
    spam = Response(429, {}, b'{"spam_warning_urn":"soundcloud:spam:1"}')
    assert SOUNDCLOUD.classify(Request("comments", ("7",)), spam).verdict == "quota"
    bare = SOUNDCLOUD.classify(
        Request("comments", ("7",)), Response(429, {"retry-after": "3"}, b"")
    )
    assert bare.retry_after_seconds == 3.0


def test_the_mark_of_datadome_on_a_good_answer_is_no_wall() -> None:
    good = Response(200, {"x-datadome": "protected"}, b'{"collection":[]}')
    assert SOUNDCLOUD.classify(Request("users", ("",)), good).verdict == "answer"
    bad = Response(403, {"x-datadome": "protected"}, b"{}")
    assert SOUNDCLOUD.classify(Request("users", ("",)), bad).verdict == "bot_wall"


def live(url: str, **more) -> Settings:
    own = SourceSettings(
        accept_terms=True,
        basis="a test",
        client_id="me",
        client_secret="secret-secret",
        base_url=url,
        token_url=f"{url}/oauth/token",
        rate="none",
        **more,
    )
    return Settings(soundcloud=own)


def test_the_service_is_off_until_its_terms_are_accepted(folder) -> None:
    with pytest.raises(TermsError, match="SoundCloud"):
        collect(folder, "soundcloud", None, "comments=all")


def test_one_token_serves_all_runs_and_is_sent_as_the_service_wants(
    folder, stand_in, tmp_path
) -> None:
    url, served = stand_in("soundcloud", artists=6)
    scope = named(served.world.artist(0).name)
    for _ in range(2):
        collect(
            folder, "soundcloud", None, "tracks=all", scope=scope, settings=live(url), fresh=True
        )
    assert served.calls["token"].total() == 1
    held = next((tmp_path / "cache").rglob("token-*.json"))
    assert held.stat().st_mode & 0o777 == 0o600
    assert not [p for p in folder.root.rglob("*") if p.is_file() and b"sandbox-" in p.read_bytes()]


def test_tokens_are_counted_and_no_more_are_asked_for_than_allowed(stand_in, tmp_path) -> None:
    url, served = stand_in("soundcloud", artists=3)

    async def ask(times: int) -> None:
        async with Transport(url) as transport:
            credentials = ClientCredentials(
                url=f"{url}/oauth/token",
                client_id="me",
                client_secret="secret",
                scheme="OAuth",
                budgets=[Budget(3, 3600)],
            )
            token = ClientToken(transport, credentials, tmp_path)
            for _ in range(times):
                headers = await token.headers()
                assert headers["Authorization"].startswith("OAuth sandbox-")
                await token.renew(headers)

    run(ask(2))
    with pytest.raises(ParkedError) as parked:
        run(ask(2))
    assert served.calls["token"].total() == 3
    assert 3500 < parked.value.resume_at - time.time() <= 3600


def test_a_token_that_ran_out_is_renewed_once_for_all_workers(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=10)
    collect(folder, "soundcloud", None, "artists=5", settings=live(url))
    served.clock.skipped += 4000
    result = collect(folder, "soundcloud", None, "comments=all", settings=live(url), workers=6)
    assert result.status == "done"
    assert served.calls["token"].total() == 2
    assert served.calls["unauthorised"][401] <= 6


def test_a_client_that_is_refused_ends_with_what_to_do(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=3)
    settings = live(url)
    settings.source("soundcloud").token_url = f"{url}/users"
    with pytest.raises(CredentialsError) as refused:
        collect(folder, "soundcloud", None, "comments=all", settings=settings)
    assert refused.value.exit_code == 3
    assert "secret-secret" not in str(refused.value)


def test_a_crawl_without_an_artist_begins_with_the_list_of_all(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=10)
    result = collect(folder, "soundcloud", url, "web_profiles=all")
    load(folder)
    expected = sum(len(served.service.objects.web_profiles(a)) for a in range(10))
    assert result.records["web_profiles"]["full"] == expected
    assert rows(folder, "SELECT count(*) FROM web_profiles WHERE url IS NOT NULL") == [(expected,)]


def test_playlists_hold_stubs_whose_tracks_are_brought_in_fifties(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=6)
    _, scope = select(
        "soundcloud",
        Selection([f"soundcloud:playlists:{IDS.id_of('playlists', 0)}"], "", [], "", []),
        {},
    )
    collect(folder, "soundcloud", url, "playlists=all", "tracks=all", scope=scope)
    load(folder)
    uploads = served.service.listening.uploads_of(0)[0::2]
    assert rows(
        folder, "SELECT count(*), count(t.name) FROM entries e JOIN tracks t ON t.id = e.track_id"
    ) == [(len(uploads),) * 2]
    assert rows(folder, "SELECT owner_id[1:7] FROM playlists") == [("person-",)]


def test_a_saved_page_gives_what_it_carries_and_nothing_of_who_saved_it(folder, tmp_path) -> None:
    from phonofilm.crawl.saved import land

    user = {
        "kind": "user",
        "id": 7,
        "username": "Ada",
        "permalink": "ada",
        "visuals": {"visuals": [{"visual_url": "https://i1.sndcdn.com/visuals-7.jpg"}]},
    }
    held = [
        {"hydratable": "anonymousId", "data": "1-2-3"},
        {"hydratable": "geoip", "data": {"country_code": "IT", "city": "Torino"}},
        {"hydratable": "user", "data": user},
        {"hydratable": "sound", "data": {"kind": "track", "id": 8, "title": "A < B", "user": user}},
        {"hydratable": "apiClient", "data": {"id": "x" * 32}},
    ]
    page = f"<html><script>window.__sc_hydration = {json.dumps(held)};</script></html>"
    (tmp_path / "a.html").write_text(page)
    comments = {
        "collection": [
            {
                "kind": "comment",
                "id": 9,
                "body": "@bob nice\r\n\u05d0",
                "timestamp": 3,
                "track_id": 8,
                "user_id": 5,
                "user": {"kind": "user", "id": 5, "username": "Bob"},
            }
        ]
    }
    (tmp_path / "b.json").write_text(json.dumps(comments))
    landed = land(folder, "soundcloud", [tmp_path / "a.html", tmp_path / "b.json"])
    assert (landed.landed, landed.findings) == (2, [])
    load(folder)
    assert rows(folder, "SELECT id, name, background_url FROM artists") == [
        ("7", "Ada", "https://i1.sndcdn.com/visuals-7.jpg")
    ]
    assert rows(folder, "SELECT id, name FROM tracks") == [("8", "A < B")]
    [(body, user_id)] = rows(folder, "SELECT body, user_id FROM comments")
    assert body.endswith(" nice\r\n\u05d0") and "bob" not in body and user_id.startswith("person-")
    kept = b"".join(p.read_bytes() for p in folder.root.rglob("*") if p.is_file())
    assert b"Torino" not in kept and b"Bob" not in kept


def test_a_real_client_of_the_other_api_reads_the_same_things(folder, stand_in) -> None:
    soundcloud = pytest.importorskip("soundcloud")
    from soundcloud.requests import Request as Asked

    url, served = stand_in("soundcloud", artists=12)
    name = served.world.artist(0).name
    collect(
        folder,
        "soundcloud",
        url,
        "comments=all",
        scope=named(name),
        settings=Settings(keep_names=True),
    )
    load(folder)
    before, Asked.base = Asked.base, url
    try:
        client = soundcloud.SoundCloud(client_id="x" * 32)
        user = client.get_user(IDS.id_of("users", 0))
        tracks = list(client.get_user_tracks(user.id))
        said = {
            (c.id, c.body, c.timestamp, c.user.username, str(c.track_id))
            for track in tracks
            for c in client.get_track_comments(track.id)
        }
        client._session.close()
    finally:
        Asked.base = before
    assert rows(folder, f"SELECT name, followers FROM artists WHERE id = '{user.id}'") == [
        (user.username, user.followers_count)
    ]
    ours = rows(
        folder, "SELECT id, name, full_ms FROM (SELECT *, duration_ms AS full_ms FROM tracks)"
    )
    assert {(t.id, t.title, t.full_duration) for t in tracks} == {
        (int(i), n, d) for i, n, d in ours
    }
    held = rows(
        folder,
        "SELECT id, body, timestamp_ms, user_name, track_id FROM comments"
        " WHERE user_id IS NOT NULL AND timestamp_ms IS NOT NULL",
    )
    readable = {
        str(IDS.id_of("tracks", u)) for u in served.service._uploads if served.service._readable(u)
    }
    assert {(int(i), b, t, n, k) for i, b, t, n, k in held} == {s for s in said if s[4] in readable}
    assert len(held) > 20


def test_a_redirect_to_another_host_gets_no_token(folder, stand_in) -> None:
    url, served = stand_in(
        "soundcloud", artists=4, faults=[Rule("redirect_elsewhere", on="resolve")]
    )
    page = f"https://soundcloud.com/{served.service.objects.handle(1)}"
    _, scope = select("soundcloud", Selection([page], "", [], "", []), {})
    with pytest.raises(StoreError, match="redirected: to elsewhere"):
        collect(folder, "soundcloud", url, "tracks=all", scope=scope)


def test_refused_again_and_again_is_parked_for_an_hour(folder, stand_in, monkeypatch) -> None:
    monkeypatch.setattr(limiter, "REFUSED_SECONDS_MAX", 0.0)
    url, _ = stand_in("soundcloud", artists=4, rate="2/60s")
    result = collect(folder, "soundcloud", url, "comments=all")
    assert (result.status, result.exit_code) == ("parked", 4)


def test_names_of_media_and_kinds_are_checked_before_anything_is_asked(folder) -> None:
    from phonofilm.media.wanted import parse_roles

    assert parse_roles("all", SOUNDCLOUD)[:2] == ["artwork", "profile"]
    with pytest.raises(UsageError, match="no media called"):
        parse_roles("posters", SOUNDCLOUD)
    with pytest.raises(UsageError, match="gives no preview"):
        parse_roles("preview", SOUNDCLOUD)
