"""Links and ids of every source: as people copy them, and what is near them and means nothing."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.preflight import unobtainable_kinds
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.records import kinds
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Link
from phonofilm.sources.links import is_share_link, parse_id

MBID = "f59c5520-5f46-4d2c-b2c4-822eabf53419"
SPOTIFY = "4Z8W4fKeB5YxbusRsdQVPb"
# Source, what a person copies, and the kind and id that are meant; no kind: nothing of this source;
# `share`: a short address that the source's app makes.
FORMS = f"""
spotify https://open.spotify.com/artist/{SPOTIFY}?si=1 artist {SPOTIFY}
spotify https://open.spotify.com/intl-de/album/{SPOTIFY} album {SPOTIFY}
spotify https://open.spotify.com/intl-pt-br/track/{SPOTIFY}/ track {SPOTIFY}
spotify https://open.spotify.com/embed/playlist/{SPOTIFY} playlist {SPOTIFY}
spotify https://open.spotify.com/user/ada/playlist/{SPOTIFY} playlist {SPOTIFY}
spotify https://play.spotify.com/track/{SPOTIFY} track {SPOTIFY}
spotify https://api.spotify.com/v1/albums/{SPOTIFY}?market=DE album {SPOTIFY}
spotify https://open.spotify.com/album/{SPOTIFY}?highlight=spotify:track:0000000000000000000000 album {SPOTIFY}
spotify HTTPS://OPEN.SPOTIFY.COM/track/{SPOTIFY} track {SPOTIFY}
spotify open.spotify.com/track/{SPOTIFY} track {SPOTIFY}
spotify spotify:track:{SPOTIFY} track {SPOTIFY}
spotify spotify:user:ada:playlist:{SPOTIFY} playlist {SPOTIFY}
spotify spotify:playlist:{SPOTIFY}?si=1 playlist {SPOTIFY}
spotify https://spotify.link/abCD12 share
spotify https://spotify.app.link/abCD12 share
spotify https://open.spotify.com/episode/{SPOTIFY}
spotify https://open.spotify.com/user/ada
spotify https://open.spotify.com/search/{SPOTIFY}
spotify spotify:local:a:b:c:1
spotify spotify:track:{SPOTIFY}x
spotify https://www.deezer.com/artist/27
deezer https://www.deezer.com/fr/artist/27 artist 27
deezer https://www.deezer.com/playlist/908622995 playlist 908622995
deezer https://www.deezer.com/en-gb/track/3135556?utm_source=x track 3135556
deezer deezer.com/album/302127 album 302127
deezer http://www.deezer.com/us/artist/27/top_track artist 27
deezer https://api.deezer.com/artist/27/albums artist 27
deezer https://widget.deezer.com/widget/dark/playlist/5 playlist 5
deezer deezer:album:302127 album 302127
deezer https://link.deezer.com/s/30abc share
deezer https://deezer.page.link/Ab1 share
deezer https://www.deezer.com/artist/0
deezer https://www.deezer.com/track/-3097068383
deezer https://www.deezer.com/profile/7
deezer https://www.deezer.com/show/27
deezer https://open.spotify.com/artist/{SPOTIFY}
musicbrainz https://musicbrainz.org/artist/{MBID} artist {MBID}
musicbrainz https://musicbrainz.org/release/{MBID}/cover-art album {MBID}
musicbrainz https://musicbrainz.org/recording/{MBID} track {MBID}
musicbrainz https://musicbrainz.org/artist/{MBID.upper()} artist {MBID}
musicbrainz https://beta.musicbrainz.org/artist/{MBID} artist {MBID}
musicbrainz https://musicbrainz.org/ws/2/artist/{MBID}?inc=aliases artist {MBID}
musicbrainz https://musicbrainz.org/work/{MBID}
musicbrainz https://musicbrainz.org/release-group/{MBID}
listenbrainz https://listenbrainz.org/artist/{MBID}/ artist {MBID}
listenbrainz https://listenbrainz.org/artist/{MBID.upper()} artist {MBID}
listenbrainz https://listenbrainz.org/user/rob
reccobeats USUM72409273 track_code USUM72409273
reccobeats us-um7-24-09273 track_code USUM72409273
reccobeats {SPOTIFY} track_code {SPOTIFY}
reccobeats spotify:track:{SPOTIFY} track_code {SPOTIFY}
reccobeats https://open.spotify.com/intl-de/track/{SPOTIFY}?si=1 track_code {SPOTIFY}
reccobeats https://open.spotify.com/artist/{SPOTIFY}
reccobeats spotify:artist:{SPOTIFY}
reccobeats USUM7240927
itunes https://music.apple.com/us/album/x/1440833098?i=1440833102 track 1440833102
itunes https://music.apple.com/us/album/x/1440833098?uo=4&i=1440833102 track 1440833102
itunes https://music.apple.com/us/album/x/1440833098?i=x album 1440833098
itunes https://music.apple.com/us/album/discovery/697194953 album 697194953
itunes https://music.apple.com/us/artist/daft-punk/5468295 artist 5468295
itunes https://music.apple.com/us/artist/id5468295 artist 5468295
itunes https://music.apple.com/gb/song/one-more-time/697195462 track 697195462
itunes https://itunes.apple.com/us/album/discovery/id697194953 album 697194953
itunes https://geo.music.apple.com/album/697194953 album 697194953
itunes https://apple.co/3xYz share
itunes https://music.apple.com/us/playlist/x/pl.f4d106fed2bd41149aaacabb233eb5eb
itunes https://apps.apple.com/us/app/x/id5468295
jamendo https://www.jamendo.com/artist/7/both artist 7
jamendo https://www.jamendo.com/de/track/168/j-m-e-f-m track 168
jamendo https://jamen.do/t/168 share
jamendo https://www.jamendo.com/community/7
soundcloud soundcloud:users:7 artist 7
soundcloud soundcloud:playlists:7 playlist 7
soundcloud https://api.soundcloud.com/tracks/13158665 track 13158665
soundcloud https://api.soundcloud.com/tracks/soundcloud%3Atracks%3A13158665 track 13158665
soundcloud https://api-v2.soundcloud.com/playlists/405726851 playlist 405726851
soundcloud https://soundcloud.com/noor artist_link https://soundcloud.com/noor
soundcloud https://soundcloud.com/noor/tracks artist_link https://soundcloud.com/noor
soundcloud https://soundcloud.com/noor?ref=clipboard artist_link https://soundcloud.com/noor
soundcloud https://m.soundcloud.com/noor/dawn?x=1 track_link https://soundcloud.com/noor/dawn
soundcloud https://soundcloud.com/noor/dawn/s-AbC1#t=1:02 track_link https://soundcloud.com/noor/dawn/s-AbC1
soundcloud https://soundcloud.com/noor/dawn?in=ada/sets/one track_link https://soundcloud.com/noor/dawn
soundcloud soundcloud.com/noor/sets/one playlist_link https://soundcloud.com/noor/sets/one
soundcloud https://soundcloud.com/noor/stream track_link https://soundcloud.com/noor/stream
soundcloud https://on.soundcloud.com/jXk3QpZ share
soundcloud https://soundcloud.com/discover
soundcloud https://soundcloud.com/discover/sets/charts-top:all-music:de
soundcloud https://soundcloud.com/search?q=noor
soundcloud https://soundcloud.com/tags/techno
soundcloud https://soundcloud.com/stations/artist/noor
soundcloud https://soundcloud.com/you/likes
soundcloud https://soundcloud.com/noor/likes
soundcloud https://soundcloud.com/noor/Followers
soundcloud https://soundcloud.com
beatport https://www.beatport.com/track/strobe/1696999 track 1696999
beatport https://www.beatport.com/de/release/for-lack/1234?a=b album 1234
beatport https://www.beatport.com/label/mau5trap/9123 label 9123
beatport https://www.beatport.com/genre/house/5/top-100 genre 5
beatport https://api.beatport.com/v4/catalog/tracks/1696999/ track 1696999
beatport https://www.beatport.com/chart/summer/7
imdb https://www.imdb.com/title/tt0133093/ title tt0133093
imdb https://m.imdb.com/title/tt0133093/reference?ref_=x title tt0133093
imdb https://www.imdb.com/de/title/tt0133093 title tt0133093
imdb TT0133093 title tt0133093
imdb https://www.imdb.com/name/nm0000206/
imdb tt133
tmdb https://www.themoviedb.org/movie/128-princess-mononoke title movie/128
tmdb https://www.themoviedb.org/tv/26209?language=de title tv/26209
tmdb https://api.themoviedb.org/3/movie/128 title movie/128
tmdb https://www.imdb.com/title/tt0119698/ imdb_id tt0119698
tmdb tv/26209 title tv/26209
tmdb tt0119698 imdb_id tt0119698
tmdb https://www.themoviedb.org/person/608
tmdb movie/0
wikidata https://www.wikidata.org/wiki/Q186572 title Q186572
wikidata http://www.wikidata.org/entity/Q186572 title Q186572
wikidata https://m.wikidata.org/wiki/Q186572 title Q186572
wikidata https://www.wikidata.org/wiki/Special:EntityData/Q186572.json title Q186572
wikidata Q186572 title Q186572
wikidata tt0119698 imdb_id tt0119698
wikidata https://www.wikidata.org/wiki/Property:P345
wikidata Q0
"""


def forms(*, valid: bool | None = None) -> list[tuple[str, str, Link | None]]:
    rows = [line.split() for line in FORMS.splitlines() if line]
    table = [(n, text, Link(*named) if len(named) == 2 else None) for n, text, *named in rows]
    return [row for row in table if valid is None or valid is bool(row[2])]


VALID = forms(valid=True)
ADDRESSES = [row for row in VALID if "." in row[1].split("/")[0] or "://" in row[1]]
SHARED = [line.split()[:2] for line in FORMS.splitlines() if line.endswith(" share")]


@pytest.fixture(params=source_names())
def source(request):
    return get(request.param)


@pytest.mark.parametrize(("name", "text", "link"), forms())
def test_links_are_read_as_people_copy_them(name: str, text: str, link: Link | None) -> None:
    assert get(name).parse_link(text) == link
    assert is_share_link(get(name).manifest, text) is ([name, text] in SHARED)


@pytest.mark.parametrize(("name", "text", "link"), VALID)
def test_a_link_is_read_with_what_clings_to_it(name: str, text: str, link: Link) -> None:
    for clinging in (f" {text}\n", f'"{text}"', f"<{text}>"):
        assert get(name).parse_link(clinging) == link


@pytest.mark.parametrize(("name", "text", "link"), ADDRESSES)
def test_an_address_is_read_from_its_host_and_path_alone(name: str, text: str, link: Link) -> None:
    address = re.sub(r"^[^:]+://", "", text)
    host, _, path = address.partition("/")
    assert get(name).parse_link(f"{text}#top") == link
    for other in ADDRESSES:
        joiner = "&" if "?" in text else "?"
        assert get(name).parse_link(f"{text}{joiner}highlight={quote(other[1])}") == link
    foreign = (
        f"https://example.org/?url={text}",
        f"https://example.org/{address}",
        f"https://example.org/{quote(text, safe='')}",
        f"https://{host}.example.org/{path}",
        f"https://example-{host}/{path}",
        f"https://{host}@example.org/{path}",
        f"https://ada@{host}/{path}",
        f"https://{host}:8080/{path}",
        f"ftp://{address}",
        f"see {text}",
        f"{text} and {text}",
    )
    for other_text in foreign:
        assert get(name).parse_link(other_text) is None, other_text


def test_no_source_reads_the_links_of_another_one_as_something_else(source) -> None:
    for _, text, link in ADDRESSES:
        parsed = source.parse_link(text)
        assert parsed is None or parsed.id == link.id, text


def test_every_source_has_examples_of_links_or_says_in_words_why_not(source) -> None:
    table = source.manifest.links
    read = {name for name, _, _ in VALID}
    named = bool(table.patterns or table.uris or table.addresses)
    assert named is (source.manifest.name in read) is not bool(table.none)
    refused = {name for name, text, _ in forms(valid=False) if [name, text] not in SHARED}
    assert not named or source.manifest.name in refused
    assert bool(table.share_hosts) is (source.manifest.name in {name for name, _ in SHARED})


def test_a_pattern_of_links_begins_with_a_host_and_names_a_kind_that_there_is(source) -> None:
    table = source.manifest.links
    host = re.compile(r"[^/]*\\\.(?:com|org)/")
    for pattern in (*table.patterns, *table.addresses.values()):
        assert host.match(pattern), pattern
    for pattern in (*table.patterns, *table.uris):
        assert {"kind", "id"} <= re.compile(pattern).groupindex.keys()
    groups = {g for p in table.addresses.values() for g in re.compile(p).groupindex}
    assert table.reserved.keys() <= groups
    assert {"id"} <= groups or not table.addresses
    named = {*table.prefixes.values(), *table.kinds.values(), *table.addresses}
    assert named | {*table.parameters.values()} <= kinds.BY_NAME.keys()


def test_ids_in_links_are_ids_of_the_source(source) -> None:
    manifest = source.manifest
    for name, text, link in VALID:
        if name == manifest.name and link.kind in kinds.SEARCHABLE:
            assert parse_id(manifest.ids, link.id) == link.id, text
    if manifest.endpoints and not manifest.links.none:
        for nonsense in ("", "nonsense", "-1", "0", "1 2", "a,b", "\x00"):
            assert parse_id(manifest.ids, nonsense) is None, nonsense


@given(
    st.text(max_size=40),
    st.sampled_from(["", "https://", "http://[", "//", "x:", "soundcloud.com/"]),
)
def test_any_text_is_a_link_or_none(text: str, begin: str) -> None:
    for name in source_names():
        link = get(name).parse_link(f"{begin}{text}")
        assert link is None or (link.kind in kinds.BY_NAME and link.id)
        is_share_link(get(name).manifest, f"{begin}{text}")


@pytest.mark.parametrize(("name", "text", "link"), VALID)
def test_a_link_alone_says_what_is_wanted(name: str, text: str, link: Link) -> None:
    source = get(name)
    wants, _ = select(name, Selection(urls=[text], genre="", artists=[], playlist="", ids=[]), {})
    manifest = source.manifest
    levels = [level for level in manifest.access if level not in ("datasets", "dumps")]
    missing = [unobtainable_kinds(manifest, level, Goal(wants)) for level in levels]
    assert min(map(len, missing)) < len(wants)
