"""Exports: whole files, exact text, the old headers, a card beside each."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import urllib.request
from pathlib import Path

import duckdb
import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.scope.scopes import Named, OfGenre
from phonofilm.errors import StoreError, UsageError
from phonofilm.sandbox.kernel.server import Plan, make_world, running
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.show.report import report
from phonofilm.sources.contract import Link
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.export.row_choice import RowChoice
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import published
from phonofilm.workspace import Workspace
from tests.cli import run_cli
from tests.conftest import collect

SEED = {
    "artists": "id,name,popularity,genres",
    "tracks": "id,track_popularity,explicit",
    "features": "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,"
    "liveness,valence,tempo,type,id,uri,track_href,analysis_url,duration_ms,time_signature",
    "albums": "track_name,track_id,track_number,duration_ms,artists,album_type,total_tracks,"
    "album_name,release_date,label,album_popularity,album_id,artist_id,artist_0",
}


PLAN = Plan("spotify", "extended-legacy", artists=150, rate="none")


@pytest.fixture(scope="session")
def filled(made_once) -> tuple[Workspace, GeneratedWorld]:
    """A small world, collected and loaded once for all tests here."""

    def make(folder: Path) -> None:
        wants = ("artists=all", "albums=all", "tracks=all", "features=all", "playlists=all")
        with running(PLAN) as (url, _):
            collect(Workspace(folder / "data"), "spotify", url, *wants)
        load(Workspace(folder / "data"))

    return Workspace(made_once("export", make) / "data"), make_world(PLAN)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.heavy
def test_csv_holds_every_name_exactly_however_awkward(filled, tmp_path: Path) -> None:
    folder, world = filled
    export(folder, "artists", "csv", tmp_path / "a.csv")
    names = sorted(row["name"] for row in table(tmp_path / "a.csv"))
    assert names == sorted(world.artist(a).name for a in range(150))
    assert any(not name.isascii() for name in names)
    assert any(set(name) & set(',";\\=/') for name in names)


@pytest.mark.parametrize("format_", ["csv", "parquet", "jsonl"])
def test_every_format_holds_the_same_rows(filled, tmp_path: Path, format_: str) -> None:
    folder, world = filled
    (written,) = export(folder, "tracks", format_, tmp_path / f"t.{format_}")
    reader = {"csv": "read_csv", "parquet": "read_parquet", "jsonl": "read_json"}[format_]
    counts = duckdb.sql(
        f"SELECT count(DISTINCT id), any_value(source) FROM {reader}('{written.path}')"
    )
    assert counts.fetchall() == [(world.counts["tracks"], "spotify")]
    assert written.rows == world.counts["tracks"]


@pytest.mark.parametrize("name", SEED)
def test_the_seed_shape_has_the_old_headers(filled, tmp_path: Path, name: str) -> None:
    folder, _ = filled
    export(folder, name, "csv", tmp_path / "x.csv", "seed")
    header = (tmp_path / "x.csv").read_text(encoding="utf-8").split("\n")[0]
    assert header.startswith(SEED[name])
    if name == "albums":
        assert header.endswith(",duration_sec")


def test_genres_are_joined_by_semicolons_in_the_seed_shape(filled, tmp_path: Path) -> None:
    folder, world = filled
    export(folder, "artists", "csv", tmp_path / "artists.csv", "seed")
    genres = {row["name"]: row["genres"] for row in table(tmp_path / "artists.csv")}
    person = next(world.artist(a) for a in range(150) if len(world.artist(a).genres) > 1)
    assert genres[person.name] == ";".join(person.genres)


def test_a_discography_is_four_files(filled, tmp_path: Path) -> None:
    folder, _ = filled
    written = export(folder, "discography", "csv", tmp_path / "out", "seed")
    assert [w.path.name for w in written] == [
        "albums.csv",
        "artists.csv",
        "tracks.csv",
        "features.csv",
    ]
    header = (tmp_path / "out/artists.csv").read_text(encoding="utf-8").split("\n")[0]
    assert header.startswith("id,name,artist_popularity,artist_genres,followers,genre_0")


def test_the_card_names_contents_sources_dates_and_terms(filled, tmp_path: Path) -> None:
    folder, _ = filled
    (written,) = export(folder, "artists", "csv", tmp_path / "a.csv")
    card = written.card.read_text(encoding="utf-8")
    assert written.card.name == "a.csv.card.md"
    digest = hashlib.sha256(written.path.read_bytes()).hexdigest()
    for part in (
        digest,
        "Developer Terms",
        "30 days",
        "simulated",
        "| popularity |",
        "sandbox",
        "artists 100%",
    ):
        assert part in card, part


def test_unknown_tables_formats_and_shapes_are_usage_errors(filled, tmp_path: Path) -> None:
    folder, _ = filled
    for name, format_, shape in (
        ("songs", "csv", ""),
        ("artists", "xls", ""),
        ("genres", "csv", "seed"),
    ):
        with pytest.raises(UsageError):
            export(folder, name, format_, tmp_path / "x", shape)


def test_the_report_is_one_page_that_loads_nothing(filled, tmp_path: Path) -> None:
    folder, world = filled
    page = report(folder, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert " src=" not in page
    assert "@import" not in page
    assert "<link" not in page
    assert "Simulated" in page
    assert f"<b>{world.counts['tracks']:,}</b>" in page


def test_hostile_text_stays_text_in_the_report(folder: Workspace, tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=20)
    person = served.world._artists[0]
    nasty = "<script>alert(1)</script>"
    served.world._artists[0] = type(person)(0, nasty, ("<b>x</b>",), person.main_genre, 100, 5)
    collect(folder, "spotify", url, "artists=all")
    load(folder)
    page = report(folder, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>x</b>" not in page


def test_deezer_artists_take_their_genres_from_lists(
    folder: Workspace, tmp_path: Path, stand_in
) -> None:
    url, served = stand_in("deezer", artists=60)
    collect(folder, "deezer", url, "artists=all", "albums=all")
    load(folder)
    (written,) = export(folder, "artists", "jsonl", tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in written.path.read_text(encoding="utf-8").splitlines()]
    with_genres = [row for row in rows if row["genres"]]
    assert len(with_genres) >= 30
    assert all(isinstance(genre, str) for row in with_genres for genre in row["genres"])


@pytest.mark.parametrize("shape", ["", "seed"])
def test_rows_past_their_keeping_are_in_no_export(filled, tmp_path: Path, shape: str) -> None:
    folder, world = filled
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(folder.root, copy.root)
    with duckdb.connect(str(published(copy))) as connection:
        connection.execute(
            "UPDATE store.artist SET expires_at = TIMESTAMP '2020-01-01' WHERE id < '4'"
        )
        expired = connection.execute("SELECT count(*) FROM store.artist WHERE id < '4'").fetchall()[
            0
        ][0]
    (written,) = export(copy, "artists", "csv", tmp_path / "a.csv", shape)
    assert expired > 0
    assert written.rows == 150 - expired


def test_a_view_that_an_older_version_lacks_is_one_sentence(filled, tmp_path: Path) -> None:
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(filled[0].root, copy.root)
    with duckdb.connect(str(published(copy))) as connection:
        connection.execute("DROP VIEW tracks_and_beats")
    with pytest.raises(StoreError, match="older version"):
        export(copy, "tracks_and_beats", "csv", tmp_path / "x.csv")
    data = ("--data", str(copy.root))
    assert run_cli("show", "tracks_and_beats", *data, cwd=tmp_path).exit_code == 6
    shown = run_cli("show", *data, cwd=tmp_path)
    assert shown.exit_code == 0
    assert "clips" in shown.stdout
    assert "tracks_and_beats" not in shown.stdout


@pytest.mark.parametrize("access", ["extended-legacy", "development"])
def test_guests_are_no_artists_of_a_discography(
    folder: Workspace, tmp_path: Path, stand_in, access: str
) -> None:
    """In development mode a guest has all that any artist has, so that the albums decide."""
    url, served = stand_in("spotify", access=access, artists=60)
    favourites = sorted(served.world.artist(a).name for a in range(3))
    scope = Named([Link("artist_query", name) for name in favourites], with_credits=False)
    settings = Settings(sources={"spotify": SourceSettings(access=access)})
    wants = ("artists=all", "albums=all")
    collect(folder, "spotify", url, *wants, scope=scope, settings=settings)
    load(folder)
    export(folder, "discography", "csv", tmp_path / "d", "seed")
    assert sorted(row["name"] for row in table(tmp_path / "d/artists.csv")) == favourites
    (everyone,) = export(folder, "artists", "csv", tmp_path / "all.csv")
    assert everyone.rows > len(favourites)


def artists_listed_by_deezer(url: str, genre: str) -> set[str]:
    """The names in Deezer's own list, which has artists by one genre each."""
    with urllib.request.urlopen(f"{url}/genre") as response:
        [id_] = [row["id"] for row in json.load(response)["data"] if row["name"] == genre]
    with urllib.request.urlopen(f"{url}/genre/{id_}/artists") as response:
        return {row["name"] for row in json.load(response)["data"]}


@pytest.mark.parametrize(
    ("source", "access"),
    [("spotify", "extended-legacy"), ("spotify", "development"), ("deezer", "open")],
)
def test_an_export_of_a_genre_has_its_artists_and_no_others(
    folder: Workspace, tmp_path: Path, stand_in, source: str, access: str
) -> None:
    url, served = stand_in(source, access=access, artists=90)
    settings = Settings(sources={source: SourceSettings(access=access)})
    collect(folder, source, url, "artists", scope=OfGenre("rock"), settings=settings)
    load(folder)
    rock = RowChoice(genre="Rock")
    export(folder, "artists", "csv", tmp_path / "a.csv", "seed", rows=rock)
    rows = table(tmp_path / "a.csv")
    expected = {
        artist.name
        for artist in (served.world.artist(a) for a in range(90))
        if "rock" in artist.genres
    }
    if source == "deezer":
        expected = artists_listed_by_deezer(url, "Rock")
    assert {row["name"] for row in rows} == expected
    assert all("rock" in row["genres"].lower() for row in rows)
    with pytest.raises(UsageError, match="no row has this genre"):
        export(folder, "artists", "csv", tmp_path / "b.csv", rows=RowChoice(genre="rokc"))
    with pytest.raises(UsageError, match="by genre"):
        export(folder, "albums", "csv", tmp_path / "b.csv", rows=rock)


def test_tracks_of_a_genre_are_chosen_by_their_own_genres(
    folder: Workspace, tmp_path: Path, stand_in
) -> None:
    url, _ = stand_in("jamendo", artists=30)
    collect(folder, "jamendo", url, "tracks=60")
    load(folder)
    chosen = export(folder, "tracks", "csv", tmp_path / "t.csv", rows=RowChoice(genre="rock"))
    assert 0 < chosen[0].rows < export(folder, "tracks", "csv", tmp_path / "all.csv")[0].rows
    assert all("rock" in row["genres"].split(";") for row in table(tmp_path / "t.csv"))


def test_a_target_that_cannot_be_written_is_no_failing_disk(filled, tmp_path: Path) -> None:
    folder, _ = filled
    with pytest.raises(UsageError, match="Cannot write"):
        export(folder, "artists", "csv", tmp_path)


def test_a_discography_of_albums_that_were_only_mentioned_is_not_empty(
    folder, tmp_path, stand_in
) -> None:
    url, _ = stand_in("deezer", artists=60)
    collect(folder, "deezer", url, "artists=30", max_calls=40)
    load(folder)
    collect(folder, "deezer", url, "tracks=50", max_calls=60)
    load(folder)
    albums, *_ = export(folder, "discography", "csv", tmp_path / "d", "seed")
    assert albums.rows > 0
