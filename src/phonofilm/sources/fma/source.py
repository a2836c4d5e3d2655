"""The FMA dataset: which files it has, what stands in them, where its clips lie.

`tracks.csv` has three lines of names, and columns are found by name. Licences stand as titles there
and as addresses in `raw_tracks.csv`; where only the title is at hand, it is read as an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from phonofilm.records import Album, Artist, Genre, Sound, Track
from phonofilm.records.values.traits import COUNT, DURATION_MS, ORDINAL, VERBATIM, Figure
from phonofilm.sources.bulk.cells import Cell, id_of, whole
from phonofilm.sources.bulk.contract import BulkSource, DumpTable, RecordQuery
from phonofilm.sources.contract import Link, Parser
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest

_TRACKS = (
    "track_id",
    "album.id",
    "album.title",
    "album.type",
    "album.date_released",
    "album.tracks",
    "artist.id",
    "artist.name",
    "artist.website",
    "set.subset",
    "set.split",
    "track.title",
    "track.duration",
    "track.number",
    "track.genre_top",
    "track.genres_all",
    "track.listens",
    "track.license",
    "track.date_recorded",
)
_GENRES = ("genre_id", "#tracks", "parent", "title", "top_level")
_RAW = ("track_id", "license_url", "license_title")
_CLIPS = ("track_id", "path", "bytes", "sha256", "content_type")


# -1 is its word for what it does not know.
_CELLS = {
    "track_id": id_of("track"),
    "album.tracks": whole(COUNT, "-1"),
    "artist.id": id_of("artist"),
    "track.duration": whole(Figure(1, DURATION_MS.maximum // 1000, zero_unknown=True), "-1"),
    "track.number": whole(ORDINAL, "-1"),
    "track.listens": whole(COUNT, "-1"),
}


def _csv(
    name: str,
    columns: tuple[str, ...],
    key: str,
    header: int = 1,
    cells: Mapping[str, Cell] | None = None,
) -> DumpTable:
    files = (f"fma_metadata/{name}.csv", f"{name}.csv")
    return DumpTable(
        name=name,
        columns=columns,
        key=(key,),
        cells=cells or {},
        packing="csv",
        files=files,
        header=header,
    )


def licence_of(title: str) -> str:
    """Return SQL for the URL of a Creative Commons licence by its title; null for any other."""
    kind = " || ".join(
        f"CASE WHEN {title} ILIKE '%{word}%' THEN '{part}' ELSE '' END"
        for word, part in (
            ("NonCommercial", "-nc"),
            ("NoDeriv", "-nd"),
            ("No Derivative", "-nd"),
            ("Share", "-sa"),
        )
    )
    version = f"coalesce(nullif(regexp_extract({title}, '([0-9]\\.[0-9])', 1), ''), '3.0')"
    return (
        f"CASE WHEN {title} ILIKE '%attribution%' THEN 'http://creativecommons.org/licenses/by'"
        f" || replace({kind}, '-nd-nd', '-nd') || '/' || {version} || '/'"
        f" WHEN {title} ILIKE '%CC0%' OR {title} ILIKE '%public domain%'"
        " THEN 'http://creativecommons.org/publicdomain/zero/1.0/' END"
    )


def _int(name: str) -> str:
    return f'whole_number("{name}")'


_BY_TITLE = licence_of('t."track.license"')
_LICENCE = f"coalesce(nullif(w.license_url, ''), {_BY_TITLE})"
_TRACK_SQL = f"""SELECT t.track_id AS id, t."track.title" AS name, [t."artist.id"] AS artist_ids,
    [t."artist.name"] AS artist_names, nullif(t."album.id", '-1') AS album_id,
    t."album.title" AS album_name, {_int("track.duration")} * 1000 AS duration_ms,
    {_int("track.number")} AS track_number, coalesce(list_filter(list_transform(
        regexp_extract_all(t."track.genres_all", '[0-9]+'), lambda g: names.title_of[g]),
        lambda n: n IS NOT NULL), []) AS genres, {_int("track.listens")} AS listens,
    {_LICENCE} AS licence_url, "album.date_released" AS release_date
    FROM tracks t LEFT JOIN raw_tracks w ON w.track_id = t.track_id
    CROSS JOIN (SELECT coalesce(map(list(genre_id), list(title)), MAP {{}}) AS title_of
        FROM genres) names WHERE try_cast(t.track_id AS BIGINT) IS NOT NULL"""
_ARTIST_SQL = """SELECT "artist.id" AS id, any_value("artist.name") AS name,
    any_value(nullif("artist.website", '')) AS url FROM tracks
    WHERE try_cast("artist.id" AS BIGINT) IS NOT NULL GROUP BY 1"""
_ALBUM_SQL = f"""SELECT "album.id" AS id, any_value("album.title") AS name,
    lower(any_value("album.type")) AS album_type, list(DISTINCT "artist.id") AS artist_ids,
    any_value("album.date_released") AS release_date,
    any_value({_int("album.tracks")}) AS total_tracks FROM tracks
    WHERE try_cast("album.id" AS BIGINT) > 0 GROUP BY 1"""
_GENRE_SQL = (
    """SELECT genre_id AS id, title AS name, nullif(parent, '0') AS parent_id FROM genres"""
)
_SOUND_SQL = f"""SELECT c.path AS id, c.track_id, c.bytes::BIGINT AS bytes, c.sha256,
    NULL::BIGINT AS duration_ms, {_LICENCE} AS licence_url FROM clips c
    LEFT JOIN tracks t ON t.track_id = c.track_id
    LEFT JOIN raw_tracks w ON w.track_id = c.track_id"""


class Fma(BulkSource, HttpSource):
    """Files alone."""

    parsers: ClassVar[Mapping[str, Parser]] = {}
    tables: Mapping[str, DumpTable] = {
        "tracks": _csv("tracks", _TRACKS, "track_id", header=3, cells=_CELLS),
        "genres": _csv("genres", _GENRES, "genre_id"),
        "raw_tracks": _csv("raw_tracks", _RAW, "track_id"),
        "clips": DumpTable(
            name="clips",
            columns=_CLIPS,
            key=("path",),
            cells={"path": Cell(VERBATIM, unless="coalesce(content_type, '') = ''")},
            packing="csv",
            files=("clips.csv",),
        ),
    }
    record_queries: Sequence[RecordQuery] = (
        RecordQuery(
            cls=Track,
            tables=("tracks", "raw_tracks", "genres"),
            sql=_TRACK_SQL,
            fields=(
                "name",
                "artist_ids",
                "artist_names",
                "album_id",
                "album_name",
                "duration_ms",
                "track_number",
                "genres",
                "listens",
                "licence_url",
                "release_date",
            ),
        ),
        RecordQuery(cls=Artist, tables=("tracks",), sql=_ARTIST_SQL, fields=("name", "url")),
        RecordQuery(
            cls=Album,
            tables=("tracks",),
            sql=_ALBUM_SQL,
            fields=("name", "album_type", "artist_ids", "release_date", "total_tracks"),
        ),
        RecordQuery(cls=Genre, tables=("genres",), sql=_GENRE_SQL, fields=("name", "parent_id")),
        RecordQuery(
            cls=Sound,
            tables=("clips", "tracks", "raw_tracks"),
            sql=_SOUND_SQL,
            fields=("track_id", "bytes", "sha256", "duration_ms", "licence_url"),
        ),
    )
    clips: Sequence[str] = ("fma_small", "fma_medium", "fma_large", "fma_full")

    def seeds(self, access: str) -> list[Link]:
        """Return no seeds, because the source has no requests."""
        return []


SOURCE = Fma(load_manifest(__package__))
