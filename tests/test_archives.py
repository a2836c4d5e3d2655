"""Dumps that are archives: streamed, gone on with, refused when cut; features and clips."""

from __future__ import annotations

import asyncio
import functools
import io
import json
import lzma
import tarfile
from pathlib import Path

import msgspec
import pytest
import zstandard

from phonofilm.config import Settings
from phonofilm.errors import ShapeError, StoreError, TermsError, UsageError
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.landing import archive_stream, archives
from phonofilm.landing.hashing import file_sha256
from phonofilm.sandbox.services.musicbrainz import dumps
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sources.musicbrainz.tables import TABLES
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.export.row_choice import RowChoice
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

WORLD = GeneratedWorld(40, 7)


def imported(folder: Workspace, source: str, files: object, **more) -> ImportResult:
    options = ImportOptions(source, str(files), **more)
    return asyncio.run(import_dumps(folder, Settings(), options))


@functools.cache
def packed(entity: str) -> bytes:
    """A dump of the world, made once."""
    return dumps.archive(WORLD, entity)


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    """A folder of MusicBrainz's dumps of a small world."""
    folder = tmp_path / "dumps"
    folder.mkdir()
    for entity in dumps.ENTITIES:
        (folder / f"{entity}.tar.xz").write_bytes(packed(entity))
    return folder


def counts(folder: Workspace) -> dict[str, int]:
    with open_snapshot(folder) as connection:
        names = ("artists", "albums", "tracks", "tags", "external_ids")
        return {n: connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names}


def test_dumps_of_musicbrainz_become_tables(folder: Workspace, archived: Path) -> None:
    result = imported(folder, "musicbrainz", archived)
    load(folder)
    rows = counts(folder)
    assert rows["artists"] == result.files["artist"]["rows"]
    assert rows["albums"] == result.files["release"]["rows"]
    recordings = {
        t["recording"]["id"]
        for line in dumps.lines(WORLD, "release")
        for disc in line["media"]
        for t in disc["tracks"]
    }
    assert rows["tracks"] == len(recordings)
    assert rows["tags"] > 0 < rows["external_ids"]
    with open_snapshot(folder) as connection:
        licences = connection.execute("SELECT DISTINCT licence FROM tags").fetchall()
        assert licences == [("CC BY-NC-SA 3.0",)]
        unplaced = connection.execute(
            "SELECT count(*) FROM tracks WHERE track_number IS NULL OR album_id IS NULL"
        )
        assert unplaced.fetchone() == (0,)


def test_the_same_dumps_again_change_nothing(folder: Workspace, archived: Path) -> None:
    imported(folder, "musicbrainz", archived)
    load(folder)
    assert not imported(folder, "musicbrainz", archived).changed
    assert load(folder).inserted == {}


def test_dumps_say_the_same_as_the_service(folder: Workspace, archived: Path) -> None:
    imported(folder, "musicbrainz", archived)
    load(folder)
    line = next(iter(dumps.lines(WORLD, "artist")))
    with open_snapshot(folder) as connection:
        row = connection.execute(
            "SELECT name, artist_type, country, begin_date FROM artists WHERE id = ?", [line["id"]]
        ).fetchone()
    assert row == (line["name"], line["type"].lower(), line["country"], line["life-span"]["begin"])


def test_an_archive_that_ends_early_is_refused(folder: Workspace, archived: Path) -> None:
    path = archived / "release.tar.xz"
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(StoreError, match="not whole") as caught:
        imported(folder, "musicbrainz", archived)
    assert "last import stays" in caught.value.saved


def test_an_archive_of_something_else_is_refused(folder: Workspace, archived: Path) -> None:
    (archived / "artist.tar.xz").write_bytes(packed("release"))
    with pytest.raises(ShapeError, match="holds no artist"):
        imported(folder, "musicbrainz", archived)


def test_who_was_interrupted_parses_only_what_is_missing(
    tmp_path: Path, archived: Path, monkeypatch
) -> None:
    monkeypatch.setattr(archive_stream, "PIECE_BYTES", 4000)
    monkeypatch.setattr(archive_stream, "_READ_BYTES", 1000)
    path, table = archived / "release.tar.xz", TABLES["release"]
    real, parts = archives._write_part, []

    def counted(*arguments):
        if len(parts) == 3 and not interruptions:
            interruptions.append(1)
            raise KeyboardInterrupt
        parts.append(1)
        return real(*arguments)

    interruptions: list[int] = []
    monkeypatch.setattr(archives, "_write_part", counted)
    with pytest.raises(KeyboardInterrupt):
        archives.convert(path, table, tmp_path)
    first = len(parts)
    checked = archives.convert(path, table, tmp_path)
    assert len(parts) == checked.parts
    assert first == 3 < checked.parts
    assert checked.rows == sum(1 for _ in dumps.lines(WORLD, "release"))


@pytest.mark.parametrize("name", ["release.tar.xz", "release.tar.zst"])
def test_the_hash_of_an_archive_is_that_of_the_whole_file(tmp_path: Path, name: str) -> None:
    """A second machine compares it with the file that it fetched from the object store."""
    plain = lzma.decompress(packed("release"))
    path = tmp_path / name
    if name.endswith(".xz"):
        path.write_bytes(lzma.compress(plain) + lzma.compress(b"") * 100_000)
    else:
        path.write_bytes(zstandard.compress(plain) + SKIPPED_FRAME)
    table = TABLES["release"]
    assert archives.convert(path, table, tmp_path).sha256 == file_sha256(path)


SKIPPED_FRAME = b"\x50\x2a\x4d\x18" + (7_000_000).to_bytes(4, "little") + bytes(7_000_000)


def test_an_archive_of_several_zstandard_frames_is_read_to_its_end(tmp_path: Path) -> None:
    plain = lzma.decompress(packed("release"))
    frames = [
        zstandard.compress(plain[start : start + 50_000]) for start in range(0, len(plain), 50_000)
    ]
    path = tmp_path / "release.tar.zst"
    path.write_bytes(b"".join(frames))
    seen = archives.convert(path, TABLES["release"], tmp_path)
    assert len(frames) > 2
    assert seen.rows == sum(1 for _ in dumps.lines(WORLD, "release"))


def test_a_line_that_does_not_parse_costs_itself(folder: Workspace, archived: Path) -> None:
    lines = [msgspec.json.encode(line) for line in dumps.lines(WORLD, "artist")]
    lines.insert(3, b'{"id": "half')
    lines.insert(9, b'{"id": "x", "name": "y", "aliases": "no list"}')
    (archived / "artist.tar.xz").write_bytes(_archive("mbdump/artist", b"\n".join(lines)))
    assert imported(folder, "musicbrainz", archived).files["artist"]["rows"] == len(lines) - 2
    assert load(folder).quarantined == 2
    with open_snapshot(folder) as connection:
        rows = connection.execute("SELECT source, excerpt FROM quarantine").fetchall()
    assert {source for source, _ in rows} == {"musicbrainz"}
    assert any("no list" in str(excerpt) for _, excerpt in rows)
    rows_again = imported(folder, "musicbrainz", archived)
    assert not rows_again.changed


ODD = ["nan", "-5", "abc", 1.5, 10**30, True, {"a": 1}, "1_000", ""]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_an_odd_figure_of_a_recording_costs_itself(
    folder: Workspace, archived: Path, value: object
) -> None:
    alone = {"id": "0b0b0b0b-0000-4000-8000-000000000000", "title": "Alone", "length": value}
    body = msgspec.json.encode(alone)
    (archived / "recording.tar.xz").write_bytes(_archive("mbdump/recording", body))
    release = next(iter(dumps.lines(WORLD, "release")))
    odd = release["media"][0]["tracks"][0]
    odd["recording"]["length"], odd["position"] = value, value
    body = msgspec.json.encode(release)
    (archived / "release.tar.xz").write_bytes(_archive("mbdump/release", body))
    imported(folder, "musicbrainz", archived)
    result = load(folder)
    assert result.quarantined == 0
    counted = sum(result.findings.get(k, 0) for k in ("odd_value", "no_number_in_length"))
    assert counted == (value != "")
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT duration_ms FROM tracks WHERE id IN (?, ?)",
            [alone["id"], odd["recording"]["id"]],
        ).fetchall()
    assert rows == [(None,), (None,)]


def test_what_is_no_archive_is_refused(folder: Workspace, tmp_path: Path) -> None:
    page = b"<html><title>Just a page</title></html>"
    (tmp_path / "acousticbrainz-lowlevel-features-20220623-rhythm.tar.zst").write_bytes(page)
    with pytest.raises(StoreError, match="damaged"):
        imported(folder, "acousticbrainz", tmp_path)
    (tmp_path / "artist.tar.xz").write_bytes(page)
    with pytest.raises(StoreError, match="damaged"):
        imported(folder, "musicbrainz", tmp_path)
    (tmp_path / "tracks.csv").write_bytes("track_id,Ümläut\n".encode("latin-1"))
    with pytest.raises(ShapeError, match="no such CSV"):
        imported(folder, "fma", tmp_path)


def test_a_line_that_is_no_text_costs_itself(folder: Workspace, tmp_path: Path) -> None:
    stem = "acousticbrainz-lowlevel-features-20220623"
    body = RHYTHM.encode() + b"\xff\xfe,0,1,1,1,1,1,1,1\n"
    packed = _archive(f"{stem}/rhythm.csv", body, zstandard.compress)
    (tmp_path / f"{stem}-rhythm.tar.zst").write_bytes(packed)
    assert imported(folder, "acousticbrainz", tmp_path).files["rhythm"]["rows"] == 4


def _archive(name: str, body: bytes, pack=lzma.compress) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    return pack(packed.getvalue())


def test_dumps_come_over_http_and_only_when_they_changed(folder: Workspace, stand_in) -> None:
    url, served = stand_in("musicbrainz", artists=20)
    assert imported(folder, "musicbrainz", url).changed
    assert not imported(folder, "musicbrainz", url).changed
    assert served.calls["dump:artist"] == {200: 1, 304: 1}
    load(folder)
    assert counts(folder)["artists"] > 10


def test_there_is_no_part_of_these_dumps(folder: Workspace, archived: Path) -> None:
    with pytest.raises(UsageError, match="no part"):
        imported(folder, "musicbrainz", archived, only="anime")


RHYTHM = """mbid,submission_offset,bpm,bpm_histogram_first_peak_bpm_mean,\
bpm_histogram_first_peak_bpm_median,bpm_histogram_second_peak_bpm_mean,\
bpm_histogram_second_peak_bpm_median,danceability,onset_rate
a,0,120.7,120,120,133,133,0.99,2.8
a,1,121.5,120,120,133,133,nan,2.8
a,2,60.1,120,120,133,133,0.1,2.8
b,0,nan,120,120,133,133,0.1,2.8
"""
TONAL = """mbid,submission_offset,key_key,key_scale,tuning_frequency,tuning_equal_tempered_deviation
a,0,Bb,minor,440,0.1
a,1,A#,minor,440,0.1
a,2,Bb,minor,440,0.1
"""


def test_the_middle_of_several_measures_stands(folder: Workspace, tmp_path: Path) -> None:
    stem = "acousticbrainz-lowlevel-features-20220623"
    for name, text in (("rhythm", RHYTHM), ("tonal", TONAL)):
        packed = _archive(f"{stem}/{name}.csv", text.encode(), zstandard.compress)
        (tmp_path / f"{stem}-{name}.tar.zst").write_bytes(packed)
    imported(folder, "acousticbrainz", tmp_path)
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT id, tempo, key, mode FROM features ORDER BY id"
        ).fetchall()
    assert rows == [("a", 120.7, 10, 0)]


@pytest.mark.parametrize("value", ["nan", "-5", "abc", "0x1F", "9" * 400, "inf", "-1", ""])
@pytest.mark.parametrize("column", [0, 2])
def test_an_odd_cell_of_the_features_costs_itself(
    folder: Workspace, tmp_path: Path, column: int, value: str
) -> None:
    stem = "acousticbrainz-lowlevel-features-20220623"
    lines = RHYTHM.splitlines()[:-1]
    cells = ["c", "0", "128.0", "1", "1", "1", "1", "0.5", "1"]
    cells[column] = value
    body = "\n".join([*lines, ",".join(cells)]) + "\n"
    packed = _archive(f"{stem}/rhythm.csv", body.encode(), zstandard.compress)
    (tmp_path / f"{stem}-rhythm.tar.zst").write_bytes(packed)
    imported(folder, "acousticbrainz", tmp_path)
    result = load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute("SELECT id, tempo FROM features ORDER BY id").fetchall()
    is_id = value in ("nan", "abc", "0x1F", "9" * 400, "inf")  # any word may be an id
    if column == 2:
        assert rows == [("a", 120.7)]
        assert sum(result.findings.values()) == (value != "")
    else:
        assert rows == sorted([("a", 120.7), *([(value, 128.0)] if is_id else [])])
        assert result.quarantined == (not is_id)


def test_other_columns_than_expected_are_refused(folder: Workspace, tmp_path: Path) -> None:
    stem = "acousticbrainz-lowlevel-features-20220623"
    packed = _archive(f"{stem}/rhythm.csv", b"mbid,tempo\na,1\n", zstandard.compress)
    (tmp_path / f"{stem}-rhythm.tar.zst").write_bytes(packed)
    with pytest.raises(ShapeError, match="other columns"):
        imported(folder, "acousticbrainz", tmp_path)


FMA = """,album,album,artist,artist,set,track,track,track,track,track,track
,id,title,id,name,subset,duration,genre_top,genres_all,license,listens,title
track_id,,,,,,,,,,,
2,1,AWOL,1,AWOL,small,168,Hip-Hop,[21],Attribution-NonCommercial-ShareAlike 3.0 International,1293,Food
3,1,"AWOL, ""A""
Way",1,AWOL,medium,237,Hip-Hop,"[21, 38]",Attribution 4.0,514,Electric Ave
5,-1,,7,Ümläut,large,20,,[],CC0 1.0 Universal,-1,Zero
"""


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    """The dataset of three tracks and two clips."""
    root = tmp_path / "fma"
    (root / "fma_metadata").mkdir(parents=True)
    (root / "fma_metadata" / "tracks.csv").write_text(FMA, encoding="utf-8")
    (root / "fma_metadata" / "genres.csv").write_text(
        "genre_id,#tracks,parent,title,top_level\n21,8389,0,Hip-Hop,21\n38,9,21,Trip,21\n"
    )
    (root / "fma_small" / "000").mkdir(parents=True)
    for number in (2, 3):
        (root / "fma_small" / "000" / f"{number:06d}.mp3").write_bytes(
            b"\xff\xfb\x90" + bytes([number])
        )
    (root / "fma_small" / "000" / "checksums").write_text("not a clip")
    return root


def test_the_fma_dataset_comes_with_genres_licences_and_clips(folder, fma: Path) -> None:
    imported(folder, "fma", fma)
    load(folder)
    with open_snapshot(folder) as connection:
        tracks = connection.execute(
            "SELECT id, name, genres, licence_url, duration_ms, album_name FROM tracks ORDER BY id"
        ).fetchall()
        sounds = connection.execute(
            "SELECT id, track_id, licence_url, bytes FROM sounds"
        ).fetchall()
        above = connection.execute("SELECT parent_id FROM genres WHERE name = 'Trip'").fetchone()
    by_nc_sa = "http://creativecommons.org/licenses/by-nc-sa/3.0/"
    assert tracks[0] == ("2", "Food", ["Hip-Hop"], by_nc_sa, 168_000, "AWOL")
    assert tracks[1][2:] == (
        ["Hip-Hop", "Trip"],
        "http://creativecommons.org/licenses/by/4.0/",
        237_000,
        'AWOL, "A"\nWay',
    )
    assert tracks[2][3] == "http://creativecommons.org/publicdomain/zero/1.0/"
    assert ("media/fma/000/000002.mp3", "2", by_nc_sa, 4) in sounds
    assert (folder.root / "media/fma/000/000003.mp3").read_bytes() == b"\xff\xfb\x90\x03"
    assert above == ("21",)


def test_clips_have_the_genres_of_their_tracks(folder, fma: Path, tmp_path: Path) -> None:
    imported(folder, "fma", fma)
    load(folder)
    trip = RowChoice(genre="trip")
    (written,) = export(folder, "clips", "jsonl", tmp_path / "trip.jsonl", rows=trip)
    [clip] = [json.loads(line) for line in written.path.read_text("utf-8").splitlines()]
    assert clip["genres"] == ["Hip-Hop", "Trip"]
    assert (folder.root / clip["path"]).is_file()
    (every,) = export(folder, "clips", "csv", tmp_path / "clips.csv")
    assert every.rows > written.rows


@pytest.mark.parametrize(
    "content",
    [b"", b"ID3\x04\x00\x00\x00\x00\x00\x02ab", b"<!DOCTYPE html><p>404", b"{}", b"\x00" * 400],
    ids=["empty", "tags alone", "a page", "JSON", "zeros"],
)
def test_a_file_without_sound_is_no_clip_and_a_finding(folder, fma: Path, content: bytes) -> None:
    path = Path("fma_small", "000", "000003.mp3")
    (fma / path).write_bytes(content)
    imported(folder, "fma", fma)
    result = load(folder)
    with open_snapshot(folder) as connection:
        sounds = connection.execute("SELECT track_id FROM sounds").fetchall()
    assert sounds == [("2",)]
    assert any("media/fma/000/000003.mp3" in example for example in result.examples.values())
    assert not (folder.root / "media/fma/000/000003.mp3").exists()


@pytest.mark.parametrize("value", ["nan", "-5", "abc", "1.5", "9" * 30, "10,5"])
def test_an_odd_figure_of_the_fma_dataset_costs_itself(folder, fma: Path, value: str) -> None:
    path = fma / "fma_metadata" / "tracks.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(",237,") == 1
    path.write_text(text.replace(",237,", f',"{value}",'), encoding="utf-8")
    imported(folder, "fma", fma)
    result = load(folder)
    assert result.inserted["tracks"] == 3
    assert sum(result.findings.values()) == 1
    assert "track.duration" in next(iter(result.examples.values()))
    with open_snapshot(folder) as connection:
        rows = connection.execute("SELECT duration_ms FROM tracks ORDER BY id").fetchall()
    assert rows[1] == (None,)


def test_a_licence_that_does_not_allow_what_is_asked_is_named(folder, fma: Path, tmp_path) -> None:
    imported(folder, "fma", fma)
    load(folder)
    out = tmp_path / "tracks.csv"
    with pytest.raises(TermsError, match="by-nc-sa") as caught:
        export(folder, "tracks", "csv", out, rows=RowChoice(use="commercial"))
    assert caught.value.exit_code == 3
    assert not out.exists()
    (written,) = export(
        folder, "tracks", "csv", out, rows=RowChoice(use="commercial", leave_out=True)
    )
    assert written.rows == 2
    (whole,) = export(folder, "tracks", "csv", out, rows=RowChoice(use="share"))
    assert whole.rows == 3
    with pytest.raises(UsageError, match="no use"):
        export(folder, "tracks", "csv", out, rows=RowChoice(use="fun"))


@pytest.mark.parametrize("table", ["discography", "runs"])
def test_what_cannot_be_judged_is_refused(folder, fma: Path, tmp_path, table: str) -> None:
    imported(folder, "fma", fma)
    load(folder)
    if table == "runs":
        assert export(folder, table, "csv", tmp_path / "x.csv", rows=RowChoice(use="commercial"))
        return
    with pytest.raises(UsageError, match="shape"):
        export(folder, table, "csv", tmp_path / "x", rows=RowChoice(use="commercial"))


def test_genres_of_musicbrainz_are_not_for_commerce(folder, archived: Path, tmp_path) -> None:
    from phonofilm.identity.match import match

    imported(folder, "musicbrainz", archived)
    load(folder)
    match(folder)
    with pytest.raises(TermsError, match="CC BY-NC-SA"):
        export(folder, "artist_wide", "csv", tmp_path / "a.csv", rows=RowChoice(use="commercial"))
    assert export(folder, "artist", "csv", tmp_path / "a.csv", rows=RowChoice(use="commercial"))


def test_terms_of_a_source_forbid_uses_of_all_its_rows(folder, stand_in, tmp_path) -> None:
    from tests.conftest import collect

    url, _ = stand_in("spotify", access="extended", artists=20)
    collect(folder, "spotify", url, "artists=10")
    load(folder)
    with pytest.raises(TermsError, match="rows of spotify"):
        export(folder, "artists", "csv", tmp_path / "a.csv", rows=RowChoice(use="training"))
    with pytest.raises(TermsError, match="rows of spotify"):
        export(folder, "artist", "csv", tmp_path / "a.csv", rows=RowChoice(use="training"))
    from phonofilm.identity.match import match

    match(folder)
    for table in ("recording", "links"):
        export(
            folder, table, "csv", tmp_path / "a.csv", rows=RowChoice(use="training", leave_out=True)
        )
