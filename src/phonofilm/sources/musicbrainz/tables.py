"""The JSON dumps: one line an entity, of which a few fields are read.

Recordings stand inside releases; those on none have a file of their own. Core data is CC0; genres
and tags are not, and go to a table of their own with their licence.
"""

from __future__ import annotations

from phonofilm.records import Album, Artist, ExternalId, Genre, Record, Tag, Track
from phonofilm.records.values.traits import DURATION_MS
from phonofilm.sources.bulk.cells import whole
from phonofilm.sources.bulk.contract import DumpTable, RecordQuery
from phonofilm.sources.musicbrainz.convert import TAG_LICENCE
from phonofilm.sources.musicbrainz.other_catalogues import patterns_of

_PAGE = "https://musicbrainz.org"
_TAGS = "STRUCT(name VARCHAR, count VARCHAR)[]"
_LINKS = "STRUCT(url STRUCT(resource VARCHAR), ended BOOLEAN)[]"
_PERSON = "STRUCT(id VARCHAR, name VARCHAR)"
_CREDIT = f"STRUCT(name VARCHAR, artist {_PERSON})[]"
_RECORDING = (
    f"STRUCT(id VARCHAR, title VARCHAR, length VARCHAR, disambiguation VARCHAR, isrcs VARCHAR[],"
    f' "artist-credit" {_CREDIT})'
)
_MEDIA = (
    'STRUCT(position VARCHAR, "track-count" VARCHAR,'
    f" tracks STRUCT(position VARCHAR, recording {_RECORDING})[])[]"
)


def _table(name: str, types: dict[str, str]) -> DumpTable:
    return DumpTable(
        name=name,
        columns=tuple(types),
        key=("id",),
        packing="json.tar",
        types=types,
        cells={"length": whole(DURATION_MS)} if "length" in types else {},
        files=(f"{name}.tar.xz", f"mbdump/{name}.tar.xz"),
    )


TABLES = {
    "artist": _table(
        "artist",
        {
            "id": "VARCHAR",
            "name": "VARCHAR",
            "type": "VARCHAR",
            "country": "VARCHAR",
            "disambiguation": "VARCHAR",
            "life-span": 'STRUCT("begin" VARCHAR)',
            "aliases": "STRUCT(name VARCHAR)[]",
            "genres": _TAGS,
            "tags": _TAGS,
            "relations": _LINKS,
        },
    ),
    "release": _table(
        "release",
        {
            "id": "VARCHAR",
            "title": "VARCHAR",
            "date": "VARCHAR",
            "barcode": "VARCHAR",
            "disambiguation": "VARCHAR",
            "artist-credit": _CREDIT,
            "label-info": "STRUCT(label STRUCT(name VARCHAR))[]",
            "release-group": (
                'STRUCT(id VARCHAR, "primary-type" VARCHAR, "secondary-types" VARCHAR[])'
            ),
            "media": _MEDIA,
            "genres": _TAGS,
            "tags": _TAGS,
        },
    ),
    "recording": _table(
        "recording",
        {
            "id": "VARCHAR",
            "title": "VARCHAR",
            "length": "VARCHAR",
            "disambiguation": "VARCHAR",
            "isrcs": "VARCHAR[]",
            "artist-credit": _CREDIT,
            "genres": _TAGS,
            "tags": _TAGS,
        },
    ),
}


def _blank(name: str) -> str:
    return f"nullif({name}, '')"


_CREDITED = """list_transform("artist-credit", lambda c: c.artist.id) AS artist_ids,
    list_transform("artist-credit", lambda c: coalesce(c.name, c.artist.name)) AS artist_names"""
_ISRC = "list_filter({0}, lambda i: isrc_of(i) IS NOT NULL)[1]"

_ARTISTS = f"""SELECT id, name, lower(type) AS artist_type,
    list_distinct(list_transform(aliases, lambda a: a.name)) AS aliases,
    {_blank("disambiguation")} AS disambiguation, country,
    "life-span"."begin" AS begin_date, '{_PAGE}/artist/' || id AS url FROM artist"""

_ALBUMS = f"""SELECT id, title AS name,
    CASE WHEN list_contains("release-group"."secondary-types", 'Compilation') THEN 'compilation'
    ELSE lower("release-group"."primary-type") END AS album_type, {_CREDITED},
    date AS release_date,
    nullif(list_sum(list_transform(media, lambda m: whole_number(m."track-count"))), 0)::BIGINT
    AS total_tracks,
    list_filter(list_transform("label-info", lambda l: l.label.name),
        lambda n: n IS NOT NULL)[1] AS label,
    barcode AS upc, "release-group".id AS group_id,
    {_blank("disambiguation")} AS disambiguation, '{_PAGE}/release/' || id AS url FROM release"""

# A recording stands on many releases: the first one by date is where it is found.
_PLACED = f"""SELECT rec.id AS id, rec.title AS name,
    list_transform(rec."artist-credit", lambda c: c.artist.id) AS artist_ids,
    list_transform(rec."artist-credit", lambda c: coalesce(c.name, c.artist.name)) AS artist_names,
    album_id, album_name, whole_number(rec.length) AS duration_ms,
    {_ISRC.format("rec.isrcs")} AS isrc,
    place AS track_number, disc AS disc_number, released AS release_date,
    {_blank("rec.disambiguation")} AS disambiguation, '{_PAGE}/recording/' || rec.id AS url
    FROM (SELECT album_id, album_name, released, disc, whole_number(t.position) AS place,
            t.recording AS rec
        FROM (SELECT album_id, album_name, released, whole_number(m.position) AS disc,
                unnest(m.tracks) AS t
            FROM (SELECT id AS album_id, title AS album_name, partial_date(date) AS released,
                unnest(media) AS m FROM release)))
    WHERE rec.id IS NOT NULL QUALIFY row_number() OVER (
        PARTITION BY rec.id ORDER BY released NULLS LAST, album_id, disc, place) = 1"""
_ALONE = f"""SELECT id, title AS name, {_CREDITED}, whole_number(length) AS duration_ms,
    {_ISRC.format("isrcs")} AS isrc, {_blank("disambiguation")} AS disambiguation,
    '{_PAGE}/recording/' || id AS url FROM recording"""

_LINKED = " UNION ALL ".join(
    f"SELECT id, '{scheme}' AS scheme, nullif(regexp_extract(link, '{pattern}', 1), '') AS value"
    " FROM links"
    for scheme, pattern in patterns_of("artist").items()
)
_IDS = f"""WITH links AS (SELECT id, relation.url.resource AS link
        FROM (SELECT id, unnest(relations) AS relation FROM artist)
        WHERE NOT coalesce(relation.ended, false))
    SELECT DISTINCT 'artist' AS of_kind, id AS of_id, scheme, value FROM ({_LINKED})
    WHERE value IS NOT NULL"""


def _tags(table: str, kind: str) -> str:
    """Return words of an entity; a genre is a tag that stands in MusicBrainz's list of genres."""
    return f"""SELECT '{kind}' AS of_kind, id AS of_id, w.name AS name,
        whole_number(w.count) AS votes,
        coalesce(list_contains(list_transform(genres, lambda g: g.name), w.name), false)
        AS is_genre,
        '{TAG_LICENCE}' AS licence FROM (SELECT id, genres, unnest(list_distinct(list_concat(
            coalesce(tags, []), coalesce(genres, [])))) AS w FROM {table})
        WHERE w.name IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY id, w.name ORDER BY whole_number(w.count) DESC NULLS LAST) = 1"""


_GENRES = """SELECT DISTINCT g.name AS id, g.name AS name
    FROM (SELECT unnest(genres) AS g FROM artist) WHERE g.name IS NOT NULL"""


def _query(cls: type[Record], table: str, sql: str, fields: str) -> RecordQuery:
    return RecordQuery(cls=cls, tables=(table,), sql=sql, fields=tuple(fields.split()))


# What standalone recordings tell, too.
_TRACK = "name artist_ids artist_names duration_ms isrc disambiguation url"
_TAG = "of_kind of_id name votes is_genre licence"
RECORD_QUERIES = (
    _query(
        Artist, "artist", _ARTISTS, "name artist_type aliases disambiguation country begin_date url"
    ),
    _query(Genre, "artist", _GENRES, "name"),
    _query(Tag, "artist", _tags("artist", "artist"), _TAG),
    _query(ExternalId, "artist", _IDS, "of_kind of_id scheme value"),
    _query(
        Album,
        "release",
        _ALBUMS,
        "name album_type artist_ids artist_names release_date release_date_precision total_tracks"
        " label upc group_id disambiguation url",
    ),
    _query(
        Track,
        "release",
        _PLACED,
        f"{_TRACK} album_id album_name track_number disc_number release_date",
    ),
    _query(Tag, "release", _tags("release", "album"), _TAG),
    _query(Track, "recording", _ALONE, _TRACK),
)
