"""The lake: Hive-partitioned Parquet in S3, in a Glue catalogue, as Athena wants it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from phonofilm.config import Settings
from phonofilm.errors import UsageError
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.landing.object_store import open_objects
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.export.hive import athena_sql
from phonofilm.warehouse.export.lake import write_lake
from phonofilm.warehouse.export.remote import export_to
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.cli import run_cli
from tests.conftest import collect


@pytest.fixture
def aws(monkeypatch):
    """S3 and Glue as moto plays them."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    open_objects("s3://lake/x").check(create=True)
    yield
    server.stop()


@pytest.fixture
def loaded(folder, stand_in, tmp_path: Path):
    write(FilmWorld(150), tmp_path / "dumps")
    run(import_dumps(folder, Settings(), ImportOptions("imdb", str(tmp_path / "dumps"))))
    url, _ = stand_in("tmdb", titles=1500)
    collect(folder, "tmdb", url, "titles")
    load(folder)
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lake_in_glue(aws, loaded, tmp_path: Path) -> None:
    import boto3

    tables = write_lake(loaded, "s3://lake/films", "glue")
    again = write_lake(loaded, "s3://lake/films", "glue")
    assert [t.name for t in tables] == [t.name for t in again]
    glue = boto3.client("glue")
    registered = glue.get_tables(DatabaseName="lake_films")["TableList"]
    assert {t["Name"] for t in registered} == {t.name for t in tables}
    titles = next(t for t in registered if t["Name"] == "titles")
    assert [k["Name"] for k in titles["PartitionKeys"]] == ["source"]
    kinds = {c["Name"]: c["Type"] for c in titles["StorageDescriptor"]["Columns"]}
    assert (kinds["directors"], kinds["votes"]) == ("array<string>", "bigint")
    parts = glue.get_partitions(DatabaseName="lake_films", TableName="titles")["Partitions"]
    assert {p["Values"][0] for p in parts} == {"imdb", "tmdb"}
    objects = open_objects("s3://lake/films")
    rows = 0
    for name in objects.names("titles"):
        local = objects.fetch(name, tmp_path / "x.parquet")
        rows += duckdb.execute(f"SELECT count(*) FROM '{local}'").fetchall()[0][0]
    assert rows == sum(next(t for t in tables if t.name == "titles").partitions.values())
    assert len(objects.names("titles")) == 2  # what an earlier export left is gone


def test_a_lake_in_a_folder_is_read_by_any_engine(loaded, tmp_path: Path) -> None:
    tables = write_lake(loaded, str(tmp_path / "lake"))
    counts = duckdb.sql(
        f"SELECT source, count(*) FROM read_parquet('{tmp_path}/lake/titles/*/*.parquet',"
        " hive_partitioning = true) GROUP BY ALL"
    ).fetchall()
    assert dict(counts) == next(t for t in tables if t.name == "titles").partitions
    sql = athena_sql(tables, "s3://b/x")
    assert "PARTITIONED BY (source string)" in sql
    assert "`directors` array<string>" in sql


def test_a_film_is_one_row_of_the_lake(loaded, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    tables = write_lake(loaded, str(lake))
    [films] = [table for table in tables if table.name == "films"]
    with open_snapshot(loaded) as connection:
        expected = connection.execute("SELECT id, votes, poster_url FROM films ORDER BY id")
        expected = expected.fetchall()
    written = f"SELECT id, votes, poster_url FROM '{lake}/films/*.parquet' ORDER BY id"
    assert duckdb.sql(written).fetchall() == expected
    assert films.rows == len(expected) == len({row[0] for row in expected})
    assert any(votes and poster for _, votes, poster in expected)
    sql = athena_sql([films], "s3://b/x")
    assert "PARTITION" not in sql
    assert "FROM b_x.films" in sql
    old = lake / "films/0123456789abcdef.parquet"
    old.write_text("of an earlier export")
    write_lake(loaded, str(lake))
    assert [path.exists() for path in lake.glob("films/*")] == [True]
    assert not old.exists()


def test_a_lake_touches_nothing_but_its_own(loaded, tmp_path: Path) -> None:
    lake = tmp_path / "la#ke"
    for name in ("titles/NOTES.txt", "titles/source=imdb/mine.parquet", "people/x.doc"):
        (lake / name).parent.mkdir(parents=True, exist_ok=True)
        (lake / name).write_text("mine")
    old = lake / "titles/source=imdb/0123456789abcdef.parquet"
    old.write_text("of an earlier export")
    write_lake(loaded, str(lake))
    assert not old.exists()
    assert (lake / "titles/NOTES.txt").exists()
    assert (lake / "titles/source=imdb/mine.parquet").exists()
    assert (lake / "people/x.doc").exists()


def test_a_catalogue_needs_s3(loaded, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_lake(loaded, str(tmp_path / "lake"), "glue")
    with pytest.raises(UsageError, match="no catalogue"):
        write_lake(loaded, "s3://b/x", "hive")


def test_an_export_into_s3(aws, loaded, tmp_path: Path) -> None:
    for _ in range(2):  # the second replaces the first
        [exported] = export_to(loaded, "titles", "parquet", "s3://lake/out/titles.parquet")
    assert exported.path == "s3://lake/out/titles.parquet"
    objects = open_objects("s3://lake/out")
    assert objects.names() == ["titles.parquet", "titles.parquet.card.md"]
    card = objects.fetch("titles.parquet.card.md", tmp_path / "card").read_text()
    assert "Information courtesy of IMDb" in card
    assert "This product uses the TMDB API" in card


class TestTitles:
    @pytest.mark.parametrize("format_", ["csv", "parquet", "jsonl"])
    def test_titles_carry_their_people_in_every_format(self, loaded, tmp_path, format_) -> None:
        [exported] = export(loaded, "titles", format_, tmp_path / f"t.{format_}")
        assert exported.rows > 150
        [row] = duckdb.execute(
            f"SELECT directors, writers, stars, genres FROM '{exported.path}'"
            " WHERE source = 'imdb' AND directors IS NOT NULL AND stars IS NOT NULL LIMIT 1"
        ).fetchall()
        assert all(row[:3])
        assert "Information courtesy of IMDb" in exported.attribution[0]

    def test_the_objects_that_the_first_job_wrote(self, loaded, tmp_path: Path) -> None:
        [exported] = export(loaded, "titles", "jsonl", tmp_path / "seed", "seed", per_file=5)
        files = sorted((tmp_path / "seed").glob("20*/titles-*.json"))
        parts = [json.loads(path.read_text()) for path in files]
        assert {len(part) for part in parts[:-1]} == {5}
        assert sum(map(len, parts)) == exported.rows
        title = next(t for part in parts for t in part if t["credits"].get("Stars"))
        assert list(title) == [
            "scrape_ts",
            "title",
            "url",
            "poster_url",
            "ratingValue",
            "ratingCount",
            "name",
            "isSeries",
            "duration",
            "genres",
            "release_date",
            "summary_text",
            "credits",
        ]
        assert set(title["credits"]["Stars"][0]) == {"name", "link"}
        assert len(title["credits"]["Stars"]) <= 3
        [again] = export(loaded, "titles", "jsonl", tmp_path / "seed", "seed", per_file=100)
        parts = [json.loads(p.read_text()) for p in (tmp_path / "seed").glob("20*/titles-*.json")]
        assert sum(map(len, parts)) == again.rows


def test_the_whole_way_on_the_command_line(tmp_path: Path) -> None:
    write(FilmWorld(120), tmp_path / "dumps")

    def output(*words: str) -> str:
        result = run_cli(*words, "--data", "d", cwd=tmp_path)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    output("import", "imdb", "--files", "dumps", "--only", "movies,series")
    output("load")
    assert "votes" in output("show", "titles")
    output("export", "titles", "--out", "t.csv")
    output("export", "titles", "--shape", "seed", "--per-file", "3", "--out", "seed")
    assert "CREATE EXTERNAL TABLE" in output("export", "lake", "--out", "lake")
    assert (tmp_path / "t.csv.card.md").exists()


def test_the_report_shows_films(loaded, tmp_path: Path) -> None:
    from phonofilm.show.report import report

    page = report(loaded, tmp_path / "report.html").read_text()
    for words in ("Best rated titles", "Genres with most titles", "Titles by year"):
        assert words in page
    assert "Information courtesy of IMDb" in page
    assert "<script" not in page
